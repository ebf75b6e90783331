"""Here lives how staff keep recurring pushes (定时): previewed, begun when confirmed, paused, ended, made up."""

from datetime import datetime, timedelta
from typing import Any

from domain.cadence_words import leading
from domain.cadences import following
from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.moments import told
from domain.permissions import Role
from domain.pushes import has_changed
from domain.schedules import Wish, wish
from handlers import pushes
from handlers.context import Context
from handlers.firings import ahead, fire, fire_key, in_place_of, may_push, rhythm, values
from handlers.help import MORE
from handlers.notices import tell
from handlers.plans import Preview, effect, propose, recheck
from handlers.push_previews import previewed
from handlers.router import colleague, command, scope
from handlers.times import local
from models import push_reports
from models.dialogs import Dialog
from models.fields import instant
from models.plans import Plan
from models.pushes import Push
from models.schedules import Schedule

PAGE = 5
CHOICE = timedelta(minutes=10)
HISTORY = 3


@command(
    Command(
        "cron",
        "pushes",
        zh=("定时", "定时群发"),
        en=("cron", "schedule"),
        role=Role.MANAGER,
        tier="danger",
        takes="text",
    )
)
async def schedule(asked: Invocation, ctx: Context) -> None:
    wanted = None if asked.body.strip() else wish(asked.text)
    match wanted:
        case None:
            await _plan(asked, ctx)
        case Wish(act="list", page=page):
            await _list(page, ctx)
        case Wish(act="show"):
            await _show(await _called(wanted.id, ctx), ctx)
        case Wish(act="send"):
            await _make_up(wanted, ctx)
        case Wish(act="skip"):
            await _skip(wanted, ctx)
        case _:
            await _turn(wanted, ctx)


@recheck("cron")
async def still_to_begin(plan: Plan, ctx: Context) -> Preview | None:
    """It would reach many more or fewer by now, or others."""
    row = await _drafted(plan)
    preview = await _previewed(row, await Push.get(id=plan.payload["push"]), ctx)
    old, new = plan.payload["people"], preview.payload["people"]
    if new > ctx.house.approval_over and not plan.needs_approval:
        raise Refusal("refusals/schedule_grown", id=plan.subject, people=new, over=ctx.house.approval_over)
    is_same = plan.payload["meant"] == preview.payload["meant"] and not has_changed(old, new)
    return None if is_same else preview


@effect("cron")
async def begin(plan: Plan, ctx: Context) -> None:
    row = await _drafted(plan)
    await row.turn("active", _next(row, ctx))
    if plan.approver_id:
        await row.approve()
    ctx.about(row.short_id)
    ctx.reply("schedules/begun", **values(row, ctx))


async def _plan(asked: Invocation, ctx: Context) -> None:
    cadence, end = leading(asked.text)
    words = asked.text[end:].strip()
    composition = await pushes.read(words, asked.body, ctx)
    if composition.starts_at:
        raise Refusal("refusals/schedule_time")
    row = await Schedule.planned(
        ctx.now,
        staff_id=colleague(ctx).id,
        account=ctx.chat.account,
        chat=ctx.chat.id,
        language=ctx.language,
        cron=cadence.cron,
        zone=str(ctx.house.timezone),
        words=words,
        body=asked.body,
    )
    row.staff = colleague(ctx)
    preview = await _previewed(row, await pushes.draft(composition, ctx), ctx)
    ctx.about(row.short_id)
    needs = preview.payload["people"] > ctx.house.approval_over
    told_of = dict(preview.values)
    await propose(ctx, "cron", row.short_id, preview.payload, preview.template, needs_approval=needs, **told_of)


async def _previewed(row: Schedule, push: Push, ctx: Context) -> Preview:
    """The push as it would be now, and when it will be sent; Refusal for what could never be sent so."""
    preview = await previewed(push, ctx, later=True)
    shown = dict(preview.values)
    for name in ("at", "takes", "waits"):  # of a push that begins now
        shown.pop(name, None)
    moments = ahead(row, ctx.now)
    quiet = [ctx.house.push.quiet_until(at, ctx.house.timezone) for at in moments]
    times = {"moments": [f"{at:%Y-%m-%d %H:%M}" for at in moments], "zone": row.zone, "held": any(quiet)}
    about = {"id": row.short_id, "shape": rhythm(row)[0].shape}
    return Preview({**preview.payload, "schedule": row.id}, "schedules/preview", {**shown, **times, **about})


async def _drafted(plan: Plan) -> Schedule:
    row = await Schedule.of(plan.payload["schedule"])
    if row is None or row.state != "draft":
        raise Refusal("refusals/no_such_id", what=plan.subject)
    return row


async def _list(page: int, ctx: Context) -> None:
    """One's own, or everybody's for who sees everybody."""
    whose = None if scope(ctx).owners is None else colleague(ctx).id
    found = await Schedule.living(PAGE + 1, (page - 1) * PAGE, whose)
    rows = [
        {**values(row, ctx), "number": number, "state": row.state, "can": may_push(row.staff)}
        for number, row in enumerate(found[:PAGE], 1)
    ]
    choices = {str(row["number"]): f"cron {row['id']}" for row in rows}
    more = len(found) > PAGE
    if more:
        choices[MORE] = f"cron page={page + 1}"
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + CHOICE)
    ctx.reply("schedules/list", rows=rows, more=more)


async def _show(row: Schedule, ctx: Context) -> None:
    word, act = ("stop", "off") if row.state == "active" else ("start", "on")
    buttons = (ctx.button(word, f"cron {act} {row.short_id}"), ctx.button("end", f"cron del {row.short_id}"))
    moments = [f"{at:%Y-%m-%d %H:%M}" for at in ahead(row, ctx.now)] if row.state == "active" else []
    ctx.reply(
        "schedules/one",
        buttons=buttons,
        **values(row, ctx),
        state=row.state,
        can=may_push(row.staff),
        moments=moments,
        zone=row.zone,
        pushes=[await _told(push, ctx) for push in await row.history(HISTORY)],
    )


async def _told(push: Push, ctx: Context) -> dict[str, Any]:
    numbers = await push_reports.states(push.id)
    return {"id": push.short_id, "at": local(push.created_at, ctx), "state": push.state, **numbers.told()}


async def _turn(wanted: Wish, ctx: Context) -> None:
    row = await _called(wanted.id, ctx)
    states: dict[str, Any] = {"pause": "paused", "resume": "active", "end": "stopped"}
    state = states[wanted.act]
    if row.state == state:
        raise Refusal("refusals/schedule_already", id=row.short_id, state=state)
    if state == "active" and not may_push(row.staff):
        raise Refusal("refusals/schedule_of_nobody", id=row.short_id, staff=row.staff.name)
    if not await row.turn(state, _next(row, ctx) if state == "active" else None):
        raise Refusal("refusals/schedule_already", id=row.short_id, state=state)
    ctx.reply("schedules/turned", **values(row, ctx), state=state)
    me = colleague(ctx)
    if row.staff_id != me.id and row.staff.active:
        await tell(row.staff, ctx, "schedules/by_colleague", **values(row, ctx), state=state, who=me.name)


async def _make_up(wanted: Wish, ctx: Context) -> None:
    """Send now what was missed at its last moment."""
    row, moment = await _missed(wanted, ctx)
    if not may_push(row.staff):
        raise Refusal("refusals/schedule_of_nobody", id=row.short_id, staff=row.staff.name)
    there = await in_place_of(row, ctx)
    push, people = await fire(row, moment, there)
    ctx.about(push.short_id)
    button = ctx.button("progress", f"status {push.short_id}")
    at = told(moment, rhythm(row)[1])
    ctx.reply("schedules/made_up", buttons=(button,), id=row.short_id, push=push.short_id, people=people, at=at)


async def _skip(wanted: Wish, ctx: Context) -> None:
    row, moment = await _missed(wanted, ctx)
    ctx.reply("schedules/skipped", **values(row, ctx), at=told(moment, rhythm(row)[1]))


async def _missed(wanted: Wish, ctx: Context) -> tuple[Schedule, datetime]:
    """The last moment, for which nothing was sent; Refusal where there is none, or another has come since."""
    row = await _called(wanted.id, ctx)
    last = row.last_at
    if last is None or (wanted.moment and instant(wanted.moment) != last):
        raise Refusal("refusals/schedule_missed", id=row.short_id, next=values(row, ctx)["next"])
    sent = await Push.get_or_none(fire_key=fire_key(row, last))
    if sent and sent.state != "draft":
        raise Refusal("refusals/schedule_sent", id=row.short_id, push=sent.short_id)
    return row, last


async def _called(number: int, ctx: Context) -> Schedule:
    """One that goes on or is paused, of one's own unless one sees everybody."""
    row = await Schedule.of(number)
    if row is None or row.state not in {"active", "paused"}:
        raise Refusal("refusals/schedule_unknown", id=f"S{number}", ended=row is not None and row.state == "stopped")
    ctx.about(row.short_id)
    if scope(ctx).owners is not None and row.staff_id != colleague(ctx).id:
        raise Refusal("refusals/push_of", id=row.short_id, staff=row.staff.name)
    return row


def _next(row: Schedule, ctx: Context) -> datetime | None:
    cadence, zone = rhythm(row)
    return following(cadence, ctx.now, zone)
