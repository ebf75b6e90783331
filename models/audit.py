"""Here lives the audit trail: every command of staff, in one chain in which nothing can be changed unseen.

Each entry is sealed with a keyed hash of itself and of the seal before it, and the end of the chain with one of
its own, from before the first entry: who can write to the database but has not `secret_key` cannot change, add or
remove an entry unseen, nor all of them.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.database import insert_many
from models.fields import Instant, Short, milliseconds
from models.sql import glance, select

# No chain, and yet one of these: it was removed. Nobody gives a command before one of them is there.
STAFF = "EXISTS (SELECT 1 FROM staff)"
HEARD = """(EXISTS (SELECT 1 FROM inbox_event) OR EXISTS (SELECT 1 FROM customer)
    OR EXISTS (SELECT 1 FROM audit_entry))"""
USED = f"({HEARD} OR {STAFF})"
FIRST = "INSERT INTO audit_head (id, number, seal, mark) VALUES (1, 0, '', $1) ON CONFLICT (id) DO NOTHING RETURNING id"
TAKE = "UPDATE audit_head SET number = number WHERE id = 1 RETURNING number, seal, mark"
END = "UPDATE audit_head SET number = $1, seal = $2, mark = $3 WHERE id = 1 RETURNING id"
LAST = "SELECT COALESCE(MAX(number), 0) AS number FROM audit_entry"
SUBJECTS = 20  # of one command; a list that it showed is not its subject
ROOM, ID = 255, 20  # characters for all of them, and for one


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: `typed` as it came, `understood` in canonical words, `subjects` the short ids it is about.

    `result` is "done" or the key of the refusal; `detail` what came of it, in a few words.
    """

    at: datetime
    staff_id: int | None
    staff_name: str
    account: str
    sender: str
    chat: str
    cause: str
    typed: str
    understood: str = ""
    subjects: tuple[str, ...] = ()
    result: str = "done"
    detail: str = ""

    def about(self, *subjects: str) -> "Entry":
        """With these subjects besides."""
        return replace(self, subjects=tuple(dict.fromkeys((*self.subjects, *subjects)))[:SUBJECTS])


class AuditEntry(Model):
    """`number` counts without a gap; `seal` is the keyed hash of this entry and the seal before it."""

    id = fields.BigIntField(primary_key=True)
    number = fields.BigIntField(unique=True)
    at: datetime = Instant()  # type: ignore[assignment]
    staff_id = fields.BigIntField(null=True)
    staff_name = Short(64, default="")
    account = fields.CharField(64)
    sender = Short(128, default="")
    chat = Short(128, default="")
    cause = Short(270, default="")
    typed = fields.TextField()
    understood = fields.TextField(default="")
    subjects = Short(ROOM, default="")
    result = Short(64, default="done")
    detail = fields.TextField(default="")
    seal = fields.CharField(64)

    class Meta:
        table = "audit_entry"
        indexes = (("staff_id", "number"),)

    @classmethod
    async def append(cls, entries: Sequence[Entry], key: bytes) -> None:
        """Last in the caller's transaction: until its end nobody else adds to the chain."""
        if not entries:
            return
        number, seal = await _taken(key)
        rows: list[tuple[object, ...]] = []
        about: list[tuple[str, int]] = []
        for entry in entries:
            number += 1
            values = _values(number, entry)
            seal = sealed(key, seal, values)
            rows.append((*values, seal))
            about += [(subject, number) for subject in _listed(entry.subjects).split()]
        await insert_many(cls, (*COLUMNS, "seal"), rows)
        await insert_many(AuditSubject, ("subject", "number"), about, conflict=("subject", "number"))
        await select(END, number, seal, marked(key, number, seal))


COLUMNS = (
    "number",
    "at",
    "staff_id",
    "staff_name",
    "account",
    "sender",
    "chat",
    "cause",
    "typed",
    "understood",
    "subjects",
    "result",
    "detail",
)


class AuditSubject(Model):
    """What an entry is about, so that the trail of one customer, lead or push is found."""

    id = fields.BigIntField(primary_key=True)
    subject = fields.CharField(ID)
    number = fields.BigIntField()

    class Meta:
        table = "audit_subject"
        unique_together = (("subject", "number"),)


class AuditHead(Model):
    """Where the chain ends: one row, that whoever adds to the chain holds until the commit."""

    id = fields.BigIntField(primary_key=True)
    number = fields.BigIntField(default=0)
    seal = fields.CharField(64, default="")
    mark = fields.CharField(64, default="")

    class Meta:
        table = "audit_head"

    @classmethod
    async def begin(cls, key: bytes) -> None:
        """Once for a database, before it has any row; where there are some already, the end stays without its mark."""
        await select(FIRST, "" if await _is_used() else marked(key, 0, ""))


async def _is_used() -> bool:
    """Whether there is more than who is hired by the command that asks: a first colleague begins the trail."""
    if (await select(f"SELECT {HEARD} AS used"))[0]["used"]:
        return True
    return bool((await glance(f"SELECT {STAFF} AS used"))[0]["used"])  # committed, not of this transaction


async def _taken(key: bytes) -> tuple[int, str]:
    """The end of the chain, held until the commit. Behind one that was not marked by us it begins anew, and says so."""
    if not (head := await select(TAKE)):
        await AuditHead.begin(key)
        head = await select(TAKE)
    number, seal, mark = head[0].values()
    if mark == marked(key, number, seal):
        return number, seal
    number = (await select(LAST))[0]["number"]
    return number, anew(key, number)


def sealed(key: bytes, before: str, values: Sequence[object]) -> str:
    """The seal of one entry, whose columns are `values` in the order of COLUMNS."""
    told = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return _hash(key, f"entry\n{before}\n{told}")


def marked(key: bytes, number: int, seal: str) -> str:
    """The seal of the chain's end."""
    return _hash(key, f"head\n{number}\n{seal}")


def anew(key: bytes, number: int) -> str:
    """What stands for the seal of entry `number` where the end behind it was gone: nobody takes that for the seal."""
    return _hash(key, f"anew\n{number}")


def _values(number: int, entry: Entry) -> tuple[object, ...]:
    """As they are stored, so that what is read back has the same seal."""
    told = {**asdict(entry), "at": milliseconds(entry.at), "subjects": _listed(entry.subjects)}
    return (number, *(_stored(name, told[name]) for name in COLUMNS[1:]))


def _listed(subjects: Sequence[str]) -> str:
    """As many as fit their column, none of them cut: the trail must not fail for what a command is about."""
    text = " ".join(dict.fromkeys(subject for subject in subjects if len(subject) <= ID and len(subject.split()) == 1))
    return text if len(text) <= ROOM else text[: ROOM + 1].rpartition(" ")[0]


def _stored(name: str, value: object) -> object:
    field = AuditEntry._meta.fields_map[name]  # noqa: SLF001 - the documented way to a model's columns
    plain = value.replace("\0", "").encode(errors="replace").decode() if isinstance(value, str) else value
    return field.to_db_value(plain, AuditEntry)


def _hash(key: bytes, text: str) -> str:
    own = hmac.digest(key, b"guanxi audit", hashlib.sha256)
    return hmac.new(own, text.encode(), hashlib.sha256).hexdigest()
