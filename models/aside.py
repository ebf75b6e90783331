"""Here lives the reading of one state of the database, question after question, beside everything that changes it.

Each way has a connection of its own: nobody waits for it, and who has all of the pool's waits for nobody here.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import asyncpg

from models.postgres import PostgresClient
from models.sql import numbered
from models.sqlite import ImmediateClient

if TYPE_CHECKING:
    from models.bitmaps import Ids

Result = TypeVar("Result")
Row = Sequence[Any]

PATIENCE = 60.0  # seconds for one statement, which may look at every customer
BEGIN = """BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL jit = off; SET LOCAL idle_in_transaction_session_timeout = 10000"""
GONE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Overlong(Exception):  # noqa: N818 - named for what happened
    """What a rule asks for takes longer than anybody waits."""


async def _done(
    running: "asyncio.Future[Result]", patience: float | None = None, hurry: Callable[[], object] = lambda: None
) -> Result:
    """What a thread comes to. Whoever gives up waits until it has let go of everything that the next one uses."""
    try:
        async with asyncio.timeout(patience):
            return await asyncio.shield(running)
    except (asyncio.CancelledError, TimeoutError):
        while not running.done():
            hurry()  # whatever it has begun by now
            with suppress(asyncio.CancelledError):
                await asyncio.wait([running], timeout=0.01)
        raise


class Reading(Protocol):
    """`one_of` is a condition that takes what `listed` makes of ids as the value $place."""

    def frame(self) -> "Any":
        """In this block every question is about the same state of the database."""
        ...

    async def glance(self, sql: str, *values: object) -> list[Row]:
        """A few rows found by an index."""
        ...

    async def rows(self, sql: str, *values: object) -> list[Row]: ...

    async def numbers(self, sql: str, columns: str, *values: object) -> "Ids":
        """The rows of a query for whole numbers, as an array; `columns` are the names of what it selects."""
        ...

    async def aside(self, work: Callable[[], Result]) -> Result:
        """Do what takes a while without keeping everybody else from going on."""
        ...

    def one_of(self, column: str, place: int) -> str: ...

    def listed(self, ids: Iterable[int]) -> object: ...

    async def close(self) -> None: ...


class SqliteReading:
    def __init__(self, client: ImmediateClient, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._wire = sqlite3.connect(client.filename, isolation_level=None, check_same_thread=False)
        self._wire.execute("PRAGMA query_only = 1")
        self._wire.execute("PRAGMA cache_size = -16000")
        self._thread = ThreadPoolExecutor(1, "index")

    @asynccontextmanager
    async def frame(self) -> AsyncIterator[None]:
        self._wire.execute("BEGIN")
        try:
            yield
        finally:
            self._wire.execute("ROLLBACK")

    async def glance(self, sql: str, *values: object) -> list[Row]:
        """Here and now: it takes microseconds, a thread takes more."""
        return self._wire.execute(numbered(sql), values).fetchall()

    async def rows(self, sql: str, *values: object) -> list[Row]:
        return await self.aside(lambda: self._wire.execute(numbered(sql), values).fetchall())

    async def numbers(self, sql: str, columns: str, *values: object) -> "Ids":
        import numpy as np

        width = columns.count(",") + 1

        def read() -> "Ids":
            found = self._wire.execute(numbered(sql), values)
            flat = (number for row in found for number in row)
            return np.fromiter(flat, np.int64).reshape(-1, width)

        return await self.aside(read)

    async def aside(self, work: Callable[[], Result]) -> Result:
        """Raises TimeoutError for a statement that takes longer than anybody waits."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        return await _done(running, self._patience, self._wire.interrupt)

    def one_of(self, column: str, place: int) -> str:
        return f"{column} IN (SELECT value FROM json_each(${place}))"  # noqa: S608 - our own names

    def listed(self, ids: Iterable[int]) -> object:
        return json.dumps(list(ids))

    async def close(self) -> None:
        self._thread.shutdown(wait=True)
        self._wire.close()


class PostgresReading:
    """Its connection is made when it is needed, and again when it was lost."""

    def __init__(self, client: PostgresClient) -> None:
        self._client = client
        self._wire: asyncpg.Connection | None = None

    @asynccontextmanager
    async def frame(self) -> AsyncIterator[None]:
        await self._begin()
        try:
            yield
        except Exception:
            await self._end("ROLLBACK")
            raise
        except BaseException:
            self._drop()
            raise
        await self._end("COMMIT")

    async def glance(self, sql: str, *values: object) -> list[Row]:
        return await self.rows(sql, *values)

    async def rows(self, sql: str, *values: object) -> list[Row]:
        found: list[Any] = await self._connection.fetch(sql, *values)
        return found

    async def numbers(self, sql: str, columns: str, *values: object) -> "Ids":
        """As one value: a million rows would be taken apart one by one, while everybody waits."""
        import numpy as np

        names = columns.split(", ")
        packed = " || ".join(f"int8send(q.{name}::bigint)" for name in names)
        whole = f"SELECT string_agg({packed}, ''::bytea) FROM ({sql}) AS q ({columns})"  # noqa: S608 - our own names
        found = await self._connection.fetchval(whole, *values)
        return np.frombuffer(found or b"", ">i8").astype(np.int64).reshape(-1, len(names))

    async def aside(self, work: Callable[[], Result]) -> Result:
        return await _done(asyncio.get_running_loop().run_in_executor(None, work))

    def one_of(self, column: str, place: int) -> str:
        return f"{column} = ANY(${place}::bigint[])"

    def listed(self, ids: Iterable[int]) -> object:
        return list(ids)

    async def close(self) -> None:
        if self._wire and not self._wire.is_closed():
            await self._wire.close()
        self._wire = None

    @property
    def _connection(self) -> asyncpg.Connection:
        if self._wire is None:
            raise asyncpg.InterfaceError("not inside a frame")
        return self._wire

    async def _begin(self) -> None:
        if self._wire and not self._wire.is_closed():
            try:
                await self._wire.execute(BEGIN)
            except GONE:
                self._drop()
            else:
                return
        settings: dict[str, Any] = {"statement_cache_size": 0} if self._client.pooled else {}
        self._wire = await asyncpg.connect(self._client.dsn, timeout=10, command_timeout=PATIENCE, **settings)
        await self._wire.execute(BEGIN)

    async def _end(self, word: str) -> None:
        """Nothing was changed, so nothing is lost with a connection that ends otherwise."""
        try:
            await self._connection.execute(word)
        except GONE:
            self._drop()

    def _drop(self) -> None:
        """Whatever it was in the middle of: a state that nobody asks any more."""
        wire, self._wire = self._wire, None
        if wire:
            with suppress(*GONE):
                wire.terminate()
