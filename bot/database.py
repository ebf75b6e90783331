"""Here lives the opening and closing of the database: its address, its migrations, the lock of its one server."""

import fcntl
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
from tortoise import connections
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException

from models import MODULES
from models.database import insert_many, transaction
from models.schema import Migrations

__all__ = ["OUTAGES", "DatabaseUnusable", "Status", "insert_many", "migrate", "opened", "status", "transaction"]

PACKAGE = "models.migrations"
OLDEST_POSTGRES = 13
PATIENCE = 10_000  # ms that SQLite waits for another process's short write
ONE_SERVER = 0x67756178  # the key of our advisory lock
HANDOVER = 3_000  # ms in which PostgreSQL notices that the last server is gone
PRAGMAS = {"busy_timeout": PATIENCE, "journal_mode": "WAL", "synchronous": "FULL", "cache_size": -16_000}
OUTAGES = (OSError, sqlite3.Error, BaseORMException, asyncpg.PostgresError, asyncpg.InterfaceError)


class DatabaseUnusable(Exception):  # noqa: N818 - named for what happened
    """The database cannot be opened or upgraded; the message is one sentence, without passwords."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the database is: in `file` on SQLite, else on a PostgreSQL server. `name` may be printed."""

    url: str
    name: str
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """Names of migrations, in order; `unknown` were applied by a newer program."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    unknown: tuple[str, ...]


def located(url: str, base: Path) -> Place:
    """Understand `sqlite:///absolute`, `sqlite://relative` (to `base`) and `postgres://…`; raises DatabaseUnusable."""
    scheme, _, rest = url.partition("://")
    if scheme in {"postgres", "postgresql"}:
        parts = urlsplit(url)
        return Place(url, f"{parts.hostname or 'localhost'}{parts.path}")
    if scheme != "sqlite":
        raise DatabaseUnusable(f"database.url must begin with sqlite:// or postgres://, not {scheme}://")
    if rest in {"", ":memory:"} or "?" in rest:
        raise DatabaseUnusable("database.url needs the path of a file: sqlite://data/guanxi.db, without options")
    file = (base / unquote(rest)).resolve()
    return Place(url, str(file), file)


@asynccontextmanager
async def opened(
    url: str, *, base: Path | None = None, serving: bool = False, pool: int = 10, package: str = PACKAGE
) -> AsyncIterator[None]:
    """The database, ready for rows, until the end of the block; raises DatabaseUnusable.

    SQLite files are made and upgraded as needed; PostgreSQL waits for `migrate`. A server says `serving`:
    then no second one can open the same SQLite file. Statements go to the connection `default`; `reader`
    answers questions outside a transaction without waiting for one.
    """
    place = located(url, base or Path.cwd())
    async with AsyncExitStack() as stack:
        with _in_one_sentence(place):
            if serving and place.file:
                stack.enter_context(_alone(place.file))
            elif serving:
                await stack.enter_async_context(_alone_in_postgres(place))
            await stack.enter_async_context(_connected(place, pool))
            await _ready(place, package, serving=serving)
        yield


async def migrate(url: str, *, base: Path | None = None, package: str = PACKAGE) -> tuple[str, ...]:
    """Apply every migration that is due, all or none; returns their names. With none due a server may be running."""
    place = located(url, base or Path.cwd())
    with _in_one_sentence(place):
        async with _connected(place, 1):
            if not (await _status(Migrations(connections.get("default"), package))).pending:
                return ()
            return await _upgrade(place, package, locked=False)


async def status(url: str, *, base: Path | None = None, package: str = PACKAGE) -> Status:
    """Which migrations the database has and lacks; raises DatabaseUnusable."""
    place = located(url, base or Path.cwd())
    with _in_one_sentence(place):
        async with _connected(place, 1):
            return await _status(Migrations(connections.get("default"), package))


@contextmanager
def _in_one_sentence(place: Place) -> Iterator[None]:
    try:
        yield
    except (*OUTAGES, ValueError) as exc:
        reason = str(exc.__cause__ or exc).strip().partition("\n")[0] or type(exc).__name__
        raise DatabaseUnusable(f"the database {place.name} cannot be used: {reason}") from exc


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold the lock file next to a SQLite file; raises DatabaseUnusable when another process does."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{file}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise DatabaseUnusable(f"another server is using {file}: stop it first, or use PostgreSQL") from exc
        yield


@asynccontextmanager
async def _alone_in_postgres(place: Place) -> AsyncIterator[None]:
    """Hold the lock of the one server on a PostgreSQL database; the server frees it when the process dies."""
    connection = await asyncpg.connect(place.url, timeout=10)
    try:
        await connection.execute(f"SET lock_timeout = {HANDOVER}")
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", ONE_SERVER)
        except asyncpg.LockNotAvailableError as exc:
            raise DatabaseUnusable(f"another server is using {place.name}: stop it first") from exc
        yield
    finally:
        await connection.close()


@asynccontextmanager
async def _connected(place: Place, pool: int) -> AsyncIterator[None]:
    EXECUTOR_CACHE.clear()  # Tortoise keeps statements by connection name, whatever the database behind it
    async with TortoiseContext() as context:
        await context.init(
            config={
                "connections": _sqlite(place.file) if place.file else _postgres(place.url, pool),
                "apps": {"models": {"models": list(MODULES), "default_connection": "default"}},
            }
        )
        default: Any = connections.get("default")
        await default.create_connection(with_db=True)
        if place.file:
            yield
        else:
            await _check_version(place)
            connections.set("reader", default)
            yield


def _sqlite(file: Path) -> dict[str, Any]:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    own = {"engine": "models.sqlite"}
    return {
        "default": {**own, "credentials": {"file_path": str(file), **PRAGMAS, "foreign_keys": "ON"}},
        "reader": {**own, "credentials": {"file_path": str(file), **PRAGMAS, "query_only": 1}},
    }


def _postgres(url: str, pool: int) -> dict[str, Any]:
    credentials = {"dsn": url, "minsize": 1, "maxsize": pool, "timeout": 10, "application_name": "guanxi"}
    return {"default": {"engine": "models.postgres", "credentials": credentials}}


async def _check_version(place: Place) -> None:
    rows = await connections.get("default").execute_query_dict("SHOW server_version_num")
    major = int(rows[0]["server_version_num"]) // 10_000
    if major < OLDEST_POSTGRES:
        raise DatabaseUnusable(f"{place.name} is PostgreSQL {major}: at least {OLDEST_POSTGRES} is needed")


async def _status(migrations: Migrations) -> Status:
    known, applied = migrations.known(), await migrations.applied()
    return Status(
        applied,
        pending=tuple(name for name in known if name not in applied),
        unknown=tuple(name for name in applied if name not in known),
    )


async def _ready(place: Place, package: str, *, serving: bool) -> None:
    found = await _status(Migrations(connections.get("default"), package))
    if found.unknown:
        raise DatabaseUnusable(f"{place.name} was made by a newer program ({found.unknown[-1]}): upgrade this one")
    if found.pending and place.file:
        await _upgrade(place, package, locked=serving)
    elif found.pending:
        raise DatabaseUnusable(f"{place.name} is not up to date ({found.pending[0]}): run `guanxi db upgrade` first")


async def _upgrade(place: Place, package: str, *, locked: bool) -> tuple[str, ...]:
    with _alone(place.file) if place.file and not locked else nullcontext():
        default = connections.get("default")
        if place.file:
            await default.execute_query("PRAGMA foreign_keys = OFF")
        async with transaction() as connection:
            applied = await Migrations(connection, package).upgrade()
        if place.file:
            await default.execute_query("PRAGMA foreign_keys = ON")
        return applied
