"""Here lives what can be asked of schedules (定时): list them, look at one, pause it, let it go on, end it, make up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from domain.commands import target_in
from domain.errors import Refusal
from domain.lines import plainly

Act = Literal["list", "show", "pause", "resume", "end", "send", "skip"]

ACTS: Mapping[Act, tuple[str, ...]] = {
    "show": ("看", "show"),
    "pause": ("停用", "停", "暂停", "关", "off", "pause", "stop"),
    "resume": ("启用", "开", "恢复", "继续", "on", "resume", "start"),
    "end": ("删除", "删", "delete", "del", "remove"),
    "send": ("补发", "补", "send"),
    "skip": ("跳过", "skip"),
}
BY_WORD: Mapping[str, Act] = {word: act for act, words in ACTS.items() for word in words}
WORDS = "|".join(sorted(BY_WORD, key=len, reverse=True))
PAGE = re.compile(r"page=([0-9]{1,4})", re.IGNORECASE)
OF_ONE = re.compile(
    rf"(?:(?P<act>{WORDS}) *:? *)?(?P<id>[A-Z][0-9]{{1,18}})(?: *(?P<later>{WORDS}))?(?: +(?P<moment>[0-9]{{1,15}}))?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """`moment` is the one that is to be made up for, in epoch milliseconds; 0 is the last that came."""

    act: Act
    id: int = 0
    moment: int = 0
    page: int = 1


def wish(text: str) -> Wish | None:
    """What is asked of schedules that are there; None where the words are those of a new one."""
    plain = plainly(text).plain.strip()
    if page := PAGE.fullmatch(plain):
        return Wish("list", page=max(1, int(page[1])))
    if not plain:
        return Wish("list")
    if plain.lower() in BY_WORD:
        raise Refusal("refusals/argument_needed", command="cron")
    found = OF_ONE.fullmatch(plain)
    if found is None or (found["act"] and found["later"]):
        return None
    target = target_in(found["id"])
    if target is None or target.kind != "S":
        raise Refusal("refusals/wrong_target", command="cron", kinds="S", what=found["id"])
    act = BY_WORD[(found["act"] or found["later"] or "show").lower()]
    return Wish(act, target.number, int(found["moment"] or 0))
