"""Here lives how staff keep the rules that tag by themselves: previewed, written when confirmed, paused, ended."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from domain.autotags import Wish, wish
from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.permissions import Role
from domain.rule_text import written
from domain.rules import Rule
from handlers.cards import excerpt
from handlers.context import Context
from handlers.dialogs import ask
from handlers.drafts import LONG, Draft, is_near, needs_approval, preview_of
from handlers.help import MORE
from handlers.naming import short_id, tag_meant
from handlers.plans import Preview, effect, propose, recheck
from handlers.router import colleague, command
from handlers.rulebook import Rulebook, opened, parsed
from handlers.rules import check_everybody, explain, read
from handlers.sweeps import sweep
from handlers.times import local
from models import spans, standings
from models.autotags import AutoTag, AutoTagState, AutoTagVersion
from models.bearers import carrying
from models.dialogs import Dialog
from models.identities import alone
from models.index import look
from models.plans import Plan
from models.tags import Tag

PAGE = 6  # with a line above and a line below, what a phone shows
LASTS = timedelta(minutes=10)
LINE = 34  # characters of a rule in a list
HISTORY = 3
ALONE = "autotags"  # one after the other, so that no two rules close a circle


@command(
    Command(
        "rules",
        "tags",
        zh=("规则", "自动打标"),
        en=("rules", "rule"),
        role=Role.MANAGER,
        tier="write",
        takes="text",
        yields=True,
    )
)
async def keep(asked: Invocation, ctx: Context) -> None:
    wanted = wish(asked.words)
    if wanted.id:
        ctx.about(f"R{wanted.id}")
    if wanted.act not in {"list", "show"}:
        check_everybody(ctx)
    match wanted.act:
        case "list":
            await _list(wanted.page, ctx)
        case "add":
            await _add(wanted, ctx)
        case "show":
            await _show(await _called(wanted.id), ctx)
        case "edit":
            await _edit(wanted, ctx)
        case "pause" | "resume" | "end":
            await _turn(wanted, ctx)


@recheck("rules")
async def look_again(plan: Plan, ctx: Context) -> Preview | None:
    """From here on nobody else writes a rule."""
    await alone(ALONE)
    preview = await preview_of(await _drafted(plan, ctx), ctx)
    old, new = plan.payload, preview.payload
    if needs_approval(new, ctx) and not plan.needs_approval:
        raise Refusal("refusals/autotag_grown", id=plan.subject, number=new["gain"] + new["lose"])
    return None if is_near(old, new) else preview


@effect("rules")
async def write(plan: Plan, ctx: Context) -> None:
    await alone(ALONE)
    draft = await _drafted(plan, ctx)
    row, is_new = draft.row, draft.row.state == "planned"
    await row.write(written(draft.read.kept), removes=draft.removes, staff=colleague(ctx), now=ctx.now)
    await _set_going(row, ctx)
    ctx.about(row.short_id, short_id(draft.tag))
    told = {"gain": plan.payload["gain"], "lose": plan.payload["lose"], "paused": row.state == "paused"}
    ctx.reply("autotags/written", id=row.short_id, path=draft.tag.path, new=is_new, **told)


async def _add(wanted: Wish, ctx: Context) -> None:
    tail = {True: " else remove", False: " else keep", None: ""}[wanted.removes]
    tag = await tag_meant(wanted.tag, lambda name: f"rules add {name} when {wanted.rule}{tail}", ctx)
    if tag is None:
        return
    if not wanted.rule:
        await ask(ctx, f"rules add {short_id(tag)} when ", "autotags/ask_rule", path=tag.path)
        return
    found = await read(wanted.rule, ctx)
    draft = Draft(await AutoTag.planned(tag, ctx.now), tag, found, bool(wanted.removes))
    await _propose(await preview_of(draft, ctx), ctx)


async def _edit(wanted: Wish, ctx: Context) -> None:
    row = await _there(wanted.id)
    book = await opened(ctx)
    if not wanted.rule and wanted.removes is None:
        said = _said(row.rule, book, ctx)
        await ask(ctx, f"rules edit {row.short_id} when ", "autotags/ask_edit", id=row.short_id, rule=said)
        return
    tag = _living(row, book)
    removes = row.removes if wanted.removes is None else wanted.removes
    found = await read(wanted.rule or row.rule, ctx, book.names)
    await _propose(await preview_of(Draft(row, tag, found, removes), ctx), ctx)


async def _turn(wanted: Wish, ctx: Context) -> None:
    await alone(ALONE)
    row = await _there(wanted.id)
    states: Mapping[str, AutoTagState] = {"pause": "paused", "resume": "active", "end": "gone"}
    state = states[wanted.act]
    if row.state == state:
        raise Refusal("refusals/autotag_already", id=row.short_id, state=state)
    if state == "active" and (fault := (await opened(ctx)).faults.get(row.id)):
        raise fault
    await row.turn(state, colleague(ctx), ctx.now)
    await _set_going(row, ctx)
    ctx.about(short_id(row.tag))
    given = await standings.given(row.tag_id)
    told: dict[str, Any] = {"tag": short_id(row.tag), "path": row.tag.path, "given": given}
    ctx.reply("autotags/turned", id=row.short_id, state=state, **told)


async def _set_going(row: AutoTag, ctx: Context) -> None:
    """Who changes from now on is looked at, and everybody once; nobody any more where no rule is active."""
    if row.state == "active":
        await spans.begin()
        await sweep(row, ctx)
    elif not await AutoTag.filter(state="active").exists():
        await spans.end()


async def _list(page: int, ctx: Context) -> None:
    book = await opened(ctx)
    rows = book.rows[(page - 1) * PAGE : page * PAGE]
    more = len(book.rows) > page * PAGE
    choices = {MORE: f"rules page={page + 1}"} if more else {}
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + LASTS)
    lines = [
        {
            "id": row.short_id,
            "path": book.tags[row.id].path,
            "rule": excerpt(_said(row.rule, book, ctx), LINE),
            "state": "faulty" if row.id in book.faults else row.state,
            "removes": row.removes,
        }
        for row in rows
    ]
    ctx.reply("autotags/list" if lines else "autotags/none", lines=lines, more=more)


async def _show(row: AutoTag, ctx: Context) -> None:
    book = await opened(ctx)
    tag, rule = book.tags.get(row.id, row.tag), book.bound.get(row.id)
    fault = book.faults.get(row.id)
    ctx.about(short_id(tag))
    ctx.reply(
        "autotags/one",
        id=row.short_id,
        path=tag.path,
        state=row.state,
        rule=excerpt(_said(row.rule, book, ctx), LONG),
        removes=row.removes,
        number=await _fulfilling(rule, ctx) if rule else 0,
        carried=await carrying(tag.id),
        given=await standings.given(tag.id),
        fault=ctx.words(fault.key, **fault.values) if fault else "",
        steps=_steps(await row.history(HISTORY + 1), book, ctx),
    )


async def _fulfilling(rule: Rule, ctx: Context) -> int:
    async with look(ctx.moment) as view:
        return await view.count(rule)


def _steps(versions: Sequence[AutoTagVersion], book: Rulebook, ctx: Context) -> list[dict[str, str]]:
    """What became of a rule, the newest first; of the oldest that is given only what it said is looked at."""
    older = [*versions[1:], None]
    return [
        {
            "what": _step(each, before),
            "at": local(each.at, ctx),
            "who": each.staff.name if each.staff else "",
            "was": excerpt(_said(before.rule, book, ctx), LINE) if before and before.rule != each.rule else "",
        }
        for each, before in zip(versions, older, strict=True)
    ][:HISTORY]


def _step(version: AutoTagVersion, before: AutoTagVersion | None) -> str:
    if before is None:
        return "written"
    if version.state != before.state:
        return {"active": "resumed", "paused": "paused", "gone": "ended"}[version.state]
    return "edited"


async def _propose(preview: Preview, ctx: Context) -> None:
    subject = f"R{preview.payload['rule']}"
    ctx.about(subject)
    needs = needs_approval(preview.payload, ctx)
    values = dict(preview.values)
    await propose(ctx, "rules", subject, preview.payload, preview.template, needs_approval=needs, **values)


async def _drafted(plan: Plan, ctx: Context) -> Draft:
    """What was previewed; Refusal where the rule or its tag has ended since, or who asked has a team."""
    check_everybody(ctx)
    row = await AutoTag.get(id=plan.payload["rule"]).select_related("tag__group")
    _check_there(row)
    book = await opened(ctx)
    tag = _living(row, book)
    return Draft(row, tag, await read(plan.payload["text"], ctx, book.names), bool(plan.payload["removes"]))


async def _called(number: int) -> AutoTag:
    row = await AutoTag.called(number)
    if row is None:
        raise Refusal("refusals/no_such_rule", what=f"R{number}")
    return row


async def _there(number: int) -> AutoTag:
    """The same, where one that has ended makes no sense."""
    row = await _called(number)
    _check_there(row)
    return row


def _check_there(row: AutoTag) -> None:
    if row.state == "gone":
        raise Refusal("refusals/autotag_gone", id=row.short_id, path=row.tag.path)


def _living(row: AutoTag, book: Rulebook) -> Tag:
    """Its tag, or the one that took its place; Refusal where there is none any more."""
    tag = book.tags.get(row.id, row.tag)
    if tag.gone_at:
        raise Refusal("refusals/tag_gone", id=short_id(tag), path=tag.path, into="")
    return tag


def _said(rule: str, book: Rulebook, ctx: Context) -> str:
    """In words; as it is stored where it cannot be read any more."""
    try:
        return explain(parsed(rule), book.names, ctx)
    except Refusal:
        return rule
