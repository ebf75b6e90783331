"""Here lives the outbox: everything we decided to say or do, a row before it is a request."""

from datetime import datetime
from typing import Annotated, ClassVar, Self

from pydantic import Field, TypeAdapter
from tortoise import fields
from tortoise.indexes import PartialIndex

from domain.messages import Outgoing
from models.fields import Instant
from models.queue import QueueRow

CODEC: TypeAdapter[Outgoing] = TypeAdapter(Annotated[Outgoing, Field(discriminator="kind")])


class OutboxItem(QueueRow):
    """One thing to be carried out by a channel.

    `message_id` is the line of a conversation that it says, if it says one; `reply_to` the key of the
    inbox event that it answers, so that a repeated callback gets the same passive answer.
    """

    payload = fields.TextField()
    reply_to = fields.CharField(200, default="")
    message_id: int | None = fields.BigIntField(null=True)
    expires_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    platform_id = fields.CharField(200, default="")

    TABLE: ClassVar[str] = "outbox_item"

    class Meta:
        table = "outbox_item"
        indexes = (
            PartialIndex(fields=("lane", "priority", "id"), name="outbox_lane", condition={"state": "waiting"}),
            PartialIndex(fields=("due_at",), name="outbox_due", condition={"state": "waiting"}),
            PartialIndex(fields=("id",), name="outbox_sending", condition={"state": "sending"}),
            ("message_id",),
            ("account", "reply_to"),
        )

    @classmethod
    async def enqueue(cls, outgoing: Outgoing, now: datetime, message_id: int | None = None) -> Self:
        """Promise to carry `outgoing` out, in the lane of whom it goes to."""
        return await cls.create(
            account=outgoing.to.account,
            lane=f"{outgoing.to.account}:{outgoing.to.id}",
            priority=int(outgoing.priority),
            due_at=now,
            queued_at=now,
            payload=CODEC.dump_json(outgoing).decode(),
            reply_to=getattr(outgoing, "reply_to", ""),
            message_id=message_id,
            expires_at=outgoing.expires_at,
        )

    @property
    def outgoing(self) -> Outgoing:
        return CODEC.validate_json(self.payload)

    @property
    def key(self) -> str:
        """The same on every attempt, and never that of another row, even after the database was made anew."""
        return f"gx{self.id}-{int(self.queued_at.timestamp() * 1000):x}"
