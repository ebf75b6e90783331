"""Here lives how customers and leads came to be as they are: each changed field, by whom and because of what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tortoise import fields
from tortoise.models import Model

from models import rows
from models.database import insert_many
from models.fields import Instant, Short

TAG = "tag"


class Named(Protocol):
    """A tag, as far as the trail tells of it."""

    @property
    def id(self) -> int: ...

    @property
    def path(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, because of what (the account and key of an event), and when; no person: the server."""

    staff_id: int | None
    cause: str
    at: datetime


class Change(Model):
    """One field of one customer, or of their lead; no foreign keys: the trail outlives what it tells of.

    A tag that came or went is a change of the field `tag`, from or to nothing, with `tag_id`.
    """

    id = fields.BigIntField(primary_key=True)
    customer_id = fields.BigIntField()
    subject = fields.CharField(20)
    field = Short(32)
    old = fields.TextField(default="")
    new = fields.TextField(default="")
    staff_id = fields.BigIntField(null=True)
    cause = Short(270, default="")
    at: datetime = Instant()  # type: ignore[assignment]
    tag_id: int | None = fields.BigIntField(null=True)

    class Meta:
        table = "change"
        indexes = (("customer_id", "id"), ("staff_id", "field", "id"))

    @classmethod
    async def keep(
        cls, customer_id: int, subject: str, pairs: Mapping[str, tuple[object, object]], actor: Actor
    ) -> None:
        """`pairs` maps each changed field to what it was and what it is; `subject` is a short id (C12, L8)."""
        columns = ("customer_id", "subject", "field", "old", "new", "staff_id", "cause", "at")
        about = (actor.staff_id, actor.cause, actor.at)
        rows = [(customer_id, subject, name, _plain(old), _plain(new), *about) for name, (old, new) in pairs.items()]
        await insert_many(cls, columns, rows)

    @classmethod
    async def tagged(cls, pairs: Sequence[tuple[int, Named]], actor: Actor, *, on: bool) -> None:
        """These customers got these tags, or lost them; PostgreSQL writes many at once."""
        columns = ("customer_id", "subject", "field", "old", "new", "staff_id", "cause", "at", "tag_id")
        about = (actor.staff_id, actor.cause, actor.at)
        rows = [
            (customer_id, f"C{customer_id}", TAG, *(("", tag.path) if on else (tag.path, "")), *about, tag.id)
            for customer_id, tag in pairs
        ]
        await insert_many(cls, columns, rows)


async def changed(row: Model, customer_id: int, subject: str, actor: Actor, **new: object) -> bool:
    """Write what differs from `row`, and keep it in the trail; whoever needs the old values exact holds the row."""
    pairs = {name: (getattr(row, name), value) for name, value in new.items() if getattr(row, name) != value}
    for name, (_, value) in pairs.items():
        setattr(row, name, value)
    if pairs:
        await rows.change(row, *pairs)
        await Change.keep(customer_id, subject, pairs, actor)
    return bool(pairs)


def _plain(value: object) -> str:
    return "" if value is None else str(value).replace("\0", "")
