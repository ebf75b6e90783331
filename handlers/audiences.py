"""Here lives how people look at audiences, and keep them under a name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from domain.audience_words import Wish, check_name, mentioned, wish
from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.masses import AudiencesDue
from domain.messages import Button
from domain.naming import folded
from domain.permissions import Role
from domain.rule_names import Names, bound, named
from domain.rule_text import parse, written
from domain.rules import Fact, Member, OneOf, Rule
from handlers import rules
from handlers.cards import excerpt
from handlers.context import Context
from handlers.dialogs import ask
from handlers.help import MORE
from handlers.router import colleague, command, on
from handlers.sweeps import sweep
from models.audiences import Audience, AudienceSize
from models.autotags import AutoTag
from models.cards import customers_of
from models.dialogs import Dialog
from models.identities import alone
from models.inbox import InboxEvent
from models.portraits import Survey, spread, states, survey

PAGE = 6
LASTS = timedelta(hours=1)
EXAMPLES = 5
DAYS = 7  # of its sizes that are shown
SHORT, LONG = 24, 160  # characters of a rule in words, in a list and alone
CHANNEL = Fact("channel")


@command(
    Command(
        "audience",
        "customers",
        zh=("人群",),
        en=("audience", "audiences"),
        role=Role.MANAGER,
        tier="write",
        takes="text",
        yields=True,
    )
)
async def use(asked: Invocation, ctx: Context) -> None:
    wanted = wish(asked.text, asked.body)
    match wanted.act:
        case "list":
            await _list(wanted.page, ctx)
        case "save":
            await _save(wanted, ctx)
        case "show":
            await _show(await _called(wanted.name), ctx)
        case "drop":
            await _drop(await _called(wanted.name), ctx)
        case _:
            saved = await Audience.called(wanted.rule)
            await (_show(saved, ctx) if saved else _count(wanted.rule, ctx))


async def _list(page: int, ctx: Context) -> None:
    found = await Audience.listed((page - 1) * PAGE, PAGE + 1)
    known, sizes = await rules.names(ctx), await AudienceSize.latest_of([row.id for row in found])
    rows = [
        {
            "number": number,
            "name": row.name,
            "size": sizes.get(row.id),
            "rule": excerpt(rules.explain(_shown(row, known), known, ctx), SHORT),
        }
        for number, row in enumerate(found[:PAGE], 1)
    ]
    choices = {str(row["number"]): f"audience show {row['name']}" for row in rows}
    if more := len(found) > PAGE:
        choices[MORE] = f"audience page={page + 1}"
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + LASTS)
    ctx.reply("audiences/list" if rows else "audiences/none", rows=rows, more=more)


async def _count(typed: str, ctx: Context) -> None:
    known = await rules.names(ctx)
    read = await rules.read(typed, ctx, known)
    found = await looked_at(read.seen, ctx)
    buttons = await offered(written(read.kept), ctx, "picture", "tagall", "save") if found["total"] else ()
    ctx.reply("audiences/count", buttons=buttons, rule=excerpt(rules.explain(read.rule, known, ctx), LONG), **found)


async def looked_at(rule: Rule, ctx: Context) -> dict[str, Any]:
    """How many they are, on which channels, whether they can be reached, and a few of them."""
    kinds = by_kind(ctx)
    parts = [OneOf(CHANNEL, accounts) for accounts in kinds.values()]
    found = await survey(rule, ctx.moment, parts)
    reached = await states(found.some, list(ctx.house.accounts))
    return {
        "total": found.total,
        "channels": [row for row in zip(kinds, found.parts, strict=True) if row[1]],
        "reachable": scaled(reached.pop("reachable", 0), found),
        "nowhere": scaled(reached.pop("", 0), found),
        "lost": sorted((state, scaled(number, found)) for state, number in reached.items()),
        "about": not found.is_whole,
        "people": await examples(found.some),
    }


async def examples(ids: Sequence[int]) -> list[dict[str, str]]:
    """A few of them, from the first to the last."""
    return [{"id": row.short_id, "name": row.name} for row in await customers_of(spread(ids, EXAMPLES))]


def scaled(number: int, found: Survey) -> int:
    """As many of all, where only some were looked at."""
    return round(number * found.total / len(found.some)) if found.some else 0


def by_kind(ctx: Context) -> dict[str, tuple[str, ...]]:
    """The house's accounts by kind of channel, in the order of its configuration."""
    kinds: dict[str, tuple[str, ...]] = {}
    for account, kind in ctx.house.accounts.items():
        kinds[kind] = (*kinds.get(kind, ()), account)
    return kinds


async def _show(row: Audience, ctx: Context) -> None:
    known = await rules.names(ctx)
    read = await rules.read(row.rule, ctx, known)
    found = await survey(read.bound, ctx.moment)
    await AudienceSize.note(row.id, _day(ctx), found.total)
    seen = found if read.seen == read.bound else await survey(read.seen, ctx.moment)
    buttons = await offered(written(Member(row.name)), ctx, "picture", "tagall")
    ctx.reply(
        "audiences/one",
        buttons=buttons,
        name=row.name,
        total=found.total,
        seen=seen.total if seen is not found else None,
        rule=excerpt(rules.explain(_shown(row, known), known, ctx), LONG),
        typed=excerpt(written(_shown(row, known)), LONG),
        author=row.staff.name if row.staff else "",
        saved=f"{row.changed_at.astimezone(ctx.house.timezone):%Y-%m-%d}",
        sizes=[(each.day[5:], each.size) for each in await AudienceSize.of(row.id, DAYS)],
        people=await examples(seen.some),
    )


async def _save(wanted: Wish, ctx: Context) -> None:
    if not wanted.name:
        await _ask_name(wanted.rule, ctx)
        return
    rules.check_fresh(wanted.name)
    await alone("audiences")
    known, before = await rules.names(ctx), await Audience.called(wanted.name)
    check_name(wanted.name, [name for preset in known.presets for name in preset.names])
    if not wanted.rule:
        await ask(ctx, f"audience save {wanted.name} = ", "audiences/ask_rule", name=wanted.name)
        return
    name = before.name if before else wanted.name
    read = await rules.read(wanted.rule, ctx, known)
    bound(Member(name), _with(known, name, written(read.kept)))  # it must not need itself
    old = rules.explain(_shown(before, known), known, ctx) if before else ""
    changed = before is not None and before.rule != written(read.kept)
    following = await _following(name) if changed else []
    if following:
        rules.check_everybody(ctx, name, [each.short_id for each in following[:PAGE]])
    row = await Audience.keep(name, written(read.kept), colleague(ctx), ctx.now)
    for each in following:
        if each.state == "active":  # it means others now
            await sweep(each, ctx, sha256(ctx.actor.cause.encode()).hexdigest()[:16])
    found = await survey(read.bound, ctx.moment)
    await AudienceSize.note(row.id, _day(ctx), found.total)
    told = excerpt(rules.explain(read.rule, known, ctx), LONG)
    buttons = await offered(written(Member(name)), ctx, "picture", "tagall")
    ctx.reply("audiences/saved", buttons=buttons, name=name, total=found.total, rule=told, old=excerpt(old, LONG))


async def _following(name: str) -> list[AutoTag]:
    """The rules that tag by this audience, or by one that is made of it."""
    made_of = {folded(row.name): _parts(row.rule) for row in await Audience.all()}
    reached = {folded(name)}
    while more := {each for each, parts in made_of.items() if parts & reached} - reached:
        reached |= more
    return [rule for rule in await AutoTag.living() if _parts(rule.rule) & reached]


async def _ask_name(rule: str, ctx: Context) -> None:
    if not rule:
        raise Refusal("refusals/argument_needed", command="audience")
    known = await rules.names(ctx)
    read = await rules.read(rule, ctx, known)
    told = excerpt(rules.explain(read.rule, known, ctx), LONG)
    await ask(ctx, f"audience save = {written(read.kept)}\n", "audiences/ask_name", rule=told)


async def _drop(row: Audience, ctx: Context) -> None:
    """What is needed elsewhere stays."""
    await alone("audiences")
    known = await rules.names(ctx)
    others = [each.name for each in await Audience.exclude(id=row.id) if _needs(each.rule, row.name)]
    others += [each.short_id for each in await AutoTag.living() if _needs(each.rule, row.name)]
    if others:
        raise Refusal("refusals/audience_needed", name=row.name, others=others[:PAGE], more=len(others[PAGE:]))
    await row.delete()
    ctx.reply("audiences/dropped", name=row.name, typed=written(_shown(row, known)))


def _needs(rule: str, name: str) -> bool:
    return folded(name) in _parts(rule)


def _parts(rule: str) -> set[str]:
    return {folded(each) for each in mentioned(parse(rule))}


async def _called(name: str) -> Audience:
    if not name:
        raise Refusal("refusals/argument_needed", command="audience")
    if row := await Audience.called(name):
        return row
    raise Refusal("refusals/no_such_audience", name=excerpt(name, SHORT))


async def offered(rule: str, ctx: Context, *what: str) -> tuple[Button, ...]:
    """Buttons for what can be done with a rule too long for one: each stands for a choice that lasts a while."""
    mark = sha256(rule.encode()).hexdigest()[:8]
    commands = {"picture": "portrait", "tagall": "tagall", "save": "audience save"}
    choices = {f"{commands[each]} ?{mark}": f"{commands[each]}{' =' * (each == 'save')} {rule}" for each in what}
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + LASTS)
    return tuple(ctx.button(each, f"{commands[each]} ?{mark}") for each in what)


def _shown(row: Audience, known: Names) -> Rule:
    """With the names that its tags have now."""
    return named(parse(row.rule), known)


def _with(known: Names, name: str, rule: str) -> Names:
    audiences: Mapping[str, str] = {**known.audiences, name: rule}
    return replace(known, audiences=audiences)


def _day(ctx: Context) -> str:
    return f"{ctx.now.astimezone(ctx.house.timezone):%Y-%m-%d}"


@on(AudiencesDue)
async def measure(event: AudiencesDue, ctx: Context) -> None:
    """One after the other, each in a transaction of its own; of one whose tag or colleague is gone nothing is told."""
    row = await Audience.after(event.after)
    if row is None:
        return
    try:
        rule = bound(parse(row.rule), await rules.names(ctx))
    except Refusal:
        pass
    else:
        found = await survey(rule, ctx.moment)
        await AudienceSize.note(row.id, f"{event.day:%Y-%m-%d}", found.total)
    following = AudiencesDue(ctx.now, event.day, row.id)
    await InboxEvent.remind(following, f"audiences:{event.day:%Y-%m-%d}:{row.id}", ctx.now, ctx.now)
