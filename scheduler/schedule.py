"""Here lives the table of what rings when, and the clock that rings it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, tzinfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from scheduler import jobs

Job = Callable[[datetime, tzinfo], Awaitable[None]]

TABLE: tuple[tuple[str, Job], ...] = (("30 3 * * *", jobs.end_day),)


@asynccontextmanager
async def running(clock: Callable[[], datetime], timezone: tzinfo) -> AsyncIterator[None]:
    """Ring until the end of the block, and once before for a period that passed while nothing ran."""
    bell = AsyncIOScheduler(timezone=timezone, job_defaults={"coalesce": True, "misfire_grace_time": None})
    for cron, job in TABLE:
        trigger = CronTrigger.from_crontab(cron, timezone)
        bell.add_job(_ring, trigger, args=(job, clock, timezone))
        await _ring(job, clock, timezone)
    bell.start()
    try:
        yield
    finally:
        bell.shutdown(wait=False)


async def _ring(job: Job, clock: Callable[[], datetime], timezone: tzinfo) -> None:
    await job(clock(), timezone)
