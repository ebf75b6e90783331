"""Here lives who drains which lane in several processes: procrastinate hands out shards of lanes on PostgreSQL.

One job wakes one shard. While it runs its lock keeps the shard to this process; within it many lanes are drained at
once, each in its order. After some seconds it ends, so that another process may have the next turn. A job of a process
that is gone is ended by the others; what it had in flight is then unsure.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from bot.database import transaction
from bot.lanes import GRACE, PARALLEL, Parallel, rooms
from bot.turns import Floor, Queue, Turn, cancelled
from models import shards
from models.outbox import OutboxItem
from models.signals import SHARDS

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.jobs import Job, Status

SLICE = 5.0  # seconds after which a shard is given up to whoever wants it: giving it up costs as much as 20 events
POLL = 0.5  # seconds after which a job is found of which the news was lost, or whose time came
HEARTBEAT = 1.0
SILENCE = 3.0  # seconds without a heartbeat after which a worker counts as gone
SWEEP = 5  # heartbeats
log = structlog.get_logger()


class InFlight(Protocol):
    """Who takes care of what a process had in flight when it went."""

    async def interrupted(self, ids: Collection[int]) -> None: ...


class ProcrastinateLanes:
    """Drains the shards that it is handed; see `bot.lanes.Lanes`. `address` is PostgreSQL itself, not a pooler."""

    def __init__(
        self,
        queues: Mapping[str, Queue],
        flying: InFlight,
        clock: Callable[[], datetime],
        address: str,
        parallel: Parallel = PARALLEL,
        slice_seconds: float = SLICE,
    ) -> None:
        self._slice = slice_seconds
        self._queues = queues
        self._flying = flying
        self._clock = clock
        self._app, self._jobs = _carrier(address, self._drain, lambda: self._stopping)
        room = rooms(queues, parallel)
        self._floors = {name: Floor(queue, room[name], clock) for name, queue in queues.items()}
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._working = False

    @property
    def running(self) -> bool:
        return self._working and not self._stopping

    async def start(self) -> None:
        await self._app.open_async()
        await self._look_around()
        self._tasks = [asyncio.create_task(self._work()), asyncio.create_task(self._watch())]

    async def stop(self) -> None:
        """The watch goes on to the end: who is silent while it finishes what is in flight would be taken for dead."""
        self._stopping = True
        for task in self._tasks:
            await cancelled([task])
        await self._app.close_async()

    async def sweep(self) -> None:
        for queue in self._queues.values():
            await shards.wake_due(queue.model, self._clock())

    async def idle(self) -> None:
        while await shards.busy():  # noqa: ASYNC110 - other processes are asked, they raise no event of ours
            await asyncio.sleep(0.005)

    async def _drain(self, queue: str, shard: int) -> None:
        """The job. What is due later wakes the shard again; where that cannot be written, a sweep finds it."""
        clock, until = asyncio.get_running_loop().time, asyncio.get_running_loop().time() + self._slice
        turn = Turn(self._floors[queue], shard)
        try:
            due = await turn.drain(lambda: clock() < until and not self._stopping)
            if due:
                await shards.wake(queue, shard, max(due - self._clock(), timedelta()))
        except Exception as error:  # noqa: BLE001 - the database is away
            log.error("shard interrupted", queue=queue, error=type(error).__name__)

    async def _work(self) -> None:
        """A worker of procrastinate ends when the database is away; the next one has a name of its own."""
        while not self._stopping:
            try:
                self._working = True
                await self._app.run_worker_async(
                    queues=list(self._queues),
                    concurrency=SHARDS * len(self._queues),
                    fetch_job_polling_interval=POLL,
                    abort_job_polling_interval=60.0,
                    shutdown_graceful_timeout=GRACE,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=SILENCE,
                    install_signal_handlers=False,
                )
                log.warning("worker interrupted")
            except Exception as error:  # noqa: BLE001 - the database is away: begin anew
                log.warning("worker interrupted", error=type(error).__name__)
            self._working = False
            await asyncio.sleep(POLL)

    async def _watch(self) -> None:
        for beat in count():
            try:
                await self._jobs.beat()
                await self._relieve()
                if beat % SWEEP == 0:
                    await self._look_around()
            except Exception as error:  # noqa: BLE001 - the database is away: look again
                log.error("sweep interrupted", error=type(error).__name__)
            await asyncio.sleep(HEARTBEAT)

    async def _look_around(self) -> None:
        """What is in flight in a shard that nobody holds was left behind, and what is due there must wake somebody."""
        await self._flying.interrupted(await shards.abandoned(OutboxItem))
        await self.sweep()

    async def _relieve(self) -> None:
        """End the jobs of processes that are gone, and let others go on where they stopped."""
        for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENCE):
            queue, shard = job.queue, int(str(job.task_kwargs["shard"]))
            async with transaction():
                if not job.id or not await shards.seize(job.id):
                    continue
                if queue == OutboxItem.QUEUE:
                    await self._flying.interrupted(await shards.abandoned(OutboxItem, shard))
            await shards.wake(queue, shard)  # alone: a transaction wakes in one order, or two wait for each other
            log.warning("shard taken over", queue=queue)


class Beating(Protocol):
    """Who says that this process still is there."""

    async def beat(self) -> None: ...


def _carrier(address: str, drain: Callable[..., Any], closing: Callable[[], bool]) -> "tuple[App, Beating]":
    """Procrastinate with our one task. It logs the arguments of jobs and whole tracebacks: we log ourselves."""
    from procrastinate import App, PsycopgConnector
    from procrastinate.manager import JobManager

    class Jobs(JobManager):
        """Ends a job only for the worker that has it, and until the database has noted it.

        procrastinate's own heart stops before it waits for what is in flight; this one beats as long as it is asked to.
        """

        worker: int | None = None

        async def register_worker(self) -> int:
            self.worker = await super().register_worker()
            return self.worker

        async def beat(self) -> None:
            if self.worker:
                await self.update_heartbeat(self.worker)

        async def finish_job(self, job: "Job", status: "Status", delete_job: bool) -> None:  # noqa: ARG002, FBT001 - its signature
            if status.value == "aborted":
                return  # cut off in the middle: others take over from a worker that is gone
            while not await _released(job) and not closing():  # noqa: ASYNC110 - the database raises no event of ours
                await asyncio.sleep(POLL)

    for name in ("procrastinate", "psycopg"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    alive = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
    session = {"application_name": "guanxi lanes", **alive}
    pool: Any = {"min_size": 1, "max_size": 4, "timeout": 5.0, "kwargs": session}
    app = App(connector=PsycopgConnector(conninfo=address, configure=_at_ease, **pool))
    app.job_manager = jobs = Jobs(app.connector)
    app.task(name="drain")(drain)
    return app, jobs


async def _released(job: "Job") -> bool:
    try:
        await shards.release(job.id or 0, job.worker_id or 0)
    except Exception as error:  # noqa: BLE001 - the database is away
        log.error("shard not given up yet", error=type(error).__name__)
        return False
    return True


async def _at_ease(connection: Any) -> None:
    """What procrastinate notes of jobs may be lost with the power: the rows are the truth."""
    await connection.set_autocommit(True)
    await connection.execute("SET synchronous_commit = off")
