"""Here lives a pile of waiting events that nobody handles: laid into either database, and watched shrinking."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import Protocol

import asyncpg
from load import cpu_seconds

COLUMNS = "account, key, lane, payload, due_at, queued_at, priority, state, attempts, error"
PAYLOAD = "<xml><FromUserName>oPile</FromUserName><MsgType>event</MsgType><Event>unheard_of</Event></xml>"
RUN = "'official', $1 || ':' || i, 'pile:' || (i % $2), '" + PAYLOAD + "', 0, 0, 0, 'waiting', 0, ''"
LEFT = "SELECT COUNT(*) FROM inbox_event WHERE state = 'waiting' AND account = 'official'"
LOOK = 0.1


class Pile(Protocol):
    """So many waiting events, and how many are left of them."""

    async def lay(self, rows: int, lanes: int) -> None: ...

    async def left(self) -> int:
        """Of what came in at the door: a question to a platform that is not there waits for longer than we do."""

    async def clear(self) -> None: ...

    async def backends(self) -> dict[int, float]:
        """CPU seconds so far of the database server's own processes that work for us."""


@dataclass(frozen=True, slots=True)
class SqlitePile:
    connection: sqlite3.Connection

    async def lay(self, rows: int, lanes: int) -> None:
        statement = f"INSERT INTO inbox_event ({COLUMNS}) SELECT {RUN} FROM n".replace("$", "?")
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
        self.connection.execute(f"{numbers} {statement}", (str(time.time()), lanes))

    async def left(self) -> int:
        return int(self.connection.execute(LEFT).fetchone()[0])

    async def clear(self) -> None:
        self.connection.execute("DELETE FROM inbox_event")

    async def backends(self) -> dict[int, float]:
        return {}


@dataclass(frozen=True, slots=True)
class PostgresPile:
    connection: asyncpg.Connection

    async def lay(self, rows: int, lanes: int) -> None:
        statement = f"INSERT INTO inbox_event ({COLUMNS}) SELECT {RUN} FROM generate_series(1, {rows}) AS i"
        await self.connection.execute(statement, str(time.time()), lanes)
        await self.connection.execute("ANALYZE inbox_event")

    async def left(self) -> int:
        return int(await self.connection.fetchval(LEFT))

    async def clear(self) -> None:
        await self.connection.execute("TRUNCATE inbox_event")

    async def backends(self) -> dict[int, float]:
        found = await self.connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return {row["pid"]: cpu_seconds(row["pid"]) for row in found}


async def shrinking(pile: Pile, most: float) -> tuple[int, float]:
    """How many events were done in how many seconds, from when the first was, until none is left or `most` passed."""
    whole = first = await pile.left()
    while first == whole:
        await asyncio.sleep(LOOK)
        started, first = time.perf_counter(), await pile.left()
    left, ended = first, started
    while left and ended - started < most:
        await asyncio.sleep(LOOK)
        ended, left = time.perf_counter(), await pile.left()
    return first - left, ended - started


@asynccontextmanager
async def pile_in(url: str) -> AsyncIterator[Pile]:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None, timeout=10)) as connection:
            yield SqlitePile(connection)
    else:
        line = await asyncpg.connect(url)
        try:
            yield PostgresPile(line)
        finally:
            await line.close()
