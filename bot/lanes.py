"""Here lives who drains which lane: the seam, and LocalLanes, one process that hands over in memory.

The table is the recovery. `bot/shards.py` has the lanes of several processes.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

import structlog

from models.signals import Wake

SWEEP = 5.0
SOON = timedelta(seconds=60)
GRACE = 10.0
PARALLEL = 40
SEATS: Mapping[str, int] = MappingProxyType({"outbox": 160})  # most of them wait for a turn, or for a platform
Parallel = Mapping[str, int] | int
PAUSE = timedelta(seconds=1)
log = structlog.get_logger()


def rooms(queues: Iterable[str], parallel: Parallel) -> dict[str, int]:
    """How many lanes of each queue are drained at once."""
    return {queue: parallel if isinstance(parallel, int) else parallel.get(queue, PARALLEL) for queue in queues}


class Drains(Protocol):
    """What does the work of one queue's lanes."""

    async def drain(self, lane: str) -> datetime | None:
        """Do what is due in `lane`; returns when its next row is due, or None when nothing waits there."""

    async def waiting(self, until: datetime) -> list[tuple[str, datetime]]:
        """Lanes with a row due by `until`."""


class Lanes(Protocol):
    """The seam. Whoever stores a row wakes its lane: see `models.signals`."""

    @property
    def running(self) -> bool:
        """Whether lanes are being drained."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Take nothing more; what is in flight may finish within 10 s."""

    async def sweep(self) -> None:
        """Find what is due and woke nobody: after a restart, a copy, a change made by hand, a jump of the clock."""

    async def idle(self) -> None:
        """Return when no lane is held or ready; rows that are due later do not count."""


class LocalLanes:
    """Each lane is held by one task at a time, so its order is kept; many lanes run at once.

    A push fills as many lanes as it has recipients, and each waits for its turn at the platform's limits. So some
    room is kept for lanes in which somebody waits for an answer, and those go first.
    """

    def __init__(
        self, queues: Mapping[str, Drains], clock: Callable[[], datetime], parallel: Parallel = PARALLEL
    ) -> None:
        self._queues = queues
        self._clock = clock
        self._room = rooms(queues, parallel)
        self._reserved = {queue: room // 4 for queue, room in self._room.items()}
        self._ready: dict[str, dict[str, None]] = {queue: {} for queue in queues}
        self._first: dict[str, dict[str, None]] = {queue: {} for queue in queues}
        self._urgent: set[tuple[str, str]] = set()
        self._held: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._again: set[tuple[str, str]] = set()
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._open = False

    @property
    def running(self) -> bool:
        return self._open and self._sweeper is not None and not self._sweeper.done()

    async def start(self) -> None:
        self._open = True
        self._sweeper = asyncio.create_task(self._sweep_often())

    async def stop(self) -> None:
        self._open = False
        if self._sweeper:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        for timer in self._timers.values():
            timer.cancel()
        if held := list(self._held.values()):
            _, late = await asyncio.wait(held, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def hear(self, signal: Wake) -> None:
        """A row was stored."""
        if signal.delay <= 0 or signal[:2] in self._held:
            self.wake(signal.queue, signal.lane, urgent=signal.urgent)
        elif signal[:2] not in self._timers:
            self._later(signal.queue, signal.lane, self._clock() + timedelta(seconds=signal.delay))

    def wake(self, queue: str, lane: str, *, urgent: bool = False) -> None:
        """There may be something to do in `lane`; somebody waits for it when it is urgent."""
        if not self._open:
            return
        if urgent:
            self._urgent.add((queue, lane))
        if (queue, lane) in self._held:
            self._again.add((queue, lane))
        else:
            self._line_up(queue, lane)
            self._fill(queue)

    async def idle(self) -> None:
        while self._held or any(self._ready.values()) or any(self._first.values()):
            await asyncio.wait(list(self._held.values()) or [asyncio.create_task(asyncio.sleep(0))])

    def _line_up(self, queue: str, lane: str) -> None:
        if (queue, lane) in self._urgent:
            self._ready[queue].pop(lane, None)
            self._first[queue][lane] = None
        else:
            self._ready[queue][lane] = None

    def _fill(self, queue: str) -> None:
        while self._open and (line := self._line(queue)):
            lane = next(iter(line))
            del line[lane]
            self._room[queue] -= 1
            self._held[queue, lane] = asyncio.create_task(self._hold(queue, lane))

    def _line(self, queue: str) -> dict[str, None] | None:
        """Those of whom the next one may go now."""
        room, first, ready = self._room[queue], self._first[queue], self._ready[queue]
        if room and first:
            return first
        return ready if room > self._reserved[queue] and ready else None

    async def _hold(self, queue: str, lane: str) -> None:
        due: datetime | None = None
        try:
            due = await self._queues[queue].drain(lane)
        except Exception as error:  # noqa: BLE001 - the database is away: the row is as it was, the lane comes back
            log.error("lane interrupted", queue=queue, error=type(error).__name__)
            due = self._clock() + PAUSE
        finally:
            del self._held[queue, lane]
            self._room[queue] += 1
            if (queue, lane) in self._again:
                self._again.discard((queue, lane))
                due = self._clock()
            if due is None:
                self._urgent.discard((queue, lane))
                self._forget_timer(queue, lane)
            else:
                self._later(queue, lane, due)
            self._fill(queue)

    def _later(self, queue: str, lane: str, due: datetime) -> None:
        wait = (due - self._clock()).total_seconds()
        if wait <= 0:
            self._line_up(queue, lane)
        elif self._open and wait <= SOON.total_seconds():
            self._forget_timer(queue, lane)
            self._timers[queue, lane] = asyncio.get_running_loop().call_later(wait, self._ring, queue, lane)

    def _forget_timer(self, queue: str, lane: str) -> None:
        if timer := self._timers.pop((queue, lane), None):
            timer.cancel()

    def _ring(self, queue: str, lane: str) -> None:
        self._timers.pop((queue, lane), None)
        self.wake(queue, lane)

    async def sweep(self) -> None:
        for queue in self._queues:
            await self._look(queue)

    async def _sweep_often(self) -> None:
        while True:
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - the database is away: look again
                log.error("sweep interrupted", error=type(error).__name__)
            await asyncio.sleep(SWEEP)

    async def _look(self, queue: str) -> None:
        for lane, due in await self._queues[queue].waiting(self._clock() + SOON):
            known = (queue, lane) in self._timers and due > self._clock()
            if (queue, lane) not in self._held and not known:
                self._later(queue, lane, due)
        self._fill(queue)
