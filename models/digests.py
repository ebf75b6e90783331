"""Here live the daily reports (日报) that chats have asked for."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.fields import Instant
from models.staff import Staff


class Digest(Model):
    """One chat, told every day at `minutes` after midnight of what the day before was like, as `staff` may see it."""

    id = fields.BigIntField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="digests")
    account = fields.CharField(64)
    chat = fields.CharField(128)
    language = fields.CharField(8)
    minutes = fields.IntField()
    next_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int

    class Meta:
        table = "digest"
        unique_together = (("account", "chat"),)
        indexes = (("next_at",),)
