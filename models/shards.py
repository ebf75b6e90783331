"""Here lives what workers of several processes ask of PostgreSQL: the lanes of a shard, and who holds it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from models.fields import milliseconds
from models.queue import QueueRow
from models.signals import RING, SHARDS, jobs, shard_of
from models.sql import select

MOST = 50  # rows of a shard looked at at once: the lanes with a reply come first, the others come round


class Due(NamedTuple):
    """A lane with a row that is due, and the priority of that."""

    lane: str
    priority: int


class Held(NamedTuple):
    """A job that a worker took, and what it is about."""

    id: int
    queue: str
    shard: int


def index(model: type[QueueRow]) -> str:
    """The SQL of the index that finds the next rows of a shard."""
    return (
        f"CREATE INDEX IF NOT EXISTS {model.QUEUE}_shard ON {model.TABLE}"
        f" ({shard_of('lane')}, priority, id) WHERE state = 'waiting'"
    )


class Look(NamedTuple):
    """Lanes of a shard with something due of a priority below that, without those named."""

    shard: int
    below: int
    besides: Collection[str]


async def due(model: type[QueueRow], looks: Sequence[Look], now: datetime) -> list[list[Due]]:
    """What each of them finds, the most urgent first: one statement, since a way there and back is what costs."""
    found = await select(
        "SELECT asked.place, next.lane, next.priority"  # noqa: S608
        " FROM unnest($1::int[], $2::int[]) WITH ORDINALITY AS asked (shard, below, place) CROSS JOIN LATERAL"
        f" (SELECT lane, priority FROM {model.TABLE} WHERE {shard_of('lane')} = asked.shard AND state = 'waiting'"
        " AND due_at <= $3 AND priority < asked.below AND lane NOT IN (SELECT unnest($4::text[]))"
        " ORDER BY priority, id LIMIT $5) AS next",
        [look.shard for look in looks],
        [look.below for look in looks],
        milliseconds(now),
        [lane for look in looks for lane in look.besides],
        MOST,
    )
    first: list[dict[str, int]] = [{} for _ in looks]
    for row in found:
        first[row["place"] - 1].setdefault(row["lane"], row["priority"])
    return [[Due(*lane) for lane in lanes.items()] for lanes in first]


async def next_due(model: type[QueueRow], shard: int, besides: Collection[str]) -> datetime | None:
    """When the next row of a shard is due, those of some lanes not counted; None when none waits."""
    found = await select(
        f"SELECT MIN(due_at) AS due FROM {model.TABLE} WHERE {shard_of('lane')} = $1 AND state = 'waiting'"  # noqa: S608
        " AND NOT lane = ANY($2::text[])",
        shard,
        list(besides),
    )
    at: datetime | None = model._meta.fields_map["due_at"].to_python_value(found[0]["due"])  # noqa: SLF001 - as the ORM does
    return at


async def wake(queue: str, shard: int, wait: timedelta = timedelta()) -> None:
    """Let somebody drain a shard, `wait` from now."""
    asked = "(SELECT $1::text AS queue, $2::int AS shard, $3::float8 AS delay) AS asked"
    await _ring(jobs(asked), queue, shard, wait.total_seconds())


async def wake_due(model: type[QueueRow], now: datetime) -> None:
    """Wake every shard with something due that no job is about: after a restart, a copy, a change made by hand."""
    lanes = f"SELECT 1 FROM {model.TABLE} WHERE {shard_of('lane')} = shard AND state = 'waiting' AND due_at <= $1"  # noqa: S608
    known = f"SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = '{model.QUEUE}:' || shard AND status = 'todo'"  # noqa: S608
    asked = (
        f"(SELECT '{model.QUEUE}' AS queue, shard, 0 AS delay FROM generate_series(0, {SHARDS - 1}) AS shard"  # noqa: S608
        f" WHERE EXISTS ({lanes}) AND NOT EXISTS ({known})) AS asked"
    )
    await _ring(jobs(asked), milliseconds(now))


async def seize(job: int) -> bool:
    """End the job of a worker that is gone; whether it was there still."""
    return bool(await select("DELETE FROM procrastinate_jobs WHERE id = $1 AND status = 'doing' RETURNING id", job))


async def release(job: int, worker: int) -> None:
    """End a job if it is still this worker's; one that was taken away from it is no longer there."""
    await select(
        "DELETE FROM procrastinate_jobs WHERE id = $1 AND worker_id = $2 AND status = 'doing' RETURNING id", job, worker
    )


async def abandoned(model: type[QueueRow], shard: int | None = None) -> list[int]:
    """Rows in flight in a shard; without one, in every shard that nobody holds."""
    held = f"SELECT 1 FROM procrastinate_jobs WHERE status = 'doing' AND lock = '{model.QUEUE}:' || {shard_of('lane')}"  # noqa: S608
    chosen = f"{shard_of('lane')} = $1" if shard is not None else f"NOT EXISTS ({held})"
    values = () if shard is None else (shard,)
    found = await select(f"SELECT id FROM {model.TABLE} WHERE state = 'sending' AND {chosen} ORDER BY id", *values)  # noqa: S608
    return [row["id"] for row in found]


async def busy() -> bool:
    """Whether a job runs or could."""
    found = await select(
        "SELECT 1 AS one FROM procrastinate_jobs WHERE status = 'doing'"
        " OR (status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())) LIMIT 1"
    )
    return bool(found)


async def _ring(statement: str, *values: object) -> None:
    await select(f"WITH woken AS ({statement}), rung AS ({RING}) SELECT COUNT(*) FROM rung", *values)  # noqa: S608
