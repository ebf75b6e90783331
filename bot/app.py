"""Here lives the composition root: read it from top to bottom like a recipe."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from aiohttp import web

from bot import database
from bot.health import Health, Vitals
from bot.inbox import InboxWorker
from bot.intake import LARGEST_BODY, Door
from bot.lanes import Lanes, LocalLanes
from bot.limiter import Limiter
from bot.outbox import OutboxWorker
from bot.passive import PassiveReplies
from bot.settings import Settings
from channels import Tools, open_channel
from domain.channel import Channel, Pollable
from domain.errors import CallFailed
from handlers import router
from handlers.context import House
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.staff import Staff
from scheduler.schedule import running

log = structlog.get_logger()
PAUSES = (1.0, 5.0, 15.0, 60.0, 300.0)  # seconds between tries to introduce ourselves
ROLES = ("web", "worker", "scheduler")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs in one process."""

    channels: Mapping[str, Channel]
    inbox: InboxWorker
    outbox: OutboxWorker
    lanes: Lanes
    door: Door


class Time(NamedTuple):
    """What o'clock it is, and seconds that never go back."""

    clock: Callable[[], datetime]
    monotonic: Callable[[], float]


class Server:
    """One process's server: its settings from the start, its parts while it runs."""

    parts: Parts

    def __init__(self, settings: Settings, roles: tuple[str, ...], base: Path | None, time: Time) -> None:
        self.settings = settings
        self.roles = roles
        self.base = base
        self.clock = time.clock
        self.monotonic = time.monotonic

    async def life(self, _: web.Application) -> AsyncIterator[None]:
        """Open everything, run, close everything in reverse."""
        settings = self.settings
        async with (
            database.opened(settings.database.url, base=self.base, serving=True),
            aiohttp.ClientSession() as session,
            _channels(settings, session, self.clock) as channels,
        ):
            await _appoint_staff(settings, self.clock())
            self.parts = _parts(self, channels)
            async with _running(self.parts, self.roles):
                gc.freeze()  # what stands by now stays: no collection need look at it again
                yield

    @property
    def vitals(self) -> Vitals:
        """What the health pages ask; before the start nothing runs."""
        return Vitals(
            backlogs={"inbox": InboxEvent.backlog, "outbox": OutboxItem.backlog},
            workers={"lanes": lambda: "worker" not in self.roles or self.parts.lanes.running},
            clock=self.clock,
        )

    def callback(self, channel: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """What answers the callbacks of one channel."""

        async def answer(request: web.Request) -> web.StreamResponse:
            return await self.parts.door.webhook(request, channel)

        return answer


SERVER = web.AppKey("server", Server)


def build_app(
    settings: Settings,
    roles: tuple[str, ...] = ROLES,
    *,
    base: Path | None = None,
    clock: Callable[[], datetime] = now,
    monotonic: Callable[[], float] = time.monotonic,
) -> web.Application:
    """The server as an aiohttp application; `base` is where a relative database path starts."""
    app = web.Application(client_max_size=LARGEST_BODY)
    app[SERVER] = server = Server(settings, roles, base, Time(clock, monotonic))
    app.cleanup_ctx.append(server.life)
    for config in settings.channels:  # a path of its own each: found by one look into a table
        callback = server.callback(config.name)
        app.router.add_route("GET", f"/callbacks/{config.name}", callback)
        app.router.add_route("POST", f"/callbacks/{config.name}", callback)
    app.add_routes(Health(server.vitals, settings.metrics.token.get_secret_value()).routes())
    return app


@asynccontextmanager
async def _channels(
    settings: Settings, session: aiohttp.ClientSession, clock: Callable[[], datetime]
) -> AsyncIterator[dict[str, Channel]]:
    opened = {
        config.name: open_channel(
            config, Tools(session, clock, settings.server.public_url, settings.limits_of(config.name, config.kind))
        )
        for config in settings.channels
    }
    try:
        yield opened
    finally:
        for channel in opened.values():
            await channel.close()


def _parts(server: Server, channels: Mapping[str, Channel]) -> Parts:
    router.load()
    clock, passive = server.clock, PassiveReplies()
    inbox = InboxWorker(channels, _house(server.settings), passive, clock)
    outbox = OutboxWorker(channels, Limiter(server.monotonic), clock)
    lanes = LocalLanes({"inbox": inbox, "outbox": outbox}, clock)
    inbox.lanes = outbox.lanes = lanes
    door = Door(channels, outbox, passive if "worker" in server.roles else None)
    return Parts(channels, inbox, outbox, lanes, door)


def _house(settings: Settings) -> House:
    return House(
        language=settings.language,
        timezone=ZoneInfo(settings.timezone),
        accounts={config.name: config.kind for config in settings.channels},
        welcome=settings.replies.welcome,
        keywords=tuple((tuple(row.words), row.template) for row in settings.replies.keywords),
    )


async def _appoint_staff(settings: Settings, at: datetime) -> None:
    async with database.transaction():
        for entry in settings.staff:
            await Staff.appoint(entry.name, entry.role, entry.accounts, at)


@asynccontextmanager
async def _running(parts: Parts, roles: tuple[str, ...]) -> AsyncIterator[None]:
    """Workers first and last: what the door stores can be handled, and nothing is taken once they stop."""
    async with parts.inbox.handling, parts.outbox.settling, parts.door.storing:
        tasks: list[asyncio.Task[None]] = []
        if "worker" in roles:
            await parts.outbox.recover()
            await parts.lanes.start()
        if "web" in roles:
            tasks += [asyncio.create_task(_introduce(channel)) for channel in parts.channels.values()]
            tasks += [
                asyncio.create_task(parts.door.poll(channel))
                for channel in parts.channels.values()
                if isinstance(channel, Pollable) and channel.polls
            ]
        clock = running(parts.inbox.clock, parts.inbox.house.timezone) if "scheduler" in roles else nullcontext()
        try:
            async with clock:
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            parts.inbox.stop()
            parts.outbox.stop()
            await parts.lanes.stop()


async def _introduce(channel: Channel) -> None:
    """Tell the platform what it must know of us, until it hears; one that does not keeps no other waiting."""
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        try:
            await channel.start()
        except CallFailed as error:
            tell = log.debug if pause == PAUSES[0] else log.warning  # one miss while everything starts is no news
            tell("channel not introduced", channel=channel.account, error=str(error))
            await asyncio.sleep(pause)
        else:
            return
