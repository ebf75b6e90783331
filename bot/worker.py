"""Here lives the draining of a lane: due rows in order; try again, bury; once, for inbox and outbox."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Generic, TypeVar

import structlog

from bot import metrics
from bot.commit import GroupLook
from bot.logs import where
from domain.delivery import next_try
from models.queue import QueueRow
from models.sql import dialect

Row = TypeVar("Row", bound=QueueRow)
BATCH = 20
ROUNDS = 5
log = structlog.get_logger()


class Worker(ABC, Generic[Row]):
    """`work` settles its row, or raises and leaves it as it was; then it is tried again later, and buried at last."""

    model: type[Row]

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.stopping = False
        self._beginning: set[asyncio.Task[None] | None] = set()
        self._looking = GroupLook(self._next_in_each)

    async def waiting(self, until: datetime) -> list[tuple[str, datetime]]:
        return await self.model.waiting_lanes(until)

    async def drain(self, lane: str) -> datetime | None:
        """At most ROUNDS batches, then the lane yields to others."""
        for _ in range(ROUNDS):
            rows = await self._next_in(lane)
            for row in rows:
                if row.due_at > self.clock() or self.stopping:
                    return row.due_at
                await self._try(row)
                if row.state == "waiting":
                    return row.due_at
                if row.is_overtaken:
                    break  # a reply may have come meanwhile, and goes first
            else:
                if len(rows) < BATCH:
                    return None
        return self.clock()

    def stop(self) -> None:
        """Begin nothing more; what has only begun is given up, since its row is as it was."""
        self.stopping = True
        for task in self._beginning:
            if task:
                task.cancel()

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """Around what may be given up at any moment: a look-up, an import."""
        task = asyncio.current_task()
        self._beginning.add(task)
        try:
            yield
        finally:
            self._beginning.discard(task)

    async def _next_in(self, lane: str) -> list[Row]:
        """On PostgreSQL every question is a way there and back: lanes that ask at the same time share it."""
        return await (self.model.next_in(lane, BATCH) if dialect() == "sqlite" else self._looking.add(lane))

    async def _next_in_each(self, lanes: Sequence[str]) -> list[list[Row]]:
        return await self.model.next_in_each(lanes, BATCH)

    @abstractmethod
    async def work(self, row: Row) -> None:
        """Do what the row asks and settle it."""

    @abstractmethod
    async def bury(self, row: Row, reason: str) -> None:
        """Give a row up: kept, counted, told; the lane goes on."""

    async def _try(self, row: Row) -> None:
        structlog.contextvars.bind_contextvars(row=f"{self.model.TABLE}:{row.id}")
        try:
            await self.work(row)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the row is kept
            await self._failed(row, error)
        finally:
            structlog.contextvars.unbind_contextvars("row")

    async def _failed(self, row: Row, error: Exception) -> None:
        reason = type(error).__name__
        wait = next_try(row.attempts + 1)
        log.warning("row failed", error=reason, attempts=row.attempts + 1, where=where(error))
        metrics.FAILED.labels(self.model.TABLE).inc()
        if wait is None or getattr(error, "retry", True) is False:
            await self.bury(row, reason)
        else:
            await row.postpone(self.clock() + wait, reason)
