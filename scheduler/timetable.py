"""Here lives the table of what rings when, and the clock that rings it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo

import structlog
from apscheduler.triggers.cron import CronTrigger

from scheduler import jobs
from scheduler.pulse import beating

log = structlog.get_logger()

# The moment of the table that a job rings for, by which its period is named; what o'clock it is; the house's zone.
Job = Callable[[datetime, datetime, tzinfo], Awaitable[None]]
Row = tuple[str, Job]

TABLE: tuple[Row, ...] = (
    ("30 3 * * *", jobs.end_day),
    ("45 3 * * *", jobs.compare_tags),
    ("0 4 * * *", jobs.read_groups),
    ("15 4 * * *", jobs.sweep_rules),
)
LOOK = 15.0  # seconds between two looks at the clock
PATIENCE = 10.0  # seconds for the database to answer
BACK = timedelta(days=8)  # a moment that passed while nothing ran is rung for, if it is not older
NEXT = timedelta(microseconds=1)
SHIFT = timedelta(hours=3)  # an hour that summer time leaves out is known only to who looks from before it


@asynccontextmanager
async def running(
    clock: Callable[[], datetime], timezone: tzinfo, table: Sequence[Row] = TABLE, look: float = LOOK
) -> AsyncIterator[None]:
    """Ring until the end of the block, and once before for a moment that passed while nothing ran."""
    bells = [Bell(cron, job, timezone) for cron, job in table]
    await _ring(bells, clock)
    task = asyncio.create_task(_watch(bells, clock, look))
    try:
        async with beating(clock, timezone):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _watch(bells: Sequence["Bell"], clock: Callable[[], datetime], look: float) -> None:
    """Look at the clock again and again: it may be set, and a machine may sleep, while a timer runs."""
    while True:
        await asyncio.sleep(look)
        await _ring(bells, clock)


async def _ring(bells: Sequence["Bell"], clock: Callable[[], datetime]) -> None:
    for bell in bells:
        try:
            async with asyncio.timeout(PATIENCE):
                await bell.ring(clock())
        except Exception as error:  # noqa: BLE001 - the database is away: it rings at the next look
            log.warning("bell not heard", job=bell.job.__name__, error=type(error).__name__)


class Bell:
    """One row of the table; `seen` is up to when everything has been rung for."""

    def __init__(self, cron: str, job: Job, timezone: tzinfo) -> None:
        self.trigger = CronTrigger.from_crontab(cron, timezone)
        self.job = job
        self.timezone = timezone
        self.seen: datetime | None = None

    async def ring(self, now: datetime) -> None:
        """For the latest moment that has passed, if one has."""
        if moment := self._latest(now):
            await self.job(moment, now, self.timezone)
        self.seen = now

    def _latest(self, now: datetime) -> datetime | None:
        """`seen` is later than `now` when the clock was set back."""
        oldest, latest = now - BACK, None
        since = min(max(self.seen or oldest, oldest), now)
        moment: datetime | None = since - SHIFT
        while moment and (moment := self._after(moment)) and moment <= now:
            latest = moment if moment > since else latest
        return latest

    def _after(self, moment: datetime) -> datetime | None:
        found: datetime | None = self.trigger.get_next_fire_time(None, moment.astimezone(UTC) + NEXT)
        return found.astimezone(UTC) if found else None
