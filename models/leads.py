"""Here lives the lead pool: one lead for each new customer, until won or lost."""

from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model

from domain.leads import Stage
from models import rows
from models.customers import Customer
from models.fields import Instant, Short
from models.staff import Staff


class Lead(Model):
    id = fields.BigIntField(primary_key=True)
    customer: fields.OneToOneRelation[Customer] = fields.OneToOneField("models.Customer", related_name="lead")
    owner: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="leads", null=True, on_delete=fields.SET_NULL
    )
    stage: Stage = fields.CharEnumField(Stage, default=Stage.NEW, max_length=12)  # type: ignore[assignment]
    source = Short(128, default="direct")
    first_words = Short(200, default="")
    created_at: datetime = Instant()  # type: ignore[assignment]
    claimed_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    customer_id: int
    owner_id: int | None

    class Meta:
        table = "lead"
        indexes = (("stage", "created_at"), ("owner_id",))

    @property
    def short_id(self) -> str:
        return f"L{self.id}"

    @classmethod
    async def of(cls, customer_id: int) -> Self:
        return (await rows.find(cls, "customer_id = $1", customer_id))[0]

    async def hear(self, words: str) -> None:
        """What a customer says first is what the lead is about."""
        if words and not self.first_words:
            self.first_words = words
            await self.save(update_fields=["first_words"])

    async def move(self, stage: Stage) -> None:
        if stage is not self.stage:
            self.stage = stage
            await self.save(update_fields=["stage"])
