"""Here lives the PostgreSQL engine: any address libpq knows, and transactions that give their connection back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections

STUCK = "idle_in_transaction_session_timeout"
PATIENCE = "3000"  # ms that a transaction may stand still: a process paused inside it keeps others from its rows
JIT = "jit"  # compiling a statement takes it ten seconds, where it thinks that the statement takes long
TYPES = ("bool", "int2", "int4", "int8", "float8", "numeric", "varchar", "timestamptz")
ARRAYS = "SELECT " + ", ".join(f"${place}::{name}[]" for place, name in enumerate(TYPES, 1))
OWN_WORDS = ("host", "port", "user", "password", "database", "loop")


class Frame(TransactionContextPooled):
    """A transaction whose connection returns to the pool even when its beginning fails."""

    client: TransactionWrapper

    async def __aenter__(self) -> TransactionalDBClient:
        try:
            return await super().__aenter__()
        except BaseException:
            await self._give_back()
            raise

    async def _give_back(self) -> None:
        get_connections().reset(getattr(self, "token", None))
        pool: Any = self.client._parent._pool  # noqa: SLF001 - Tortoise offers no other way to its pool
        if pool is not None and self.client._connection is not None:  # noqa: SLF001 - see above
            await pool.release(self.client._connection)  # noqa: SLF001 - see above


class Transaction(TransactionWrapper):
    """What statements run on in a transaction; cut off at its beginning or end, it is rolled back all the same."""

    _parent: "PostgresClient"

    async def begin(self) -> None:
        async with self._abandoned_unless_done():
            await super().begin()
            if self._parent.pooled:
                await self._connection.execute(f"SET LOCAL {STUCK} = {PATIENCE}; SET LOCAL {JIT} = off")

    async def commit(self) -> None:
        async with self._abandoned_unless_done():
            await super().commit()

    async def rollback(self) -> None:
        async with self._abandoned_unless_done():
            await super().rollback()

    @asynccontextmanager
    async def _abandoned_unless_done(self) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            wire: Any = self._connection
            if wire._con:  # noqa: SLF001 - none once the server has cut it off
                wire._con._top_xact = None  # noqa: SLF001 - asyncpg finds fault with whoever leaves one
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await self._connection.execute("ROLLBACK")
            raise


async def _nothing_to_reset(_connection: asyncpg.Connection) -> None:
    """Our statements leave no session state behind, so a connection needs no round trip between two uses."""


async def _know_arrays(connection: asyncpg.Connection) -> None:
    """What asyncpg asks once of each connection takes seconds with JIT, and behind a pooler it would ask with JIT.

    Its setting would go to one session and its question to another. A transaction keeps both to one, and its end
    takes the setting back.
    """
    frame = connection.transaction()
    await frame.start()
    try:
        await connection.execute("SET LOCAL jit = off")
        await connection.prepare(ARRAYS)
    finally:
        await frame.rollback()


class PostgresClient(AsyncpgDBClient):
    """`dsn` is any address that libpq and asyncpg understand, with its options."""

    def __init__(self, dsn: str, *, pooled: bool = False, **settings: Any) -> None:
        """`pooled`: each transaction may have another connection of the server's, so nothing stays prepared or set."""
        lasting = {"statement_cache_size": 0} if pooled else {"server_settings": {STUCK: PATIENCE, JIT: "off"}}
        super().__init__(**lasting, **settings)
        self.dsn = dsn
        self.pooled = pooled

    async def create_pool(self, **settings: Any) -> asyncpg.Pool:
        kept = {name: value for name, value in settings.items() if name not in OWN_WORDS}
        init = _know_arrays if self.pooled else None
        return await asyncpg.create_pool(self.dsn, reset=_nothing_to_reset, init=init, **kept)

    def _in_transaction(self) -> TransactionContext:
        return Frame(Transaction(self), self._pool_init_lock)


client_class = PostgresClient
