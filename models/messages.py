"""Here lives the conversation with each customer, in both directions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter
from tortoise import fields
from tortoise.models import Model

from domain.messages import Content, words
from models import rows
from models.customers import Customer, Identity
from models.database import insert_many
from models.fields import Instant
from models.staff import Staff

CONTENT: TypeAdapter[Content] = TypeAdapter(Annotated[Content, Field(discriminator="kind")])


class Message(Model):
    """One line; what became of a line of ours is told by the outbox row that carries its id."""

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField("models.Customer", related_name="messages")
    identity: fields.ForeignKeyRelation[Identity] = fields.ForeignKeyField("models.Identity", related_name="messages")
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="messages", null=True, on_delete=fields.SET_NULL
    )
    direction: Literal["in", "out"] = fields.CharField(3)  # type: ignore[assignment]
    text = fields.TextField()
    payload = fields.TextField()
    platform_id = fields.CharField(128, default="")
    at: datetime = Instant()  # type: ignore[assignment]
    edited_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    customer_id: int
    identity_id: int
    staff_id: int | None

    class Meta:
        table = "message"
        indexes = (("customer_id", "id"), ("identity_id", "platform_id"))

    @property
    def content(self) -> Content:
        return CONTENT.validate_json(self.payload)

    @classmethod
    async def heard(cls, identity: Identity, content: Content, at: datetime, platform_id: str) -> Self:
        return await cls._line(identity, content, at, direction="in", platform_id=platform_id)

    @classmethod
    async def said(cls, identity: Identity, content: Content, at: datetime, staff: Staff | None = None) -> Self:
        return await cls._line(identity, content, at, direction="out", staff_id=staff.id if staff else None)

    @classmethod
    async def said_to_many(cls, lines: Sequence[tuple[int, int, Content, datetime]]) -> None:
        """One line of ours in each conversation: the customer, their account, what was said there, and when."""
        columns = ("customer_id", "identity_id", "direction", "text", "payload", "at")
        rows = [
            (*whose, "out", words(content).replace("\0", ""), CONTENT.dump_json(content).decode(), at)
            for *whose, content, at in lines
        ]
        await insert_many(cls, columns, rows)

    @classmethod
    async def _line(cls, identity: Identity, content: Content, at: datetime, **told: object) -> Self:
        return await rows.add(
            cls,
            customer_id=identity.customer_id,
            identity_id=identity.id,
            text=words(content).replace("\0", ""),  # PostgreSQL keeps no NUL in a text
            payload=CONTENT.dump_json(content).decode(),
            at=at,
            **told,
        )

    async def follow(self, identity: Identity) -> None:
        """Be its customer's, who may have become another one while the line was written."""
        if self.customer_id != identity.customer_id:
            self.customer_id = identity.customer_id
            await rows.change(self, "customer_id")

    async def amend(self, content: Content, at: datetime) -> None:
        """The customer changed what they wrote."""
        self.text, self.payload, self.edited_at = words(content), CONTENT.dump_json(content).decode(), at
        await self.save(update_fields=["text", "payload", "edited_at"])
