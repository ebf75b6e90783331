"""Here lives the ledger of pushes: one row for each push and customer or group chat, and what became of it."""

from datetime import datetime
from typing import Literal

from tortoise import fields
from tortoise.models import Model

from domain.media import Way
from models.fields import Instant, Short
from models.pushes import Push

# awaiting: a member of ours has yet to confirm it (WeCom). unsure: it may have been sent, nobody knows (结果不明).
RecipientState = Literal[
    "waiting", "sending", "sent", "delivered", "read", "failed", "skipped", "awaiting", "unsure", "cancelled"
]


class Recipient(Model):
    """Where one person (or group chat) is to be reached, and by which medium; `reason` says why not.

    `sending`: it is in the outbox, or in a batch that is. `member` of ours sends it where the medium is a task.
    `sent_at` is when it was sent, or may have been.
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
            ("push_id", "state", "id"),
            ("customer_id", "sent_at"),
            ("batch_id", "address"),
            ("account", "platform_id"),
        )
