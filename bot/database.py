"""Here lives the opening and closing of the database: its address, its migrations, the lock of its one server."""

import fcntl
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
from tortoise import connections
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException

from models import MODULES, carrier, copying, index
from models.database import insert_many, transaction
from models.schema import Migrations

__all__ = [
    "OUTAGES",
    "DatabaseUnusable",
    "Status",
    "alone",
    "insert_many",
    "migrate",
    "opened",
    "status",
    "transaction",
]

PACKAGE = "models.migrations"
OLDEST_POSTGRES = 13
STATEMENT = 10.0  # seconds for one statement of a server: one that nobody answers must hold nobody up for ever
PATIENCE = 10_000  # ms that SQLite waits for another process's short write
CARRIER = "procrastinate "
SCALE = "PostgreSQL needs the extra `scale` (procrastinate): run `make scale`, or pip install 'guanxi[scale]'"
PRAGMAS = {"busy_timeout": PATIENCE, "journal_mode": "WAL", "synchronous": "FULL", "cache_size": -16_000}
OUTAGES = (
    OSError,
    sqlite3.Error,
    BaseORMException,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


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
    url: str,
    *,
    base: Path | None = None,
    serving: bool = False,
    pool: int = 10,
    pooled: bool = False,
    package: str = PACKAGE,
) -> AsyncIterator[None]:
    """The database, ready for rows, until the end of the block; raises DatabaseUnusable.

    SQLite files are made and upgraded as needed; PostgreSQL waits for `migrate`. A server says `serving`:
    then no second one can open the same SQLite file. Statements go to the connection `default`; `reader`
    answers questions outside a transaction without waiting for one. To PostgreSQL at most `pool` connections are
    made; `pooled` when they are a pooler's, which may give each transaction another one of the server's.
    """
    place = located(url, base or Path.cwd())
    async with AsyncExitStack() as stack:
        with _in_one_sentence(place):
            if serving and place.file:
                stack.enter_context(alone(place.file))
            patience = STATEMENT if serving else None
            await stack.enter_async_context(_connected(place, pool, pooled=pooled, patience=patience))
            await _ready(place, package, serving=serving)
        yield


async def migrate(url: str, *, base: Path | None = None, package: str = PACKAGE) -> tuple[str, ...]:
    """Apply every migration that is due, all or none; returns their names. With none due a server may be running."""
    place = located(url, base or Path.cwd())
    with _in_one_sentence(place):
        async with _connected(place, 1):
            if not (await _status(package)).pending:
                return ()
            return await _upgrade(place, package, locked=False)


async def status(url: str, *, base: Path | None = None, package: str = PACKAGE) -> Status:
    """Which migrations the database has and lacks; raises DatabaseUnusable."""
    place = located(url, base or Path.cwd())
    with _in_one_sentence(place):
        async with _connected(place, 1):
            return await _status(package)


@contextmanager
def _in_one_sentence(place: Place) -> Iterator[None]:
    try:
        yield
    except (*OUTAGES, ValueError) as exc:
        reason = str(exc.__cause__ or exc).strip().partition("\n")[0] or type(exc).__name__
        raise DatabaseUnusable(f"the database {place.name} cannot be used: {reason}") from exc


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Hold the lock file next to a SQLite file; raises DatabaseUnusable when another process does."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{file}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise DatabaseUnusable(f"another server is using {file}: stop it first, or use PostgreSQL") from exc
        yield


@asynccontextmanager
async def _connected(
    place: Place, pool: int, *, pooled: bool = False, patience: float | None = None
) -> AsyncIterator[None]:
    EXECUTOR_CACHE.clear()  # Tortoise keeps statements by connection name, whatever the database behind it
    async with TortoiseContext() as context:
        await context.init(
            config={
                "connections": _sqlite(place.file) if place.file else _postgres(place.url, pool, pooled, patience),
                "apps": {"models": {"models": list(MODULES), "default_connection": "default"}},
            }
        )
        default: Any = connections.get("default")
        await default.create_connection(with_db=True)
        if not place.file:
            await _check_version(place)
            connections.set("reader", default)
        try:
            yield
        finally:
            await index.close()


def _sqlite(file: Path) -> dict[str, Any]:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    own = {"engine": "models.sqlite"}
    return {
        "default": {**own, "credentials": {"file_path": str(file), **PRAGMAS, "foreign_keys": "ON"}},
        "reader": {**own, "credentials": {"file_path": str(file), **PRAGMAS, "query_only": 1}},
    }


def _postgres(url: str, pool: int, pooled: bool, patience: float | None) -> dict[str, Any]:  # noqa: FBT001 - as it comes
    limits: dict[str, Any] = {"minsize": 1, "maxsize": pool, "timeout": 10, "application_name": "guanxi"}
    if patience:
        limits["command_timeout"] = patience
    return {"default": {"engine": "models.postgres", "credentials": {"dsn": url, "pooled": pooled, **limits}}}


async def _check_version(place: Place) -> None:
    rows = await connections.get("default").execute_query_dict("SHOW server_version_num")
    major = int(rows[0]["server_version_num"]) // 10_000
    if major < OLDEST_POSTGRES:
        raise DatabaseUnusable(f"{place.name} is PostgreSQL {major}: at least {OLDEST_POSTGRES} is needed")


async def _status(package: str) -> Status:
    connection = connections.get("default")
    migrations = Migrations(connection, package)
    known, applied = migrations.known(), await migrations.applied()
    found = Status(
        applied,
        pending=tuple(name for name in known if name not in applied),
        unknown=tuple(name for name in applied if name not in known),
    )
    return await _with_carrier(found) if _carried(package) else found


def _carried(package: str) -> bool:
    """Whether wakes are carried between processes: on PostgreSQL, always."""
    return package == PACKAGE and connections.get("default").capabilities.dialect == "postgres"


async def _with_carrier(found: Status) -> Status:
    """The tables of procrastinate count as one more migration, the last."""
    try:
        newest = carrier.known()
    except carrier.CarrierMissing as exc:
        raise DatabaseUnusable(SCALE) from exc
    present = await carrier.applied(connections.get("default"))
    name = CARRIER + (present or newest)
    match (present > newest) - (present < newest):
        case 0:
            return replace(found, applied=(*found.applied, name))
        case 1:
            return replace(found, unknown=(*found.unknown, name))
        case _:
            return replace(found, pending=(*found.pending, CARRIER + newest))


async def _ready(place: Place, package: str, *, serving: bool) -> None:
    if not place.file and await copying.unfinished():
        raise DatabaseUnusable(f"{place.name} holds only a part of a copy: run `guanxi db copy` again, to its end")
    found = await _status(package)
    if found.unknown:
        raise DatabaseUnusable(f"{place.name} was made by a newer program ({found.unknown[-1]}): upgrade this one")
    if found.pending and place.file:
        await _upgrade(place, package, locked=serving)
    elif found.pending:
        raise DatabaseUnusable(f"{place.name} is not up to date ({found.pending[0]}): run `guanxi db upgrade` first")


async def _upgrade(place: Place, package: str, *, locked: bool) -> tuple[str, ...]:
    with alone(place.file) if place.file and not locked else nullcontext():
        default = connections.get("default")
        if place.file:
            await default.execute_query("PRAGMA foreign_keys = OFF")
        async with transaction() as connection:
            applied = await Migrations(connection, package).upgrade()
            if _carried(package) and await carrier.upgrade(connection):
                applied += (CARRIER + carrier.known(),)
        if place.file:
            await default.execute_query("PRAGMA foreign_keys = ON")
        return applied
