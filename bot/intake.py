"""Here lives the door: receive, store with whoever else is there, answer; and the asking of those that do not tell."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import structlog
from aiohttp import web

from bot import metrics
from bot.commit import GroupCommit
from bot.database import transaction
from bot.outbox import OutboxWorker
from bot.passive import PassiveReplies
from domain.channel import Answer, Answerable, CallbackRequest, Channel, Pollable, RawEvent
from domain.errors import CallFailed, Malformed, NotAuthentic
from domain.messages import OutboundMessage
from models.cursors import Cursor
from models.inbox import Arrival, InboxEvent
from models.outbox import OutboxItem

log = structlog.get_logger()
LARGEST_BODY = 1024 * 1024
UNAVAILABLE = {"Retry-After": "5"}
PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)


class Door:
    """Answers a platform only after the commit of what it told."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        outbox: OutboxWorker,
        passive: PassiveReplies | None,
    ) -> None:
        """`passive` is None where no worker of this process could answer in time: then nobody waits for it."""
        self.channels = channels
        self._answerable = {name: channel for name, channel in channels.items() if isinstance(channel, Answerable)}
        self.outbox = outbox
        self.lanes = outbox.lanes
        self.passive = passive
        self.clock = outbox.clock
        self.storing = GroupCommit(self._store_all)

    async def webhook(self, request: web.Request, name: str) -> web.Response:
        """`GET/POST /callbacks/{name}`: 200 stored, 400 malformed, 403 not authentic, 413, 503 not stored."""
        channel = self.channels[name]
        try:
            body = await _body(request) if request.method == "POST" else b""
            intake = await channel.receive(CallbackRequest(request.method, _query(request), request.headers, body))
        except NotAuthentic:
            return _refusal(403, channel.account)
        except Malformed:
            return _refusal(400, channel.account)
        try:
            answer = await self._take(channel, intake.events) or intake.answer
        except Exception as error:  # noqa: BLE001 - whatever kept it from being stored, the platform must come again
            log.error("not stored", channel=channel.account, error=type(error).__name__)
            return web.Response(status=503, headers=UNAVAILABLE)
        return web.Response(body=answer.body, content_type=answer.content_type)

    async def poll(self, channel: Pollable) -> None:
        """Ask for ever; what came and how far it reaches are one commit."""
        failures = 0
        while True:
            try:
                await self._pull(channel)
                failures = 0
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - platform or database away: ask again from where we were
                reason = str(error) if isinstance(error, CallFailed) else type(error).__name__
                log.warning("poll failed", channel=channel.account, error=reason)
                await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1

    async def _pull(self, channel: Pollable) -> None:
        row = await Cursor.get_or_none(account=channel.account)
        page = await channel.pull(row.value if row else "")
        if not page.events and row and page.cursor == row.value:
            return
        arrivals = [Arrival(channel.account, event, self.clock()) for event in page.events]
        async with transaction():
            new = await InboxEvent.store(arrivals)
            await Cursor.reach(channel.account, page.cursor)
        self._wake(arrivals, new)

    async def _take(self, channel: Channel, events: Sequence[RawEvent]) -> Answer | None:
        answerable = self._answerable.get(channel.account)
        if self.passive and answerable and len(events) == 1:
            return await self._converse(answerable, events[0], self.passive)
        for event in events:
            await self.storing.add(Arrival(channel.account, event, self.clock()))
        return None

    async def _converse(self, channel: Answerable, event: RawEvent, passive: PassiveReplies) -> Answer | None:
        """Store, then wait a moment for a reply that can be said in this very answer."""
        future = passive.expect(channel.account, event.key)
        try:
            new = await self.storing.add(Arrival(channel.account, event, self.clock()))
            item = None if new else await OutboxItem.answering(channel.account, event.key)
            waiting = item is None and (new or await InboxEvent.is_waiting(channel.account, event.key))
            if waiting or future.done():  # done: it was handled between the two questions
                item = await _within(channel.passive_seconds, future)
        finally:
            passive.forget(channel.account, event.key, future)
        return await self._say(channel, event, item) if item else None

    async def _say(self, channel: Answerable, event: RawEvent, item: OutboxItem) -> Answer | None:
        outgoing = item.outgoing
        answer = channel.passive(event, outgoing) if isinstance(outgoing, OutboundMessage) else None
        said = answer is not None and await self.outbox.said_in_answer(item)
        self.lanes.wake("outbox", item.lane, urgent=True)
        return answer if said else None

    async def _store_all(self, arrivals: Sequence[Arrival]) -> list[bool]:
        new = await InboxEvent.store(arrivals)
        self._wake(arrivals, new)
        return new

    def _wake(self, arrivals: Sequence[Arrival], new: Sequence[bool]) -> None:
        for arrival, is_new in zip(arrivals, new, strict=True):
            if is_new:
                self.lanes.wake("inbox", arrival.event.lane)
        for (account, is_new), count in Counter(zip((a.account for a in arrivals), new, strict=True)).items():
            metrics.STORED.labels(account, "new" if is_new else "repeat").inc(count)


async def _within(seconds: float, future: "asyncio.Future[OutboxItem | None]") -> OutboxItem | None:
    """Only this wait may end without an answer: a database that takes too long has stored nothing."""
    try:
        return await asyncio.wait_for(future, seconds)
    except TimeoutError:
        return None


async def _body(request: web.Request) -> bytes:
    """Raises Malformed for what cannot be unpacked, and for what was cut off: nobody hears that answer."""
    try:
        return await request.read()
    except (web.RequestPayloadError, ConnectionError) as error:
        request.content.feed_eof()  # else aiohttp reads on before it closes, and stumbles over the same again
        raise Malformed("a body that cannot be read") from error


def _query(request: web.Request) -> Mapping[str, str]:
    """The parameters; what has nothing to decode, as nearly all callbacks, is only taken apart."""
    raw = request.rel_url.raw_query_string
    if "%" in raw or "+" in raw or ";" in raw:
        return request.query
    return dict(pair.partition("=")[::2] for pair in reversed(raw.split("&")))


def _refusal(status: int, channel: str) -> web.Response:
    """Nothing more is taken from this connection: after a broken body nobody knows where the next request begins."""
    metrics.TURNED_AWAY.labels(channel, str(status)).inc()
    answer = web.Response(status=status)
    answer.force_close()
    return answer
