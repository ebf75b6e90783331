"""Here lives how a test lets the moments of schedules come."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.messages import OutboundMessage, words
from domain.push_events import ScheduleDue
from models.inbox import OWN, InboxEvent
from models.pushes import Push
from scheduler import jobs
from tests.handlers.phone import Phone

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(*parts: int) -> datetime:
    """By the house's clock."""
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[misc, arg-type]


async def look(phone: Phone) -> list[str]:
    """The scheduler looks, and what it stored happens: everything that is said then."""
    await jobs.fire_schedules(phone.clock())
    return await handle(phone)


async def handle(phone: Phone) -> list[str]:
    said: list[str] = []
    for row in await waiting():
        said += await happen(phone, row.own())
        await InboxEvent.filter(id=row.id).update(state="done")
    return said


async def waiting() -> list[InboxEvent]:
    return await InboxEvent.filter(account=OWN, state="waiting", key__startswith="schedule:").order_by("id")


async def happen(phone: Phone, event: Any) -> list[str]:
    await phone.meet(event)
    return [words(out.content) for out in phone.sent if isinstance(out, OutboundMessage)]


async def come(phone: Phone, number: int, moment: datetime) -> list[str]:
    return await happen(phone, ScheduleDue(moment, number))


async def fired() -> list[tuple[str | None, str]]:
    """The pushes that schedules made, by the moment that each was for."""
    rows = await Push.exclude(fire_key=None).order_by("id")
    return [(row.fire_key, row.state) for row in rows]
