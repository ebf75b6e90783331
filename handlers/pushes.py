"""Here lives how staff push (群发): read, previewed, confirmed, and written into the ledger; the rest are rounds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.group_wishes import labels_in
from domain.media import Way
from domain.messages import Content, Notice
from domain.moments import leading, told
from domain.permissions import Role
from domain.pool import accounts_named
from domain.push_contents import content_of
from domain.push_events import PushFilled
from domain.push_wishes import BELOW, COMMAND, PushWish, rate_in, way_named, wish
from domain.pushes import Composition, has_changed
from domain.rule_names import bound
from domain.rule_text import parse, written
from domain.rules import Moment
from domain.wording import values_for
from handlers import push_rounds, rules
from handlers.cards import excerpt
from handlers.context import Context
from handlers.dialogs import ask
from handlers.plans import Preview, effect, propose, recheck
from handlers.push_controls import meant
from handlers.push_previews import previewed
from handlers.push_roads import reach_of
from handlers.push_templates import called
from handlers.router import colleague, command, on
from models import group_reach, reach
from models.audiences import Audience
from models.dialogs import Dialog
from models.inbox import InboxEvent
from models.plans import Plan
from models.pushes import Push
from models.staff import Staff

__all__ = ["draft", "meant", "queue", "reach_of", "read"]

LATELY = timedelta(minutes=10)  # the same again so soon is asked about
AT_ONCE = 5_000  # customers in one transaction
OFFERED = 5  # audiences that can be chosen by number
EXCERPT = 24


@command(Command("push", "pushes", zh=("群发", "推送"), en=("push",), role=Role.MANAGER, tier="danger", takes="text"))
async def push(asked: Invocation, ctx: Context) -> None:
    wanted = wish(asked.text, asked.body)
    if await _asks_for_more(wanted, asked, ctx):
        return
    composition = await read(asked.text, asked.body, ctx)
    before = None if composition.again else await Push.alike(composition.likeness, ctx.now - LATELY)
    if before:
        await _ask_again(before, asked, ctx)
        return
    row = await draft(composition, ctx)
    preview = await previewed(row, ctx)
    ctx.about(row.short_id)
    needs = preview.payload["people"] > ctx.house.approval_over
    payload = {**preview.payload, "again": composition.again}
    await propose(ctx, "push", row.short_id, payload, preview.template, needs_approval=needs, **dict(preview.values))


@recheck("push")
async def still_to_push(plan: Plan, ctx: Context) -> Preview | None:
    """Many more or fewer people are another push, and so is an audience that means something else by now."""
    row = await Push.get(id=plan.payload["push"])
    before = await Push.alike(row.likeness, ctx.now - LATELY)
    if before and not plan.payload["again"]:
        raise Refusal("refusals/push_repeated", id=before.short_id, staff=before.staff.name)
    preview = await previewed(row, ctx)
    old, new = plan.payload["people"], preview.payload["people"]
    if new > ctx.house.approval_over and not plan.needs_approval:
        raise Refusal("refusals/push_grown", id=plan.subject, people=new, is_groups=bool(row.labels))
    if plan.payload["meant"] == preview.payload["meant"] and not has_changed(old, new):
        return None
    return Preview({**preview.payload, "again": plan.payload["again"]}, preview.template, preview.values)


@effect("push")
async def confirmed(plan: Plan, ctx: Context) -> None:
    row = await Push.get(id=plan.payload["push"])
    await queue(row, ctx)
    at = told(row.starts_at, ctx.house.timezone) if row.starts_at and row.starts_at > ctx.now else ""
    until = ctx.house.push.quiet_until(ctx.now, ctx.house.timezone) if not at else None
    ctx.reply(
        "pushes/queued",
        buttons=(ctx.button("progress", f"status {row.short_id}"),),
        id=row.short_id,
        people=plan.payload["people"],
        is_groups=bool(row.labels),
        at=told(until, ctx.house.timezone) if until else at,
        waits=until is not None,
    )


async def read(words: str, body: str, ctx: Context) -> Composition:
    """What stands behind 群发, and below; raises Refusal for whatever of it cannot be."""
    wanted = wish(words, body)
    content, template, values = await _content(wanted)
    labels = labels_in(wanted.groups or "")
    if bool(labels) == bool(wanted.audience):
        raise Refusal("refusals/push_whom", both=bool(labels))
    kept = ""
    if wanted.audience:
        kept = written((await rules.read(wanted.audience, ctx)).kept)
    way = _way(wanted.way, content)
    return Composition(
        content=content,
        rule=kept,
        audience=wanted.audience or " ".join(f"#{label}" for label in labels),
        labels=labels,
        accounts=_accounts(wanted.via, way, ctx),
        way=way,
        template=template,
        values=values,
        pace=_pace(wanted.rate),
        starts_at=_start(wanted.at, ctx),
        again=wanted.again,
    )


async def draft(
    composition: Composition, ctx: Context, *, fire_key: str | None = None, schedule_id: int | None = None
) -> Push:
    """A row that does nothing yet; one firing of a schedule makes one."""
    if fire_key and (known := await Push.get_or_none(fire_key=fire_key)):
        return known
    return await Push.drafted(
        composition.content,
        staff_id=colleague(ctx).id,
        account=ctx.chat.account,
        chat=ctx.chat.id,
        language=ctx.language,
        rule=composition.rule,
        audience=composition.audience,
        labels=list(composition.labels),
        accounts=list(composition.accounts),
        way=composition.way,
        template=composition.template,
        values=dict(composition.values),
        pace_count=composition.pace[0],
        pace_seconds=composition.pace[1],
        starts_at=composition.starts_at,
        likeness=composition.likeness,
        created_at=ctx.now,
        fire_key=fire_key,
        schedule_id=schedule_id,
    )


async def queue(row: Push, ctx: Context) -> None:
    """It is confirmed: its ledger is filled, and then it waits for its time or begins."""
    if not await row.move("filling", ctx.now, of=("draft",)):
        return
    if row.labels:
        accounts = {name: kind for name, kind in ctx.house.accounts.items() if name in row.accounts}
        await group_reach.fill(row, accounts, await reach_of(row, ctx))
        await push_rounds.launch(row, ctx)
    else:
        await _fill(row, PushFilled(ctx.now, row.id, ctx.now), ctx)


@on(PushFilled)
async def fill_on(event: PushFilled, ctx: Context) -> None:
    row = await Push.held(event.push_id)
    if row and row.state == "filling":
        await _fill(row, event, ctx)


async def _fill(row: Push, event: PushFilled, ctx: Context) -> None:
    """The next customers, as its requester sees them; the last ones launch it."""
    person = await Staff.get(id=row.staff_id)
    moment = Moment(event.moment, ctx.house.timezone, ctx.house.currency)
    try:
        rule = rules.within(bound(parse(row.rule), await rules.names(ctx)), await person.scope())
    except Refusal:  # a tag or colleague of the rule has gone since the first ones
        await row.move("cancelled", ctx.now, of=("filling",))
        await push_rounds.drop(row, ctx)
        ctx.tell(row.place, row.language, "pushes/unfilled", id=row.short_id)
        return
    after = await reach.fill(row, rule, moment, await reach_of(row, ctx), event.after, AT_ONCE)
    if after is None:
        await push_rounds.launch(row, ctx)
        return
    more = PushFilled(ctx.now, row.id, event.moment, after)
    await InboxEvent.remind(more, f"push:{row.id}:fill:{after}", ctx.now, ctx.now, lane=f"push:{row.id}:fill")


async def _asks_for_more(wanted: PushWish, asked: Invocation, ctx: Context) -> bool:
    """What is typed next completes the command, wherever it belongs."""
    if not (wanted.audience or wanted.groups):
        below = f"{BELOW}\n{asked.body}\n" if asked.body.strip() else ""
        head = " ".join(filter(None, (COMMAND, asked.text)))
        names = [row.name for row in await Audience.listed(0, OFFERED)]
        body = f"\n{asked.body}" if below else ""
        choices = {str(number): f"{head} to=@{name}{body}" for number, name in enumerate(names, 1)}
        rows = [{"number": number, "name": name} for number, name in enumerate(names, 1)]
        await ask(ctx, f"{head} to={below}", "pushes/ask_whom", choices=choices, rows=rows)
        return True
    if not wanted.template and content_of(wanted.pairs, wanted.body)[0] is None:
        typed = wanted.audience or wanted.groups or ""
        await ask(ctx, f"{COMMAND} {asked.text}\n", "pushes/ask_text", audience=excerpt(typed, EXCERPT))
        return True
    return False


async def _ask_again(before: Push, asked: Invocation, ctx: Context) -> None:
    """The same push has just been confirmed: it takes a word to send it once more."""
    line = " ".join(filter(None, (COMMAND, asked.text, "again=yes")))
    whole = f"{line}\n{asked.body}" if asked.body else line
    button = f"{COMMAND} ?{sha256(whole.encode()).hexdigest()[:8]}"
    await Dialog.offer(colleague(ctx), ctx.chat, {"1": whole, button: whole}, ctx.now + LATELY)
    minutes = max(1, round((ctx.now - (before.confirmed_at or ctx.now)) / timedelta(minutes=1)))
    values = {"id": before.short_id, "minutes": minutes, "staff": before.staff.name}
    ctx.reply("pushes/again", buttons=(ctx.button("again", button),), **values)


async def _content(wanted: PushWish) -> tuple[Content, str, Mapping[str, str]]:
    """What is said, the template's name where it is one, and the values that are the same for everybody."""
    content, rest = content_of(wanted.pairs, wanted.body)
    if not wanted.template:
        if content is None:
            raise Refusal("refusals/argument_needed", command=COMMAND)
        return content, "", values_for(content, rest)
    if content is not None:
        raise Refusal("refusals/push_content_two", first=wanted.template, second="")
    template = await called(wanted.template)
    return template.content, template.title, template.defaults | values_for(template.content, rest)


def _way(typed: str, content: Content) -> Way | Literal[""]:
    if not typed:
        return "notice" if isinstance(content, Notice) else ""
    if way := way_named(typed):
        return way
    raise Refusal("refusals/push_way", what=typed)


def _accounts(typed: tuple[str, ...], way: str, ctx: Context) -> tuple[str, ...]:
    """Those that are named, in their order, or all that have such a medium."""
    accounts, media = ctx.house.accounts, ctx.house.media
    able = [name for name in accounts if any(way in ("", medium.way) for medium in media.get(name, ()))]
    named: list[str] = []
    for word in typed:
        found = accounts_named(word, accounts)
        if not found:
            raise Refusal("refusals/no_such_channel", what=word, kinds=sorted(set(accounts.values())))
        if not found & set(able):
            name = min(found)
            raise Refusal("refusals/push_no_medium", account=name, channel=accounts[name], way=way)
        named += [name for name in accounts if name in found and name in able]
    if not (chosen := tuple(dict.fromkeys(named or able))):
        raise Refusal("refusals/push_no_medium", account="", channel="", way=way)
    return chosen


def _pace(typed: str) -> tuple[float, float]:
    if not typed:
        return 0, 1
    if pace := rate_in(typed):
        return pace
    raise Refusal("refusals/push_rate", what=typed)


def _start(typed: str, ctx: Context) -> datetime | None:
    if not typed:
        return None
    found = leading(typed, ctx.now, ctx.house.timezone)
    if found is None or typed[found.end :].strip():
        raise Refusal("refusals/no_time", command=COMMAND, what=typed)
    return found.at
