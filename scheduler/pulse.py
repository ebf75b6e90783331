"""Here lives the pulse: what is looked for every second, beside the table of what rings when."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, tzinfo

import structlog

from scheduler import jobs

log = structlog.get_logger()

EVERY = 1.0  # seconds from the answer to one look until the next
PATIENCE = 10.0  # seconds for the database to answer


@asynccontextmanager
async def beating(clock: Callable[[], datetime], timezone: tzinfo, every: float = EVERY) -> AsyncIterator[None]:
    """Look again and again until the end of the block."""
    task = asyncio.create_task(_beat(Pulse(clock, timezone), every))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _beat(pulse: "Pulse", every: float) -> None:
    while True:
        await asyncio.sleep(every)
        await pulse.beat()


class Pulse:
    """`told` is up to where the rules have been told to look."""

    def __init__(self, clock: Callable[[], datetime], timezone: tzinfo) -> None:
        self.clock = clock
        self.timezone = timezone
        self.told = ""
        self.is_well = True

    async def beat(self) -> None:
        """What fails is looked for at the next beat, and keeps nothing else from being found."""
        missed = ""
        for look in (self._fire, self._attend, self._report, self._apply):
            try:
                async with asyncio.timeout(PATIENCE):
                    await look()
            except Exception as error:  # noqa: BLE001 - the database is away
                missed = type(error).__name__
        if missed and self.is_well:  # once, not every second
            log.warning("pulse missed", error=missed)
        self.is_well = not missed

    async def _fire(self) -> None:
        await jobs.fire_schedules(self.clock())

    async def _attend(self) -> None:
        await jobs.attend_pushes(self.clock())

    async def _report(self) -> None:
        await jobs.send_digests(self.clock(), self.timezone)

    async def _apply(self) -> None:
        self.told = await jobs.apply_rules(self.clock(), self.told)
