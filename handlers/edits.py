"""Here lives the changing of what is known of a customer."""

from typing import Any

from domain.commands import Command, Invocation
from domain.edits import CUSTOM, Stored, edits, field_alone
from domain.permissions import Role
from domain.phones import at_home
from handlers.cards import phone_number
from handlers.contacts import index
from handlers.context import Context
from handlers.customers import check_writable, meant
from handlers.dialogs import ask
from handlers.router import colleague, command
from models.cards import held
from models.customers import Customer
from templates.terms import terms


@command(
    Command(
        "set",
        "customers",
        zh=("改", "修改", "改资料"),
        en=("set", "edit"),
        role=Role.SALES,
        tier="write",
        targets="CL",
        takes="text",
    )
)
async def edit(asked: Invocation, ctx: Context) -> None:
    """All of what was typed or nothing."""
    customer = await meant(asked, ctx)
    if customer is None:
        return
    check_writable(customer, ctx)
    if await _asked_back(asked, customer, ctx):
        return
    new = edits(asked.words, ctx.now.astimezone(ctx.house.timezone).date())
    customer = await held(customer)
    check_writable(customer, ctx)
    old = {field: was for field in new if (was := _known(field, customer)) != new[field]}
    if await customer.change(ctx.actor, **new):
        await index(customer)
    told = [
        {"field": field, "old": _was(field, was, customer, ctx), "new": _told(field, new[field], ctx)}
        for field, was in old.items()
    ]
    ctx.reply("customers/edited", id=customer.short_id, name=customer.name, changes=told)


async def _asked_back(asked: Invocation, customer: Customer, ctx: Context) -> bool:
    """Whether a field or its value is missing, and was asked for."""
    values: dict[str, Any] = {"id": customer.short_id, "name": customer.name}
    if not asked.words.strip():
        await ask(ctx, f"set {customer.short_id} ", "customers/ask_edit", **values)
    elif field := field_alone(asked.words):
        await ask(ctx, f"set {customer.short_id} {field}=", "customers/ask_field", field=field, **values)
    else:
        return False
    return True


def _known(field: str, customer: Customer) -> Stored:
    own = field.startswith(CUSTOM)
    known: Stored = customer.custom.get(field.removeprefix(CUSTOM), "") if own else getattr(customer, field)
    return known


def _was(field: str, value: Stored, customer: Customer, ctx: Context) -> str:
    """A number that was there before is shown as on the card."""
    return phone_number(str(value), customer, colleague(ctx), ctx) if field == "phone" else _told(field, value, ctx)


def _told(field: str, value: Stored, ctx: Context) -> str:
    """As people write it."""
    match field:
        case "phone":
            return at_home(str(value))
        case "gender" | "consent":
            return str(terms(ctx.language)[f"{field}s"][str(value)]) if value else ""
        case "birthday":
            return str(value).removeprefix("--")
        case _:
            return str(value)
