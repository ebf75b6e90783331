"""Here lives how one colleague stands in for another: a customer is handed over for a while, and handed back."""

from typing import Any

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.permissions import Role, allows
from handlers.context import Context
from handlers.customers import check_writable, meant
from handlers.notices import tell
from handlers.people import person
from handlers.router import colleague, command
from models.cards import held
from models.customers import Customer
from models.staff import Staff


@command(
    Command(
        "takeover",
        "customers",
        zh=("接手", "代跟"),
        en=("takeover", "cover"),
        role=Role.SALES,
        tier="write",
        targets="CL",
        takes="arguments",
    )
)
async def take_over(asked: Invocation, ctx: Context) -> None:
    """The stand-in hears and may write what the owner may; the customer stays the owner's."""
    customer = await meant(asked, ctx)
    if customer is None:
        return
    stand_in = await _named(asked) or colleague(ctx)
    customer = await held(customer)
    _check_may_give(customer, ctx)
    _check_free(customer, stand_in)
    await customer.change(ctx.actor, attendant_id=stand_in.id)
    await _tell_of_stand_in(customer, stand_in, ctx)


@command(
    Command(
        "handback",
        "customers",
        zh=("交回", "还回"),
        en=("handback",),
        role=Role.SALES,
        tier="write",
        targets="CL",
    )
)
async def hand_back(asked: Invocation, ctx: Context) -> None:
    """By the stand-in, by the owner, or by a manager of theirs."""
    customer = await meant(asked, ctx)
    if customer is None:
        return
    customer = await held(customer)
    check_writable(customer, ctx)
    attendant = customer.attendant
    if attendant is None:
        raise Refusal("refusals/not_attended", id=customer.short_id, owner=_owner(customer))
    await customer.change(ctx.actor, attendant_id=None)
    await _tell_of_return(customer, attendant, ctx)


async def _named(asked: Invocation) -> Staff | None:
    """Who is to stand in; a name may have blanks."""
    typed = " ".join((*asked.args.people, *asked.args.words))
    return await person(typed) if typed else None


def _check_may_give(customer: Customer, ctx: Context) -> None:
    """Only the owner and managers say who stands in; who is not meant to see the customer learns whom to ask."""
    staff = colleague(ctx)
    if customer.owner_id is None:
        raise Refusal("refusals/nobodys", id=customer.short_id)
    if customer.owner_id != staff.id and not allows(staff.role, Role.MANAGER):
        left = customer.owner is not None and not customer.owner.active
        owner = _owner(customer)
        raise Refusal("refusals/owners_to_give", id=customer.short_id, owner=owner, you=staff.name, left=left)
    check_writable(customer, ctx)


def _check_free(customer: Customer, stand_in: Staff) -> None:
    """A colleague who left stands in for nobody any more."""
    attendant = customer.attendant
    if attendant is not None and attendant.active:
        raise Refusal("refusals/attended", id=customer.short_id, attendant=attendant.name)
    if customer.owner_id == stand_in.id:
        raise Refusal("refusals/owners_own", id=customer.short_id, owner=stand_in.name)
    if not allows(stand_in.role, Role.SALES):
        raise Refusal("refusals/cannot_stand_in", person=stand_in.name, role=stand_in.role.value)


async def _tell_of_stand_in(customer: Customer, stand_in: Staff, ctx: Context) -> None:
    actor = colleague(ctx)
    values: dict[str, Any] = {"id": customer.short_id, "name": customer.name, "owner": _owner(customer)}
    if actor.id == stand_in.id:
        ctx.reply("customers/standing_in", by="", **values)
    else:
        ctx.reply("customers/stood_in_for", by="", attendant=stand_in.name, **values)
        offers = {"reply": f"reply {customer.short_id}"}
        await tell(stand_in, ctx, "customers/standing_in", offers=offers, by=actor.name, **values)
    if customer.owner and customer.owner.active and actor.id != customer.owner_id:
        arranged = actor.name if actor.id != stand_in.id else ""
        await tell(customer.owner, ctx, "customers/stood_in_for", by=arranged, attendant=stand_in.name, **values)


async def _tell_of_return(customer: Customer, attendant: Staff, ctx: Context) -> None:
    actor = colleague(ctx)
    values: dict[str, Any] = {"id": customer.short_id, "name": customer.name, "owner": _owner(customer)}
    ctx.reply("customers/handed_back", by="", yours=actor.id == customer.owner_id, **values)
    for each in filter(None, (attendant, customer.owner)):
        if each.id != actor.id and each.active:
            yours = each.id == customer.owner_id
            await tell(each, ctx, "customers/handed_back", by=actor.name, yours=yours, **values)


def _owner(customer: Customer) -> str:
    return customer.owner.name if customer.owner else ""
