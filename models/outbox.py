"""Here lives the outbox: everything we decided to say or do, a row before it is a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, ClassVar, NamedTuple, Self

from pydantic import Field, TypeAdapter
from tortoise import fields
from tortoise.indexes import PartialIndex

from domain.messages import Priority
from domain.outgoing import Outgoing
from models import rows
from models.database import insert_many, transaction
from models.fields import Instant, milliseconds
from models.queue import LANE_ORDER, QueueRow, State
from models.recipient_outcomes import Outcome, learn
from models.signals import Wake, give
from models.sql import select

NO_WAIT = timedelta()
PUT_OFF = """SELECT error, COUNT(*) AS n FROM outbox_item WHERE state = 'waiting' AND account = $1
    AND (lane = $2 OR lane LIKE $3) AND error NOT IN ('', 'pace', 'interrupted')
    GROUP BY error ORDER BY n DESC, error"""
CODEC: TypeAdapter[Outgoing] = TypeAdapter(Annotated[Outgoing, Field(discriminator="kind")])


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is to be recorded of one row; many are written by one statement.

    A row that ends at `at` and was for a recipient of a push ends in its ledger, too.
    """

    id: int
    state: State
    due_at: datetime
    attempts: int
    error: str = ""
    platform_id: str = ""
    only_from: State | None = None  # `waiting`: only if nobody has begun to carry it out
    recipient_id: int | None = None
    at: datetime | None = None

    @property
    def outcome(self) -> Outcome | None:
        if self.recipient_id is None or self.at is None:
            return None
        return Outcome(self.recipient_id, self.id, self.state, self.error, self.platform_id, self.at)

    @property
    def values(self) -> tuple[object, ...]:
        text = (self.error[:200], self.platform_id[:200])
        return (self.id, self.state, milliseconds(self.due_at), self.attempts, *text, self.only_from or "")


class Promised(NamedTuple):
    """One message of a push, in one of the lanes that are the push's own."""

    outgoing: Outgoing
    lane: str
    due_at: datetime
    recipient_id: int
    expires_at: datetime


class OutboxItem(QueueRow):
    """One thing to be carried out by a channel.

    `message_id` is the line of a conversation that it says, if it says one; `reply_to` the key of the
    inbox event that it answers, so that a repeated callback gets the same passive answer. `recipient_id` is the row of
    a push's ledger that it is for.
    """

    payload = fields.TextField()
    reply_to = fields.CharField(200, default="")
    message_id: int | None = fields.BigIntField(null=True)
    recipient_id: int | None = fields.BigIntField(null=True)
    expires_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    platform_id = fields.CharField(200, default="")

    TABLE: ClassVar[str] = "outbox_item"
    QUEUE: ClassVar[str] = "outbox"
    OPEN: ClassVar[tuple[State, ...]] = ("waiting", "sending", "dead", "unsure")

    class Meta:
        table = "outbox_item"
        indexes = (
            PartialIndex(fields=LANE_ORDER, name="outbox_lane", condition={"state": "waiting"}),
            PartialIndex(fields=("due_at",), name="outbox_sending", condition={"state": "sending"}),
            PartialIndex(fields=("due_at",), name="outbox_dead", condition={"state": "dead"}),
            PartialIndex(fields=("due_at",), name="outbox_unsure", condition={"state": "unsure"}),
            ("message_id",),
            ("account", "reply_to"),
        )

    @classmethod
    async def enqueue(
        cls, outgoing: Outgoing, now: datetime, message_id: int | None = None, wait: timedelta = NO_WAIT
    ) -> Self:
        """Promise to carry `outgoing` out, in the lane of whom it goes to, `wait` from now."""
        lane = f"{outgoing.to.account}:{outgoing.to.id}"
        item = await rows.add(
            cls,
            account=outgoing.to.account,
            lane=lane,
            priority=int(outgoing.priority),
            due_at=now + wait,
            queued_at=now,
            payload=CODEC.dump_json(outgoing).decode(),
            reply_to=getattr(outgoing, "reply_to", ""),
            message_id=message_id,
            expires_at=outgoing.expires_at,
        )
        await give(Wake(cls.QUEUE, lane, wait.total_seconds(), urgent=outgoing.priority < Priority.PUSH))
        return item

    @classmethod
    async def enqueue_all(cls, promised: Sequence[Promised], now: datetime) -> dict[int, int]:
        """Promise many at once, all by one statement; the ids of their rows by those of the recipients."""
        columns = ("account", "lane", "priority", "due_at", "queued_at", "payload", "recipient_id", "expires_at")
        values = [
            (
                each.outgoing.to.account,
                each.lane,
                int(each.outgoing.priority),
                each.due_at,
                now,
                CODEC.dump_json(each.outgoing).decode(),
                each.recipient_id,
                each.expires_at,
            )
            for each in promised
        ]
        found = await insert_many(cls, columns, values, returning=("recipient_id", "id"))
        first: dict[str, datetime] = {}
        for each in promised:
            first[each.lane] = min(first.get(each.lane, each.due_at), each.due_at)
        await give(*(Wake(cls.QUEUE, lane, (due - now).total_seconds(), urgent=False) for lane, due in first.items()))
        return dict(found)

    @classmethod
    async def answering(cls, account: str, key: str) -> Self | None:
        """What was promised first as the answer to an event."""
        return await cls.filter(account=account, reply_to=key).order_by("id").first()

    @classmethod
    async def known(cls, number: int) -> Self | None:
        """A row that is committed, by its id."""
        found = await rows.look(cls, "id = $1", number)
        return found[0] if found else None

    async def release(self, now: datetime) -> None:
        """What waited for an HTTP answer need wait no longer: this row, or those behind it."""
        async with transaction():
            sql = "UPDATE outbox_item SET due_at = $2 WHERE id = $1 AND state = 'waiting' RETURNING id"
            await select(sql, self.id, milliseconds(now))
            await give(Wake(self.QUEUE, self.lane))

    @classmethod
    async def is_waiting(cls, lane: str) -> bool:
        """Whether something waits in this lane, due or not."""
        return bool(await rows.look(cls, "lane = $1 AND state = 'waiting' LIMIT 1", lane))

    @classmethod
    async def put_off(cls, account: str, topic: str) -> list[str]:
        """Why what was to be done there had to wait, in all lanes of this topic: the most frequent reason first."""
        lane = f"{account}:{topic}"
        return [row["error"] for row in await select(PUT_OFF, account, lane, f"{lane}:%")]

    @classmethod
    async def settle_all(cls, settlements: Sequence[Settlement]) -> list[bool]:
        """Record them all; False for a row that somebody else has taken over or ended.

        What was taken for unsure may turn out to be done: its sender was only held up. Of a lane one row at a time
        is in flight, also when a process that was held up goes on beside the one that has its lanes now.

        Two that want the same row at once are rivals (one sends it, one says it in an HTTP answer): the first has it.
        """
        first: dict[int, Settlement] = {}
        for settlement in settlements:
            first.setdefault(settlement.id, settlement)
        outcomes = [outcome for settlement in first.values() if (outcome := settlement.outcome)]
        if outcomes:
            async with transaction():
                settled = await cls._settle(list(first.values()))
                if ended := [outcome for outcome in outcomes if outcome.outbox_id in settled]:
                    await learn(ended)
        else:
            settled = await cls._settle(list(first.values()))
        return [first[one.id] is one and one.id in settled for one in settlements]

    @classmethod
    async def _settle(cls, settlements: Sequence[Settlement]) -> set[int]:
        width = len(settlements[0].values)
        types = ("BIGINT", "TEXT", "BIGINT", "SMALLINT", "TEXT", "TEXT", "TEXT")
        casts = [
            "(" + ", ".join(f"CAST(${row * width + column + 1} AS {kind})" for column, kind in enumerate(types)) + ")"
            for row in range(len(settlements))
        ]
        rows = await select(
            f"WITH v (id, state, due_at, attempts, error, platform_id, only_from) AS (VALUES {', '.join(casts)})"  # noqa: S608
            " UPDATE outbox_item SET state = v.state, due_at = v.due_at, attempts = v.attempts, error = v.error,"
            " platform_id = v.platform_id FROM v WHERE outbox_item.id = v.id"
            " AND (outbox_item.state IN ('waiting', 'sending') OR (outbox_item.state = 'unsure' AND v.state = 'done'))"
            " AND v.only_from IN ('', outbox_item.state)"
            " AND (v.state <> 'sending' OR NOT EXISTS (SELECT 1 FROM outbox_item AS before"
            " WHERE before.state = 'sending' AND before.lane = outbox_item.lane)) RETURNING outbox_item.id AS id",
            *(value for settlement in settlements for value in settlement.values),
        )
        return {row["id"] for row in rows}

    @property
    def is_overtaken(self) -> bool:
        """Whether a reply may come into its lane: those of a push have lanes of their own."""
        return self.priority > 0 and self.recipient_id is None

    @cached_property
    def outgoing(self) -> Outgoing:
        return CODEC.validate_json(self.payload)

    @property
    def key(self) -> str:
        """The same on every attempt, and never that of another row, even after the database was made anew."""
        return f"gx{self.id}-{int(self.queued_at.timestamp() * 1000):x}"
