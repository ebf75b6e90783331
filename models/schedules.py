"""Here live the schedules of recurring pushes (定时): when they fire, what they send, and how far they have come."""

from datetime import datetime
from typing import Literal

from tortoise import fields
from tortoise.models import Model

from models.fields import Instant
from models.staff import Staff


class Schedule(Model):
    """`cron` has five fields, read in `zone`; `words` and `body` are those of the push, read anew at every firing.

    `next_at` is the next moment; it only moves forward, so a moment fires once.
    """

    id = fields.BigIntField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="schedules")
    account = fields.CharField(64)
    chat = fields.CharField(128)
    language = fields.CharField(8)
    cron = fields.CharField(64)
    zone = fields.CharField(64)
    phrase = fields.CharField(128, default="")
    words = fields.TextField()
    body = fields.TextField(default="")
    state: Literal["draft", "active", "paused", "stopped"] = fields.CharField(8, default="draft")  # type: ignore[assignment]
    next_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    last_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    created_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int

    class Meta:
        table = "schedule"
        indexes = (("state", "next_at"),)

    @property
    def short_id(self) -> str:
        return f"S{self.id}"
