"""Here lives the path of a lead, from the first word to won or lost.

new ──► talking ◄──► interested ──► won | lost
Steps may be skipped, from any open stage to any other. New is where a lead begins; it comes back there only when a
customer who was lost writes again. A lost lead may go anywhere else; a won one only back to talking, with a word why.
"""

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import Refusal


class Stage(StrEnum):
    NEW = "new"
    TALKING = "talking"
    INTERESTED = "interested"
    WON = "won"
    LOST = "lost"


OPEN = (Stage.NEW, Stage.TALKING, Stage.INTERESTED)
NEXT: Mapping[Stage, tuple[Stage, ...]] = {
    Stage.NEW: (Stage.TALKING, Stage.INTERESTED, Stage.WON, Stage.LOST),
    Stage.TALKING: (Stage.INTERESTED, Stage.WON, Stage.LOST),
    Stage.INTERESTED: (Stage.TALKING, Stage.WON, Stage.LOST),
    Stage.WON: (Stage.TALKING,),
    Stage.LOST: (Stage.TALKING, Stage.INTERESTED, Stage.WON),
}
STAGES: Mapping[Stage, tuple[str, ...]] = {
    Stage.NEW: ("新", "新线索", "新的", "new"),
    Stage.TALKING: (
        *("已联系", "联系了", "联系上", "联系中", "已沟通", "沟通", "沟通中", "跟进中"),
        *("talking", "contacted", "talked", "spoke"),
    ),
    Stage.INTERESTED: (
        *("有意向", "意向", "高意向", "有兴趣", "感兴趣"),
        *("interested", "keen", "qualified"),
    ),
    Stage.WON: ("已成交", "成交", "成单", "赢单", "已签约", "签约", "won", "sold", "signed"),
    Stage.LOST: (
        *("已流失", "流失", "丢单", "输单", "无效", "无意向", "没意向", "没兴趣", "不感兴趣"),
        *("lost", "dead", "invalid", "not interested"),
    ),
}


def after_inbound(stage: Stage) -> Stage:
    """A customer who writes again after being lost is a new lead once more."""
    return Stage.NEW if stage is Stage.LOST else stage


def after_reply(stage: Stage) -> Stage:
    """A person of ours answered: the lead is being talked to."""
    return Stage.TALKING if stage is Stage.NEW else stage


def after_follow_up(stage: Stage, wanted: Stage | None, note: str) -> Stage:
    """Where a colleague's follow-up leads; Refusal where no way goes there, or a won lead is opened without a why."""
    if wanted in (None, stage):
        return stage
    if wanted not in NEXT[stage]:
        raise Refusal("refusals/no_such_step", stage=stage.value, wanted=wanted.value, following=list(NEXT[stage]))
    if stage is Stage.WON and not note:
        raise Refusal("refusals/reason_needed", stage=stage.value)
    return wanted


def stage_named(word: str) -> Stage | None:
    """The stage that a word stands for, in either language."""
    wanted = word.strip().lower()
    return next((stage for stage, words in STAGES.items() if wanted in words), None)
