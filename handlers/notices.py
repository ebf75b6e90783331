"""Here lives who is told what: the keeper of a customer, or their managers where nobody keeps them."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import structlog

from domain.messages import Button, OutboundMessage, Priority
from domain.outgoing import Outgoing, TagChange, TagEdit
from domain.own_events import DeliveryFailed, EventBuried
from domain.permissions import Role
from handlers.context import Context
from handlers.router import on
from handlers.settlements import fail
from models.customers import Customer, Identity
from models.groups import Group
from models.messages import Message
from models.outbox import OutboxItem
from models.staff import Staff

NOTHING: Mapping[str, str] = MappingProxyType({})
log = structlog.get_logger()


@on(DeliveryFailed)
async def report_delivery(event: DeliveryFailed, ctx: Context) -> None:
    item = await OutboxItem.get_or_none(id=event.outbox_id)
    if item and isinstance(item.outgoing, TagEdit | TagChange):
        await fail(event, item.outgoing, ctx)
        return
    identity = await Identity.of(event.to)
    if identity and event.state:
        await identity.reached(event.state, identity.state_at)  # our clock is not the platform's: its next word counts
    elif not event.unsure:
        await Group.lost(event.to, event.reason, ctx.now)
    if item and item.recipient_id:
        return  # of a push its ledger tells, and its report
    message = await Message.get_or_none(id=item.message_id) if item and item.message_id else None
    if message and identity:
        await tell_author(message, await Customer.get(id=identity.customer_id), event, ctx)
    elif item:
        await alert_elsewhere(item.outgoing, ctx)


async def tell_author(message: Message, customer: Customer, event: DeliveryFailed, ctx: Context) -> None:
    """Whoever wrote it is told what became of it; of what we said by ourselves, whoever keeps the customer."""
    template = "messages/unsure" if event.unsure else "messages/failed"
    sender = await Staff.get_or_none(id=message.staff_id, active=True) if message.staff_id else None
    values: dict[str, Any] = {
        "id": customer.short_id,
        "name": customer.name,
        "reason": event.reason,
        "text": message.text,
    }
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


async def tell(
    person: Staff,
    ctx: Context,
    template: str,
    *,
    buttons: tuple[Button, ...] = (),
    offers: Mapping[str, str] = NOTHING,
    **values: object,
) -> bool:
    """Alert one person in their own chat and language; False for somebody without a chat account.

    `offers` are buttons in the person's language: a word of the table `buttons` for each command.
    """
    address = await person.address()
    if address:
        language = person.language or ctx.house.language
        offered = tuple(ctx.button(label, data, language) for label, data in offers.items())
        ctx.tell(address, language, template, buttons=(*buttons, *offered), **values)
    return address is not None


async def tell_keepers(customer: Customer, ctx: Context, template: str, **values: Any) -> None:
    """Alert who stands in for the owner, or the owner; where neither has a chat account, whoever manages theirs.

    Administrators see everybody's: they are left where no manager is.
    `values` may have `buttons` and `offers` among them, as for `tell`.
    """
    for keeper_id in filter(None, (customer.attendant_id, customer.owner_id)):
        keeper = await Staff.get_or_none(id=keeper_id, active=True)
        if keeper and await tell(keeper, ctx, template, **values):
            return
    for person in await Staff.managers():
        if (await person.scope()).sees(customer.owner_id, customer.attendant_id):
            await tell(person, ctx, template, **values)
