"""Here lives what each job stores; a period that is stored already is not stored again, whoever rings."""

from datetime import datetime, tzinfo

from domain.events import DayEnded
from domain.sync import SyncDue
from models.inbox import InboxEvent


async def end_day(moment: datetime, now: datetime, timezone: tzinfo) -> None:
    """Once for each day of the house."""
    day = moment.astimezone(timezone).date()
    await InboxEvent.remind(DayEnded(moment, day), f"day:{day:%Y-%m-%d}", now, now)


async def compare_tags(moment: datetime, now: datetime, timezone: tzinfo) -> None:
    """Once for each night of the house."""
    day = moment.astimezone(timezone).date()
    await InboxEvent.remind(SyncDue(moment), f"sync:{day:%Y-%m-%d}", now, now)
