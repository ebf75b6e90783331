"""Here lives what a person means by a time: 周五10点, 3天后, 今晚8点, fri 10:00, in 2 hours, 25 Nov 9am.

Tables of small rules, for days in each language and for the time of day, find the pieces of a phrase; here the first
moment is taken that a phrase may mean and that still lies ahead.

Without a time of day it is the morning (MORNING); today, if that has passed, the end of business or else of the day.
Days are counted on the calendar, hours exactly; an hour that a change of clocks leaves out moves forward by the change.
What has passed is no moment: alone or as a command it is refused, inside a note it is a story and passed over. So is a
mere 今天 or 下午, or an hour that has passed today and would be taken for tomorrow's, if something better follows or
the words after it tell what was (今天聊过).
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from domain.clocks import DAY, TIMES, minutes_of
from domain.days import fixed, instant, later
from domain.errors import Refusal
from domain.lines import Line, plainly
from domain.periods import period
from domain.phrases import Phrase, phrases

__all__ = ["Found", "leading", "moment_in", "period", "told"]

MORNING = 9
LATER_TODAY = (MORNING * 60, 18 * 60, DAY - 1)
STORY = re.compile(r"[^\s,.;!?、。]{0,12}?(?:[已没]|(?<!忘)了(?![解结])|(?<![通超])过(?![来去会年节户]))")
FURTHEST = 100  # years ahead that a person can mean

LEAD = re.compile(r"(\s*)(?:(?:on|by|at|until|till|from) |[在于] ?)?", re.IGNORECASE)


class Found(NamedTuple):
    """A moment in the zone asked for, where it stands in the text as typed, and whether a time of day was given."""

    at: datetime
    start: int
    end: int
    timed: bool


class Meant(NamedTuple):
    """`weak` is taken only if nothing better follows in the text."""

    at: datetime
    weak: bool


def moment_in(text: str, now: datetime, zone: tzinfo) -> Found | None:
    """The first time phrase anywhere in a note; None when there is none, or when all have passed.

    Raises Refusal where a time is impossible or ambiguous, and where the text is nothing but a time that has passed.
    """
    line, weak = plainly(text), None
    for phrase in phrases(line.plain, now.astimezone(zone).date()):
        meant = _meant(phrase, line, now, zone)
        if meant is None and not re.search(r"\w", line.plain[: phrase.start] + line.plain[phrase.end :]):
            raise Refusal("refusals/past_time", what=_typed(phrase, line))
        if meant and not meant.weak:
            return _found(phrase, meant, line, zone)
        if meant and weak is None and not STORY.match(line.plain, phrase.end):
            weak = _found(phrase, meant, line, zone)
    return weak


def leading(text: str, now: datetime, zone: tzinfo) -> Found | None:
    """The time phrase that the text begins with, on, by, at or 在 before it included; None when it does not.

    Raises Refusal where the time has passed, is impossible or ambiguous.
    """
    line = plainly(text)
    lead = LEAD.match(line.plain)
    phrase = next(phrases(line.plain, now.astimezone(zone).date()), None)
    if lead is None or phrase is None or phrase.start not in (lead.end(1), lead.end()):
        return None
    phrase.start = lead.end(1)
    if meant := _meant(phrase, line, now, zone):
        return _found(phrase, meant, line, zone)
    raise Refusal("refusals/past_time", what=_typed(phrase, line))


def told(at: datetime, zone: tzinfo) -> str:
    """2026-11-22 10:00 (Asia/Shanghai)."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} ({zone})"


def _meant(phrase: Phrase, line: Line, now: datetime, zone: tzinfo) -> Meant | None:
    """None for what has passed."""
    try:
        first, second = _readings(phrase, now, zone)
    except (ValueError, OverflowError):
        raise Refusal("refusals/impossible_time", what=_typed(phrase, line)) from None
    if first and second and first.at != second.at:
        choices = sorted({_choice(one.at, phrase, zone) for one in (first, second)})
        raise Refusal("refusals/ambiguous_time", what=_typed(phrase, line), choices=choices)
    return first or second


def _readings(phrase: Phrase, now: datetime, zone: tzinfo) -> tuple[Meant | None, Meant | None]:
    if phrase.lapse:
        at = now.astimezone(UTC) + timedelta(minutes=phrase.lapse.minutes)
        return (Meant(_near(at, now).astimezone(zone), weak=False) if at > now else None), None
    if phrase.day is None:
        return _first(_dayless(phrase, now.astimezone(zone).date()), phrase, now, zone), None
    day, timed = phrase.day, bool(phrase.clock or phrase.part)
    dates = day.dates if timed or day.untimed is None else day.untimed
    if not dates and not day.other:
        raise ValueError
    return _first(dates, phrase, now, zone), _first(day.other, phrase, now, zone)


def _dayless(phrase: Phrase, today: date) -> tuple[date, ...]:
    """Yesterday is for hours after its midnight: 半夜2点."""
    if phrase.clock is None and phrase.part and phrase.part.alone == "today":
        return (today,)
    return fixed(later(today, -1), today, later(today, 1)).dates


def _first(dates: Iterable[date], phrase: Phrase, now: datetime, zone: tzinfo) -> Meant | None:
    today = now.astimezone(zone).date()
    for day in dates:
        for minutes in _times(phrase, is_today=day == today):
            at = instant(day, minutes, zone, now)
            if at > now.astimezone(UTC):
                weak = day > today or not phrase.clock if phrase.day is None else day == today and not _timed(phrase)
                return Meant(_near(at, now).astimezone(zone), weak)
    return None


def _timed(phrase: Phrase) -> bool:
    return bool(phrase.clock or phrase.part or phrase.lapse)


def _times(phrase: Phrase, *, is_today: bool) -> tuple[int, ...]:
    """Minutes after the midnight that begins the day."""
    if phrase.clock:
        minutes = minutes_of(phrase.clock, phrase.part)
        if minutes is None:
            raise ValueError
        return (minutes,)
    if phrase.part:
        return TIMES[phrase.part.name]
    return LATER_TODAY if is_today else LATER_TODAY[:1]


def _near(at: datetime, now: datetime) -> datetime:
    if at.year > now.year + FURTHEST:
        raise ValueError
    return at


def _choice(at: datetime, phrase: Phrase, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if _timed(phrase) else f"{at.astimezone(zone):%Y-%m-%d}"


def _typed(phrase: Phrase, line: Line) -> str:
    start, end = _span(phrase.start, phrase.end, line)
    return line.raw[start:end].strip()


def _span(start: int, end: int, line: Line) -> tuple[int, int]:
    """In the text as typed; one character there may be several here (㍘ is 0点)."""
    last = line.origins[end - 1]
    return line.origins[start], next((origin for origin in line.origins[end:] if origin > last), len(line.raw))


def _found(phrase: Phrase, meant: Meant, line: Line, zone: tzinfo) -> Found:
    """The zone after it, as it is told, belongs to it."""
    zoned = f" ({zone})"
    end = phrase.end + len(zoned) * line.plain.startswith(zoned, phrase.end)
    return Found(meant.at, *_span(phrase.start, end, line), _timed(phrase))
