"""Here lives how often something recurs: its five cron fields, and the moments that come of them.

The wall clock counts: what a change of clocks leaves out moves forward by the change, and of an hour that comes twice
it is the first. Fields mean what cron means by them, so that 0 and 7 are Sunday; `last` is the last day of a month.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from heapq import merge
from itertools import takewhile
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from apscheduler.triggers.cron import CronTrigger

from domain.days import instant
from domain.errors import Refusal

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # of the months, at most
ENDS = ("l", "last")  # as it is written
LAST = 32  # the last day of the month, whichever that is
LONGEST = 64  # characters of the five fields, as they are kept
MANY = 4  # times of day that are told one by one
EVEN = (1, 2, 3, 4, 6, 8, 12)  # so many hours divide a day
RUN = 3  # values in a row that are written as a range
WORKDAYS, WEEKEND = (0, 1, 2, 3, 4), (5, 6)
PART = re.compile(r"(?P<first>[*?]|[0-9]{1,2}|[a-z]+)(?:-(?P<last>[0-9]{1,2}|[a-z]+))?(?:/(?P<step>[1-9][0-9]?))?")
NEXT = timedelta(microseconds=1)
DAY = timedelta(days=1)  # no clock is set by more
SPANS = (1, 8, 32, 367)  # days in which the last moment is looked for, first those in which few are passed over

Kind = Literal["hours", "daily", "workdays", "weekends", "weekly", "monthly", "cron"]


class Field(NamedTuple):
    """From `low` to `high`; up to `most` may be written, as 7 for Sunday."""

    low: int
    high: int
    most: int
    names: Mapping[str, int] = MappingProxyType({})


DAYS = Field(1, 31, 31)
FIELDS = (
    Field(0, 59, 59),
    Field(0, 23, 23),
    DAYS,
    Field(1, 12, 12, {name: at for at, name in enumerate(MONTHS, 1)}),
    Field(0, 6, 7, {name: at % 7 for at, name in enumerate(WEEKDAYS, 1)}),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How people say it: `every` so many hours, or at `times` on these `days` of the month or week (0 is Monday)."""

    kind: Kind
    every: int = 0
    minute: int = 0
    times: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    last: bool = False
    cron: str = ""


@dataclass(frozen=True, slots=True)
class Cadence:
    """At `minute` of these hours, in these months, on these days of the month or of the week (0 is Monday).

    An empty field is all of its values. Where days of both kinds are given, either is enough.
    """

    minute: int = 0
    hours: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()

    @property
    def cron(self) -> str:
        """Read again, it is the same."""
        return " ".join((str(self.minute), _hours(self), _days(self), _listed(self.months), _weekdays(self)))

    @property
    def shape(self) -> Shape:
        every, at_all = _every(self.hours), bool(self.days or self.weekdays)
        if self.months or (self.days and self.weekdays) or (every and at_all) or (not every and len(self.hours) > MANY):
            return Shape("cron", cron=self.cron)
        if every:
            return Shape("hours", every, self.minute)
        times = tuple(f"{hour:02}:{self.minute:02}" for hour in self.hours)
        if self.days:
            days = tuple(day for day in self.days if day != LAST)
            return Shape("monthly", times=times, days=days, last=LAST in self.days)
        kinds: Mapping[tuple[int, ...], Kind] = {(): "daily", WORKDAYS: "workdays", WEEKEND: "weekends"}
        return Shape(kinds.get(self.weekdays, "weekly"), times=times, days=self.weekdays)


def cadence_of(cron: str) -> Cadence:
    """Read five fields; Refusal for what cron cannot mean, what never comes, and more than once in an hour."""
    texts = cron.lower().split()
    if len(texts) != len(FIELDS):
        raise Refusal("refusals/cadence_unclear", what=cron)
    minutes, hours, days, months, weekdays = (_values(*each, cron) for each in zip(texts, FIELDS, strict=True))
    if len(minutes) > 1:
        raise Refusal("refusals/cadence_often", what=cron)
    on_days = () if days >= set(range(1, LAST)) else tuple(sorted(days))
    on_weekdays = {(day - 1) % 7 for day in weekdays}
    found = Cadence(min(minutes), _of(hours, 24), on_days, _of(months, 12), _of(on_weekdays, 7))
    return checked(found, cron)


def checked(cadence: Cadence, typed: str) -> Cadence:
    """Refusal for what never comes (30 February), and for what is too long to keep."""
    longest = max((LENGTHS[month - 1] for month in cadence.months), default=31)
    if cadence.days and not cadence.weekdays and longest < min(cadence.days) < LAST:
        raise Refusal("refusals/cadence_never", what=typed)
    if len(cadence.cron) > LONGEST:
        raise Refusal("refusals/cadence_unclear", what=typed)
    return cadence


def moments(cadence: Cadence, after: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Those behind `after`, in UTC, each once."""
    wall = after.astimezone(zone).replace(tzinfo=UTC) - DAY
    for here in merge(*(_walls(trigger, wall) for trigger in _triggers(cadence))):
        at = instant(here.date(), here.hour * 60 + here.minute, zone)
        if at > after:
            yield at
            after = at


def following(cadence: Cadence, after: datetime, zone: tzinfo) -> datetime | None:
    """The first of them; None where the calendar ends before."""
    return next(moments(cadence, after, zone), None)


def latest(cadence: Cadence, first: datetime, now: datetime, zone: tzinfo) -> datetime:
    """The last moment that has come by `now`, of those behind `first`; or `first`, which is one."""
    for days in SPANS:
        since = max(first, now - timedelta(days=days))
        if found := list(takewhile(lambda at: at <= now, moments(cadence, since, zone))):
            return found[-1]
    return first


def _values(text: str, field: Field, cron: str) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        piece = PART.fullmatch(part)
        values = (LAST,) if field == DAYS and part in ENDS else _piece(piece, field) if piece else ()
        if not values:
            raise Refusal("refusals/cadence_unclear", what=cron)
        found.update(values)
    return found


def _piece(piece: re.Match[str], field: Field) -> Collection[int]:
    """Nothing for what makes no sense; a range of weekdays may go over Sunday."""
    is_any = piece["first"] in {"*", "?"}
    first = field.low if is_any else _number(piece["first"], field)
    end = piece["last"] or (None if is_any or piece["step"] else piece["first"])
    last = field.high if end is None else _number(end, field)
    if (is_any and piece["last"]) or not (field.low <= first <= field.most and field.low <= last <= field.most):
        return ()
    if first > last and field.high == 6:  # noqa: PLR2004 - the weekdays
        last += 7
    return range(first, last + 1, int(piece["step"] or 1))


def _number(text: str, field: Field) -> int:
    return int(text) if text.isdigit() else field.names.get(text, -1)


def _of(values: Collection[int], all_of_them: int) -> tuple[int, ...]:
    return () if len(values) == all_of_them else tuple(sorted(values))


def _every(hours: tuple[int, ...]) -> int:
    """How many hours lie between these, if they divide every day; 0 where they do not."""
    even = (every for every in EVEN if hours == tuple(range(0, 24, every)))
    return 1 if not hours else next(even, 0)


def _hours(cadence: Cadence) -> str:
    every = _every(cadence.hours)
    return f"*/{every}" if every > 1 else _listed(cadence.hours)


def _days(cadence: Cadence) -> str:
    days = tuple(day for day in cadence.days if day != LAST)
    return ",".join(filter(None, (_listed(days) if days or not cadence.days else "", "last" * (LAST in cadence.days))))


def _weekdays(cadence: Cadence) -> str:
    return ",".join(WEEKDAYS[day] for day in cadence.weekdays) or "*"


def _listed(values: tuple[int, ...]) -> str:
    """With ranges, which are shorter: 1,3,9-18."""
    parts: list[list[int]] = []
    for value in values:
        if parts and value == parts[-1][-1] + 1:
            parts[-1].append(value)
        else:
            parts.append([value])
    written = (f"{part[0]}-{part[-1]}" if len(part) >= RUN else ",".join(map(str, part)) for part in parts)
    return ",".join(written) or "*"


def _triggers(cadence: Cadence) -> list[Any]:
    days, weekdays = {"day": _days(cadence)}, {"day_of_week": _weekdays(cadence)}
    either = (days, weekdays) if cadence.days and cadence.weekdays else (days | weekdays,)
    same = {"minute": cadence.minute, "hour": _hours(cadence), "month": _listed(cadence.months)}
    return [CronTrigger(**{"day": "*"} | same | one, timezone=UTC) for one in either]


def _walls(trigger: Any, wall: datetime) -> Iterator[datetime]:
    here: datetime | None = wall
    while here and (here := trigger.get_next_fire_time(None, here + NEXT)):
        yield here
