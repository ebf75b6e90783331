"""Here lives the look at the addresses of a PostgreSQL database, before a server starts on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from bot.database import DatabaseUnusable
from bot.settings import Database

SESSION = "SELECT pg_backend_pid()"
SERVER = "SELECT current_database(), pg_postmaster_start_time()"


async def check(place: Database) -> None:
    """Raises DatabaseUnusable where no session lasts, or where the two addresses are of two databases.

    A server would lose what others tell it, and leave its settings and locks in the sessions of others.
    """
    name = "database.direct_url" if place.direct_url else "database.url"
    async with _connected(place.address, name) as first, _connected(place.address, name) as second:
        if await _is_pooled(first, second):
            raise DatabaseUnusable(f"{name} is a pooler's: set database.direct_url to PostgreSQL itself")
        if place.pooled:
            async with _connected(place.url, "database.url") as other:
                if tuple(await other.fetchrow(SERVER) or ()) != tuple(await first.fetchrow(SERVER) or ()):
                    raise DatabaseUnusable("database.url and database.direct_url are two databases: name the same one")


@asynccontextmanager
async def _connected(address: str, name: str) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncpg.connect(address, timeout=10, statement_cache_size=0)
    except (OSError, asyncpg.PostgresError, ValueError) as exc:
        reason = str(exc).partition("\n")[0] or type(exc).__name__
        raise DatabaseUnusable(f"{name} cannot be used: {reason}") from exc
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def _is_pooled(first: asyncpg.Connection, second: asyncpg.Connection) -> bool:
    """Whether a session is given to another client between two transactions; a pooler of whole sessions is none."""
    session = await first.fetchval(SESSION)
    if session == first.get_server_pid():
        return False
    try:
        async with second.transaction():
            if await second.fetchval(SESSION) == session:
                return True
            return bool(session != await first.fetchval(SESSION, timeout=5))
    except TimeoutError:  # there is no session left for two at once
        return True
