"""Here lives the lead pool: one lead for each new customer, until won or lost."""

from collections.abc import Callable
from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model

from domain.leads import Stage
from models import rows
from models.changes import Actor, Change, changed
from models.customers import Customer
from models.fields import Instant, Short
from models.sql import select
from models.staff import Staff

MOVE = "UPDATE lead SET stage = $3 WHERE id = $1 AND stage = $2 RETURNING id"


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
    followed_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    customer_id: int
    owner_id: int | None

    class Meta:
        table = "lead"
        indexes = (("stage", "created_at"), ("owner_id", "stage", "created_at"))

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
            await type(self).filter(id=self.id, first_words="").update(first_words=words)

    async def change(self, actor: Actor, **new: object) -> bool:
        """Write these fields where they differ, with the trail; True when one did."""
        return await changed(self, self.customer_id, self.short_id, actor, **new)

    async def move(self, rule: Callable[[Stage], Stage], actor: Actor) -> Stage:
        """Go where `rule` leads from the stage it is at, also when somebody else moves it at this moment.

        Returns the stage that it was at.
        """
        before = self.stage
        while (stage := rule(self.stage)) is not self.stage:
            if await select(MOVE, self.id, self.stage.value, stage.value):
                pairs = {"stage": (self.stage.value, stage.value)}
                await Change.keep(self.customer_id, self.short_id, pairs, actor)
                self.stage = stage
                break
            before = self.stage = (await self.of(self.customer_id)).stage
        return before
