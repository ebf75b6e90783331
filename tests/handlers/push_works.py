"""Here live the works of a push without a server: its events happen when a test says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.database import transaction
from domain.push_events import PushDue, PushRound
from handlers.context import Context
from handlers.push_rounds import begin, launch
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.pushes import Push
from models.recipients import Recipient
from tests.clock import Clock
from tests.handlers.phone import Phone

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai


class Works:
    """Everything of ours that a push tells itself happens in turn, at its time."""

    def __init__(self, phone: Phone, clock: Clock) -> None:
        self.phone = phone
        self.clock = clock

    async def launch(self, push: Push) -> None:
        async with self.acting() as ctx:
            await launch(push, ctx)

    async def begin(self, push: Push) -> bool:
        async with self.acting() as ctx:
            return await begin(push, ctx)

    @asynccontextmanager
    async def acting(self) -> AsyncIterator[Context]:
        async with transaction():
            yield self.phone._context()

    async def next(self) -> PushRound | PushDue | None:
        """The next event, which is due by now; it has happened when this returns."""
        rows = await InboxEvent.filter(state="waiting", account="guanxi").order_by("due_at", "id")
        row = next((row for row in rows if isinstance(row.own(), PushRound | PushDue)), None)
        if row is None:
            return None
        self.clock.now = max(self.clock.now, row.due_at)
        event = row.own()
        assert isinstance(event, PushRound | PushDue)
        await self.phone.meet(event)
        await InboxEvent.filter(id=row.id).update(state="done")
        return event

    async def sent(self, most: int = 1_000) -> None:
        """What is in the outbox arrives, as the worker tells the ledger."""
        for item in await OutboxItem.filter(state="waiting", recipient_id__isnull=False).order_by("id").limit(most):
            await OutboxItem.filter(id=item.id).update(state="done", platform_id=f"m{item.id}")
            about = {"state": "sent", "platform_id": f"m{item.id}", "sent_at": self.clock()}
            await Recipient.filter(id=item.recipient_id).update(**about)


async def promised() -> list[OutboxItem]:
    return await OutboxItem.filter(state="waiting", recipient_id__isnull=False).order_by("id")


async def the(push: Push) -> Push:
    return await Push.get(id=push.id)
