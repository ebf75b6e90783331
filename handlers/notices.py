"""Here lives who is told what: the keeper of a customer, or all managers where nobody keeps them."""

from domain.events import DeliveryFailed, EventBuried
from domain.permissions import Role
from handlers.context import Context
from handlers.router import on
from models.customers import Customer, Identity
from models.messages import Message
from models.outbox import OutboxItem
from models.staff import Staff


@on(DeliveryFailed)
async def report_delivery(event: DeliveryFailed, ctx: Context) -> None:
    identity = await Identity.of(event.to)
    if identity is None:
        return
    if event.state:
        await identity.reached(event.state, identity.state_at)  # our clock is not the platform's: its next word counts
    item = await OutboxItem.get_or_none(id=event.outbox_id)
    message = await Message.get_or_none(id=item.message_id) if item and item.message_id else None
    if message is None:
        return
    template = "messages/unsure" if event.unsure else "messages/failed"
    customer = await Customer.get(id=identity.customer_id)
    sender = await Staff.get_or_none(id=message.staff_id) if message.staff_id else None
    values = {"id": customer.short_id, "name": customer.name, "reason": event.reason, "text": message.text}
    if sender and sender.active:
        await tell(sender, ctx, template, **values)
    else:
        await tell_keepers(customer, ctx, template, **values)


@on(EventBuried)
async def report_buried(event: EventBuried, ctx: Context) -> None:
    for person in await Staff.filter(active=True, role=Role.ADMIN):
        await tell(person, ctx, "staff/buried", id=event.inbox_id, account=event.account)


async def tell(person: Staff, ctx: Context, template: str, **values: object) -> None:
    """Alert one person in their own chat and language; somebody without a chat account is not told."""
    if address := await person.address():
        ctx.tell(address, person.language, template, **values)


async def tell_keepers(customer: Customer, ctx: Context, template: str, **values: object) -> None:
    """Alert the owner of a customer; where there is none, every manager."""
    owner = await Staff.get_or_none(id=customer.owner_id, active=True) if customer.owner_id else None
    for person in [owner] if owner else await Staff.managers():
        await tell(person, ctx, template, **values)
