"""Here lives who is told what: the keeper of a customer, or all managers where nobody keeps them."""

from dataclasses import replace

import structlog

from domain.events import DeliveryFailed, EventBuried
from domain.messages import OutboundMessage, Outgoing, Priority
from domain.permissions import Role
from handlers.context import Context
from handlers.router import on
from models.customers import Customer, Identity
from models.messages import Message
from models.outbox import OutboxItem
from models.staff import Staff

log = structlog.get_logger()


@on(DeliveryFailed)
async def report_delivery(event: DeliveryFailed, ctx: Context) -> None:
    identity = await Identity.of(event.to)
    if identity and event.state:
        await identity.reached(event.state, identity.state_at)  # our clock is not the platform's: its next word counts
    item = await OutboxItem.get_or_none(id=event.outbox_id)
    message = await Message.get_or_none(id=item.message_id) if item and item.message_id else None
    if message and identity:
        await tell_author(message, await Customer.get(id=identity.customer_id), event, ctx)
    elif item:
        await alert_elsewhere(item.outgoing, ctx)


async def tell_author(message: Message, customer: Customer, event: DeliveryFailed, ctx: Context) -> None:
    """Whoever wrote it is told what became of it; of what we said by ourselves, whoever keeps the customer."""
    template = "messages/unsure" if event.unsure else "messages/failed"
    sender = await Staff.get_or_none(id=message.staff_id, active=True) if message.staff_id else None
    values = {"id": customer.short_id, "name": customer.name, "reason": event.reason, "text": message.text}
    if not (sender and await tell(sender, ctx, template, **values)):
        await tell_keepers(customer, ctx, template, **values)


async def alert_elsewhere(failed: Outgoing, ctx: Context) -> None:
    """What did not reach a colleague is logged; an alert goes to another account of theirs, once."""
    person = await Staff.behind(failed.to)
    if person is None:
        return
    log.warning("colleague not reached", staff=person.id)
    match failed:
        case OutboundMessage(priority=Priority.ALERT, reply_to=""):  # the second try answers the failure of the first
            if place := await person.address(besides=failed.to):
                ctx.send(replace(failed, to=place, reply_to=ctx.key))


@on(EventBuried)
async def report_buried(event: EventBuried, ctx: Context) -> None:
    for person in await Staff.filter(active=True, role=Role.ADMIN):
        await tell(person, ctx, "staff/buried", id=event.inbox_id, account=event.account)


async def tell(person: Staff, ctx: Context, template: str, **values: object) -> bool:
    """Alert one person in their own chat and language; False for somebody without a chat account."""
    address = await person.address()
    if address:
        ctx.tell(address, person.language, template, **values)
    return address is not None


async def tell_keepers(customer: Customer, ctx: Context, template: str, **values: object) -> None:
    """Alert the owner of a customer; where there is none, or none with a chat account, every manager."""
    owner = await Staff.get_or_none(id=customer.owner_id, active=True) if customer.owner_id else None
    if not (owner and await tell(owner, ctx, template, **values)):
        for person in await Staff.managers():
            await tell(person, ctx, template, **values)
