"""Here lives the portrait of an audience: where its people are, what they are like, and what sets them apart."""

from typing import Any

from domain.audience_words import unquoted
from domain.commands import Command, Invocation
from domain.money import digits, major
from domain.permissions import Role
from domain.portraits import ages, share, telling
from domain.rules import Empty, Fact, Not, OneOf
from handlers import rules
from handlers.audiences import CHANNEL, LONG, by_kind
from handlers.cards import excerpt
from handlers.context import Context
from handlers.dialogs import ask
from handlers.router import command, scope
from models.portraits import Carried, Portrait, Survey, carried, portrait, survey
from models.tags import Tag

EVERYBODY = Not(Empty(Fact("created")))
TAGS, STAGES, BANDS = 4, 4, 4


@command(
    Command(
        "portrait",
        "customers",
        zh=("人群画像", "画像"),
        en=("portrait",),
        role=Role.MANAGER,
        takes="text",
        yields=True,
    )
)
async def paint(asked: Invocation, ctx: Context) -> None:
    typed = unquoted(asked.words)
    if not typed:
        await ask(ctx, "portrait ", "portraits/ask")
        return
    known = await rules.names(ctx)
    read = await rules.read(typed, ctx, known)
    kinds = by_kind(ctx)
    found = await survey(read.seen, ctx.moment, [OneOf(CHANNEL, accounts) for accounts in kinds.values()])
    said = excerpt(rules.explain(read.rule, known, ctx), LONG)
    if not found.total:
        ctx.reply("portraits/nobody", rule=said)
        return
    here, everywhere = await carried([read.seen, rules.within(EVERYBODY, scope(ctx))], ctx.moment)
    seen = await portrait(found.some, list(ctx.house.accounts))
    ctx.reply(
        "portraits/one",
        rule=said,
        total=found.total,
        of_all=share(found.total, everywhere.total),
        channels=[(kind, share(n, found.total)) for kind, n in zip(kinds, found.parts, strict=True) if n],
        some=0 if found.is_whole else len(found.some),
        tags=await _tags(here, everywhere),
        **_lines(seen, found, ctx),
    )


def _lines(seen: Portrait, found: Survey, ctx: Context) -> dict[str, Any]:
    many, currency = len(found.some), ctx.house.currency
    bands = ages(seen.born, ctx.now.astimezone(ctx.house.timezone).date())
    known = sum(band.number for band in bands)
    stages = sorted(seen.stages.items(), key=lambda stage: -stage[1])[:STAGES]
    eldest = sorted(bands, key=lambda band: -band.number)[:BANDS]
    return {
        "reachable": share(seen.states.get("reachable", 0), many),
        "stages": [(stage, share(number, many)) for stage, number in stages],
        "ages": [(band.low, band.high, share(band.number, known)) for band in sorted(eldest, key=lambda b: b.low)],
        "ages_of": share(known, many),
        "buyers": share(seen.buyers, many) if seen.buyers else "",
        "orders": f"{seen.orders / seen.buyers:.1f}".removesuffix(".0") if seen.buyers else "",
        "each": f"{major(seen.amount // seen.buyers, currency):,.{digits(currency)}f}" if seen.buyers else "",
        "currency": currency,
    }


async def _tags(here: Carried, everywhere: Carried) -> list[tuple[str, str, str]]:
    """The most telling ones, each with its shares in hundredths, here and among everybody."""
    best = telling(here.tags, here.total, everywhere.tags, everywhere.total, TAGS)
    tags = await Tag.of([each.tag for each in best])
    return [
        (tags[tag].name, share(here.tags[tag], here.total), share(everywhere.tags.get(tag, 0), everywhere.total))
        for tag in (each.tag for each in best)
    ]
