"""Here lives what each job stores; a period that is stored already is not stored again, whoever rings."""

from datetime import datetime, tzinfo
from hashlib import sha256
from zoneinfo import ZoneInfo

from domain.cadences import cadence_of, following, latest
from domain.digests import last_report, next_report
from domain.groups import GroupsDue
from domain.own_events import DayEnded
from domain.push_events import DigestDue, PushRound, ScheduleDue
from domain.sweeps import CustomersTouched, RulesDue
from domain.sync import SyncDue
from models import spans
from models.digests import Digest
from models.fields import milliseconds
from models.inbox import InboxEvent
from models.pushes import Push
from models.schedules import Schedule


async def end_day(moment: datetime, now: datetime, timezone: tzinfo) -> None:
    """Once for each day of the house."""
    day = moment.astimezone(timezone).date()
    await InboxEvent.remind(DayEnded(moment, day), f"day:{day:%Y-%m-%d}", now, now)


async def compare_tags(moment: datetime, now: datetime, timezone: tzinfo) -> None:
    """Once for each night of the house."""
    day = moment.astimezone(timezone).date()
    await InboxEvent.remind(SyncDue(moment), f"sync:{day:%Y-%m-%d}", now, now)


async def read_groups(moment: datetime, now: datetime, timezone: tzinfo) -> None:
    """Once for each night of the house."""
    day = moment.astimezone(timezone).date()
    await InboxEvent.remind(GroupsDue(moment), f"groups:{day:%Y-%m-%d}", now, now)


async def sweep_rules(moment: datetime, now: datetime, timezone: tzinfo) -> None:
    """Once for each night of the house."""
    day = f"{moment.astimezone(timezone).date():%Y-%m-%d}"
    await InboxEvent.remind(RulesDue(moment, day), f"rules:{day}", now, now, lane="rules")


async def apply_rules(now: datetime, told: str = "") -> str:
    """Once for each place in the log of changes where the rules stand while there is more; which place that is.

    `told` is where they stood when that was last stored here.
    """
    there = str(await spans.news() or "")
    if there and there != told:
        key = f"touched:{sha256(there.encode()).hexdigest()[:32]}"
        await InboxEvent.remind(CustomersTouched(now, there), key, now, now, lane="rules")
    return there or told


async def attend_pushes(now: datetime) -> None:
    """A running push whose round was given up goes on with another one, at most once a minute."""
    for push_id, turn in await Push.unattended():
        lane = f"push:{push_id}:{turn}"
        event = PushRound(now, push_id, turn, round=milliseconds(now))
        await InboxEvent.remind(event, f"{lane}:again:{now:%Y%m%d%H%M}", now, now, lane=lane)


async def fire_schedules(now: datetime) -> None:
    """Once for the last moment of each schedule that has come; the handler moves the schedule on.

    The key has the moment: one that nobody could handle does not keep the next one from firing.
    """
    for due in await Schedule.due(now):
        cadence, zone = cadence_of(due.cron), ZoneInfo(due.zone)
        if due.next_at > now:
            await Schedule.set_back(due.id, now, following(cadence, now, zone))
            continue
        moment = latest(cadence, due.next_at, now, zone)
        await InboxEvent.remind(ScheduleDue(moment, due.id), f"schedule:{due.id}:{milliseconds(moment)}", now, now)


async def send_digests(now: datetime, timezone: tzinfo) -> None:
    """Once for each chat and day."""
    for due in await Digest.due(now):
        if due.next_at > now:
            await Digest.set_back(due.id, now, next_report(due.minutes, now, timezone))
            continue
        moment = last_report(due.minutes, due.next_at, now, timezone)
        day = moment.astimezone(timezone).date()
        await InboxEvent.remind(DigestDue(moment, due.id, day), f"digest:{due.id}:{day:%Y-%m-%d}", now, now)
