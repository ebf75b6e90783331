"""Here lives the ledger of pushes: one row for each push and customer or group chat, and what became of it.

What is promised next is chosen in models/recipient_feed.py, what came of it is written in models/recipient_outcomes.py.
"""

from datetime import datetime
from typing import Any, Literal

from tortoise import fields
from tortoise.indexes import PartialIndex
from tortoise.models import Model

from domain.media import Way
from models.database import transaction
from models.fields import Instant, Short
from models.marks import among
from models.pushes import Push
from models.sql import dialect, select

# awaiting: a member of ours has yet to confirm it (WeCom). unsure: it may have been sent, nobody knows (结果不明).
RecipientState = Literal["waiting", "sending", "sent", "delivered", "read", "failed", "skipped", "awaiting", "unsure"]
MANY = 10_000  # ids in one statement: SQLite takes 32,766 values
COUNTS = "SELECT state, reason, COUNT(*) AS n FROM recipient WHERE push_id = $1 GROUP BY state, reason"
IS_ANY = "SELECT 1 AS one FROM recipient WHERE push_id = $1 AND state = $2 LIMIT 1"
SKIP = """UPDATE recipient SET state = 'skipped', reason = $2 WHERE id IN
    (SELECT id FROM recipient WHERE push_id = $1 AND state = 'waiting' LIMIT $3) AND state = 'waiting' RETURNING id"""
# What is being marked as sent at this very moment is passed over, and never waited for.
UNSENT = """SELECT o.id FROM recipient AS r JOIN outbox_item AS o ON o.id = r.outbox_id
    WHERE {chosen} AND r.state = 'sending' AND o.state = 'waiting'{passed}"""
# One that was begun may have been carried out: repeated as what it is it does no harm, as another one everybody would
# get it twice.
UNSENT_BATCHES = """SELECT o.id FROM push_batch AS b
    JOIN outbox_item AS o ON o.lane = b.account || ':push:' || b.push_id || ':' || b.id
    WHERE b.push_id = $1 AND b.state = 'sending' AND o.state = 'waiting' AND o.attempts = 0
    AND o.error <> 'interrupted'{passed}"""
PASSED = {"sqlite": "", "postgres": " FOR UPDATE OF o SKIP LOCKED"}
DELETE = "DELETE FROM outbox_item WHERE id IN ({unsent}) RETURNING recipient_id, lane"
WAIT = "UPDATE recipient SET state = 'waiting', outbox_id = NULL WHERE {chosen} RETURNING id"
WAIT_AGAIN = """UPDATE recipient SET state = 'waiting', batch_id = NULL WHERE {chosen} AND state = 'sending'
    RETURNING id"""
# Whoever was joined with others meanwhile is found by the account they are written to.
FAMILY = """WITH RECURSIVE down (id) AS (SELECT customer_id FROM identity WHERE id = $1
        UNION SELECT c.id FROM customer AS c JOIN down ON c.merged_into_id = down.id)
    SELECT r.id FROM recipient AS r WHERE r.customer_id IN (SELECT id FROM down) AND r.identity_id = $1
    AND r.state IN ('waiting', 'sending')"""
HOLD = {"sqlite": "", "postgres": " ORDER BY r.id FOR UPDATE OF r"}
WITHDRAW = "UPDATE recipient SET state = 'skipped', reason = $1, outbox_id = NULL WHERE {chosen} RETURNING id"


class Recipient(Model):
    """Where one person (or group chat) is to be reached, and by which medium; `reason` says why not.

    `sending`: it is in the outbox, or in a batch that is. `member` of ours sends it where the medium is a task.
    `sent_at` is when it was sent, or may have been. `told`: rules and the conversation know that it was.
    """

    id = fields.BigIntField(primary_key=True)
    push: fields.ForeignKeyRelation[Push] = fields.ForeignKeyField("models.Push", related_name="recipients")
    customer_id: int | None = fields.BigIntField(null=True)
    group_id: int | None = fields.BigIntField(null=True)
    identity_id: int | None = fields.BigIntField(null=True)
    account = fields.CharField(64, default="")
    address = fields.CharField(128, default="")
    way: Way | Literal[""] = fields.CharField(8, default="")  # type: ignore[assignment]
    member = fields.CharField(64, default="")
    batch_id: int | None = fields.BigIntField(null=True)
    state: RecipientState = fields.CharField(10, default="waiting")  # type: ignore[assignment]
    reason = Short(64, default="")
    outbox_id: int | None = fields.BigIntField(null=True)
    platform_id = Short(128, default="")
    told = fields.BooleanField(default=False)
    sent_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    ended_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    push_id: int

    class Meta:
        table = "recipient"
        unique_together = (("push", "customer_id"), ("push", "group_id"))
        indexes = (
            ("push_id", "state", "account", "id"),
            PartialIndex(fields=("push_id", "id"), name="recipient_untold", condition={"told": False, "state": "sent"}),
            ("customer_id", "sent_at"),
            ("batch_id", "address"),
            ("account", "platform_id"),
        )

    @classmethod
    async def counts(cls, push_id: int) -> dict[tuple[RecipientState, str], int]:
        """How many are in each state, for each reason."""
        return {(row["state"], row["reason"]): int(row["n"]) for row in await select(COUNTS, push_id)}

    @classmethod
    async def is_any(cls, push_id: int, state: RecipientState) -> bool:
        return bool(await select(IS_ANY, push_id, state))

    @classmethod
    async def skip_waiting(cls, push_id: int, reason: str) -> int:
        """None of those who wait is to be sent to any more; MANY of them at a time."""
        return len(await select(SKIP, push_id, reason, MANY))

    @classmethod
    async def take_back(cls, push_id: int) -> int:
        """What is promised and not begun is promised no more: those wait again. The push has been stopped before."""
        async with transaction():
            unsent = UNSENT.format(chosen="r.push_id = $1", passed=PASSED[dialect()])
            gone = [row["recipient_id"] for row in await select(DELETE.format(unsent=unsent), push_id)]
            await _each(WAIT, "id", gone)
            return len(gone) + await _batches_back(push_id)

    @classmethod
    async def withdraw(cls, identity_id: int, reason: str) -> int:
        """Nothing of any push goes to this account any more, but what is in flight."""
        async with transaction():
            held = {int(row["id"]) for row in await select(FAMILY + HOLD[dialect()], identity_id)}
            if not held:
                return 0
            chosen, values = among("r.id", held)
            unsent = UNSENT.format(chosen=chosen, passed=PASSED[dialect()])
            gone = {row["recipient_id"] for row in await select(DELETE.format(unsent=unsent), *values)}
            chosen, values = among("id", held, 2)
            rows = await select(WITHDRAW.format(chosen=f"({chosen}) AND state = 'waiting'"), reason, *values)
            if gone:
                chosen, values = among("id", gone, 2)
                rows += await select(WITHDRAW.format(chosen=chosen), reason, *values)
            return len(rows)


async def _batches_back(push_id: int) -> int:
    """Whole batches that are not begun are undone: others are made of those who wait."""
    unsent = UNSENT_BATCHES.format(passed=PASSED[dialect()])
    gone = await select(DELETE.format(unsent=unsent), push_id)
    batches = [int(row["lane"].rpartition(":")[2]) for row in gone]
    back = await _each(WAIT_AGAIN, "batch_id", batches)
    await _each("DELETE FROM push_batch WHERE {chosen} RETURNING id", "id", batches)
    return back


async def _each(sql: str, column: str, ids: list[Any]) -> int:
    """A statement for all of these; how many rows it was about."""
    count = 0
    for start in range(0, len(ids), MANY):
        chosen, values = among(column, ids[start : start + MANY])
        count += len(await select(sql.format(chosen=chosen), *values))
    return count
