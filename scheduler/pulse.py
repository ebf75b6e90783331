"""Here lives the pulse: what is looked for every second, beside the table of what rings when."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from scheduler import jobs

log = structlog.get_logger()

EVERY = 1.0  # seconds from the answer to one look until the next
PATIENCE = 10.0  # seconds for the database to answer


@asynccontextmanager
async def beating(clock: Callable[[], datetime], every: float = EVERY) -> AsyncIterator[None]:
    """Look again and again until the end of the block."""
    task = asyncio.create_task(_beat(clock, every))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _beat(clock: Callable[[], datetime], every: float) -> None:
    told, is_well = "", True
    while True:
        await asyncio.sleep(every)
        try:
            async with asyncio.timeout(PATIENCE):
                told = await jobs.apply_rules(clock(), told)
            is_well = True
        except Exception as error:  # noqa: BLE001 - the database is away: the next beat looks again
            if is_well:  # once, not every second
                log.warning("pulse missed", error=type(error).__name__)
            is_well = False
