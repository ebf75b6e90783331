"""Here lives what is known of one customer at a glance, gathered from the tables that know it."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.customers import Customer, Identity, Relation
from models.leads import Lead
from models.notes import Note

NOTES = 3


@dataclass(frozen=True, slots=True)
class Card:
    """`notes` are the last ones, newest first, their `staff` fetched; so is the customer's `owner`."""

    customer: Customer
    identities: Sequence[Identity]
    lead: Lead | None
    notes: Sequence[Note]

    @property
    def relations(self) -> list[Relation]:
        """Of all members to all identities of this customer."""
        return [relation for identity in self.identities for relation in identity.relations]


async def card(customer: Customer) -> Card:
    identities = await Identity.filter(customer_id=customer.id).order_by("id").prefetch_related("relations")
    lead = await Lead.filter(customer_id=customer.id).first()
    notes = await Note.filter(customer_id=customer.id).order_by("-id").limit(NOTES).select_related("staff")
    return Card(customer, identities, lead, notes)


async def customer_of(customer_id: int) -> Customer | None:
    """One customer with their owner."""
    return await Customer.filter(id=customer_id).select_related("owner").first()


async def customer_of_lead(lead_id: int) -> Customer | None:
    """The customer whose lead it is, with their owner."""
    return await Customer.filter(lead__id=lead_id).select_related("owner").first()


async def customers_of(ids: Sequence[int]) -> list[Customer]:
    """Customers with their owners, in the order of `ids`; unknown ids are left out."""
    rows = {row.id: row for row in await Customer.filter(id__in=list(ids)).select_related("owner")}
    return [rows[number] for number in ids if number in rows]
