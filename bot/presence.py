"""Here lives one process's own line to PostgreSQL: it says that a server runs, and hears what the others answered.

The line needs a session of its own, so it never goes through a pooler.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg
import structlog

from bot.database import OUTAGES, DatabaseUnusable
from models.postgres import STUCK
from models.signals import ANSWERS, Answered

log = structlog.get_logger()
PRESENCE = 0x67756178  # the key of the advisory lock that every server shares, and that a copy wants for itself
PULSE = 10.0  # seconds after which silence is looked into
PAUSE = 0.5  # seconds between tries to come back

Ear = Callable[[Answered], None]


@asynccontextmanager
async def connected(address: str, ear: Ear) -> AsyncIterator[None]:
    """Keep the line until the end of the block, and make it anew whenever it breaks; raises DatabaseUnusable."""
    connection = await _open(address, ear)
    keeping = asyncio.create_task(_keep(connection, address, ear))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


@asynccontextmanager
async def unserved(address: str) -> AsyncIterator[None]:
    """Keep servers off a PostgreSQL database in this block; raises DatabaseUnusable when one uses it.

    The lock is a transaction's, so that a pooler on the way keeps the connection.
    """
    connection = await asyncpg.connect(address, timeout=10, statement_cache_size=0)
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL {STUCK} = 0")  # it stands still for as long as the block takes
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", PRESENCE):
                raise DatabaseUnusable("a server is using the database: stop every process of it first")
            yield
    finally:
        await connection.close()


async def _open(address: str, ear: Ear) -> asyncpg.Connection:
    connection = await asyncpg.connect(address, timeout=10, server_settings={"application_name": "guanxi line"})
    try:
        await _be_present(connection)
        await connection.add_listener(ANSWERS, lambda *news: ear(Answered.read(str(news[-1]))))
    except BaseException:
        await connection.close(timeout=1)
        raise
    return connection


async def _be_present(connection: asyncpg.Connection) -> None:
    if not await connection.fetchval("SELECT pg_try_advisory_lock_shared($1)", PRESENCE):
        raise DatabaseUnusable("the database is being copied or restored: start when that is done")


async def _keep(connection: asyncpg.Connection, address: str, ear: Ear) -> None:
    try:
        while True:
            await _until_broken(connection)
            log.warning("line to the database lost")
            connection.terminate()
            connection = await _again(address, ear)
    finally:
        await _hang_up(connection)


async def _hang_up(connection: asyncpg.Connection) -> None:
    """Until the server has let go: who wants the database alone right afterwards must not find us there."""
    try:
        await connection.close(timeout=1)
    except Exception:  # noqa: BLE001 - broken, or silent: there is nobody to say goodbye to
        connection.terminate()


async def _until_broken(connection: asyncpg.Connection) -> None:
    """A server that goes says so; one that was cut off is found out by asking."""
    gone = asyncio.Event()
    connection.add_termination_listener(lambda _: gone.set())
    with suppress(*OUTAGES):
        while not connection.is_closed():
            with suppress(TimeoutError):
                async with asyncio.timeout(PULSE):
                    await gone.wait()
            await connection.execute("SELECT 1", timeout=PULSE)


async def _again(address: str, ear: Ear) -> asyncpg.Connection:
    while True:
        try:
            return await _open(address, ear)
        except (*OUTAGES, TimeoutError, DatabaseUnusable):
            await asyncio.sleep(PAUSE)
