"""Here live the quick replies (话术): kept under a name, sent to a customer with two words."""

from dataclasses import replace
from datetime import timedelta

from domain.commands import Command, Invocation, Keyword, target_in
from domain.errors import Refusal
from domain.messages import Text
from domain.permissions import Role, allows
from domain.snippets import LONGEST_NAME, Wish, check_blanks, check_name, filled, is_name, wish
from handlers.cards import excerpt
from handlers.context import Context
from handlers.customers import check_writable, meant
from handlers.dialogs import ask
from handlers.help import MORE
from handlers.messages import answer
from handlers.router import colleague, command
from models.dialogs import Dialog
from models.snippets import Snippet

PAGE = 6  # with a line above and a line below, what a phone shows
LASTS = timedelta(minutes=10)
LINES = 5  # of a text that is shown again
EXCERPT = 24


@command(
    Command(
        "snippets",
        "customers",
        zh=("话术", "快捷回复"),
        en=("snippets", "snippet"),
        role=Role.SALES,
        tier="write",
        takes="text",
    )
)
async def use(asked: Invocation, ctx: Context) -> None:
    wanted = wish(asked.text)
    if wanted.act != "list" and not wanted.name:
        raise Refusal("refusals/argument_needed", command=asked.command.name)
    match wanted.act:
        case "list":
            await _list(wanted.page, ctx)
        case "add":
            await _add(wanted, asked.body, ctx)
        case "show":
            snippet = await _called(wanted.name)
            ctx.reply("snippets/one", name=snippet.name, text=snippet.text, author=_author(snippet))
        case "drop":
            await _drop(wanted.name, ctx)
        case _:
            await _send(asked, wanted, ctx)


async def _list(page: int, ctx: Context) -> None:
    found = await Snippet.listed((page - 1) * PAGE, PAGE + 1)
    rows = [
        {"number": n, "name": row.name, "text": excerpt(row.text, EXCERPT)} for n, row in enumerate(found[:PAGE], 1)
    ]
    choices = {str(row["number"]): f"snippets {row['name']}" for row in rows}
    if more := len(found) > PAGE:
        choices[MORE] = f"snippets page={page + 1}"
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + LASTS)
    ctx.reply("snippets/list" if rows else "snippets/none", rows=rows, more=more)


async def _add(wanted: Wish, body: str, ctx: Context) -> None:
    """The text may begin in the first line, or below it: then it is kept byte for byte."""
    check_name(wanted.name)
    text = "\n".join(filter(None, (wanted.rest, body)))
    if not text.strip():
        await ask(ctx, f"snippets add {wanted.name}\n", "snippets/ask_text", name=wanted.name)
        return
    check_blanks(text)
    staff, before = colleague(ctx), await Snippet.called(wanted.name)
    if not await Snippet.keep(wanted.name, text, staff, ctx.now, anybodys=_manages(ctx)):
        raise _not_yours(await _called(wanted.name))
    old = before.text if before and before.text != text else ""
    ctx.reply("snippets/kept", name=wanted.name, old=_short(old), author=_author(before) if before else "")


async def _drop(name: str, ctx: Context) -> None:
    snippet = await _called(name)
    if not await Snippet.drop(name, colleague(ctx), anybodys=_manages(ctx)):
        raise _not_yours(await _called(name))
    ctx.reply("snippets/dropped", name=name, text=_short(snippet.text))


async def _send(asked: Invocation, wanted: Wish, ctx: Context) -> None:
    snippet = await _called(wanted.name)
    if not wanted.rest:
        await ask(ctx, f"snippets {snippet.name} ", "snippets/ask_whom", name=snippet.name, text=_short(snippet.text))
        return
    whom = target_in(wanted.rest) or Keyword(wanted.rest.strip('"“”「」'))
    customer = await meant(replace(asked, verb=f"{asked.verb} {snippet.name}", target=whom, text="", body=""), ctx)
    if customer is None:
        return
    check_writable(customer, ctx)
    values = {"customer": customer.name, "me": colleague(ctx).name, "company": customer.company}
    text = filled(snippet.text, values)
    await answer(customer, Text(text), ctx)
    ctx.reply("snippets/sending", id=customer.short_id, name=customer.name, text=_short(text))


async def _called(name: str) -> Snippet:
    if snippet := await Snippet.called(name):
        return snippet
    raise Refusal("refusals/no_such_snippet", name=excerpt(name, LONGEST_NAME), free=is_name(name))


def _manages(ctx: Context) -> bool:
    return allows(colleague(ctx).role, Role.MANAGER)


def _author(snippet: Snippet) -> str:
    return snippet.staff.name if snippet.staff else ""


def _not_yours(snippet: Snippet) -> Refusal:
    return Refusal("refusals/snippet_of", name=snippet.name, author=_author(snippet))


def _short(text: str) -> str:
    """As much of it as a phone shows below one line of ours."""
    lines = text.splitlines()
    return "\n".join([*lines[:LINES], "…"] if len(lines) > LINES else lines)
