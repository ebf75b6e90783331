"""Here lives the composition root: read it from top to bottom like a recipe."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import NamedTuple

import aiohttp
import structlog
from aiohttp import web

from bot import addresses, database, presence
from bot.acting import house
from bot.health import Health, Vitals
from bot.inbox import InboxWorker
from bot.intake import LARGEST_BODY, Door
from bot.lanes import SEATS, Lanes, LocalLanes
from bot.limiter import Limiter, LocalLimiter
from bot.links import Links
from bot.outbox import OutboxWorker
from bot.passive import PassiveReplies
from bot.settings import Settings
from bot.shards import ProcrastinateLanes
from bot.shared_limiter import SharedLimiter
from bot.tokens import SharedTokens
from bot.vault import Vault
from channels import Tools, open_channel
from channels.tokens import Alone, TokenStore
from domain.channel import Channel, GroupDirectory, Pollable
from domain.errors import CallFailed
from domain.links import PATH
from handlers import group_readings, menus, router, sync
from models import index
from models.audit import AuditHead
from models.inbox import InboxEvent
from models.orders import Counted
from models.outbox import OutboxItem
from models.signals import Answered, Signal, hear
from models.sql import dialect
from models.staff import Staff
from models.sync import Sync
from scheduler.timetable import running

log = structlog.get_logger()
PAUSES = (1.0, 5.0, 15.0, 60.0, 300.0)  # seconds between tries to introduce ourselves
ROLES = ("web", "worker", "scheduler")
AtStart = Callable[[str, datetime], Awaitable[None]]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs in one process."""

    channels: Mapping[str, Channel]
    inbox: InboxWorker
    outbox: OutboxWorker
    lanes: Lanes
    passive: PassiveReplies
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
        self.links = Links(house(settings).push.link_key, settings.language, time.clock)

    async def life(self, _: web.Application) -> AsyncIterator[None]:
        """Open everything, run, close everything in reverse."""
        settings, place = self.settings, self.settings.database
        if not place.url.startswith("sqlite"):
            await addresses.check(place)
        async with (
            database.opened(place.url, base=self.base, serving=True, pool=place.pool, pooled=place.pooled),
            aiohttp.ClientSession() as session,
            _channels(settings, session, self.clock) as channels,
        ):
            router.load()
            await AuditHead.begin(settings.key)
            await _appoint_staff(settings, self.clock())
            async with database.transaction():
                await Counted.be(settings.currency)
            self.parts = _parts(self, channels)
            async with _joined(self.parts, place.address), _running(self.parts, self.roles):
                gc.freeze()  # what stands by now stays: no collection need look at it again
                yield

    @property
    def vitals(self) -> Vitals:
        """What the health pages ask; before the start nothing runs."""
        return Vitals(
            backlogs={"inbox": InboxEvent.backlog, "outbox": OutboxItem.backlog},
            workers={"lanes": lambda: "worker" not in self.roles or self.parts.lanes.running},
            clock=self.clock,
            tags={
                account: partial(Sync.counts, account, grouped=rules.limits.grouped)
                for account, rules in house(self.settings).tags.items()
            },
        )

    async def opened(self, request: web.Request) -> web.StreamResponse:
        """What answers who opens a tracked address."""
        return await self.links.open(request, self.parts.door.storing)

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
    for config in settings.channels if "web" in roles else ():  # a path of its own each: found by one look into a table
        callback = server.callback(config.name)
        app.router.add_route("GET", f"/callbacks/{config.name}", callback)
        app.router.add_route("POST", f"/callbacks/{config.name}", callback)
    if "web" in roles:
        app.router.add_get(f"{PATH}{{code}}", server.opened)
    app.add_routes(Health(server.vitals, settings.metrics.token.get_secret_value()).routes())
    return app


@asynccontextmanager
async def _channels(
    settings: Settings, session: aiohttp.ClientSession, clock: Callable[[], datetime]
) -> AsyncIterator[dict[str, Channel]]:
    tokens: TokenStore = SharedTokens(Vault(settings.key), clock) if dialect() == "postgres" else Alone()
    opened = {
        config.name: open_channel(
            config,
            Tools(session, clock, settings.server.public_url, settings.limits_of(config.name, config.kind), tokens),
        )
        for config in settings.channels
    }
    try:
        yield opened
    finally:
        for channel in opened.values():
            await channel.close()


def _parts(server: Server, channels: Mapping[str, Channel]) -> Parts:
    clock, passive, shared = server.clock, PassiveReplies(), dialect() == "postgres"
    inbox = InboxWorker(channels, house(server.settings), clock, server.settings.key)
    limiter: Limiter = SharedLimiter(server.monotonic) if shared else LocalLimiter(server.monotonic)
    outbox = OutboxWorker(channels, limiter, clock)
    address = server.settings.database.address
    lanes: Lanes = (
        ProcrastinateLanes({"inbox": inbox, "outbox": outbox}, outbox, clock, address, SEATS)
        if shared
        else LocalLanes({"inbox": inbox, "outbox": outbox}, clock, SEATS)
    )
    return Parts(channels, inbox, outbox, lanes, passive, Door(channels, outbox, passive))


@asynccontextmanager
async def _joined(parts: Parts, address: str) -> AsyncIterator[None]:
    """Hear what was stored and answered: by oneself, or by every process of this database."""
    if isinstance(parts.lanes, LocalLanes):
        hear(_ear(parts.lanes, parts.passive))
        yield
    else:
        async with presence.connected(address, parts.passive.hear):
            yield


def _ear(lanes: LocalLanes, passive: PassiveReplies) -> Callable[[Signal], None]:
    def ear(signal: Signal) -> None:
        if isinstance(signal, Answered):
            passive.hear(signal)
        else:
            lanes.hear(signal)

    return ear


async def _appoint_staff(settings: Settings, at: datetime) -> None:
    async with database.transaction():
        for entry in sorted(settings.staff, key=lambda entry: entry.name):  # in one order, whoever starts beside us
            await Staff.appoint(entry.name, entry.role, entry.accounts, at, entry.team)
        await menus.renew(house(settings), at)


async def _begin(begin: AtStart, account: str, at: datetime) -> bool:
    """While the door was closed nobody could tell us what changed; False if it must be tried again."""
    try:
        async with database.transaction():
            await begin(account, at)
    except Exception as error:  # noqa: BLE001 - another process was at it, or the database is away: no start ends so
        log.warning("question not asked at start", channel=account, error=type(error).__name__)
        return False
    return True


async def _begin_later(begin: AtStart, account: str, clock: Callable[[], datetime]) -> None:
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        await asyncio.sleep(pause)
        if await _begin(begin, account, clock()):
            return


def _at_start(parts: Parts) -> list[tuple[AtStart, str]]:
    """What each platform is asked for: its tags, its group chats."""
    kept: list[tuple[AtStart, str]] = [(sync.at_start, name) for name in sorted(parts.inbox.house.tags)]
    return kept + [
        (group_readings.at_start, name)
        for name, channel in sorted(parts.channels.items())
        if isinstance(channel, GroupDirectory)
    ]


@asynccontextmanager
async def _running(parts: Parts, roles: tuple[str, ...]) -> AsyncIterator[None]:
    """Workers first and last: what the door stores can be handled, and nothing is taken once they stop."""
    inbox, outbox = parts.inbox, parts.outbox
    async with inbox.handling, inbox.comparing, outbox.settling, outbox.limiter, parts.door.storing:
        tasks: list[asyncio.Task[None]] = []
        if "worker" in roles:
            if isinstance(parts.lanes, LocalLanes):
                await parts.outbox.recover()
            await parts.lanes.start()
            tasks.append(asyncio.create_task(index.keep_on(parts.inbox.clock)))
            tasks += [asyncio.create_task(channel.warm_up()) for channel in parts.channels.values()]
        if "web" in roles:
            clock = parts.inbox.clock
            late = [each for each in _at_start(parts) if not await _begin(*each, clock())]
            tasks += [asyncio.create_task(_begin_later(*each, clock)) for each in late]
            tasks += [asyncio.create_task(_introduce(channel)) for channel in parts.channels.values()]
            tasks += [
                asyncio.create_task(parts.door.poll(channel))
                for channel in parts.channels.values()
                if isinstance(channel, Pollable) and channel.polls
            ]
        jobs = running(parts.inbox.clock, parts.inbox.house.timezone) if "scheduler" in roles else nullcontext()
        try:
            async with jobs:
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
