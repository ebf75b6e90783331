"""Here lives what customers bought: one row for each order, told by another system and told again when it changes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Self

from tortoise import fields
from tortoise.models import Model

from models import rows
from models.customers import Customer
from models.database import insert_many
from models.facts import count_orders, held
from models.fields import Instant
from models.identities import alone
from models.marks import among
from models.sql import select

OrderState = Literal["paid", "open", "refunded", "cancelled"]

AMOUNT = "amount"
AT_ONCE = 5_000  # customers whose sums are counted anew by one statement
LAST = "SELECT MAX(customer_id) AS id FROM purchase"
BUYERS = "SELECT DISTINCT customer_id AS id FROM purchase WHERE customer_id > $1 AND customer_id <= $2"


class Sale(NamedTuple):
    """What a system tells of an order; `amount` in minor units of `currency`."""

    customer_id: int
    source: str
    number: str
    state: OrderState
    amount: int
    currency: str
    at: datetime


class Told(NamedTuple):
    """What came of it: orders that were not known, and that were known otherwise."""

    new: list[Sale]
    changed: list[Sale]


class Order(Model):
    """Unique by the system that tells of it and its number there.

    `amount` is in minor units of its one currency (ISO 4217). `origin_id` is the customer it was told of, also after
    it went to another one with a merge.
    """

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField("models.Customer", related_name="purchases")
    origin_id = fields.BigIntField()
    source = fields.CharField(64)
    number = fields.CharField(128)
    state: OrderState = fields.CharField(10, default="paid")  # type: ignore[assignment]
    amount = fields.BigIntField()
    currency = fields.CharField(3)
    at: datetime = Instant()  # type: ignore[assignment]

    customer_id: int

    class Meta:
        table = "purchase"
        unique_together = (("source", "number"),)
        indexes = (("customer_id", "at"), ("at", "customer_id"))

    @classmethod
    async def tell(cls, told: Sequence[Sale]) -> Told:
        """Take over orders, in the caller's transaction, of customers there are; of one told twice the last counts.

        Of each system one transaction at a time takes over orders, so that what is changed was not changed meanwhile.
        """
        last = {(sale.source, sale.number): sale for sale in told}
        for source in sorted({source for source, _ in last}):
            await alone(f"orders:{source}")
        known, whose = await cls._held(last)
        there = [sale for sale in last.values() if sale.customer_id in whose]
        new = [sale for sale in there if (sale.source, sale.number) not in known]
        await insert_many(
            cls, ("customer_id", "origin_id", *Sale._fields[1:]), [(whose[s.customer_id], *s) for s in new]
        )
        concerned = {whose[sale.customer_id] for sale in new}
        changed = []
        for sale in there:
            order = known.get((sale.source, sale.number))
            if order and (before := await order._become(sale, whose[sale.customer_id])):  # noqa: SLF001 - one of ours
                concerned |= {before, order.customer_id}
                changed.append(sale)
        await count_orders(concerned)
        return Told(new, changed)

    @classmethod
    async def _held(cls, asked: Mapping[tuple[str, str], Sale]) -> tuple[dict[tuple[str, str], Self], dict[int, int]]:
        """The orders that are known, and who the customers are that they are told of, all of them held."""
        ids = {sale.customer_id for sale in asked.values()}
        known = await cls._known(asked)
        whose = await held({*ids, *(order.customer_id for order in known.values())})
        known = await cls._known(asked)  # with whom they have gone, if they have
        later = {order.customer_id for order in known.values()} - whose.keys()
        return (known, whose) if not later else (known, whose | await held(later))

    @classmethod
    async def _known(cls, asked: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Self]:
        numbers: dict[str, set[str]] = {}
        for source, number in asked:
            numbers.setdefault(source, set()).add(number)
        found: list[Self] = []
        for source, those in sorted(numbers.items()):
            chosen, values = among("number", those, 2)
            found += await rows.find(cls, f"source = $1 AND {chosen}", source, *values)
        return {(order.source, order.number): order for order in found}

    async def _become(self, sale: Sale, customer_id: int) -> int:
        """As it is told now; whose it was before, or 0 if it is so already.

        Told again of the same customer, or of whoever took them in, it stays with both.
        """
        before, new = self.customer_id, {**sale._asdict(), "customer_id": customer_id, "origin_id": sale.customer_id}
        if sale.customer_id == self.origin_id or customer_id == before:
            new |= {"customer_id": before, "origin_id": self.origin_id}
        differs = [name for name, value in new.items() if getattr(self, name) != value]
        if not differs:
            return 0
        for name in differs:
            setattr(self, name, new[name])
        await rows.change(self, *differs)
        return before


class Counted(Model):
    """In which currency the amounts of customers are counted: one row at most."""

    id = fields.CharField(8, primary_key=True)
    currency = fields.CharField(3)

    class Meta:
        table = "counted"

    @classmethod
    async def be(cls, currency: str) -> bool:
        """Count in this currency from now on, in the caller's transaction; whether that was not so before."""
        await alone("counted")
        before = await cls.get_or_none(id=AMOUNT)
        if before and before.currency == currency:
            return False
        await cls.update_or_create({"currency": currency}, id=AMOUNT)
        last = (await select(LAST))[0]["id"] or 0
        for start in range(0, last, AT_ONCE):
            await count_orders([row["id"] for row in await select(BUYERS, start, start + AT_ONCE)])
        return True
