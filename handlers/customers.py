"""Here lives how staff find customers, see them, and say which one they mean."""

import re
from collections.abc import Sequence
from datetime import timedelta

from domain.audience_words import WHERE, keyed
from domain.commands import Command, Invocation, Keyword, Target, target_in
from domain.errors import Refusal
from domain.rule_text import written
from handlers import rules
from handlers.cards import buttons, phone_number, values
from handlers.context import Context
from handlers.help import MORE
from handlers.marks import standing
from handlers.router import colleague, command, scope
from models.cards import card, customer_of, customer_of_lead, customers_of
from models.customers import Customer
from models.dialogs import Dialog
from models.portraits import latest
from models.search import find

PAGE = 6  # with a line above and a line below, what a phone shows
CHOICE = timedelta(minutes=2)
LATER_PAGE = re.compile(r"\s+page=([0-9]{1,3})$")


@command(
    Command(
        "find",
        "customers",
        zh=("查", "查客户", "客户", "查询", "找", "搜", "查找", "搜索"),
        en=("find", "customer", "customers", "search"),
        takes="text",
    )
)
async def look_for(asked: Invocation, ctx: Context) -> None:
    later = LATER_PAGE.search(asked.text)
    query = asked.text[: later.start()] if later else asked.text
    if not query:
        raise Refusal("refusals/argument_needed", command=asked.command.name)
    if (rule := keyed(query, WHERE)) is not None:
        await _fulfilling(rule, max(1, int(later[1])) if later else 1, ctx)
        return
    target = target_in(query)
    if target and target.kind in "CL":
        await _present(await _exactly(target, ctx), ctx, target)
        return
    page = int(later[1]) if later else 1
    found = await _matching(query, page, ctx)
    if len(found) == page == 1:
        await _present(found[0], ctx)
        return
    choices = {str(n): f"show {row.short_id}" for n, row in enumerate(found[:PAGE], 1)}
    if len(found) > PAGE:
        choices[MORE] = f"find {query} page={page + 1}"
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + CHOICE)
    ctx.reply("customers/list", rows=_rows(found[:PAGE], ctx), more=len(found) > PAGE)


async def _fulfilling(typed: str, page: int, ctx: Context) -> None:
    """Those for whom a rule holds, the newest first."""
    read = await rules.read(typed, ctx)
    total, ids = await latest(read.seen, ctx.moment, (page - 1) * PAGE, PAGE)
    found = await customers_of(ids)
    if not found:
        raise Refusal("refusals/nobody_fulfils", rule=rules.explain(read.rule, read.names, ctx))
    choices = {str(n): f"show {row.short_id}" for n, row in enumerate(found, 1)}
    if more := total > page * PAGE:
        choices[MORE] = f"find where={written(read.kept)} page={page + 1}"
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + CHOICE)
    ctx.reply("customers/fulfilling", rows=_rows(found, ctx), total=total, more=more)


@command(Command("show", "customers", zh=("看", "看看", "查看", "名片"), en=("show", "view", "card"), targets="CL"))
async def show(asked: Invocation, ctx: Context) -> None:
    if customer := await meant(asked, ctx):
        await _present(customer, ctx, asked.target)


async def meant(asked: Invocation, ctx: Context) -> Customer | None:
    """The customer that a command is aimed at; None when several match and the choice has been offered."""
    if isinstance(asked.target, Target):
        return await _exactly(asked.target, ctx)
    query = str(asked.target)
    found = await _matching(query, 1, ctx)
    if len(found) == 1:
        ctx.about(found[0].short_id)
        return found[0]
    choices = {str(n): asked.aimed_at(row.short_id) for n, row in enumerate(found[:PAGE], 1)}
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + CHOICE)
    ctx.reply("customers/choice", rows=_rows(found[:PAGE], ctx), query=query, many=len(found) > PAGE)
    return None


def check_readable(customer: Customer, ctx: Context) -> None:
    """Raise Refusal, naming the owner and nothing else, unless this colleague may read on."""
    if not scope(ctx).sees(customer.owner_id, customer.attendant_id):
        raise _taken(customer)


def check_writable(customer: Customer, ctx: Context) -> None:
    """Raise Refusal unless this colleague may write, note and change."""
    if not scope(ctx).writes(customer.owner_id, customer.attendant_id):
        raise _taken(customer)


def _taken(customer: Customer) -> Refusal:
    return Refusal("refusals/taken", id=customer.short_id, owner=customer.owner.name if customer.owner else "")


async def _exactly(target: Target, ctx: Context) -> Customer:
    customer = await (customer_of_lead(target.number) if target.kind == "L" else customer_of(target.number))
    if customer is None:
        raise Refusal("refusals/no_such_id", what=str(target))
    ctx.about(customer.short_id)
    return customer


async def _matching(query: str, page: int, ctx: Context) -> list[Customer]:
    """One page and one more, so that whether there is a next one is known."""
    hits = await find(query, viewer=scope(ctx), limit=page * PAGE + 1)
    found = await customers_of([customer_id for customer_id, _ in hits[(page - 1) * PAGE :]])
    if not found:
        raise Refusal("refusals/not_found", what=query)
    return found


async def _present(customer: Customer, ctx: Context, asked: Target | Keyword | None = None) -> None:
    check_readable(customer, ctx)
    known, viewer = await card(customer), colleague(ctx)
    elsewhere = isinstance(asked, Target) and asked.kind == "C" and asked.number != customer.id
    merged = str(asked) if elsewhere else ""
    told = values(known, viewer, ctx, (await standing([customer.id], ctx))[customer.id] if known.taggings else {})
    ctx.reply("customers/card", buttons=buttons(known, viewer, ctx), merged=merged, **told)


def _rows(found: Sequence[Customer], ctx: Context) -> list[dict[str, object]]:
    staff = colleague(ctx)
    return [
        {
            "number": number,
            "id": row.short_id,
            "name": row.name,
            "company": row.company,
            "phone": phone_number(row.phone, row, staff, ctx),
            "owner": row.owner.name if row.owner else "",
        }
        for number, row in enumerate(found, 1)
    ]
