"""Here lives the inbox: everything that happened, once each, whoever told it and however often."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Annotated, ClassVar, NamedTuple

from pydantic import Field, TypeAdapter
from tortoise import fields
from tortoise.indexes import PartialIndex

from domain.channel import RawEvent
from domain.own_events import OwnEvent
from models.database import insert_many
from models.fields import milliseconds
from models.queue import LANE_ORDER, QueueRow, State
from models.signals import RING, Wake, give, jobs, shard_of
from models.sql import dialect, select

OWN = "guanxi"  # the account of events that we tell ourselves
CODEC: TypeAdapter[OwnEvent] = TypeAdapter(Annotated[OwnEvent, Field(discriminator="kind")])


STORE = "INSERT INTO inbox_event (account, key, lane, payload, due_at, queued_at, priority, state, attempts, error)"
STORED = "ON CONFLICT (account, key) DO NOTHING RETURNING account, key"
STORE_ARRAYS = (  # one statement stores and wakes: at the door nobody waits for a second one
    f"WITH stored AS ({STORE} SELECT account, key, lane, payload, at, at, 0, 'waiting', 0, ''"  # noqa: S608 - constants of ours
    " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS n (account, key, lane, payload, at)"
    f" {STORED}, lane), asked AS"
    f" (SELECT DISTINCT 'inbox' AS queue, {shard_of('lane')} AS shard, 0 AS delay FROM stored)"
    f", woken AS ({jobs('asked')}), rung AS ({RING})"
    " SELECT account, key, (SELECT COUNT(*) FROM rung) AS rung FROM stored"
)


@lru_cache(maxsize=1024)
def _store_rows(count: int) -> str:
    rows = (
        f"(${n}, ${n + 1}, ${n + 2}, ${n + 3}, ${n + 4}, ${n + 4}, 0, 'waiting', 0, '')" for n in range(1, count * 5, 5)
    )
    return f"{STORE} VALUES {', '.join(rows)} {STORED}"


class Arrival(NamedTuple):
    """One event at the door, and when it came."""

    account: str
    event: RawEvent
    at: datetime

    @property
    def values(self) -> tuple[object, ...]:
        return (self.account, self.event.key, self.event.lane, self.event.payload, milliseconds(self.at))


class InboxEvent(QueueRow):
    """An authenticated event as it came. Unique by account and key, so a repeat changes nothing."""

    key = fields.CharField(200)
    payload = fields.TextField()

    TABLE: ClassVar[str] = "inbox_event"
    QUEUE: ClassVar[str] = "inbox"
    OPEN: ClassVar[tuple[State, ...]] = ("waiting", "dead")

    class Meta:
        table = "inbox_event"
        unique_together = (("account", "key"),)
        indexes = (
            PartialIndex(fields=LANE_ORDER, name="inbox_lane", condition={"state": "waiting"}),
            PartialIndex(fields=("due_at",), name="inbox_dead", condition={"state": "dead"}),
        )

    @property
    def told(self) -> RawEvent:
        """The event as its channel knows it."""
        return RawEvent(self.key, self.lane, self.payload)

    @classmethod
    async def store(cls, arrivals: Sequence[Arrival]) -> list[bool]:
        """Keep what is new, all in one statement; False for what was there already."""
        if not arrivals:
            return []
        rows = [arrival.values for arrival in arrivals]
        if dialect() == "postgres":
            stored = await select(STORE_ARRAYS, *zip(*rows, strict=True))
        else:
            stored = await select(_store_rows(len(rows)), *chain.from_iterable(rows))
        fresh = {(row["account"], row["key"]) for row in stored}
        new = []
        for arrival in arrivals:
            mark = (arrival.account, arrival.event.key)
            new.append(mark in fresh)
            fresh.discard(mark)
        if dialect() != "postgres":
            await give(*(Wake(cls.QUEUE, a.event.lane) for a, is_new in zip(arrivals, new, strict=True) if is_new))
        return new

    @classmethod
    async def is_waiting(cls, account: str, key: str) -> bool:
        """Whether this event is stored and not handled yet."""
        return await cls.filter(account=account, key=key, state="waiting").exists()

    @classmethod
    async def remind(
        cls, event: OwnEvent, key: str, at: datetime, now: datetime, *, lane: str = "", priority: int = 0
    ) -> None:
        """Let `event` happen at `at`, once for its key, in a lane of its own.

        Those that are given the same `lane` happen one after the other: one of higher `priority` keeps none waiting.
        """
        payload, lane = CODEC.dump_json(event).decode(), f"{OWN}:{lane or key}"
        columns = ("account", "key", "lane", "payload", "due_at", "queued_at", "priority")
        values = (OWN, key, lane, payload, at, now, priority)
        if await insert_many(cls, columns, [values], conflict=("account", "key")):
            await give(Wake(cls.QUEUE, lane, (at - now).total_seconds()))

    @classmethod
    async def remind_all(cls, events: Mapping[str, OwnEvent], now: datetime, lane: str) -> None:
        """Let these happen now, one after the other, each once for its key."""
        columns = ("account", "key", "lane", "payload", "due_at", "queued_at", "priority")
        whole = f"{OWN}:{lane}"
        values = [(OWN, key, whole, CODEC.dump_json(event).decode(), now, now, 0) for key, event in events.items()]
        if await insert_many(cls, columns, values, conflict=("account", "key")):
            await give(Wake(cls.QUEUE, whole))

    @classmethod
    async def is_any_waiting(cls, prefix: str, *, but: str = "") -> bool:
        """Whether something of our own whose key begins so is still to happen, beside the one with the key `but`."""
        return await cls.filter(account=OWN, key__startswith=prefix, state="waiting").exclude(key=but).exists()

    @classmethod
    async def cancel(cls, lane: str) -> None:
        """Let nothing happen of what waits in a lane of our own; whoever is at one of it finds it done."""
        sql = "UPDATE inbox_event SET state = 'done' WHERE lane = $1 AND state = 'waiting' RETURNING id"
        await select(sql, f"{OWN}:{lane}")

    @classmethod
    async def forget(cls, before: datetime, most: int) -> int:
        """Delete at most so many events that were handled before then; returns how many."""
        rows = await select(
            "DELETE FROM inbox_event WHERE id IN"
            " (SELECT id FROM inbox_event WHERE state = 'done' AND queued_at < $1 ORDER BY id LIMIT $2) RETURNING id",
            milliseconds(before),
            most,
        )
        return len(rows)

    def own(self) -> OwnEvent:
        """The event that we told ourselves."""
        return CODEC.validate_json(self.payload)
