"""Here lives the sending: wait for the turn, mark in flight, deliver, record what became of it."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Literal

import structlog

from bot import metrics
from bot.commit import GroupCommit
from bot.database import transaction
from bot.lanes import Lanes
from bot.limiter import Limiter
from bot.passive import PASSIVE
from bot.worker import Worker
from domain.channel import Channel, Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.errors import CallFailed
from domain.events import ContactState, DeliveryFailed
from domain.messages import Outgoing
from models.fields import milliseconds
from models.inbox import OWN, InboxEvent
from models.outbox import OutboxItem, Settlement

log = structlog.get_logger()
PATIENCE = timedelta(hours=24)
SOON = timedelta(seconds=2)  # what may be waited for in a lane
PAUSES = (0.2, 1.0, 5.0)  # seconds between tries to note what was done


class OutboxWorker(Worker[OutboxItem]):
    """Never lost, never twice: a row that cannot be repeated is marked before the call and settled after it."""

    model = OutboxItem

    def __init__(self, channels: Mapping[str, Channel], limiter: Limiter, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.channels = channels
        self.limiter = limiter
        self.lanes: Lanes
        self.settling = GroupCommit(OutboxItem.settle_all)
        self._paused: dict[str, datetime] = {}

    def stop(self) -> None:
        """Begin nothing more; what waits for its turn is not in flight, and stays for the next start."""
        self.stopping = True
        self.limiter.close()

    async def recover(self) -> None:
        """What was in flight when the last process died: once more where that is harmless, else nobody knows."""
        for item in await OutboxItem.filter(state="sending").order_by("id"):
            channel = self.channels.get(item.account)
            if channel and channel.repeatable(item.outgoing):
                await item.settle("waiting", "interrupted")
            else:
                await self._record(item, Unsure("interrupted"))

    async def work(self, row: OutboxItem) -> None:
        outgoing = row.outgoing
        channel = self.channels.get(row.account)
        if channel is None:
            await self._record(row, Refused("no_such_channel"))
        elif row.expires_at and row.expires_at <= self.clock():
            await self._record(row, Refused("expired"))
        else:
            await self._send(row, outgoing, channel)

    async def said_in_answer(self, item: OutboxItem) -> bool:
        """Take the row for said in an HTTP answer, unless it has begun to go another way."""
        done = Settlement(item.id, "done", item.due_at, item.attempts, platform_id=PASSIVE, from_waiting=True)
        if item.state == "waiting" and await self.settling.add(done):
            return True
        return await OutboxItem.exists(id=item.id, state="done", platform_id=PASSIVE)  # a repeat is told the same

    async def bury(self, row: OutboxItem, reason: str) -> None:
        await self._record(row, Refused(reason))

    async def _send(self, row: OutboxItem, outgoing: Outgoing, channel: Channel) -> None:
        if not await self._has_its_turn(row, outgoing, channel):
            return
        repeatable = channel.repeatable(outgoing)
        begun = Settlement(row.id, "sending", row.due_at, row.attempts, from_waiting=True)
        if not repeatable and not await self.settling.add(begun):
            row.state = "done"  # somebody else took it over: said in the HTTP answer, or stopped
            return
        result = await self._deliver(row, outgoing, channel)
        if isinstance(result, Unsure) and repeatable:
            raise CallFailed(result.reason)  # harmless to repeat: tried again as anything that failed
        await self._surely_record(row, result)

    async def _has_its_turn(self, row: OutboxItem, outgoing: Outgoing, channel: Channel) -> bool:
        """Wait for the turn here if it comes soon, else in the table: a lane that waits long keeps others out."""
        limits, chat, group = channel.limits, outgoing.to.id, channel.is_group(outgoing.to.id)
        wait = timedelta(seconds=self.limiter.wait(row.account, limits, chat, group=group))
        if not self._pause(row) and wait <= SOON:
            await self.limiter.turn(row.account, limits, chat, group=group, priority=row.priority)
            wait = timedelta()
        if wait := max(self._pause(row), wait):
            await self._settle(row, Settlement(row.id, "waiting", self.clock() + wait, row.attempts, "pace"))
            return False
        if row.expires_at and row.expires_at <= self.clock():
            await self._record(row, Refused("expired"))
            return False
        return True

    async def _surely_record(self, row: OutboxItem, result: DeliveryResult) -> None:
        """What was carried out must not be carried out again because the database was away when it was to be noted."""
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            try:
                await self._record(row, result)
            except Exception as error:  # noqa: BLE001 - the row stays in flight until it is noted, or until the next start
                log.error("delivery not recorded yet", error=type(error).__name__)
                await asyncio.sleep(pause)
            else:
                return

    async def _deliver(self, row: OutboxItem, outgoing: Outgoing, channel: Channel) -> DeliveryResult:
        try:
            return await channel.deliver(row.key, outgoing)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - nobody knows how far it came
            log.error("delivery broke", error=type(error).__name__)
            return Unsure(type(error).__name__)

    async def _record(self, row: OutboxItem, result: DeliveryResult) -> None:
        metrics.SENT.labels(row.account, type(result).__name__).inc()
        match result:
            case Delivered(platform_id=platform_id):
                await self._settle(row, Settlement(row.id, "done", row.due_at, row.attempts, platform_id=platform_id))
            case Deferred(until=until, reason=reason) if until >= (row.expires_at or row.queued_at + PATIENCE):
                await self._give_up(row, "dead", reason, None)
            case Deferred(until=until, reason=reason):
                if result.whole_account:
                    self._paused[row.account] = until
                await self._settle(row, Settlement(row.id, "waiting", until, row.attempts, reason))
            case Refused(reason=reason, state=state):
                await self._give_up(row, "dead", reason, state)
            case Unsure(reason=reason):
                await self._give_up(row, "unsure", reason, None)

    async def _settle(self, row: OutboxItem, settlement: Settlement) -> None:
        await self.settling.add(settlement)
        row.state, row.due_at = settlement.state, settlement.due_at

    async def _give_up(
        self, row: OutboxItem, state: Literal["dead", "unsure"], reason: str, contact: ContactState | None
    ) -> None:
        now = self.clock()
        key = f"failed:{row.id}:{milliseconds(now)}"  # what a person revived may fail once more, and is told once more
        told = DeliveryFailed(now, row.outgoing.to, row.id, reason, unsure=state == "unsure", state=contact)
        end = Settlement(row.id, state, row.due_at, row.attempts, reason)
        async with transaction():
            if (await OutboxItem.settle_all([end]))[0]:
                await InboxEvent.remind(told, key, now, now)
        row.state = state
        self.lanes.wake("inbox", f"{OWN}:{key}")

    def _pause(self, row: OutboxItem) -> timedelta:
        """How long the platform still wants this whole account to wait."""
        return max(self._paused.get(row.account, self.clock()) - self.clock(), timedelta())
