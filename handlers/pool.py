"""Here lives the list of leads, a phone's screen at a time."""

import re
from collections.abc import Sequence
from datetime import timedelta

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.permissions import Role
from domain.pool import BEFORE, Choice, Place, Reader, age
from handlers.context import Context
from handlers.help import MORE
from handlers.people import person
from handlers.router import colleague, command, scope
from models.dialogs import Dialog
from models.fields import milliseconds
from models.leads import Lead
from models.pool import listed

PAGE = 6  # with a line above and a line below, what a phone shows
LASTS = timedelta(minutes=10)
LEFT = re.compile(rf"\s*\b{BEFORE}=\S*")


@command(
    Command("leads", "leads", zh=("线索", "线索池"), en=("leads", "lead", "pool"), role=Role.SALES, takes="arguments")
)
async def look_through(asked: Invocation, ctx: Context) -> None:
    choice = Reader(ctx.house.accounts, ctx.now, ctx.house.timezone).choice(asked.args)
    owners = choice.owners(scope(ctx), await _person(choice, ctx))
    found = await listed(choice, owners, PAGE + 1)
    page = found[:PAGE]
    choices = {str(number): f"show {lead.customer.short_id}" for number, lead in enumerate(page, 1)}
    if more := len(found) > PAGE:
        place = Place(milliseconds(page[-1].created_at), page[-1].id)
        choices[MORE] = " ".join(filter(None, ("leads", LEFT.sub("", asked.text), f"{BEFORE}={place}")))
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + LASTS)
    if page:
        ctx.reply("leads/list", rows=_rows(page, choice, ctx), more=more)
    else:
        ctx.reply("leads/none", filtered=bool(asked.text), later=choice.before is not None)


async def _person(choice: Choice, ctx: Context) -> int | None:
    """Whose leads are asked for by name; only those of whom one may see the customers."""
    if not choice.person:
        return None
    wanted = await person(choice.person, left=True)
    if not scope(ctx).sees(wanted.id):
        raise Refusal("refusals/leads_of_others", name=wanted.name)
    return int(wanted.id)


def _rows(page: Sequence[Lead], choice: Choice, ctx: Context) -> list[dict[str, object]]:
    return [
        {
            "number": number,
            "id": lead.short_id,
            "name": lead.customer.name,
            "channel": _channel(lead, choice, ctx),
            "stage": lead.stage.value,
            "age": age(lead.created_at, ctx.now),
            "owner": lead.owner.name if lead.owner else "",
            "mine": lead.owner_id == colleague(ctx).id,
        }
        for number, lead in enumerate(page, 1)
    ]


def _channel(lead: Lead, choice: Choice, ctx: Context) -> str:
    """Where the customer was met first, out of the channels asked for."""
    accounts = [each.account for each in sorted(lead.customer.identities, key=lambda each: each.id)]
    known = next((account for account in accounts if account in choice.accounts), next(iter(accounts), ""))
    return ctx.house.accounts.get(known, known)
