"""Here lives how a follow-up is read: 已联系 周三回电 is a stage, what was said, and when to do what about it."""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from domain.leads import STAGES, Stage, stage_named
from domain.lines import plainly
from domain.moments import Found, moment_in

BY_HAND = (stage for stage in Stage if stage is not Stage.NEW)
WORDS = sorted((word for stage in BY_HAND for word in STAGES[stage]), key=len, reverse=True)
STAGE = re.compile(rf"\s*({'|'.join(map(re.escape, WORDS))})", re.IGNORECASE)
BOUNDARY = re.compile(r"[\s,.;:!。、|/]+|$")
AROUND = " \t\n,，.。;；:：、-"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """`note` is what is kept of it; `reason` what was said besides the stage; `task` what to do at that moment."""

    stage: Stage | None
    note: str
    reason: str
    at: datetime | None
    task: str


def follow_up(text: str, now: datetime, zone: tzinfo) -> FollowUp:
    """Any of the parts may be missing; Refusal for a time that cannot be, or may be two."""
    stage, reason = _stage(text, now, zone)
    found = moment_in(reason, now, zone)
    return FollowUp(stage, reason or text.strip(), reason, found and found.at, _task(reason, found))


def _stage(text: str, now: datetime, zone: tzinfo) -> tuple[Stage | None, str]:
    """The stage at the beginning, and the rest; glued to it may only be a time: 意向不强 is no stage, 成交周三签 is."""
    line = plainly(text)
    if (found := STAGE.match(line.plain)) is None:
        return None, text.strip()
    if boundary := BOUNDARY.match(line.plain, found.end()):
        return stage_named(found[1]), line.typed_from(boundary.end())
    rest = line.typed_from(found.end())
    moment = moment_in(rest, now, zone)
    return (stage_named(found[1]), rest) if moment and moment.start == 0 else (None, text.strip())


def _task(note: str, found: Found | None) -> str:
    """Without the time where it stands at either end; in the middle it is a part of the sentence."""
    if found is None:
        return ""
    if not note[: found.start].strip(AROUND):
        return note[found.end :].strip(AROUND)
    if not note[found.end :].strip(AROUND):
        return note[: found.start].strip(AROUND)
    return note
