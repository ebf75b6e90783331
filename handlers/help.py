"""Here lives help: what a person may ask for, and how each command is used."""

from collections.abc import Iterator

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.permissions import Role
from handlers.context import Context
from handlers.menus import offer_here
from handlers.router import authorize, choose, command, table
from templates.terms import terms

MORE = "more"  # under which an answer offers its next page


@command(
    Command("help", "me", zh=("帮助", "命令", "菜单", "?"), en=("help", "commands", "h"), role=None, takes="arguments")
)
async def explain(asked: Invocation, ctx: Context) -> None:
    if asked.args.words:
        _one(asked.args.words[0], ctx)
    else:
        _all(ctx)
        offer_here(ctx)


@command(Command("more", "me", zh=("更多", "下一页"), en=("more", "next")))
async def read_on(asked: Invocation, ctx: Context) -> None:  # noqa: ARG001 - every command is given its invocation
    try:
        await choose(MORE, ctx)
    except Refusal as refusal:
        raise Refusal("refusals/no_more") from refusal


def _all(ctx: Context) -> None:
    topics: dict[str, list[str]] = {}
    for row in _open(ctx):
        topics.setdefault(row.topic, []).append(_verb(row, ctx))
    listed = [{"name": topic, "verbs": verbs} for topic, verbs in topics.items()]
    example = terms(ctx.language)["commands"]["find"]["examples"][0]
    ctx.reply("help/overview", topics=listed, example=example)


def _one(name: str, ctx: Context) -> None:
    wanted = name.lower().lstrip("/")
    row = table().by_alias.get(wanted)
    if row is None:
        raise Refusal("refusals/unknown_command", typed=name, near=table().suggestions(wanted, _role(ctx)))
    authorize(ctx.staff, row)
    verb, *others = row.en if ctx.language == "en" else row.zh
    ctx.reply(
        "help/command",
        verb=verb,
        command=row.name,
        aliases=[*others, row.zh[0] if ctx.language == "en" else row.en[0]],
        role=row.role.value if row.role and row.role is not Role.VIEWER else "",
    )


def _open(ctx: Context) -> Iterator[Command]:
    return (row for row in table().commands if row.open_to(_role(ctx)))


def _role(ctx: Context) -> Role:
    return ctx.staff.role if ctx.staff else Role.VIEWER


def _verb(row: Command, ctx: Context) -> str:
    return row.en[0] if ctx.language == "en" else row.zh[0]
