"""Here live the templates of pushes (模板): written once under a name, and tried on oneself (试发)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from domain.arguments import arguments
from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.lines import plainly
from domain.messages import Content, File, Image, Link, Notice, words
from domain.naming import folded
from domain.nearest import nearest
from domain.permissions import Role
from domain.push_contents import content_of, is_whole
from domain.push_templates import Wish, check_name, names_template, wish
from domain.wording import blanks, personal, values_for
from handlers.cards import excerpt
from handlers.context import Context
from handlers.dialogs import ask
from handlers.help import MORE
from handlers.router import colleague, command
from models.dialogs import Dialog
from models.push_templates import PushTemplate
from models.schedules import Schedule

PAGE = 6  # with a line above and a line below, what a phone shows
LASTS = timedelta(minutes=10)
LINES = 4  # of a text that is shown again
EXCERPT = 24
NEAR = 3
SCHEDULES = 500  # that are asked whether they name a template


@command(
    Command(
        "tpl",
        "pushes",
        zh=("模板", "群发模板"),
        en=("tpl", "template", "templates"),
        role=Role.MANAGER,
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
            _show(await called(wanted.name), "push_templates/one", ctx)
        case _:
            await _drop(await called(wanted.name), ctx)


async def called(name: str) -> PushTemplate:
    """The template of this name; raises Refusal with those that are called nearly so."""
    if found := await PushTemplate.called(name):
        return found
    titles = await PushTemplate.titles()
    begun = [title for title in titles if folded(title).startswith(folded(name))]
    near = dict.fromkeys([*nearest(folded(name), titles), *begun])
    raise Refusal("refusals/no_such_template", name=excerpt(name), near=list(near)[:NEAR], any=bool(titles))


async def _list(page: int, ctx: Context) -> None:
    found = await PushTemplate.listed((page - 1) * PAGE, PAGE + 1)
    rows = [
        {"number": n, "name": row.title, "kind": row.content.kind, "text": excerpt(words(row.content), EXCERPT)}
        for n, row in enumerate(found[:PAGE], 1)
    ]
    choices = {str(row["number"]): f"tpl show {row['name']}" for row in rows}
    if more := len(found) > PAGE:
        choices[MORE] = f"tpl page={page + 1}"
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + LASTS)
    ctx.reply("push_templates/list" if rows else "push_templates/none", rows=rows, more=more)


async def _add(wanted: Wish, body: str, ctx: Context) -> None:
    """What stands below the first line is kept byte for byte."""
    check_name(wanted.name)
    given = arguments(plainly(wanted.rest).plain, "tpl")
    if stray := next(iter((*given.words, *given.tags, *given.added, *given.dropped, *given.people)), ""):
        raise Refusal("refusals/template_stray", what=stray)
    if not body.strip() and not is_whole(given.pairs):
        typed = " ".join(filter(None, (wanted.name, wanted.rest)))
        await ask(ctx, f"tpl add {typed}\n", "push_templates/ask_text", name=wanted.name)
        return
    content, rest = content_of(given.pairs, body)
    if content is None:
        raise Refusal("refusals/argument_needed", command="tpl")
    defaults = values_for(content, rest)
    await PushTemplate.keep(wanted.name, content, defaults, colleague(ctx), ctx.now)
    _show(await called(wanted.name), "push_templates/kept", ctx)


async def _drop(template: PushTemplate, ctx: Context) -> None:
    """Not while a schedule is to send it."""
    using = [row.short_id for row in await Schedule.living(SCHEDULES) if names_template(row.words, template.title)]
    if using:
        raise Refusal("refusals/template_used", name=template.title, schedules=using[:NEAR])
    await PushTemplate.drop(template.title)
    ctx.reply("push_templates/dropped", name=template.title, text=_short(words(template.content)))


def _show(template: PushTemplate, answer: str, ctx: Context) -> None:
    content = template.content
    values: dict[str, Any] = {
        "name": template.title,
        "author": template.staff.name if template.staff else "",
        "kind": content.kind,
        "text": _short(words(content)),
        "what": _address(content),
        "blanks": _explained(content, template.defaults),
    }
    ctx.reply(answer, **values)


def _explained(content: Content, defaults: Mapping[str, str]) -> list[dict[str, object]]:
    own = personal(content)
    return [
        {"name": name, "personal": name in own, "default": excerpt(defaults.get(name, ""), EXCERPT)}
        for name in sorted(blanks(content), key=lambda name: (name not in own, name))
    ]


def _address(content: Content) -> str:
    """What is sent besides the words."""
    match content:
        case Image() | File():
            return content.url or content.media
        case Link(picture=picture):
            return picture
        case Notice():
            return " ".join(filter(None, (content.template, content.url)))
        case _:
            return ""


def _short(text: str) -> str:
    """As much of it as a phone shows below one line of ours."""
    lines = text.splitlines()
    return "\n".join([*lines[:LINES], "…"] if len(lines) > LINES else lines)
