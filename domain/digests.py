"""Here lives what a daily report (日报) is: when it comes, which day it tells of, and what it counts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Literal, NamedTuple

from domain.cadence_words import leading
from domain.cadences import Cadence, following, latest
from domain.days import instant
from domain.errors import Refusal
from domain.lines import plainly

Act = Literal["today", "yesterday", "on", "off"]

ACTS: Mapping[str, Act] = {
    **dict.fromkeys(("", "今天", "today"), "today"),
    **dict.fromkeys(("昨天", "yesterday"), "yesterday"),
    **dict.fromkeys(("关", "关闭", "停", "off", "stop"), "off"),
}
ON = re.compile(r"(?:(?P<on>开启|打开|开|on)(?![a-z]) *)?(?:每天|每日|every day|daily)? *(?P<time>.*)", re.IGNORECASE)
NOON = 12 * 60
DAY = timedelta(days=1)


class Wish(NamedTuple):
    act: Act
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened in a day, as far as one person sees it; `new` customers by account.

    `came` messages of `people`, of whom `answered` heard from a colleague. `pushes` had something to do, of whose
    recipients so many were `sent` it, `failed`, or `clicked`.
    """

    new: Mapping[str, int] = field(default_factory=dict)
    came: int = 0
    people: int = 0
    answered: int = 0
    claimed: int = 0
    won: int = 0
    pushes: int = 0
    sent: int = 0
    failed: int = 0
    clicked: int = 0
    opted_out: int = 0
    overdue: int = 0


def wish(text: str) -> Wish:
    """`minutes` after midnight; Refusal where a time cannot be read."""
    plain = plainly(text).plain.strip()
    if act := ACTS.get(plain.lower()):
        return Wish(act)
    found = ON.fullmatch(plain)
    said = found["time"].strip() if found else plain
    try:
        cadence, end = leading(f"每天{said}")
    except Refusal:
        cadence, end = Cadence(), -1
    if end != len(f"每天{said}") or len(cadence.hours) != 1:
        raise Refusal("refusals/bad_argument", command="digest", what=text.strip())
    return Wish("on", cadence.hours[0] * 60 + cadence.minute)


def next_report(minutes: int, after: datetime, zone: tzinfo) -> datetime:
    """The first moment behind `after` at which a report of this time is due."""
    return following(_daily(minutes), after, zone) or after + DAY


def last_report(minutes: int, first: datetime, now: datetime, zone: tzinfo) -> datetime:
    """The last that was due by `now`, or `first`, which was."""
    return latest(_daily(minutes), first, now, zone)


def span(day: date, minutes: int, zone: tzinfo) -> tuple[datetime, datetime]:
    """What a report of that day and time tells of: in the morning of the day before, later of the day until then."""
    if minutes < NOON:
        return instant(day - DAY, 0, zone), instant(day, 0, zone)
    return instant(day, 0, zone), instant(day, minutes, zone)


def _daily(minutes: int) -> Cadence:
    return Cadence(minutes % 60, (minutes // 60,))
