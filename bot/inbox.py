"""Here lives the frame of every event: read outside, handle in the one transaction, promise and be done together."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot import metrics
from bot.commit import GroupCommit
from bot.database import transaction
from bot.lanes import Lanes
from bot.passive import PassiveReplies
from bot.worker import Worker
from domain.channel import Channel
from domain.errors import Refusal
from domain.events import EventBuried, InboundEvent
from domain.messages import Acknowledge, Address, Priority, Text
from handlers import router
from handlers.context import Context, House
from models.fields import milliseconds
from models.inbox import OWN, InboxEvent
from models.outbox import OutboxItem

TOGETHER = 64  # events in one commit: fewer would wait for the disk more often, more would keep the door waiting


class Happening(NamedTuple):
    """A row and what it means."""

    row: InboxEvent
    event: InboundEvent | None


Outcome = list[OutboxItem] | Exception


class Taken(Exception):  # noqa: N818 - named for what happened
    """The event is done already: its commit came through though the answer to it was lost."""


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
        self.handling = GroupCommit(self._handle_all, TOGETHER)
        self._reading: set[asyncio.Task[None] | None] = set()

    async def work(self, row: InboxEvent) -> None:
        started = self.clock()
        event = await self._understand(row)
        items = await self.handling.add(Happening(row, event))
        if isinstance(items, Exception):
            raise items
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

    def stop(self) -> None:
        """Begin nothing more; a look-up under way is given up, since its event can be read again."""
        self.stopping = True
        for task in self._reading:
            if task:
                task.cancel()

    async def _understand(self, row: InboxEvent) -> InboundEvent | None:
        task = asyncio.current_task()
        self._reading.add(task)
        try:
            return await self._read(row)
        finally:
            self._reading.discard(task)

    async def _read(self, row: InboxEvent) -> InboundEvent | None:
        if row.account == OWN:
            return row.own()
        channel = self.channels.get(row.account)
        return await channel.read(row.told) if channel else None

    async def _handle_all(self, happenings: Sequence[Happening]) -> list[Outcome]:
        """Events of several lanes share a commit; if one of them fails, each has a transaction of its own."""
        try:
            async with transaction():
                return [await self._handle_politely(happening) for happening in happenings]
        except Exception:  # noqa: BLE001 - all of it is rolled back, and tried again one by one
            return [await self._handle_alone(happening) for happening in happenings]

    async def _handle_politely(self, happening: Happening) -> list[OutboxItem]:
        """On SQLite nothing in a transaction waits, so between two events everybody else gets a turn."""
        await asyncio.sleep(0)
        return await self._handle(happening, self._context(happening))

    async def _handle_alone(self, happening: Happening) -> Outcome:
        ctx = self._context(happening)
        try:
            async with transaction():
                return await self._handle(happening, ctx)
        except Taken:
            return []
        except Refusal as refusal:
            return await self._refuse(happening, ctx, refusal)
        except Exception as error:  # noqa: BLE001 - raised again in the lane of this event
            return error

    async def _handle(self, happening: Happening, ctx: Context) -> list[OutboxItem]:
        if happening.event is not None:
            await router.dispatch(happening.event, ctx)
        return await self._promise(happening.row, ctx)

    async def _refuse(self, happening: Happening, tried: Context, refusal: Refusal) -> list[OutboxItem]:
        """What was written is rolled back; why is said, and a pressed button is still acknowledged."""
        ctx = self._context(happening)
        ctx.language, ctx.staff = tried.language, tried.staff
        ctx.promises = [promise for promise in tried.promises if isinstance(promise.outgoing, Acknowledge)]
        ctx.say(Text(ctx.words(refusal.key, **refusal.values)))
        async with transaction():
            return await self._promise(happening.row, ctx)

    async def _promise(self, row: InboxEvent, ctx: Context) -> list[OutboxItem]:
        items = [await OutboxItem.enqueue(promise.outgoing, ctx.now, promise.message_id) for promise in ctx.promises]
        if not await row.finish():
            raise Taken
        return items

    def _hand_over(self, row: InboxEvent, items: list[OutboxItem]) -> None:
        taken = self.passive.offer(row.account, row.key, items)
        for item in items:
            if item is not taken:
                self.lanes.wake("outbox", item.lane, urgent=item.priority < Priority.PUSH)

    def _context(self, happening: Happening) -> Context:
        return Context(
            now=self.clock(),
            arrived=happening.row.queued_at,
            house=self.house,
            key=happening.row.key,
            chat=_chat(happening.event, happening.row),
            language=self.house.language,
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
