"""Here lives what customers did, and what was done to reach them: one row for each time, never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from tortoise import fields
from tortoise.models import Model

from models.customers import Customer
from models.database import insert_many
from models.facts import count_behaviours, held
from models.fields import Instant

PUSHED, CLICKED = "pushed", "clicked"  # names of ours: a push reached somebody, somebody opened a link in one


class Act(NamedTuple):
    """What a system tells of a customer: that something happened."""

    customer_id: int
    source: str
    key: str
    name: str
    at: datetime


class Behaviour(Model):
    """Unique by the system that tells of it and its key there; `origin_id` as with orders (models/orders.py)."""

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField("models.Customer", related_name="behaviours")
    origin_id = fields.BigIntField()
    source = fields.CharField(64)
    key = fields.CharField(128)
    name = fields.CharField(64)
    at: datetime = Instant()  # type: ignore[assignment]

    customer_id: int

    class Meta:
        table = "behaviour"
        unique_together = (("source", "key"),)
        indexes = (("customer_id", "name", "at"), ("name", "at", "customer_id"))

    @classmethod
    async def tell(cls, told: Sequence[Act]) -> list[Act]:
        """Take over what happened, in the caller's transaction; those that were not known, of customers there are.

        What was told before under the same key stays as it was.
        """
        first = {(act.source, act.key): act for act in reversed(told)}
        whose = await held({act.customer_id for act in first.values()})
        known = [act for act in first.values() if act.customer_id in whose]
        columns = ("customer_id", "origin_id", *Act._fields[1:])
        rows = [(whose[act.customer_id], *act) for act in sorted(known)]
        new = await insert_many(cls, columns, rows, conflict=("source", "key"), returning=("source", "key"))
        fresh = [first[source, key] for source, key in new]
        await count_behaviours({whose[act.customer_id] for act in fresh if act.name in {PUSHED, CLICKED}})
        return fresh
