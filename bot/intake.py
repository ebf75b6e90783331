"""Here lives the door: receive, store with whoever else is there, answer."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import structlog
from aiohttp import web

from bot import metrics
from bot.commit import GroupCommit
from bot.outbox import OutboxWorker
from bot.passive import PassiveReplies
from bot.polling import Poller
from domain.channel import Answer, Answerable, CallbackRequest, Channel, Pollable, RawEvent
from domain.errors import Malformed, NotAuthentic
from domain.messages import OutboundMessage
from models.inbox import Arrival, InboxEvent
from models.outbox import OutboxItem
from models.sql import is_deadlock

log = structlog.get_logger()
LARGEST_BODY = 1024 * 1024
UNAVAILABLE = {"Retry-After": "5"}


class Door:
    """Answers a platform only after the commit of what it told."""

    def __init__(self, channels: Mapping[str, Channel], outbox: OutboxWorker, passive: PassiveReplies) -> None:
        self.channels = channels
        self._answerable = {name: channel for name, channel in channels.items() if isinstance(channel, Answerable)}
        self.outbox = outbox
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
        """Ask for ever."""
        await Poller(channel, self.clock, _count).run()

    async def _take(self, channel: Channel, events: Sequence[RawEvent]) -> Answer | None:
        answerable = self._answerable.get(channel.account)
        if answerable and len(events) == 1:
            return await self._converse(answerable, events[0])
        for event in events:
            await self.storing.add(Arrival(channel.account, event, self.clock()))
        return None

    async def _converse(self, channel: Answerable, event: RawEvent) -> Answer | None:
        """Store, then wait a moment for a reply that can be said in this very answer."""
        future = self.passive.expect(channel.account, event.key)
        try:
            new = await self.storing.add(Arrival(channel.account, event, self.clock()))
            item = None if new else await OutboxItem.answering(channel.account, event.key)
            waiting = item is None and (new or await InboxEvent.is_waiting(channel.account, event.key))
            if waiting or future.done():  # done: it was handled between the two questions
                item = await self._reply(channel, event, future)
        finally:
            self.passive.forget(channel.account, event.key, future)
        return await self._say(channel, event, item) if item else None

    async def _reply(self, channel: Answerable, event: RawEvent, future: "asyncio.Future[int]") -> OutboxItem | None:
        """Only this wait may end without an answer: a database that takes too long has stored nothing."""
        try:
            async with asyncio.timeout(channel.passive_seconds):
                number = await future
        except TimeoutError:  # nothing to say yet; or the news of it was lost
            return await OutboxItem.answering(channel.account, event.key)
        return await OutboxItem.known(number) if number else None

    async def _say(self, channel: Answerable, event: RawEvent, item: OutboxItem) -> Answer | None:
        outgoing = item.outgoing
        answer = channel.passive(event, outgoing) if isinstance(outgoing, OutboundMessage) else None
        said = answer is not None and await self.outbox.said_in_answer(item)
        if not said or await OutboxItem.is_waiting(item.lane):
            await item.release(self.clock())
        return answer if said else None

    async def _store_all(self, arrivals: Sequence[Arrival]) -> list[bool]:
        try:
            new = await InboxEvent.store(arrivals)
        except Exception as error:
            if not is_deadlock(error):
                raise
            new = await InboxEvent.store(arrivals)  # another door had the same repeats, in another order
        _count(arrivals, new)
        return new


def _count(arrivals: Sequence[Arrival], new: Sequence[bool]) -> None:
    for (account, is_new), count in Counter(zip((a.account for a in arrivals), new, strict=True)).items():
        metrics.STORED.labels(account, "new" if is_new else "repeat").inc(count)


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
