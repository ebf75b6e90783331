"""Here live the batches of pushes: what one call hands to a platform at once, for many recipients."""

# ruff: noqa: S608 - words of ours and names of our tables, every value is a parameter

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from tortoise import fields
from tortoise.models import Model

from domain.media import Way
from models.database import insert_many
from models.fields import Instant, Short, milliseconds
from models.marks import among
from models.pushes import Push
from models.recipient_feed import Waiting, doubles
from models.sql import dialect, select

BatchState = Literal["sending", "open", "done", "failed", "unsure", "cancelled"]

ROWS = """push_id = $1 AND state = 'waiting' AND way IN ('task', 'mass')"""
KIND = "account, way, member, CASE WHEN group_id IS NULL THEN 0 ELSE 1 END"
WAITING = f"""SELECT {KIND} AS chats, COUNT(*) AS n FROM recipient WHERE {ROWS} AND {{accounts}}
    GROUP BY {KIND} ORDER BY {KIND}"""
OLDEST = f"""SELECT r.id, r.account, r.way, r.member, r.chats FROM (
        SELECT id, {KIND} AS chats, ROW_NUMBER() OVER (PARTITION BY {KIND} ORDER BY id) AS place
        FROM recipient WHERE {ROWS}) AS r
    JOIN {{given}} ON v.account = r.account AND v.way = r.way AND v.member = r.member AND v.chats = r.chats
    WHERE r.place <= v.most ORDER BY r.id"""
# Whose account it is by now is somebody else than when the ledger was filled, or others were joined with them.
MOVED = """SELECT r.id, r.account, r.address, r.way, r.group_id, r.customer_id, i.customer_id AS now_id,
    '' AS name, '' AS company, '' AS city, '' AS owner, true AS is_joined FROM {given}
    JOIN recipient AS r ON r.id = v.id JOIN identity AS i ON i.id = r.identity_id
    WHERE i.customer_id <> r.customer_id OR EXISTS (SELECT 1 FROM customer AS m WHERE m.merged_into_id = i.customer_id)
    ORDER BY r.id"""
FILL = """UPDATE recipient SET state = 'sending', batch_id = v.batch FROM {given}
    WHERE recipient.id = v.id AND recipient.state = 'waiting'
    RETURNING recipient.id AS id, recipient.batch_id AS batch, recipient.address AS address"""
SKIP = """UPDATE recipient SET state = 'skipped', reason = v.reason, ended_at = $1 FROM {given}
    WHERE recipient.id = v.id AND recipient.state = 'waiting' RETURNING recipient.id AS id"""


class Kind(NamedTuple):
    """What goes into one call: by which medium, sent by which member of ours, to people or to group chats."""

    account: str
    way: Way
    member: str
    chats: bool


class Filled(NamedTuple):
    """A batch with whom it is for."""

    id: int
    kind: Kind
    contacts: tuple[str, ...]


class Batch(Model):
    """`task` is the platform's id of it. `open`: the platform has it, and not everybody's result is known yet.

    `sent` and `failed` are what the platform told of it as a whole, where it does not tell of each recipient.
    `reminded` are the moments (epoch milliseconds) at which its member was reminded lately.
    """

    id = fields.BigIntField(primary_key=True)
    push: fields.ForeignKeyRelation[Push] = fields.ForeignKeyField("models.Push", related_name="batches")
    account = fields.CharField(64)
    way: Way = fields.CharField(8)  # type: ignore[assignment]
    member = fields.CharField(64, default="")
    chats = fields.BooleanField(default=False)
    state: BatchState = fields.CharField(10, default="sending")  # type: ignore[assignment]
    reason = Short(64, default="")
    task = fields.CharField(128, default="")
    sent: int | None = fields.IntField(null=True)
    failed: int | None = fields.IntField(null=True)
    created_at: datetime = Instant()  # type: ignore[assignment]
    asked_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    reminded: list[int] = fields.JSONField(default=list)

    push_id: int

    class Meta:
        table = "push_batch"
        indexes = (("push_id", "state"), ("account", "task"))

    @property
    def lane(self) -> str:
        """What its calls go to, as an address of the account."""
        return f"push:{self.push_id}:{self.id}"

    @classmethod
    async def waiting(cls, push_id: int, accounts: Sequence[str]) -> dict[Kind, int]:
        """How many recipients of each kind wait for a batch, on these accounts."""
        if not accounts:
            return {}
        chosen, values = among("account", accounts, 2)
        return {_kind(row): int(row["n"]) for row in await select(WAITING.format(accounts=chosen), push_id, *values)}

    @classmethod
    async def oldest(cls, push_id: int, wanted: Mapping[Kind, int]) -> dict[Kind, list[int]]:
        """So many of each kind, those who have waited longest."""
        rows = [(kind.account, kind.way, kind.member, int(kind.chats), most) for kind, most in wanted.items()]
        source, values = given(("account", "way", "member"), ("chats", "most"), rows, 2)
        found: dict[Kind, list[int]] = defaultdict(list)
        for row in await select(OLDEST.format(given=source), push_id, *values):
            found[_kind(row)].append(int(row["id"]))
        return dict(found)

    @classmethod
    async def doubles(cls, push_id: int, ids: Sequence[int]) -> set[int]:
        """Of these recipients those who were joined with another one; the rest of them are who they are now."""
        source, values = given((), ("id",), [(key,) for key in ids], 1)
        return await doubles(push_id, [Waiting(**row) for row in await select(MOVED.format(given=source), *values)])

    @classmethod
    async def skip(cls, reasons: Mapping[int, str], now: datetime) -> None:
        """These recipients wait no longer."""
        source, values = given(("reason",), ("id",), [(reason, key) for key, reason in reasons.items()], 2)
        await select(SKIP.format(given=source), milliseconds(now), *values)

    @classmethod
    async def fill(cls, push_id: int, parts: Sequence[tuple[Kind, Sequence[int]]], now: datetime) -> list[Filled]:
        """A batch for each part, with those of its recipients who still wait: they are being sent from now on."""
        made: dict[Kind, list[int]] = defaultdict(list)
        columns, rows = ("push_id", *Kind._fields, "created_at"), [(push_id, *kind, now) for kind, _ in parts]
        for row in sorted(await insert_many(cls, columns, rows, returning=("id", *Kind._fields)), reverse=True):
            made[Kind(row[1], row[2], row[3], bool(row[4]))].append(int(row[0]))
        batches = {made[kind].pop(): (kind, ids) for kind, ids in parts}
        pairs = [(each, batch) for batch, (_, ids) in batches.items() for each in ids]
        source, values = given((), ("id", "batch"), pairs, 1)
        contacts: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for found in await select(FILL.format(given=source), *values):
            contacts[int(found["batch"])].append((int(found["id"]), found["address"]))
        await cls.filter(id__in=[batch for batch in batches if batch not in contacts]).delete()
        return [
            Filled(batch, batches[batch][0], tuple(address for _, address in sorted(each)))
            for batch, each in sorted(contacts.items())
        ]


def given(
    texts: Sequence[str], numbers: Sequence[str], rows: Sequence[Sequence[Any]], first: int
) -> tuple[str, list[Any]]:
    """Rows handed to a statement as a table `v` with these columns, however many; its values are from $first on."""
    names = (*texts, *numbers)
    if dialect() == "sqlite":
        listed = ", ".join(f"json_extract(value, '$[{n}]') AS {name}" for n, name in enumerate(names))
        return f"(SELECT {listed} FROM json_each(${first})) AS v", [json.dumps(rows)]
    kinds = [*("text" for _ in texts), *("bigint" for _ in numbers)]
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(kinds, first))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    return f"unnest({arrays}) AS v ({', '.join(names)})", columns


def _kind(row: Mapping[str, Any]) -> Kind:
    return Kind(row["account"], row["way"], row["member"], bool(row["chats"]))
