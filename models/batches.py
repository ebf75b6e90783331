"""Here live the batches of pushes: what one call hands to a platform at once, for many recipients."""

from datetime import datetime
from typing import Literal

from tortoise import fields
from tortoise.models import Model

from domain.media import Way
from models.fields import Instant, Short
from models.pushes import Push

BatchState = Literal["sending", "open", "done", "failed", "unsure", "cancelled"]


class Batch(Model):
    """`task` is the platform's id of it. `open`: the platform has it, and not everybody's result is known yet.

    `sent` and `failed` are what the platform told of it as a whole, where it does not tell of each recipient.
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
    reminded_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    push_id: int

    class Meta:
        table = "push_batch"
        indexes = (("push_id", "state"), ("account", "task"))
