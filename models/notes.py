"""Here live the notes that staff keep on customers."""

from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model

from models.customers import Customer
from models.fields import Instant
from models.staff import Staff


class Note(Model):
    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField("models.Customer", related_name="notes")
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="notes", null=True, on_delete=fields.SET_NULL
    )
    text = fields.TextField()
    stage = fields.CharField(12, default="")
    at: datetime = Instant()  # type: ignore[assignment]

    customer_id: int
    staff_id: int | None

    class Meta:
        table = "note"
        indexes = (("customer_id", "id"),)

    @classmethod
    async def written(cls, customer: Customer, staff: Staff | None, text: str, at: datetime, stage: str = "") -> Self:
        """`stage` is where the lead stands after it, where this is a follow-up."""
        staff_id = staff.id if staff else None
        return await cls.create(customer_id=customer.id, staff_id=staff_id, text=text, stage=stage, at=at)
