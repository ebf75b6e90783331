"""Here lives the sending: wait for the turn, mark in flight, deliver, record what became of it."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, compress, repeat
from typing import Literal, NamedTuple

import structlog

from bot import metrics
from bot.commit import GroupCommit
from bot.database import transaction
from bot.limiter import Limiter
from bot.passive import PASSIVE
from bot.worker import Worker
from domain.channel import Channel, Deferred, Delivered, DeliveryResult, Limits, Refused, Unsure
from domain.errors import CallFailed
from domain.messages import Address
from domain.outgoing import GroupPush, GroupPushEdit, Outgoing, TagChange, TagEdit
from domain.own_events import DeliveryFailed, OwnEvent
from domain.push_events import PushSettled
from domain.sync import TagsSettled
from models.fields import milliseconds
from models.groups import Group
from models.inbox import InboxEvent
from models.outbox import OutboxItem, Settlement
from models.queue import State

log = structlog.get_logger()
PATIENCE = timedelta(hours=24)
REMEMBERED = timedelta(hours=23)  # since it was promised, after which a group push is not repeated
AGAIN = timedelta(seconds=0.5)  # until a lane is looked at again that somebody else has to do with
STALE = 0.3  # seconds after which a turn has passed
SOON = 2.0  # seconds that may be waited for in a lane
PAUSES = (0.2, 1.0, 5.0)  # seconds between tries to note what was done


class Ending(NamedTuple):
    """What is to be recorded of a row, and what is told of it in the same commit."""

    settlement: Settlement
    told: OwnEvent | None = None
    key: str = ""
    moved: tuple[Address, Address] | None = None  # a group chat that is called otherwise from now on


class OutboxWorker(Worker[OutboxItem]):
    """Never lost, never twice: a row that cannot be repeated is marked before the call and settled after it."""

    model = OutboxItem

    def __init__(self, channels: Mapping[str, Channel], limiter: Limiter, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.channels = channels
        self.limiter = limiter
        self.settling = GroupCommit(_settled)

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
            if channel and channel.repeatable(outgoing) and not self._is_forgotten(item):
                await OutboxItem.settle_all([self._after(item, "waiting")])
            else:
                await self._record(item, Unsure("interrupted"))

    def _is_forgotten(self, row: OutboxItem) -> bool:
        """Whether the platform does not know any more that it has had this group push."""
        return isinstance(row.outgoing, GroupPush) and row.queued_at + REMEMBERED < self.clock()

    def _after(self, item: OutboxItem, state: State) -> Settlement:
        now, whose = self.clock(), item.recipient_id
        at = None if state == "waiting" else now
        return Settlement(item.id, state, now, item.attempts, "interrupted", "", "sending", whose, at)

    async def work(self, row: OutboxItem) -> None:
        outgoing = row.outgoing
        channel = self.channels.get(row.account)
        if channel is None:
            await self._record(row, Refused("no_such_channel"))
        elif row.expires_at and row.expires_at <= self.clock():
            await self._record(row, Refused("expired"))
        elif (row.attempts or row.error == "interrupted") and self._is_forgotten(row):
            await self._record(row, Unsure(row.error))
        else:
            with self.beginning():
                await channel.warm_up()
            await self._send(row, outgoing, channel)

    async def said_in_answer(self, item: OutboxItem) -> bool:
        """Take the row for said in an HTTP answer, unless it has begun to go another way, or is due to.

        What is due comes too late: a process that was held up must not say it to a platform that waits no longer.
        """
        done = Settlement(item.id, "done", item.due_at, item.attempts, platform_id=PASSIVE, only_from="waiting")
        if item.state == "waiting" and item.due_at > self.clock() and await self.settling.add(Ending(done)):
            return True
        return await OutboxItem.exists(id=item.id, state="done", platform_id=PASSIVE)  # a repeat is told the same

    async def bury(self, row: OutboxItem, reason: str) -> None:
        """Of a group push that was tried again and again nobody knows whether one of the tries came through."""
        await self._record(row, Unsure(reason) if isinstance(row.outgoing, GroupPush) else Refused(reason))

    async def _send(self, row: OutboxItem, outgoing: Outgoing, channel: Channel) -> None:
        if not await self._has_its_turn(row, outgoing, channel):
            return
        clock = asyncio.get_running_loop().time
        had = clock()
        begun = Settlement(row.id, "sending", row.due_at, row.attempts, only_from="waiting")
        if not await self.settling.add(Ending(begun)):
            row.due_at = self.clock() + AGAIN  # said in the HTTP answer, stopped, or another process is at this lane
            return
        if clock() - had > STALE and not await self._has_its_turn(row, outgoing, channel):
            return  # the database stood still: all who had a turn by then would send at once
        await self.limiter.leave(_queue(row), _limits(outgoing, channel.limits), priority=row.priority)
        result = await self._deliver(row, outgoing, channel)
        if isinstance(result, Unsure) and channel.repeatable(outgoing):
            raise CallFailed(result.reason)  # harmless to repeat: tried again as anything that failed
        await self._surely_record(row, result)

    async def _has_its_turn(self, row: OutboxItem, outgoing: Outgoing, channel: Channel) -> bool:
        """Wait for the turn here if it comes soon, else in the table: a lane that waits long keeps others out."""
        chat, group = outgoing.to.id, channel.is_group(outgoing.to.id)
        queue, limits = _queue(row), _limits(outgoing, channel.limits)
        if isinstance(outgoing, GroupPush | GroupPushEdit):
            chat = ""
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
            case Delivered():
                await self._end(row, "done", result)
            case Deferred(until=until, reason=reason) if until >= _patience(row):
                await self._end(row, "dead", Refused(reason))
            case Deferred(until=until, reason=reason):
                if result.whole_account:
                    await self.limiter.pause(_queue(row), (until - self.clock()).total_seconds())
                await self._settle(row, Settlement(row.id, "waiting", until, row.attempts, reason))
            case Refused():
                await self._end(row, "dead", result)
            case Unsure():
                await self._end(row, "unsure", result)

    async def _settle(self, row: OutboxItem, settlement: Settlement) -> None:
        await self.settling.add(Ending(settlement))
        row.state, row.due_at = settlement.state, settlement.due_at

    async def _end(
        self, row: OutboxItem, state: Literal["done", "dead", "unsure"], result: Delivered | Refused | Unsure
    ) -> None:
        now = self.clock()
        seen: State | None = "sending" if row.state == "sending" else None  # found so, not brought there by ourselves
        error, platform_id = ("", result.platform_id) if isinstance(result, Delivered) else (result.reason, "")
        end = Settlement(row.id, state, row.due_at, row.attempts, error, platform_id, seen, row.recipient_id, now)
        to, moved_to = row.outgoing.to, getattr(result, "moved_to", "")
        moved = (to, Address(to.account, moved_to)) if moved_to else None
        await self.settling.add(Ending(end, *self._news(row, result, now), moved))
        row.state = state

    def _news(
        self, row: OutboxItem, result: Delivered | Refused | Unsure, now: datetime
    ) -> tuple[OwnEvent | None, str]:
        """What is told of an end, and its key: what a person revived may end once more, and is told once more.

        What became of tags and of group pushes is news for the books of both sides. A message of a push is in its
        ledger: told besides is what makes a difference to others, that a person or a group chat cannot be reached.
        """
        settled, failed = (f"{how}:{row.id}:{milliseconds(now)}" for how in ("settled", "failed"))
        match row.outgoing, result:
            case TagEdit() | TagChange(), Delivered():
                return TagsSettled(now, row.account, row.id, result.found, result.failed), settled
            case GroupPush() | GroupPushEdit() as push, _:
                return _of_many(row, push.batch, result, now), settled
            case _, Refused(reason=reason, state=state) if state or not row.recipient_id or self._is_group(row):
                return DeliveryFailed(now, row.outgoing.to, row.id, reason, state=state), failed
            case _, Unsure(reason=reason) if not row.recipient_id:
                return DeliveryFailed(now, row.outgoing.to, row.id, reason, unsure=True), failed
            case _:
                return None, ""

    def _is_group(self, row: OutboxItem) -> bool:
        channel = self.channels.get(row.account)
        return channel is not None and channel.is_group(row.outgoing.to.id)


async def _settled(endings: Sequence[Ending]) -> list[bool]:
    settlements = [ending.settlement for ending in endings]
    if not any(ending.told or ending.moved for ending in endings):
        return await OutboxItem.settle_all(settlements)
    async with transaction():
        ended = await OutboxItem.settle_all(settlements)
        for ending in compress(endings, ended):
            if ending.told:
                await InboxEvent.remind(ending.told, ending.key, ending.told.at, ending.told.at)
            if ending.moved:
                await Group.migrate(*ending.moved)
    return ended


def _of_many(row: OutboxItem, batch: int, result: Delivered | Refused | Unsure, now: datetime) -> PushSettled:
    match result:
        case Delivered(platform_id=task, failed=failed):
            return PushSettled(now, row.account, row.id, batch, task, failed)
        case Refused(reason=reason) | Unsure(reason=reason):
            return PushSettled(now, row.account, row.id, batch, reason=reason, unsure=isinstance(result, Unsure))


def _queue(row: OutboxItem) -> str:
    """What waits for one turn after another: an account's messages, and beside them its changes of tags, its pushes."""
    match row.outgoing:
        case TagEdit() | TagChange():
            return f"{row.account}/tags"
        case GroupPush() | GroupPushEdit():
            return f"{row.account}/pushes"
        case _:
            return row.account


def _limits(outgoing: Outgoing, limits: Limits) -> Limits:
    match outgoing:
        case TagEdit() | TagChange():
            return Limits(account=limits.tags)
        case GroupPush() | GroupPushEdit():
            return Limits(recipient=limits.group_pushes)  # as if all were to one chat: a long wait is no lane's
        case _:
            return limits


def _patience(row: OutboxItem) -> datetime:
    """A wait until then is too long. A recipient of a push waits in the ledger, too, for as long as it takes."""
    if row.expires_at and not row.recipient_id:
        return row.expires_at
    return row.queued_at + PATIENCE
