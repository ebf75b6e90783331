"""Here lives what each job stores; a period that is stored already is not stored again, whoever rings."""

from datetime import datetime, tzinfo
from hashlib import sha256

from domain.own_events import DayEnded
from domain.sweeps import CustomersTouched, RulesDue
from domain.sync import SyncDue
from models import spans
from models.inbox import InboxEvent


async def end_day(moment: datetime, now: datetime, timezone: tzinfo) -> None:
    """Once for each day of the house."""
    day = moment.astimezone(timezone).date()
    await InboxEvent.remind(DayEnded(moment, day), f"day:{day:%Y-%m-%d}", now, now)


async def compare_tags(moment: datetime, now: datetime, timezone: tzinfo) -> None:
    """Once for each night of the house."""
    day = moment.astimezone(timezone).date()
    await InboxEvent.remind(SyncDue(moment), f"sync:{day:%Y-%m-%d}", now, now)


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
