"""Here live the signals that go out with a commit: a lane has something to do, an event has its answer.

Whoever stores a row gives them. On SQLite the one process hears them right after the commit. On PostgreSQL they are
rows and notifications of the same transaction, so that whichever process is free hears them, and none is ever lost.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from models.sql import dialect, select

SHARDS = 64  # one job of the carrier drains the lanes of one shard: its table stays small however many lanes wait
ANSWERS = "guanxi_answers"  # the channel of notifications

LOCK = "queue || ':' || shard"
RING = (  # a job that waits already is not announced by the carrier: the worker that is told of it may have slept on
    'SELECT pg_notify(\'procrastinate_queue_v1#\' || queue_name, \'{"type": "job_inserted", "job_id": 0}\')'
    " FROM (SELECT DISTINCT queue_name FROM woken WHERE xmax <> 0) AS merged"
)


def jobs(source: str) -> str:
    """One job for each (queue, shard, delay) of `source`: now, or at the earliest of the times asked for.

    A job for later has less priority, else its lower number would keep one for now from being fetched. Merging
    with a waiting job holds that one until our commit: whoever fetches it then sees our rows.
    """
    return (
        "INSERT INTO procrastinate_jobs"  # noqa: S608 - constants of ours
        " (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)"
        f" SELECT queue, 'drain', CASE WHEN delay > 0 THEN 0 ELSE 1 END, {LOCK},"
        f" {LOCK} || CASE WHEN delay > 0 THEN ':later' ELSE '' END,"
        " jsonb_build_object('queue', queue, 'shard', shard),"
        " CASE WHEN delay > 0 THEN now() + make_interval(secs => delay) END"
        f" FROM {source} ORDER BY 5"
        " ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE"
        " SET scheduled_at = excluded.scheduled_at"
        " WHERE procrastinate_jobs.scheduled_at IS NULL OR excluded.scheduled_at < procrastinate_jobs.scheduled_at"
        " RETURNING queue_name, xmax"
    )


def shard_of(lane: str) -> str:
    """The SQL of the shard of a lane; the index of each queue is over the same expression."""
    return f"(hashtext({lane}) & {SHARDS - 1})"


GIVE = (
    "WITH asked AS (SELECT queue, shard, MIN(delay) AS delay"  # noqa: S608 - constants of ours
    f" FROM (SELECT queue, {shard_of('lane')} AS shard, delay"
    " FROM unnest($1::text[], $2::text[], $3::float8[]) AS given (queue, lane, delay)) AS located"
    f" GROUP BY queue, shard, delay > 0), woken AS ({jobs('asked')}), rung AS ({RING})"
    f", told AS (SELECT pg_notify('{ANSWERS}', news) FROM unnest($4::text[]) AS news)"
    " SELECT (SELECT COUNT(*) FROM rung) + (SELECT COUNT(*) FROM told) AS given"
)


class Wake(NamedTuple):
    """Something is to be done in a lane of `inbox` or `outbox`, in so many seconds; urgent when somebody waits."""

    queue: str
    lane: str
    delay: float = 0.0
    urgent: bool = True


class Answered(NamedTuple):
    """An event is handled, and the row of the outbox that answers it (0: none) may be said in its HTTP answer."""

    account: str
    key: str
    item: int

    @classmethod
    def read(cls, news: str) -> "Answered":
        account, item, key = news.split(" ", 2)
        return cls(account, key, int(item))

    def __str__(self) -> str:
        return f"{self.account} {self.item} {self.key}"


Signal = Wake | Answered
_given: ContextVar[list[Signal] | None] = ContextVar("given", default=None)
_ear: ContextVar[Callable[[Signal], None] | None] = ContextVar("ear", default=None)


def hear(ear: Callable[[Signal], None]) -> None:
    """From now on `ear` is told every signal of this process, on SQLite."""
    _ear.set(ear)


async def give(*signals: Signal) -> None:
    """Let them go out with the transaction that is under way, or now if there is none."""
    if (given := _given.get()) is not None:
        given.extend(signals)
    elif dialect() == "postgres":
        await write(signals)
    else:
        ring(signals)


@contextmanager
def gathered() -> Iterator[list[Signal]]:
    """Keep what is given in this block, for who ends the transaction."""
    signals: list[Signal] = []
    token = _given.set(signals)
    try:
        yield signals
    finally:
        _given.reset(token)


def within() -> bool:
    """Whether a transaction is under way that gives the signals at its end."""
    return _given.get() is not None


async def write(signals: Sequence[Signal]) -> None:
    """On PostgreSQL, inside the transaction and last: two that wake the same shards wait for each other, briefly."""
    if signals:
        wakes = [signal for signal in signals if isinstance(signal, Wake)]
        answers = [str(signal) for signal in signals if isinstance(signal, Answered)]
        queues, lanes, delays = ([wake[column] for wake in wakes] for column in range(3))
        await select(GIVE, queues, lanes, delays, answers)


def ring(signals: Sequence[Signal]) -> None:
    """On SQLite, after the commit."""
    if ear := _ear.get():
        for signal in signals:
            ear(signal)
