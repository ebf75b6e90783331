"""Here lives the sending: wait for the turn, mark in flight, deliver, record what became of it."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Literal

import structlog

from bot import metrics
from bot.commit import GroupCommit
from bot.database import transaction
from bot.limiter import Limiter
from bot.passive import PASSIVE
from bot.worker import Worker
from domain.channel import Channel, Deferred, Delivered, DeliveryResult, Limits, Refused, Unsure
from domain.contacts import ContactState
from domain.errors import CallFailed
from domain.outgoing import Outgoing, TagChange, TagEdit
from domain.own_events import DeliveryFailed, OwnEvent
from domain.sync import TagsSettled
from models.fields import milliseconds
from models.inbox import InboxEvent
from models.outbox import OutboxItem, Settlement
from models.queue import State

log = structlog.get_logger()
PATIENCE = timedelta(hours=24)
AGAIN = timedelta(seconds=0.5)  # until a lane is looked at again that somebody else has to do with
STALE = 0.3  # seconds after which a turn has passed
SOON = 2.0  # seconds that may be waited for in a lane
PAUSES = (0.2, 1.0, 5.0)  # seconds between tries to note what was done


class OutboxWorker(Worker[OutboxItem]):
    """Never lost, never twice: a row that cannot be repeated is marked before the call and settled after it."""

    model = OutboxItem

    def __init__(self, channels: Mapping[str, Channel], limiter: Limiter, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.channels = channels
        self.limiter = limiter
        self.settling = GroupCommit(OutboxItem.settle_all)

    def stop(self) -> None:
        """Begin nothing more; what waits for its turn is not in flight, and stays for the next start."""
        super().stop()
        self.limiter.close()

    async def recover(self) -> None:
        """What was in flight when the last process died."""
        await self.interrupted([item.id for item in await OutboxItem.filter(state="sending").only("id")])

    async def interrupted(self, ids: Collection[int]) -> None:
        """Who was to settle these is gone: once more where that is harmless, else nobody knows what came of them."""
        for item in await OutboxItem.filter(id__in=ids, state="sending").order_by("id"):
            try:
                outgoing = item.outgoing
            except ValueError:  # a newer program's: it is kept for that one, and holds nobody up
                log.error("unknown message in doubt", row=item.id)
                await OutboxItem.settle_all([self._after(item, "unsure")])
                continue
            channel = self.channels.get(item.account)
            if channel and channel.repeatable(outgoing):
                await OutboxItem.settle_all([self._after(item, "waiting")])
            else:
                await self._record(item, Unsure("interrupted"))

    def _after(self, item: OutboxItem, state: State) -> Settlement:
        return Settlement(item.id, state, self.clock(), item.attempts, "interrupted", only_from="sending")

    async def work(self, row: OutboxItem) -> None:
        outgoing = row.outgoing
        channel = self.channels.get(row.account)
        if channel is None:
            await self._record(row, Refused("no_such_channel"))
        elif row.expires_at and row.expires_at <= self.clock():
            await self._record(row, Refused("expired"))
        else:
            with self.beginning():
                await channel.warm_up()
            await self._send(row, outgoing, channel)

    async def said_in_answer(self, item: OutboxItem) -> bool:
        """Take the row for said in an HTTP answer, unless it has begun to go another way, or is due to.

        What is due comes too late: a process that was held up must not say it to a platform that waits no longer.
        """
        done = Settlement(item.id, "done", item.due_at, item.attempts, platform_id=PASSIVE, only_from="waiting")
        if item.state == "waiting" and item.due_at > self.clock() and await self.settling.add(done):
            return True
        return await OutboxItem.exists(id=item.id, state="done", platform_id=PASSIVE)  # a repeat is told the same

    async def bury(self, row: OutboxItem, reason: str) -> None:
        await self._record(row, Refused(reason))

    async def _send(self, row: OutboxItem, outgoing: Outgoing, channel: Channel) -> None:
        if not await self._has_its_turn(row, outgoing, channel):
            return
        clock = asyncio.get_running_loop().time
        had = clock()
        begun = Settlement(row.id, "sending", row.due_at, row.attempts, only_from="waiting")
        if not await self.settling.add(begun):
            row.due_at = self.clock() + AGAIN  # said in the HTTP answer, stopped, or another process is at this lane
            return
        if clock() - had > STALE and not await self._has_its_turn(row, outgoing, channel):
            return  # the database stood still: all who had a turn by then would send at once
        result = await self._deliver(row, outgoing, channel)
        if isinstance(result, Unsure) and channel.repeatable(outgoing):
            raise CallFailed(result.reason)  # harmless to repeat: tried again as anything that failed
        await self._surely_record(row, result)

    async def _has_its_turn(self, row: OutboxItem, outgoing: Outgoing, channel: Channel) -> bool:
        """Wait for the turn here if it comes soon, else in the table: a lane that waits long keeps others out."""
        limits, chat, group = channel.limits, outgoing.to.id, channel.is_group(outgoing.to.id)
        if tags := isinstance(outgoing, TagEdit | TagChange):
            limits = Limits(account=limits.tags)
        queue = _queue(row, tags=tags)
        wait = await self.limiter.wait(queue, limits, chat, group=group)
        if wait <= SOON:
            wait = await self.limiter.turn(queue, limits, chat, group=group, priority=row.priority)
        if wait:
            until = self.clock() + timedelta(seconds=wait)
            await self._settle(row, Settlement(row.id, "waiting", until, row.attempts, "pace"))
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
                done = Settlement(row.id, "done", row.due_at, row.attempts, platform_id=platform_id)
                await self._tell_settled(row, done, result)
            case Deferred(until=until, reason=reason) if until >= (row.expires_at or row.queued_at + PATIENCE):
                await self._give_up(row, "dead", reason, None)
            case Deferred(until=until, reason=reason):
                if result.whole_account:
                    queue = _queue(row, tags=_about_tags(row))
                    await self.limiter.pause(queue, (until - self.clock()).total_seconds())
                await self._settle(row, Settlement(row.id, "waiting", until, row.attempts, reason))
            case Refused(reason=reason, state=state):
                await self._give_up(row, "dead", reason, state)
            case Unsure(reason=reason):
                await self._give_up(row, "unsure", reason, None)

    async def _tell_settled(self, row: OutboxItem, done: Settlement, result: Delivered) -> None:
        """That tags were changed is news for both sides' books: it is told in the commit that settles the row."""
        if not _about_tags(row):
            await self._settle(row, done)
            return
        now = self.clock()
        told = TagsSettled(now, row.account, row.id, result.found, result.failed)
        await self._end(row, done, told, f"settled:{row.id}:{milliseconds(now)}")

    async def _settle(self, row: OutboxItem, settlement: Settlement) -> None:
        await self.settling.add(settlement)
        row.state, row.due_at = settlement.state, settlement.due_at

    async def _give_up(
        self, row: OutboxItem, state: Literal["dead", "unsure"], reason: str, contact: ContactState | None
    ) -> None:
        now = self.clock()
        key = f"failed:{row.id}:{milliseconds(now)}"  # what a person revived may fail once more, and is told once more
        told = DeliveryFailed(now, row.outgoing.to, row.id, reason, unsure=state == "unsure", state=contact)
        seen: State | None = "sending" if row.state == "sending" else None  # found so, not brought there by ourselves
        end = Settlement(row.id, state, row.due_at, row.attempts, reason, only_from=seen)
        await self._end(row, end, told, key)

    async def _end(self, row: OutboxItem, end: Settlement, told: OwnEvent, key: str) -> None:
        async with transaction():
            if (await OutboxItem.settle_all([end]))[0]:
                await InboxEvent.remind(told, key, told.at, told.at)
        row.state = end.state


def _queue(row: OutboxItem, *, tags: bool) -> str:
    """What waits for one turn after another: an account's messages, and beside them its changes of tags."""
    return f"{row.account}/tags" if tags else row.account


def _about_tags(row: OutboxItem) -> bool:
    return isinstance(row.outgoing, TagEdit | TagChange)
