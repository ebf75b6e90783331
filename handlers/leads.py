"""Here lives whose a lead is: claimed, put back, assigned. The customer and their lead have one owner."""

from typing import Any

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.lines import plainly
from domain.permissions import Role, allows
from handlers.cards import excerpt
from handlers.context import Context
from handlers.customers import check_writable, meant
from handlers.dialogs import ask
from handlers.notices import tell
from handlers.people import person
from handlers.router import colleague, command, scope
from models.cards import held
from models.customers import Customer
from models.leads import Lead
from models.search import Searchable
from models.staff import Staff

OFFERED = 6  # colleagues who are offered by number


@command(
    Command(
        "claim", "leads", zh=("领", "领取", "认领"), en=("claim", "take"), role=Role.SALES, tier="write", targets="CL"
    )
)
async def claim(asked: Invocation, ctx: Context) -> None:
    if found := await meant(asked, ctx):
        customer, lead = await at_hand(found, ctx)
        staff = colleague(ctx)
        if customer.owner_id == staff.id:
            ctx.reply("leads/yours_already", **values(customer, lead))
            return
        if customer.owner:
            raise _claimed(customer, lead, ctx)
        await entrust(customer.id, staff.id, ctx)
        _show("leads/claimed", customer, lead, ctx)


@command(
    Command(
        "release",
        "leads",
        zh=("放", "放回", "退回"),
        en=("release", "drop"),
        role=Role.SALES,
        tier="write",
        targets="CL",
    )
)
async def release(asked: Invocation, ctx: Context) -> None:
    if found := await meant(asked, ctx):
        customer, lead = await at_hand(found, ctx)
        owner = customer.owner
        if owner is None:
            ctx.reply("leads/free_already", **values(customer, lead))
            return
        _check_releasable(customer, ctx)
        await entrust(customer.id, None, ctx)
        again = ctx.button("claim", f"claim {lead.short_id}")
        ctx.reply("leads/released", buttons=(again,), **values(customer, lead))
        await _tell_former(owner, customer, lead, "", ctx)


@command(
    Command(
        "assign",
        "leads",
        zh=("分配", "分给", "指派"),
        en=("assign",),
        role=Role.MANAGER,
        tier="write",
        targets="CL",
        takes="text",
        yields=True,
    )
)
async def assign(asked: Invocation, ctx: Context) -> None:
    if not (found := await meant(asked, ctx)):
        return
    customer, lead = await at_hand(found, ctx)
    check_writable(customer, ctx)
    if not asked.words.strip():
        await _ask_whom(lead, customer, ctx)
        return
    keeper = await person(plainly(asked.words).plain.strip())
    _check_assignable(keeper, ctx)
    own = keeper.id == colleague(ctx).id
    if customer.owner_id == keeper.id:
        ctx.reply("leads/yours_already" if own else "leads/theirs_already", owner=keeper.name, **values(customer, lead))
        return
    await entrust(customer.id, keeper.id, ctx)
    if customer.owner:
        await _tell_former(customer.owner, customer, lead, keeper.name, ctx)
    if own:
        _show("leads/claimed", customer, lead, ctx)
    else:
        told = await _tell_new(keeper, customer, lead, ctx)
        ctx.reply("leads/assigned", owner=keeper.name, told=told, **values(customer, lead))


async def entrust(customer_id: int, staff_id: int | None, ctx: Context) -> None:
    """Make somebody, or nobody, the owner of a customer and of their lead; nobody stands in for them any more."""
    customer = await Customer.hold(customer_id)
    if customer is None or customer.owner_id == staff_id:
        return
    lead = await Lead.of(customer_id)
    await customer.change(ctx.actor, owner_id=staff_id, attendant_id=None)
    await lead.change(ctx.actor, owner_id=staff_id, claimed_at=ctx.now if staff_id else None)
    await Searchable.owned(customer_id, staff_id)


async def at_hand(found: Customer, ctx: Context) -> tuple[Customer, Lead]:
    """The customer as they are now, and their lead; whose they are stays so until this command is done."""
    customer = await held(found)
    lead = await Lead.of(customer.id)
    ctx.about(customer.short_id, lead.short_id)
    return customer, lead


def values(customer: Customer, lead: Lead) -> dict[str, Any]:
    """What the templates of leads are filled with."""
    return {
        "lead": lead.short_id,
        "id": customer.short_id,
        "name": customer.name,
        "stage": lead.stage.value,
        "first_words": excerpt(lead.first_words),
    }


def _claimed(customer: Customer, lead: Lead, ctx: Context) -> Refusal:
    """Who can change it is told how; nobody is sent to a colleague who left."""
    staff, owner = colleague(ctx), customer.owner
    sees = scope(ctx).sees(customer.owner_id, customer.attendant_id)
    return Refusal(
        "refusals/claimed",
        lead=lead.short_id,
        owner=owner.name if owner else "",
        left=owner is not None and not owner.active,
        manager=allows(staff.role, Role.MANAGER) and sees,
        you=staff.name,
    )


def _check_releasable(customer: Customer, ctx: Context) -> None:
    """Who only stands in for the owner does not give the customer away."""
    staff = colleague(ctx)
    check_writable(customer, ctx)
    if customer.owner_id != staff.id and not allows(staff.role, Role.MANAGER):
        raise Refusal("refusals/not_yours", id=customer.short_id, owner=customer.owner.name if customer.owner else "")


def _check_assignable(keeper: Staff, ctx: Context) -> None:
    owners = scope(ctx).owners
    if owners is not None and keeper.id not in owners:
        raise Refusal("refusals/not_in_team", name=keeper.name)
    if not allows(keeper.role, Role.SALES):
        raise Refusal("refusals/only_reads", name=keeper.name)


async def _ask_whom(lead: Lead, customer: Customer, ctx: Context) -> None:
    colleagues = await Staff.filter(active=True).exclude(role=Role.VIEWER).order_by("id")
    owners = scope(ctx).owners
    names = [each.name for each in colleagues if each.id != customer.owner_id and (owners is None or each.id in owners)]
    begun = f"assign {lead.short_id} "
    choices = {str(number): f"{begun}@{name}" for number, name in enumerate(names[:OFFERED], 1)}
    await ask(ctx, begun, "leads/ask_whom", choices=choices, people=names[:OFFERED], **values(customer, lead))


async def _tell_new(keeper: Staff, customer: Customer, lead: Lead, ctx: Context) -> bool:
    offers = {"show": f"show {customer.short_id}", "talk": f"talk {customer.short_id}"}
    return await tell(keeper, ctx, "leads/given", offers=offers, by=colleague(ctx).name, **values(customer, lead))


async def _tell_former(owner: Staff, customer: Customer, lead: Lead, to: str, ctx: Context) -> None:
    """Who kept the customer until now is told who took them away, and where they went."""
    if owner.active and owner.id != colleague(ctx).id:
        await tell(owner, ctx, "leads/taken_away", by=colleague(ctx).name, successor=to, **values(customer, lead))


def _show(template: str, customer: Customer, lead: Lead, ctx: Context) -> None:
    buttons = (
        ctx.button("show", f"show {customer.short_id}"),
        ctx.button("talk", f"talk {customer.short_id}"),
        ctx.button("release", f"release {lead.short_id}"),
    )
    ctx.reply(template, buttons=buttons, **values(customer, lead))
