"""Here lives what the rows of a push add up to: how far it is, how fast it went, when it will be over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Literal, NamedTuple

from domain.pushes import PushRules

REASONED = ("failed", "skipped", "unsure")
DONE_WITH = ("sent", "delivered", "read", "failed", "unsure")  # what was sent, or tried
SHOWN = 4  # reasons in one line
EXACT = 10  # from so many on nobody wants to know tenths
LONGEST = timedelta(days=366)
Unit = Literal["second", "minute", "hour"]
UNITS: tuple[tuple[Unit, int], ...] = (("second", 1), ("minute", 60), ("hour", 3600))


class Reason(NamedTuple):
    """How many for one reason; the last of a line may be all others, whose reason is empty."""

    reason: str
    number: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many recipients are in each state, counted in the ledger; `reasons` by state, the most frequent first."""

    states: Mapping[str, int]
    reasons: Mapping[str, Sequence[Reason]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def waiting(self) -> int:
        """Nothing has come of them yet."""
        return self.of("waiting", "sending")

    @property
    def settled(self) -> int:
        return self.total - self.waiting

    @property
    def sent(self) -> int:
        """Whatever came after that."""
        return self.of("sent", "delivered", "read")

    @property
    def tried(self) -> int:
        return self.of(*DONE_WITH)

    def of(self, *states: str) -> int:
        """How many are in one of these states."""
        return sum(self.states.get(state, 0) for state in states)

    def told(self) -> dict[str, int]:
        """By the names that templates know."""
        alone = {state: self.of(state) for state in ("read", "failed", "skipped", "awaiting", "unsure")}
        counted = {"total": self.total, "settled": self.settled, "sent": self.sent, "waiting": self.waiting}
        return {**alone, **counted, "delivered": self.of("delivered", "read"), "percent": self._percent()}

    def because(self, state: str) -> list[Reason]:
        """Why they are in this state, on one line."""
        found = list(self.reasons.get(state, ()))
        rest = sum(each.number for each in found[SHOWN:])
        return [*found[:SHOWN], *([Reason("", rest)] if rest else [])]

    def _percent(self) -> int:
        return 100 * self.settled // self.total if self.total else 100


class Pace(NamedTuple):
    """So many in one of these, as people say it."""

    number: str
    unit: Unit


class Span(NamedTuple):
    """How long something lasts: seconds are left out from an hour on."""

    hours: int
    minutes: int
    seconds: int


def pace(count: float, seconds: float) -> Pace | None:
    """How fast that is; None where that is next to nothing."""
    if count <= 0 or seconds <= 0:
        return None
    for unit, each in UNITS:
        if (number := count * each / seconds) >= 1:
            return Pace(f"{number:.0f}" if number >= EXACT else f"{number:.1f}".removesuffix(".0"), unit)
    return None


def span(duration: timedelta) -> Span:
    """At least a second."""
    whole = max(1, round(duration.total_seconds()))
    hours, rest = divmod(whole, 3600)
    return Span(hours, rest // 60, 0 if hours else rest % 60)


def over_at(waiting: int, per_second: float, now: datetime, rules: PushRules, zone: tzinfo) -> datetime | None:
    """When all who wait will have been sent to, the coming quiet hours left out; None where nobody can tell."""
    if per_second <= 0:
        return None
    at, left = rules.quiet_until(now, zone) or now, min(timedelta(seconds=waiting / per_second), LONGEST)
    while (quiet := _next_quiet(at, rules, zone)) and at + left > quiet[0]:
        left -= quiet[0] - at
        at = quiet[1]
    return at + left


def _next_quiet(at: datetime, rules: PushRules, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """When the next quiet hours begin, and when they end."""
    if rules.quiet_hours is None:
        return None
    here = at.astimezone(zone)
    for days in range(3):
        start = datetime.combine(here.date() + timedelta(days=days), rules.quiet_hours[0], tzinfo=zone)
        end = rules.quiet_until(start, zone)
        if end and start.astimezone(at.tzinfo) >= at:
            return start.astimezone(at.tzinfo), end.astimezone(at.tzinfo)
    return None
