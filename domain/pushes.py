"""Here live the rules of pushes (群发)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from hashlib import sha256
from typing import Literal

from domain.media import Way
from domain.messages import Content

LITTLE, PART = 5, 0.01  # so many more or fewer people change nothing


@dataclass(frozen=True, slots=True)
class PushRules:
    """The house's rules, from config.yaml.

    No push goes out in `quiet_hours` (local time, over midnight where the end is before the start). `cap`: so many
    pushes reach one person in so long. A push later than `late_grace` does not begin by itself. Addresses in pushes
    are opened by way of `public_url`, and `link_key` signs what they are called.
    """

    quiet_hours: tuple[time, time] | None = None
    cap: tuple[int, timedelta] | None = None
    late_grace: timedelta = timedelta(minutes=30)
    public_url: str = ""
    link_key: bytes = b""

    def quiet_until(self, now: datetime, zone: tzinfo) -> datetime | None:
        """When the quiet hours end that `now` is in; None outside them."""
        if self.quiet_hours is None or self.quiet_hours[0] == self.quiet_hours[1]:
            return None
        start, end = self.quiet_hours
        here = now.astimezone(zone)
        clock = here.time()
        if start < end:
            inside, tomorrow = start <= clock < end, False
        else:
            inside, tomorrow = clock >= start or clock < end, clock >= start
        day = here.date() + timedelta(days=tomorrow)
        # Of an hour that comes twice it is this one.
        over = datetime.combine(day, end, tzinfo=zone).replace(fold=here.fold)
        return over.astimezone(now.tzinfo) if inside else None

    def capped_since(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """From when on pushes count against one at this moment; None without a cap.

        Whole days are those of the calendar, of which this is the last: what goes out every Monday is one in 7 days,
        though it takes its time.
        """
        if self.cap is None:
            return None
        days, rest = divmod(self.cap[1], timedelta(days=1))
        if rest or not days:
            return moment - self.cap[1]
        first = moment.astimezone(zone).date() - timedelta(days=days - 1)
        return datetime.combine(first, time(), tzinfo=zone).astimezone(moment.tzinfo)


@dataclass(frozen=True, slots=True)
class Composition:
    """What somebody asks to be sent, read and checked as far as words can be: who, where, what, when, how fast.

    `rule` is the audience as it is kept and `audience` as it was typed, or `labels` choose group chats. The other
    fields are those of a push (models/pushes.py). `again`: though the same has just been sent.
    """

    content: Content
    rule: str = ""
    audience: str = ""
    labels: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    way: Way | Literal[""] = ""
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    pace: tuple[float, float] = (0, 1)
    starts_at: datetime | None = None
    again: bool = False

    @property
    def likeness(self) -> str:
        """The same for compositions that say the same to the same audience by the same roads."""
        whom = self.rule, sorted(self.labels), sorted(self.accounts), self.way
        return sha256(repr((whom, self.content, sorted(self.values.items()))).encode()).hexdigest()


def has_changed(before: int, after: int) -> bool:
    """Whether so many more or fewer people make another push of it."""
    return abs(before - after) > max(PART * before, LITTLE)


def lasting(people: Mapping[str, int], paces: Mapping[str, float | None], pace: float) -> float | None:
    """How many seconds it takes to reach so many people by account; None where nothing says how fast.

    `paces` is what each account may send in a second, `pace` what the push may in all, 0: no figure of its own.
    """
    known = [number / limit for account, number in people.items() if (limit := paces.get(account))]
    if pace:
        known.append(sum(people.values()) / pace)
    return max(known, default=None)
