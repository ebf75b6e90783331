"""Here lives the SQLite engine: one writer, whose transactions hold the write lock from their first word.

Tortoise's own engine begins deferred transactions, which lose against a second process; leaves the lock
taken when a beginning is cancelled; and commits an open transaction when a script runs inside it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar

import aiosqlite
from tortoise.backends.base.client import NestedTransactionContext, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
    translate_exceptions,
)
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError

Result = TypeVar("Result")


def statements(script: str) -> Iterator[str]:
    """The single statements of a script; semicolons in strings, comments and triggers do not end one."""
    pending = ""
    for part in script.split(";"):
        pending += part + ";"
        if sqlite3.complete_statement(pending):
            if pending.strip("; \n\t"):
                yield pending.strip()
            pending = ""


@contextmanager
def _as_tortoise_says() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as exc:
        raise OperationalError(exc) from exc
    except sqlite3.IntegrityError as exc:
        raise IntegrityError(exc) from exc


class Wire(aiosqlite.Connection):
    """A connection whose thread does what may wait for the disk or a lock: beginning, committing, lone statements.

    Inside a transaction a statement takes microseconds and finds its pages in memory; handing each one to a thread
    costs many times as much. So there they run where they are called; a statement over very many rows belongs
    outside, or in pieces.
    """

    inside = False

    async def _execute(self, fn: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        if self.inside:
            return fn(*args, **kwargs)
        found: Result = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return found


class Frame(SqliteTransactionContext):
    """A transaction that never leaves the lock taken or the connection open, however it ends."""

    connection: "Transaction"

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            try:
                await self._undo()
            finally:
                self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return self.connection

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        get_connections().reset(self.token)
        try:
            await self._end(commit=exc_type is None)
        finally:
            self._trxlock.release()

    async def _end(self, *, commit: bool) -> None:
        try:
            if commit and not self.connection._finalized:  # noqa: SLF001 - as Tortoise's own frame asks
                await self.connection.commit()
                return
        except BaseException:
            await self._undo()
            raise
        await self._undo()

    async def _undo(self) -> None:
        """Roll back what is still open: the worker thread runs this after whatever was cancelled before it."""
        if wire := self.connection._connection:  # noqa: SLF001 - Tortoise offers no other way to its connection
            wire.inside = False
            await wire.rollback()


class Transaction(SqliteTransactionWrapper):
    """What statements run on inside a transaction."""

    _connection: Wire

    async def begin(self) -> None:
        with _as_tortoise_says():
            await self._connection.execute("BEGIN IMMEDIATE")
        self._connection.inside = True

    async def commit(self) -> None:
        self._connection.inside = False
        with _as_tortoise_says():
            await super().commit()

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(Transaction(self))

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        """What `models.sql` asks: inside a transaction there is neither a lock nor a thread to wait for."""
        with _as_tortoise_says():
            return [dict(row) for row in self._connection._conn.execute(query, values or ())]  # noqa: SLF001 - as Wire

    async def execute_script(self, query: str) -> None:
        for statement in statements(query):
            await self.execute_query(statement)


class ImmediateClient(SqliteClient):
    _connection: Wire | None
    _glass: sqlite3.Connection | None = None

    def glance(self, query: str, values: list[Any]) -> list[dict[str, Any]]:
        """Look at a few rows by an index, here and now: it takes microseconds, and no writer is in the way."""
        if self._glass is None:
            self._glass = self._connect()
            self._glass.execute("PRAGMA query_only = 1")
        with _as_tortoise_says():
            return [dict(row) for row in self._glass.execute(query, values)]

    async def close(self) -> None:
        if self._glass:
            self._glass.close()
            self._glass = None
        await super().close()

    async def create_connection(self, with_db: bool) -> None:  # noqa: ARG002, FBT001 - Tortoise's signature
        if self._connection is None:
            self._connection = wire = Wire(self._connect, iter_chunk_size=64)
            await wire
            for pragma, value in self.pragmas.items():
                await wire.execute_fetchall(f"PRAGMA {pragma}={value}")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.filename, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        return connection

    def _in_transaction(self) -> TransactionContext:
        return Frame(Transaction(self), self._lock)

    @translate_exceptions
    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as transaction:
            await transaction.execute_many(query, values)


client_class = ImmediateClient
