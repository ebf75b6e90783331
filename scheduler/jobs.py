"""Here lives what each job stores; a period that is stored already is not stored again, whoever rings."""

from datetime import datetime, tzinfo

from domain.events import DayEnded
from models.inbox import InboxEvent


async def end_day(now: datetime, timezone: tzinfo) -> None:
    """Once for each day of the house."""
    day = now.astimezone(timezone).date()
    await InboxEvent.remind(DayEnded(now, day), f"day:{day:%Y-%m-%d}", now, now)
