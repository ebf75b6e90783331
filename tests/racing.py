"""Here lives the meeting of two transactions: the second works while the first has written and not yet committed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.database import transaction
from models.sql import dialect, select

First = TypeVar("First")
Second = TypeVar("Second")
WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def overlapping(
    first: Callable[[], Awaitable[First]], second: Callable[[], Awaitable[Second]]
) -> tuple[First, Second]:
    """Two connections, two transactions. On SQLite the second cannot begin before the first has ended."""
    written = asyncio.Event()

    async def follow() -> Second:
        await written.wait()
        async with transaction():
            return await second()

    follower = asyncio.create_task(follow())
    try:
        async with asyncio.timeout(30), transaction():
            done = await first()
            written.set()
            await _held_up_or_done(follower)
        return done, await follower
    finally:
        follower.cancel()


async def _held_up_or_done(follower: asyncio.Task[Second]) -> None:
    """Until the second waits for a row of the first, or is through without one."""
    while dialect() == "postgres" and not follower.done() and not await select(WAITING, alias="reader"):
        pass
