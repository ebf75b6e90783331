"""Here lives the index of audiences: who fits a rule, among a million customers, in milliseconds.

The tables are the truth. A process has its own index, made when it is first asked; each time it is asked it reads in
the log what has changed, in the same transaction in which SQL answers what the index does not have. So an answer is
what the tables say in one state of the database, and a change that is committed is in the next answer; one that the
caller's own transaction has not committed yet is not.
"""

# ruff: noqa: S608 - the words of these statements are our own, every value is a parameter

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import structlog
from tortoise import connections

from domain.rules import Moment
from models import snapshots
from models.sql import dialect, select

if TYPE_CHECKING:  # numpy and pyroaring are imported when somebody asks first
    from models.aside import Reading
    from models.mirror import Mirror
    from models.views import View

log = structlog.get_logger()
VIEWS = "models.views"
EVERY = 60.0  # seconds between looks whether what is kept is worth renewing
CROWD = 20_000  # customers whom it takes a while to read
MANY = 20_000  # lines of the log since then: reading them would delay the first answer after a start
AT_LEAST = timedelta(hours=6)  # so often, if anything changed: old lines of the log are thrown away
BEHIND = {
    "sqlite": f"SELECT COUNT(*) FROM (SELECT 1 FROM touched WHERE id > $1 LIMIT {MANY}) AS l",
    "postgres": f"SELECT COUNT(*) FROM (SELECT 1 FROM touched WHERE xid >= $1 LIMIT {MANY}) AS l",
}


class Index:
    """One process's, of one database; its questions are answered one after the other."""

    def __init__(self, kind: str, reading: "Reading") -> None:
        self.kind = kind
        self.reading = reading
        self.mirror: Mirror | None = None
        self.kept_at: datetime | None = None
        self._turn = asyncio.Lock()
        self._whose: asyncio.Task[Any] | None = None

    @asynccontextmanager
    async def current(self) -> AsyncIterator["Mirror"]:
        """In this block it says what the tables say."""
        if self._whose and self._whose is asyncio.current_task():
            raise RuntimeError("a look at the index inside another one would wait for itself")
        async with self._turn:
            if VIEWS not in sys.modules:  # numpy takes half a second, in which everybody else goes on
                await asyncio.to_thread(import_module, VIEWS)
            async with self.reading.frame():
                self._whose = asyncio.current_task()
                try:
                    yield await self._caught_up()
                finally:
                    self._whose = None

    async def keep(self, now: datetime) -> bool:
        """Let the next start begin with what is here, if that is worth it."""
        self.kept_at = self.kept_at or now
        if self.mirror is None:
            return False
        async with self.current() as mirror:
            if not await self._is_worth_keeping(mirror, now):
                return False
            snapshot = await mirror.snapshot(self.reading)
        try:
            await snapshots.write(snapshot, now)
        except BaseException:
            mirror.unwritten(snapshot)
            raise
        mirror.stored = True
        self.kept_at = now
        return True

    async def _caught_up(self) -> "Mirror":
        from models.mirror import NOW

        position, since, origin = (await self.reading.glance(NOW[self.kind]))[0]
        here = self.mirror
        if (
            here is None
            or here.origin != origin
            or not since <= here.position <= position  # behind it: the server went back to a backup
            or not await here.catch_up(self.reading, position)
        ):
            self.mirror = None
            self.mirror = await self._begun(position, since, origin)
        return self.mirror  # type: ignore[return-value]

    async def _begun(self, position: int, since: int, origin: str) -> "Mirror":
        from models.mirror import Mirror

        kept = await self.reading.glance(snapshots.MARK)
        if kept and kept[0][1] == origin and since <= kept[0][0] <= position:
            mirror = Mirror(self.kind, kept[0][0], origin)
            try:
                await mirror.load(self.reading)
                if await mirror.catch_up(self.reading, position):
                    return mirror
            except (LookupError, ValueError) as error:
                log.warning("snapshot of the index unusable", error=str(error))
        mirror = Mirror(self.kind, position, origin)
        await mirror.fill(self.reading)
        return mirror

    async def _is_worth_keeping(self, mirror: "Mirror", now: datetime) -> bool:
        kept = await self.reading.glance(snapshots.MARK)
        if not kept or kept[0][1] != mirror.origin:
            mirror.unstored()
            return True
        if mirror.position <= kept[0][0]:
            return False
        behind = (await self.reading.glance(BEHIND[self.kind], kept[0][0]))[0][0]
        return bool(behind >= MANY or (behind and now - (self.kept_at or now) >= AT_LEAST))


_indexes: "WeakKeyDictionary[Any, Index]" = WeakKeyDictionary()


@asynccontextmanager
async def look(moment: Moment) -> AsyncIterator["View"]:
    """Who fits which rule, as of one state of the database.

    Meanwhile nobody else asks, so what is slow, and what waits for a transaction of others, is done outside.
    """
    index = _index()
    async with index.current() as mirror:
        from models.views import View

        yield View(mirror, index.reading, moment)


async def keep(now: datetime) -> bool:
    """Store the index for the next start if that is worth it; raises Overtaken where another process is at it."""
    index = _indexes.get(connections.get("reader"))
    return index is not None and await index.keep(now)


async def warm(least: int = CROWD) -> bool:
    """Read everybody before somebody asks, where there are so many that who asks first would wait; whether it did."""
    index = _indexes.get(connections.get("reader"))
    if index and index.mirror:
        return False
    if len(await select(f"SELECT 1 AS one FROM customer LIMIT {int(least)}", alias="reader")) < least:
        return False
    async with _index().current():
        return True


async def keep_on(clock: Callable[[], datetime]) -> None:
    """Look to it at the start and every minute."""
    while True:
        try:
            await warm()
            await keep(clock())
        except snapshots.Overtaken:
            log.debug("index kept by another process")
        except Exception as error:  # noqa: BLE001 - the database is away, or closed: there is a next minute
            log.warning("index not kept", error=type(error).__name__)
        await asyncio.sleep(EVERY)


async def close() -> None:
    """The database is about to be closed."""
    index = _indexes.pop(connections.get("reader"), None)
    if index:
        await index.reading.close()


def _index() -> Index:
    client: Any = connections.get("reader")
    if client not in _indexes:
        from models.aside import PostgresReading, SqliteReading

        kind = dialect()
        _indexes[client] = Index(kind, SqliteReading(client) if kind == "sqlite" else PostgresReading(client))
    return _indexes[client]
