"""Here live the templates of pushes (模板), which managers write and name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from tortoise import fields
from tortoise.models import Model

from domain.messages import Content
from domain.naming import folded
from domain.push_templates import LONGEST_NAME
from models.database import insert_many
from models.fields import Instant
from models.messages import CONTENT
from models.staff import Staff


class PushTemplate(Model):
    """`payload` is a Content with blanks, `defaults` are values for blanks of its own.

    `name` is kept in its folded form (domain/naming.py), `title` as it was typed. `staff` wrote what it says now.
    """

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(LONGEST_NAME, unique=True)
    title = fields.CharField(LONGEST_NAME)
    payload = fields.TextField()
    defaults: dict[str, Any] = fields.JSONField(default=dict)
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="push_templates", null=True, on_delete=fields.SET_NULL
    )
    changed_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int | None

    class Meta:
        table = "push_template"

    @property
    def content(self) -> Content:
        """As it was written, blanks and all."""
        return CONTENT.validate_json(self.payload)

    @classmethod
    async def called(cls, name: str) -> Self | None:
        """Whatever its case and width; with who wrote it."""
        return await cls.filter(name=folded(name)[:LONGEST_NAME]).select_related("staff").first()

    @classmethod
    async def listed(cls, start: int, most: int) -> list[Self]:
        """By name."""
        return await cls.all().order_by("name").offset(start).limit(most)

    @classmethod
    async def titles(cls) -> list[str]:
        return [str(title) for title in await cls.all().order_by("name").values_list("title", flat=True)]

    @classmethod
    async def keep(cls, title: str, content: Content, defaults: Mapping[str, str], staff: Staff, now: datetime) -> None:
        """Under this name this content from now on."""
        told = {
            "title": title,
            "payload": CONTENT.dump_json(content).decode(),
            "defaults": dict(defaults),
            "staff_id": staff.id,
            "changed_at": now,
        }
        name = folded(title)
        if not await insert_many(cls, ("name", *told), [(name, *told.values())], conflict=("name",)):
            await cls.filter(name=name).update(**told)

    @classmethod
    async def drop(cls, name: str) -> None:
        await cls.filter(name=folded(name)).delete()
