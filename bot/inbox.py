"""Here lives the frame of every event: read outside, handle in the one transaction, promise and be done together."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from bot import metrics
from bot.commit import GroupCommit
from bot.database import transaction
from bot.worker import Worker
from channels.parts import is_said
from domain.channel import Answerable, Channel, GroupDirectory, Reporting, Taggable
from domain.errors import Refusal
from domain.events import InboundEvent
from domain.groups import GroupsAsked
from domain.masses import AudiencesDue, CustomersToTag
from domain.messages import Address, Text
from domain.own_events import EventBuried, OwnEvent
from domain.push_events import PushAsked, PushFilled, PushResultRead, PushRound
from domain.sweeps import CustomersTouched, RuleDue
from domain.sync import (
    SyncDue,
    TagContactsRead,
    TagLibraryChanged,
    TagLibraryRead,
    TagsAsked,
    TagsDue,
    TagsGone,
    TagsMet,
    TagsSettled,
    TagsUnread,
)
from handlers import router
from handlers.context import Context, House, Promise, Unasked
from models.audit import AuditEntry, Entry
from models.dialogs import Dialog
from models.fields import milliseconds
from models.identities import Busy, not_awaiting
from models.inbox import OWN, InboxEvent
from models.outbox import NO_WAIT, OutboxItem
from models.signals import Answered, give

SPARE = timedelta(seconds=0.5)  # what the HTTP answer may take to be on its way
NOTHING: Mapping[str, object] = MappingProxyType({})
QUESTIONS = 3  # beside the transaction of one event, which asks another one where others change what it asks about
TOGETHER = 64  # events in one commit: fewer would wait for the disk more often, more would keep the door waiting
LONG = (  # what may take a while, or waits for who else changes tags
    AudiencesDue,
    CustomersToTag,
    CustomersTouched,
    PushFilled,
    PushResultRead,
    PushRound,
    RuleDue,
    SyncDue,
    TagContactsRead,
    TagLibraryChanged,
    TagLibraryRead,
    TagsDue,
    TagsGone,
    TagsMet,
    TagsSettled,
    TagsUnread,
)


class Happening(NamedTuple):
    """A row and what it means, as it was when the look-up began."""

    row: InboxEvent
    event: InboundEvent | None
    read_at: datetime
    answers: Mapping[str, object] = NOTHING


Outcome = Exception | None


class Taken(Exception):  # noqa: N818 - named for what happened
    """The event is done already: its commit came through though the answer to it was lost."""


class InboxWorker(Worker[InboxEvent]):
    """Each event exactly once: what its handler wrote, what it promised to say and "done" are one commit."""

    model = InboxEvent

    def __init__(
        self, channels: Mapping[str, Channel], house: House, clock: Callable[[], datetime], key: bytes = b""
    ) -> None:
        """`key` seals the audit trail."""
        super().__init__(clock)
        self._key = key
        self.channels = channels
        self.house = house
        self._failing: dict[int, Entry] = {}  # what the trail tells of a row that is buried at last
        self._answerable = {name: channel for name, channel in channels.items() if isinstance(channel, Answerable)}
        self.handling = GroupCommit(self._handle_at_once, TOGETHER)
        self.comparing = GroupCommit(self._handle_all, TOGETHER)

    async def work(self, row: InboxEvent) -> None:
        started = self.clock()
        with self.beginning():
            event = await self._understand(row)
        happening = Happening(row, event, started)
        failure = await self._commit(happening)
        for _ in range(QUESTIONS):
            if isinstance(failure, Unasked):
                with self.beginning():
                    answer = await failure.ask()
                happening = happening._replace(answers={**happening.answers, failure.question: answer})
                failure = await self._commit(happening)
        if failure is not None:
            raise failure
        self._failing.pop(row.id, None)
        metrics.HANDLED.labels(type(event).__name__ if event else "unknown").inc()
        metrics.SECONDS.observe((self.clock() - started).total_seconds())

    async def bury(self, row: InboxEvent, reason: str) -> None:
        now, asked = self.clock(), self._failing.pop(row.id, None)
        key = f"buried:{row.id}:{milliseconds(now)}"
        async with transaction():
            if not await row.give_up(reason):
                return  # handled by another process meanwhile
            if row.account != OWN:
                await InboxEvent.remind(EventBuried(now, row.id, row.account), key, now, now)
            await AuditEntry.append([replace(asked, result="failed", detail=reason)] if asked else [], self._key)
        metrics.BURIED.labels(row.account).inc()

    async def _understand(self, row: InboxEvent) -> InboundEvent | None:
        if row.account == OWN:
            return await self._looked_up(row.own())
        channel = self.channels.get(row.account)
        return await channel.read(row.told) if channel else None

    async def _looked_up(self, event: OwnEvent) -> InboundEvent | None:
        """What we tell ourselves says everything, but for a question to a platform."""
        match event, self.channels.get(getattr(event, "account", "")):
            case TagsAsked(), Taggable() as channel:
                return await channel.look(event)
            case PushAsked(), Reporting() as channel:
                return await channel.results(event)
            case GroupsAsked(), GroupDirectory() as channel:
                return await channel.groups(event)
            case TagsAsked() | PushAsked() | GroupsAsked(), _:
                return None
            case _:
                return event

    async def _commit(self, happening: Happening) -> Outcome:
        """What waits until another process has done with the library waits beside the messages, never before them."""
        if not isinstance(happening.event, LONG):
            failure = await self.handling.add(happening)
            if not isinstance(failure, Busy):
                return failure
        return await self.comparing.add(happening)

    async def _handle_at_once(self, happenings: Sequence[Happening]) -> list[Outcome]:
        with not_awaiting("tags"):
            return await self._handle_all(happenings)

    async def _handle_all(self, happenings: Sequence[Happening]) -> list[Outcome]:
        """Events of several lanes share a commit; if one of them fails, each has a transaction of its own."""
        contexts = [self._context(happening) for happening in happenings]
        try:
            async with transaction():
                for happening, ctx in zip(happenings, contexts, strict=True):
                    await asyncio.sleep(0)  # on SQLite nothing in a transaction waits: everybody else gets a turn
                    await self._handle(happening, ctx)
                await self._finish(happenings, contexts)
            return [None] * len(happenings)
        except Exception:  # noqa: BLE001 - all of it is rolled back, and tried again one by one
            return [await self._handle_alone(happening) for happening in happenings]

    async def _handle_alone(self, happening: Happening) -> Outcome:
        ctx = self._context(happening)
        try:
            async with transaction():
                await self._handle(happening, ctx)
                await self._finish([happening], [ctx])
        except Taken:
            return None
        except Refusal as refusal:
            await self._refuse(happening, ctx, refusal)
        except Exception as error:  # noqa: BLE001 - raised again in the lane of this event
            if ctx.entry and not isinstance(error, Unasked):
                self._failing[happening.row.id] = ctx.entry
            return error
        return None

    async def _handle(self, happening: Happening, ctx: Context) -> None:
        if happening.event is not None:
            await router.dispatch(happening.event, ctx)
        await self._promise(happening.row, ctx)

    async def _refuse(self, happening: Happening, tried: Context, refusal: Refusal) -> None:
        """What was written is rolled back; why is said, and a pressed button is still acknowledged."""
        ctx = self._context(happening)
        ctx.language, ctx.staff = tried.language, tried.staff
        ctx.promises = router.still_said(tried)
        ctx.say(Text(router.why(refusal, tried)))
        ctx.entry = replace(tried.entry, result=refusal.key.removeprefix("refusals/")) if tried.entry else None
        async with transaction():
            if tried.overruled and tried.staff:
                await Dialog.close(tried.staff, tried.chat)
            await self._promise(happening.row, ctx)
            await self._finish([happening], [ctx])

    async def _promise(self, row: InboxEvent, ctx: Context) -> None:
        ctx.promises = [part for promise in ctx.promises for part in self._parts(promise)]
        waits = self._waits(row, ctx)
        items = [
            await OutboxItem.enqueue(promise.outgoing, ctx.now, promise.message_id, wait)
            for promise, wait in zip(ctx.promises, waits, strict=True)
        ]
        if row.account in self._answerable:
            said = next((item.id for item in items if item.reply_to == row.key), 0)
            await give(Answered(row.account, row.key, said))

    def _parts(self, promise: Promise) -> list[Promise]:
        """What its channel cannot say in one message becomes several rows: each has its turn and its own outcome.

        What is too long for that is cut for a colleague; of a line to a customer all is said, or it is refused.
        """
        channel = self.channels.get(promise.outgoing.to.account)
        said = channel.parts(promise.outgoing) if channel else (promise.outgoing,)
        if promise.message_id and not is_said(promise.outgoing, said):
            said = (promise.outgoing,)
        return [promise._replace(outgoing=part) for part in said]

    def _waits(self, row: InboxEvent, ctx: Context) -> Iterator[timedelta]:
        """The first answer waits for as long as it may still be said in the HTTP answer to its event."""
        channel = self._answerable.get(row.account)
        for promise in ctx.promises:
            if channel and getattr(promise.outgoing, "reply_to", "") == row.key:
                until = row.queued_at + timedelta(seconds=channel.passive_seconds) + SPARE
                yield max(until - ctx.now, NO_WAIT)
                channel = None
            else:
                yield NO_WAIT

    def _context(self, happening: Happening) -> Context:
        return Context(
            now=self.clock(),
            arrived=happening.row.queued_at,
            read_at=happening.read_at,
            house=self.house,
            key=happening.row.key,
            chat=_chat(happening.event, happening.row),
            language=self.house.language,
            answers=happening.answers,
        )

    async def _finish(self, happenings: Sequence[Happening], contexts: Sequence[Context]) -> None:
        if not await InboxEvent.finish([happening.row for happening in happenings]):
            raise Taken
        await AuditEntry.append([ctx.entry for ctx in contexts if ctx.entry], self._key)


def _chat(event: InboundEvent | None, row: InboxEvent) -> Address:
    """Where an answer to this event goes; events of no chat have an address that no channel knows."""
    for name in ("chat", "sender", "contact"):
        place = getattr(event, name, None)
        if isinstance(place, Address):
            return place
        if place is not None:
            return Address(place.address.account, place.address.id)
    return Address(row.account, "")
