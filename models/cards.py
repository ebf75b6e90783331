"""Here lives what is known of one customer at a glance, gathered from the tables that know it."""

from collections.abc import Sequence
from dataclasses import dataclass

from models import group_members, identities
from models.customers import Customer, Identity, Relation
from models.leads import Lead
from models.messages import Message
from models.notes import Note
from models.tags import Tag, Tagging
from models.tasks import Task

NOTES = 3
MESSAGES = 2
TASKS = 3


@dataclass(frozen=True, slots=True)
class Card:
    """`notes` and `messages` are the last ones, newest first, their `staff` fetched; `tasks` the most urgent open ones.

    The customer's `owner` and `attendant` are fetched, too. `taggings` are in the order of the library, `namesakes` all
    tags that are called like one of them. `groups` are the group chats that they are in: id and name.
    """

    customer: Customer
    identities: Sequence[Identity]
    lead: Lead | None
    notes: Sequence[Note]
    messages: Sequence[Message]
    tasks: Sequence[Task]
    taggings: Sequence[Tagging]
    namesakes: Sequence[Tag]
    groups: Sequence[tuple[str, str]]

    @property
    def relations(self) -> list[Relation]:
        """Of all members to all identities of this customer."""
        return [relation for identity in self.identities for relation in identity.relations]


async def card(customer: Customer) -> Card:
    of = {"customer_id": customer.id}
    taggings = await Tagging.of(customer.id)
    names = {each.tag.name for each in taggings}
    return Card(
        customer,
        identities=await Identity.filter(**of).order_by("id").prefetch_related("relations"),
        lead=await Lead.filter(**of).first(),
        notes=await Note.filter(**of).order_by("-id").limit(NOTES).select_related("staff"),
        messages=await Message.filter(**of).order_by("-id").limit(MESSAGES).select_related("staff"),
        tasks=await Task.open_of_customer(customer.id, TASKS),
        taggings=taggings,
        namesakes=await Tag.filter(gone_at=None, name__in=names).select_related("group") if names else [],
        groups=await group_members.groups_of(customer.id),
    )


async def customer_of(customer_id: int) -> Customer | None:
    """One customer with owner and attendant; of one who was merged into another, that other."""
    while row := await Customer.filter(id=customer_id).select_related("owner", "attendant").first():
        if row.merged_into_id is None:
            return row
        customer_id = row.merged_into_id
    return None


async def held(customer: Customer) -> Customer:
    """The same as they are now, whom nobody else changes until this transaction ends."""
    await Customer.hold(customer.id)
    now = await customer_of(customer.id) or customer
    return now if now.id == customer.id else await held(now)


async def held_together(ids: Sequence[int]) -> list[Customer]:
    """Several customers as they are now, each once, in the order of `ids`; held as `held` holds one."""
    rows = {row.id: row for row in await identities.held(ids)}
    into = list(dict.fromkeys(rows[number].merged_into_id or number for number in ids if number in rows))
    return await customers_of(into) if {*into} <= {*ids} else await held_together(into)


async def customer_of_lead(lead_id: int) -> Customer | None:
    """The customer whose lead it is, in the same way."""
    lead = await Lead.get_or_none(id=lead_id)
    return await customer_of(lead.customer_id) if lead else None


async def customers_of(ids: Sequence[int]) -> list[Customer]:
    """Customers with owner and attendant, in the order of `ids`; unknown and merged ones are left out."""
    found = await Customer.filter(id__in=list(ids), merged_into_id=None).select_related("owner", "attendant")
    rows = {row.id: row for row in found}
    return [rows[number] for number in ids if number in rows]
