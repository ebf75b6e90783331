"""Here lives the PostgreSQL database that a copy fills: marked as long as it is only a part."""

# ruff: noqa: S608 - the names in these statements are those of our own tables

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Self

import asyncpg

from bot.database import DatabaseUnusable, Place
from models.copying import APPLIED, MARK, PIECE, Row, Sum, Table
from models.touched import WATCHED

FRESH = "copy into a fresh database, made by `createdb` and `guanxi db upgrade`"

INWARD = """SELECT conrelid::regclass::text AS name, quote_ident(conname) AS rule, pg_get_constraintdef(oid) AS words
    FROM pg_constraint WHERE contype = 'f' AND conrelid = confrelid AND conrelid = ANY($1::text[]::regclass[])
    ORDER BY 1, 2"""


class Destination:
    """A PostgreSQL database; every statement is in a transaction of its own, whatever pools connections between."""

    def __init__(self, place: Place, wire: asyncpg.Connection) -> None:
        self.place = place
        self._wire = wire

    @classmethod
    @asynccontextmanager
    async def opened(cls, place: Place) -> AsyncIterator[Self]:
        wire = await asyncpg.connect(place.url, timeout=10, statement_cache_size=0)
        try:
            yield cls(place, wire)
        finally:
            await wire.close(timeout=5)

    async def _asked(self, sql: str, *values: object) -> list[asyncpg.Record]:
        async with self._wire.transaction():
            return await self._wire.fetch(sql, *values)

    async def applied(self) -> list[str]:
        return [row["name"] for row in await self._asked(APPLIED)]

    async def check(self) -> None:
        """It keeps every character."""
        encoding = (await self._asked("SHOW server_encoding"))[0][0]
        if encoding != "UTF8":
            raise DatabaseUnusable(f"{self.place.name} keeps texts in {encoding}: createdb --encoding UTF8 is needed")

    async def begun(self, plan: Sequence[Table]) -> bool:
        """Whether an earlier run has begun; else it is marked now, when it is empty. Raises DatabaseUnusable."""
        if (await self._asked("SELECT to_regclass($1) IS NOT NULL", MARK))[0][0]:
            return True
        async with self._wire.transaction():
            await self._wire.execute(f"CREATE TABLE {MARK} (owed TEXT)")
            for table in plan:
                if await self._wire.fetch(f'SELECT 1 FROM "{table.name}" LIMIT 1'):
                    raise DatabaseUnusable(f"{self.place.name} is not empty (table {table.name}): {FRESH}")
            await self._loosen(plan)
        return False

    async def _loosen(self, plan: Sequence[Table]) -> None:
        """A row may refer to a later one of its own table: that is checked at the end, when all are there.

        Nor is what comes a change that anybody has to look at (models/touched.py).
        """
        for row in await self._wire.fetch(INWARD, [table.name for table in plan]):
            await self._wire.execute(f"ALTER TABLE {row['name']} DROP CONSTRAINT {row['rule']}")
            await self._owe(f"ALTER TABLE {row['name']} ADD CONSTRAINT {row['rule']} {row['words']}")
        for table, *_ in WATCHED:
            trigger = f"TRIGGER touched_{table}_insert"
            await self._wire.execute(f"ALTER TABLE {table} DISABLE {trigger}")
            await self._owe(f"ALTER TABLE {table} ENABLE {trigger}")

    async def _owe(self, statement: str) -> None:
        await self._wire.execute(f"INSERT INTO {MARK} (owed) VALUES ($1)", statement)

    async def position(self, table: Table) -> object:
        """The last key that was copied; None when none was."""
        found = await self._asked(f'SELECT "{table.key}" FROM "{table.name}" ORDER BY {table.order} DESC LIMIT 1')
        return found[0][0] if found else None

    async def write(self, table: Table, rows: list[Row]) -> None:
        async with self._wire.transaction():
            await self._wire.copy_records_to_table(table.name, records=rows, columns=table.names)

    async def number(self, table: Table, last: int) -> None:
        """Let the next id be the one after `last`."""
        if last:
            await self._asked("SELECT setval(pg_get_serial_sequence($1, $2), $3)", table.name, table.key, last)

    async def sum(self, table: Table, told: Callable[[int], None]) -> Sum:
        total, plain = Sum(), table.from_postgres()
        async with self._wire.transaction(readonly=True):
            asked = f'SELECT {table.listed} FROM "{table.name}" ORDER BY {table.order}'
            found = await self._wire.cursor(asked)
            while rows := await found.fetch(PIECE):
                total.add(plain(rows))
                told(total.rows)
        return total

    async def finish(self, plan: Sequence[Table]) -> None:
        """It is whole: a server may use it from now on."""
        for table in plan:
            await self._asked(f'ANALYZE "{table.name}"')
        async with self._wire.transaction():
            for row in await self._wire.fetch(f"SELECT owed FROM {MARK}"):
                await self._wire.execute(row["owed"])
            await self._wire.execute(f"DROP TABLE {MARK}")
