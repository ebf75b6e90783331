"""Here live the audiences that are there from the start, as they are listed, counted, and changed to fit."""

from dataclasses import replace

from domain.audience_words import LATER_PAGE, unquoted
from domain.audiences import called, preset_named
from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.lines import plainly
from domain.permissions import Role
from domain.rule_text import parse, written
from domain.rules import Member
from handlers import rules
from handlers.audiences import LASTS, LONG, PAGE, SHORT, examples, offered
from handlers.cards import excerpt
from handlers.context import Context
from handlers.help import MORE
from handlers.router import colleague, command
from models.dialogs import Dialog
from models.portraits import survey
from templates.presets import presets


@command(
    Command(
        "presets",
        "customers",
        zh=("人群模板",),
        en=("presets", "preset"),
        role=Role.MANAGER,
        takes="text",
    )
)
async def use(asked: Invocation, ctx: Context) -> None:
    typed = unquoted(asked.words).removeprefix("@")
    later = LATER_PAGE.fullmatch(plainly(typed).plain)
    if later or not typed:
        await _list(max(1, int(later[1])) if later else 1, ctx)
    else:
        await _one(typed, ctx)


async def _list(page: int, ctx: Context) -> None:
    found = presets()[(page - 1) * PAGE :]
    rows = [
        {"number": number, "name": each.titles[ctx.language], "help": each.told(ctx.language)}
        for number, each in enumerate(found[:PAGE], 1)
    ]
    choices = {str(row["number"]): f"presets {row['name']}" for row in rows}
    if more := len(found) > PAGE:
        choices[MORE] = f"presets page={page + 1}"
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + LASTS)
    ctx.reply("audiences/presets", rows=rows, more=more)


async def _one(typed: str, ctx: Context) -> None:
    """As it is called, with other days if somebody wants them."""
    preset = preset_named(typed.partition("(")[0].strip(), presets())
    if preset is None:
        raise Refusal("refusals/no_such_preset", name=excerpt(typed, SHORT))
    read = await rules.read(typed, ctx)
    arguments = read.rule.arguments if isinstance(read.rule, Member) else ()
    title = preset.titles[ctx.language]
    shown = Member(title, arguments or tuple(preset.defaults.items()))
    found = await survey(read.seen, ctx.moment)
    ctx.reply(
        "audiences/preset",
        buttons=await offered(written(shown), ctx, "picture", "tagall", "save") if found.total else (),
        name=title,
        help=called(replace(preset, rule=preset.help[ctx.language]), arguments),
        total=found.total,
        rule=excerpt(rules.explain(parse(called(preset, arguments)), read.names, ctx), LONG),
        written=written(shown),
        parameters=list(preset.defaults),
        people=await examples(found.some),
    )
