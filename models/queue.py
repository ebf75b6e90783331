"""Here lives the mechanism that inbox and outbox share: rows that are due, in order, lane by lane."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Literal, Self

from tortoise import fields
from tortoise.models import Model

from models import rows
from models.database import transaction
from models.fields import Instant, milliseconds
from models.signals import Wake, give
from models.sql import dialect, select

LANE_ORDER = ("lane", "priority", "id", "due_at")  # finds what is next in a lane, and what is due anywhere
State = Literal["waiting", "sending", "done", "dead", "unsure"]


class QueueRow(Model):
    """A row that waits for its turn in a lane. `sending` is known to the outbox only: in flight, outcome open."""

    id = fields.BigIntField(primary_key=True)
    account = fields.CharField(64)
    lane = fields.CharField(200)
    priority = fields.SmallIntField(default=0)
    state: State = fields.CharField(8, default="waiting")  # type: ignore[assignment]
    due_at: datetime = Instant()  # type: ignore[assignment]
    queued_at: datetime = Instant()  # type: ignore[assignment]
    attempts = fields.SmallIntField(default=0)
    error = fields.CharField(200, default="")

    TABLE: ClassVar[str]
    QUEUE: ClassVar[str]
    OPEN: ClassVar[tuple[State, ...]]  # every state but done; each has a small index of its own

    class Meta:
        abstract = True

    @property
    def is_overtaken(self) -> bool:
        """Whether something more urgent may come into its lane, and goes first."""
        return bool(self.priority > 0)

    @classmethod
    async def next_in(cls, lane: str, limit: int) -> list[Self]:
        """The rows that a lane has yet to do, first things first; whoever holds the lane stops at one not due."""
        where = "lane = $1 AND state = 'waiting' ORDER BY priority, id LIMIT $2"
        return await rows.look(cls, where, lane, limit)

    @classmethod
    async def next_in_each(cls, lanes: Sequence[str], limit: int) -> list[list[Self]]:
        """The same of several lanes by one statement, on PostgreSQL."""
        where = "state = 'waiting' ORDER BY priority, id LIMIT $2"
        found = await rows.look_for_each(cls, "lane", lanes, where, limit)
        return [sorted(found[lane], key=lambda row: (row.priority, row.id)) for lane in lanes]

    @classmethod
    async def waiting_lanes(cls, until: datetime, limit: int = 10_000) -> list[tuple[str, datetime]]:
        """Lanes with a row due by `until`, and when that is; those with a reply first."""
        found = await select(
            f"SELECT lane, MIN(due_at) AS due FROM {cls.TABLE} WHERE state = 'waiting' AND due_at <= $1"  # noqa: S608
            " GROUP BY lane ORDER BY MIN(priority) LIMIT $2",
            milliseconds(until),
            limit,
            alias="reader",
        )
        due = cls._meta.fields_map["due_at"]
        return [(row["lane"], due.to_python_value(row["due"])) for row in found]

    @classmethod
    async def backlog(cls) -> dict[str, tuple[int, int]]:
        """For each state but done: how many rows are in it, and the epoch milliseconds of the oldest."""
        questions = (
            f"SELECT '{state}' AS state, COUNT(*) AS n, MIN(due_at) AS oldest FROM {cls.TABLE} WHERE state = '{state}'"  # noqa: S608
            for state in cls.OPEN
        )
        found = await select(" UNION ALL ".join(questions), alias="reader")
        return {row["state"]: (row["n"], row["oldest"]) for row in found if row["n"]}

    async def give_up(self, reason: str) -> bool:
        """Be dead, unless somebody else has ended this row."""
        sql = f"UPDATE {self.TABLE} SET state = 'dead', error = $2 WHERE id = $1 AND state = 'waiting' RETURNING id"  # noqa: S608
        found = await select(sql, self.id, reason[:200])
        self.state = "dead"
        return bool(found)

    @classmethod
    async def finish(cls, finished: Sequence[Self]) -> bool:
        """Be done, all of them; False if somebody else has ended one: then what was written for it must not stand."""
        ids = sorted(row.id for row in finished)
        marks = ", ".join(f"${n}" for n in range(1, len(ids) + 1))
        chosen, values = ("id = ANY($1)", [ids]) if dialect() == "postgres" else (f"id IN ({marks})", ids)
        found = await select(
            f"UPDATE {cls.TABLE} SET state = 'done', error = ''"  # noqa: S608
            f" WHERE {chosen} AND state = 'waiting' RETURNING id",
            *values,
        )
        for row in finished:
            row.state = "done"
        return len(found) == len(finished)

    async def postpone(self, until: datetime, reason: str) -> None:
        """One attempt failed: due again at `until`, unless the row was ended meanwhile."""
        found = await select(
            f"UPDATE {self.TABLE} SET state = 'waiting', due_at = $2, attempts = $3, error = $4"  # noqa: S608
            " WHERE id = $1 AND state IN ('waiting', 'sending') RETURNING id",
            self.id,
            milliseconds(until),
            self.attempts + 1,
            reason[:200],
        )
        self.state, self.due_at = ("waiting", until) if found else ("done", self.due_at)

    @classmethod
    async def revive(cls, ids: Iterable[int], now: datetime) -> int:
        """Let dead or unsure rows run once more, as a person decided; returns how many."""
        chosen = list(ids)
        if not chosen:
            return 0
        marks = ", ".join(f"${n}" for n in range(2, len(chosen) + 2))
        async with transaction():
            revived = await select(
                f"UPDATE {cls.TABLE} SET state = 'waiting', due_at = $1, attempts = 0, error = ''"  # noqa: S608
                f" WHERE id IN ({marks}) AND state IN ('dead', 'unsure') RETURNING lane",
                milliseconds(now),
                *chosen,
            )
            await give(*(Wake(cls.QUEUE, row["lane"]) for row in revived))
        return len(revived)
