"""Here live the templates of pushes (模板), which managers write and name."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from models.fields import Instant
from models.staff import Staff


class PushTemplate(Model):
    """`payload` is a Content with blanks, `defaults` are values for blanks of its own.

    `name` is kept in its folded form (domain/naming.py), `title` as it was typed.
    """

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(32, unique=True)
    title = fields.CharField(32)
    payload = fields.TextField()
    defaults: dict[str, Any] = fields.JSONField(default=dict)
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="push_templates", null=True, on_delete=fields.SET_NULL
    )
    changed_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int | None

    class Meta:
        table = "push_template"
