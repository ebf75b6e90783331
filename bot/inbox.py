"""Here lives the frame of every event: read outside, handle in the one transaction, promise and be done together."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot import metrics
from bot.database import transaction
from bot.lanes import Lanes
from bot.passive import PassiveReplies
from bot.worker import Worker
from domain.channel import Channel
from domain.errors import Refusal
from domain.events import EventBuried, InboundEvent
from domain.messages import Address, Text
from handlers import router
from handlers.context import Context, House
from models.fields import milliseconds
from models.inbox import OWN, InboxEvent
from models.outbox import OutboxItem


class InboxWorker(Worker[InboxEvent]):
    """Each event exactly once: what its handler wrote, what it promised to say and "done" are one commit."""

    model = InboxEvent

    def __init__(
        self, channels: Mapping[str, Channel], house: House, passive: PassiveReplies, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(clock)
        self.channels = channels
        self.house = house
        self.passive = passive
        self.lanes: Lanes

    async def work(self, row: InboxEvent) -> None:
        started = self.clock()
        event = await self._read(row)
        ctx = self._context(row, event)
        try:
            items = await self._handle(row, event, ctx)
        except Refusal as refusal:
            items = await self._refuse(row, self._context(row, event, ctx), refusal)
        metrics.HANDLED.labels(type(event).__name__ if event else "unknown").inc()
        metrics.SECONDS.observe((self.clock() - started).total_seconds())
        self._hand_over(row, items)

    async def bury(self, row: InboxEvent, reason: str) -> None:
        now = self.clock()
        key = f"buried:{row.id}:{milliseconds(now)}"
        async with transaction():
            await row.settle("dead", reason)
            if row.account != OWN:
                await InboxEvent.remind(EventBuried(now, row.id, row.account), key, now, now)
        self.lanes.wake("inbox", f"{OWN}:{key}")
        metrics.BURIED.labels(row.account).inc()

    async def _read(self, row: InboxEvent) -> InboundEvent | None:
        if row.account == OWN:
            return row.own()
        channel = self.channels.get(row.account)
        return await channel.read(row.told) if channel else None

    async def _handle(self, row: InboxEvent, event: InboundEvent | None, ctx: Context) -> list[OutboxItem]:
        async with transaction():
            if event is not None:
                await router.dispatch(event, ctx)
            return await self._promise(row, ctx)

    async def _refuse(self, row: InboxEvent, ctx: Context, refusal: Refusal) -> list[OutboxItem]:
        ctx.say(Text(ctx.words(refusal.key, **refusal.values)))
        async with transaction():
            return await self._promise(row, ctx)

    async def _promise(self, row: InboxEvent, ctx: Context) -> list[OutboxItem]:
        items = [await OutboxItem.enqueue(promise.outgoing, ctx.now, promise.message_id) for promise in ctx.promises]
        await row.settle("done")
        return items

    def _hand_over(self, row: InboxEvent, items: list[OutboxItem]) -> None:
        taken = self.passive.offer(row.account, row.key, items)
        for item in items:
            if item is not taken:
                self.lanes.wake("outbox", item.lane)

    def _context(self, row: InboxEvent, event: InboundEvent | None, tried: Context | None = None) -> Context:
        """`tried` is the rolled-back attempt, which has found out who it is and what language they read."""
        return Context(
            now=self.clock(),
            house=self.house,
            key=row.key,
            chat=_chat(event, row),
            language=tried.language if tried else self.house.language,
            staff=tried.staff if tried else None,
        )


def _chat(event: InboundEvent | None, row: InboxEvent) -> Address:
    """Where an answer to this event goes; events of no chat have an address that no channel knows."""
    for name in ("chat", "sender", "contact"):
        place = getattr(event, name, None)
        if isinstance(place, Address):
            return place
        if place is not None:
            return Address(place.address.account, place.address.id)
    return Address(row.account, "")
