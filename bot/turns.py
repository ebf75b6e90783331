"""Here lives one shard of lanes while this process holds it: what is due is taken up as seats get free."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime
from typing import Any, Protocol

import structlog

from bot.commit import GroupLook
from bot.lanes import PAUSE, Drains
from domain.messages import Priority
from models import shards
from models.queue import QueueRow

HELD_UP = 1.5  # seconds after which a process that was paused takes up no more: the shard may be another's by now
LOOK = 0.1  # seconds after which a held shard is looked at again while a slow lane keeps it
ENOUGH = 10  # lanes of a shard that wait for a seat: more would only wait longer
log = structlog.get_logger()


class Queue(Drains, Protocol):
    """What does the work of one queue's lanes."""

    @property
    def model(self) -> type[QueueRow]: ...


class Seats:
    """So many lanes of a queue at once; pushes leave some free for lanes in which somebody waits for an answer."""

    def __init__(self, parallel: int) -> None:
        self._every = asyncio.Semaphore(parallel)
        self._pushes = asyncio.Semaphore(parallel - parallel // 4)

    @asynccontextmanager
    async def taken(self, priority: int) -> AsyncIterator[None]:
        async with self._pushes if priority >= Priority.PUSH else nullcontext(), self._every:
            yield


class Floor:
    """What the turns of one queue share."""

    def __init__(self, queue: Queue, parallel: int, clock: Callable[[], datetime]) -> None:
        self.queue = queue
        self.seats = Seats(parallel)
        self.clock = clock
        self.due = GroupLook(self._look)

    async def _look(self, looks: Sequence[shards.Look]) -> list[list[shards.Due]]:
        return await shards.due(self.queue.model, looks, self.clock())


class Turn:
    """One shard while this process holds it."""

    def __init__(self, floor: Floor, shard: int) -> None:
        self._queue = floor.queue
        self._shard = shard
        self._seats = floor.seats
        self._clock = floor.clock
        self._due = floor.due
        self._held: dict[str, asyncio.Task[datetime | None]] = {}
        self._unseated: dict[str, int] = {}
        self._resting: dict[str, datetime] = {}
        self._left = False
        self._broken = False

    async def drain(self, going_on: Callable[[], bool]) -> datetime | None:
        """Drain every lane that is due, and those that become so; returns when the next one is due."""
        clock = asyncio.get_running_loop().time
        try:
            while await self._goes_on(going_on()):
                looked = clock()
                await asyncio.wait(self._held.values(), timeout=LOOK)
                self._broken = self._broken or clock() - looked > HELD_UP
                self._let_go()
        finally:
            await cancelled(self._held.values())
        return await self._next_due()

    async def _goes_on(self, wanted: bool) -> bool:  # noqa: FBT001 - asked once
        """Whether there is a lane to wait for. What is in flight ends by itself, even if the database is away."""
        if wanted and not self._broken:
            try:
                await self._take_up()
            except Exception as error:  # noqa: BLE001 - the database is away
                log.error("shard interrupted", queue=self._queue.model.QUEUE, error=type(error).__name__)
                self._broken = True
        else:
            self._leave_waiting()
        return bool(self._held)

    async def _take_up(self) -> None:
        below = self._wanted()
        if below is None:
            return
        now = self._clock()
        resting = [lane for lane, due in self._resting.items() if due > now]
        found = await self._due.add(shards.Look(self._shard, below, [*self._held, *resting]))
        self._left = len(found) > ENOUGH
        for lane, priority in found[:ENOUGH]:
            self._unseated[lane] = priority
            self._held[lane] = asyncio.create_task(self._hold(lane, priority))

    def _wanted(self) -> int | None:
        """Lanes of which priority are to be looked for: enough that wait for a seat need no more behind them."""
        urgent = sum(priority < Priority.PUSH for priority in self._unseated.values())
        if urgent >= ENOUGH:
            return None
        return Priority.PUSH if len(self._unseated) - urgent >= ENOUGH else Priority.PUSH + 1

    async def _hold(self, lane: str, priority: int) -> datetime | None:
        async with self._seats.taken(priority):
            del self._unseated[lane]
            try:
                return await self._queue.drain(lane)
            except Exception as error:  # noqa: BLE001 - the database is away: the row is as it was, the lane comes back
                log.error("lane interrupted", queue=self._queue.model.QUEUE, error=type(error).__name__)
                return self._clock() + PAUSE

    def _leave_waiting(self) -> None:
        for lane in self._unseated:
            self._held[lane].cancel()
            self._left = True

    def _let_go(self) -> None:
        for lane, task in list(self._held.items()):
            if task.done():
                del self._held[lane]
                self._unseated.pop(lane, None)
                due = None if task.cancelled() else task.result()
                if due is None:
                    self._resting.pop(lane, None)
                else:
                    self._resting[lane] = due

    async def _next_due(self) -> datetime | None:
        if self._left:
            return self._clock()
        rows = await shards.next_due(self._queue.model, self._shard, self._resting)
        return min(filter(None, (rows, *self._resting.values())), default=None)


async def cancelled(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cut them off, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
