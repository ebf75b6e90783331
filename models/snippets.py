"""Here live the quick replies (话术) that staff send with one word."""

from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model

from domain.snippets import LONGEST_NAME
from models.fields import Instant, milliseconds
from models.sql import select
from models.staff import Staff

KEEP = """INSERT INTO snippet (name, text, staff_id, changed_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (name) DO UPDATE SET text = excluded.text, changed_at = excluded.changed_at,
        staff_id = COALESCE(snippet.staff_id, excluded.staff_id)
    WHERE snippet.staff_id = excluded.staff_id OR $5 RETURNING id"""
DROP = "DELETE FROM snippet WHERE name = $1 AND (staff_id = $2 OR $3) RETURNING id"


class Snippet(Model):
    """`name` is kept in lower case, so that it is found however it is typed."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(LONGEST_NAME, unique=True)
    text = fields.TextField()
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="snippets", null=True, on_delete=fields.SET_NULL
    )
    changed_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int | None

    class Meta:
        table = "snippet"

    @classmethod
    async def called(cls, name: str) -> Self | None:
        """The one of this name, with its author."""
        if len(name) > LONGEST_NAME:
            return None
        return await cls.filter(name=name).select_related("staff").first()

    @classmethod
    async def listed(cls, start: int, most: int) -> list[Self]:
        """By name; the text is whole."""
        return await cls.all().order_by("name").offset(start).limit(most)

    @classmethod
    async def keep(cls, name: str, text: str, staff: Staff, now: datetime, *, anybodys: bool) -> bool:
        """Write it down; False where it is somebody else's. With `anybodys` theirs is changed, and stays theirs."""
        text = text.replace("\0", "")
        return bool(await select(KEEP, name, text, staff.id, milliseconds(now), anybodys))

    @classmethod
    async def drop(cls, name: str, staff: Staff, *, anybodys: bool) -> bool:
        """False where it is somebody else's, or not there."""
        return bool(await select(DROP, name, staff.id, anybodys))
