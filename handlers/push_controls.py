"""Here lives what staff do to a push that is under way: see how far it is, pause it, go on, cancel it, try again."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.commands import Command, Invocation, Target, target_in
from domain.errors import Refusal
from domain.messages import Address
from domain.outgoing import GroupPushEdit
from domain.permissions import Role
from handlers import push_reports, push_results, push_rounds
from handlers.context import Context
from handlers.notices import tell
from handlers.plans import Preview, effect, propose, recheck
from handlers.router import colleague, command, scope
from handlers.times import local
from models import push_controls as ledger
from models import push_reports as counted
from models.audit import AuditEntry
from models.dialogs import Dialog
from models.plans import Plan
from models.pushes import Push, PushState
from models.recipients import Recipient
from models.staff import Staff
from models.trail import about

PAGE = 6  # with a line above and a line below, what a phone shows
CHOICE = timedelta(minutes=10)
EVER = datetime(1970, 1, 1, tzinfo=UTC)
STEPS = 30  # of a push's trail, among which the last one is that stopped it
STOPPABLE: tuple[PushState, ...] = ("queued", "late", "running")
CANCELLABLE: tuple[PushState, ...] = ("filling", "paused", *STOPPABLE)
OFFERS = {
    "running": ("pause", "cancel"),
    "queued": ("pause", "cancel"),
    "filling": ("cancel",),
    "late": ("resume", "cancel"),
    "paused": ("resume", "cancel"),
}


@command(
    Command(
        "status",
        "pushes",
        zh=("进度", "群发进度"),
        en=("status", "progress"),
        role=Role.MANAGER,
        takes="text",
    )
)
async def look(asked: Invocation, ctx: Context) -> None:
    """One of them; without an id the latest."""
    if not asked.text:
        await _list(ctx)
    elif target := target_in(asked.text):
        await _show(await meant(target, ctx), ctx)
    else:
        raise Refusal("refusals/bad_argument", command="status", what=asked.text)


@command(Command("pause", "pushes", zh=("暂停",), en=("pause",), role=Role.MANAGER, tier="write", targets="P"))
async def pause(asked: Invocation, ctx: Context) -> None:
    push = await _named(asked, ctx)
    if not await push.move("paused", ctx.now, of=STOPPABLE):
        raise await _idle(push, "pause", ctx)
    await Recipient.take_back(push.id)
    await push_rounds.harvest(push, ctx)
    await push_reports.stopped(push, ctx)
    ctx.reply(
        "pushes/paused", buttons=push_reports.buttons(OFFERS["paused"], push, ctx, ctx.language), **await _told(push)
    )
    await _tell_requester(push, "pause", ctx)


@command(Command("resume", "pushes", zh=("继续",), en=("resume",), role=Role.MANAGER, tier="danger", targets="P"))
async def resume(asked: Invocation, ctx: Context) -> None:
    push = await _named(asked, ctx)
    if push.state not in {"paused", "late"}:
        raise await _idle(push, "resume", ctx)
    told = await _going_on(push, ctx)
    await propose(ctx, "resume", push.short_id, {"push": push.id}, "pushes/resuming", needs_approval=False, **told)


@effect("resume")
async def go_on(plan: Plan, ctx: Context) -> None:
    """What was paused before its time waits for it again."""
    push = await Push.get(id=plan.payload["push"])
    ctx.about(push.short_id)
    if push.state == "paused" and push.starts_at and push.starts_at > ctx.now:
        is_on = await push_rounds.wait_again(push, push.starts_at, ctx)
    else:
        is_on = await push_rounds.begin(push, ctx)
    if not is_on:
        raise await _idle(push, "resume", ctx)
    ctx.reply("pushes/resumed", **await _going_on(push, ctx))
    await _tell_requester(push, "resume", ctx)


@command(Command("retry", "pushes", zh=("重发失败",), en=("retry",), role=Role.MANAGER, tier="danger", targets="P"))
async def retry(asked: Invocation, ctx: Context) -> None:
    push = await _named(asked, ctx)
    told = await _failed(push, ctx)
    payload = {"push": push.id, "failed": told["failed"]}
    await propose(ctx, "retry", push.short_id, payload, "pushes/retrying", needs_approval=False, **told)


@recheck("retry")
async def still_to_retry(plan: Plan, ctx: Context) -> Preview | None:
    """More may have failed meanwhile, as platforms tell late."""
    push = await Push.get(id=plan.payload["push"])
    told = await _failed(push, ctx)
    payload = {"push": push.id, "failed": told["failed"]}
    return None if payload == plan.payload else Preview(payload, "pushes/retrying", told)


@effect("retry")
async def try_again(plan: Plan, ctx: Context) -> None:
    """Only whom it did not reach: a new turn, in which everybody is checked again."""
    push = await Push.get(id=plan.payload["push"])
    ctx.about(push.short_id)
    if not await push.move("queued", ctx.now, of=("done",)):
        raise await _idle(push, "retry", ctx)
    number = await ledger.try_again(push.id)
    await push_rounds.begin(push, ctx)
    ctx.reply("pushes/retried", id=push.short_id, failed=number)
    await _tell_requester(push, "retry", ctx)


@command(Command("remind", "pushes", zh=("提醒", "催"), en=("remind",), role=Role.MANAGER, tier="write", targets="P"))
async def remind(asked: Invocation, ctx: Context) -> None:
    """The members of ours who have yet to confirm their part; the platform reminds of a task three times a day."""
    push = await _named(asked, ctx)
    await Push.held(push.id)
    names = await push_reports.awaited(push)
    due, enough = await ledger.reminded(push.id, ctx.now)
    for batch in due:
        ctx.send(GroupPushEdit(Address(batch.account, batch.lane), batch.id, batch.task, "remind"))
    if not names:
        raise Refusal("refusals/push_nobody_awaited", id=push.short_id)
    if not due:
        raise Refusal("refusals/push_reminded", id=push.short_id, enough=bool(enough), most=ledger.MOST)
    ctx.reply("pushes/reminded", id=push.short_id, names=names[:PAGE], members=len(names), enough=len(enough))


async def cancel(push: Push, ctx: Context) -> None:
    """Nobody gets it any more who has not got it; of a push that is over, what members have yet to confirm."""
    is_stopped = await push.move("cancelled", ctx.now, of=CANCELLABLE)
    if is_stopped:
        await Recipient.take_back(push.id)
        await push_rounds.drop(push, ctx)
    tasks = await push_results.call_off(push, ctx)
    if not is_stopped and not tasks:
        raise await _idle(push, "cancel", ctx)
    if is_stopped:
        await push_rounds.harvest(push, ctx)
        await push_reports.stopped(push, ctx)
    ctx.reply("pushes/cancelled", **await _told(push), tasks=tasks)
    await _tell_requester(push, "cancel", ctx)


async def meant(target: Target, ctx: Context) -> Push:
    """The push with this id; Refusal where there is none, or it is a colleague's and one does not see everybody's."""
    push = await Push.get_or_none(id=target.number).select_related("staff") if target.kind == "P" else None
    if push is None:
        raise Refusal("refusals/no_such_id", what=str(target))
    ctx.about(push.short_id)
    if scope(ctx).owners is not None and push.staff_id != colleague(ctx).id:
        raise Refusal("refusals/push_of", id=push.short_id, staff=push.staff.name)
    return push


async def _named(asked: Invocation, ctx: Context) -> Push:
    if asked.target is None or (target := target_in(str(asked.target))) is None:
        raise Refusal("refusals/target_needed", command=asked.command.name, kinds="P")
    return await meant(target, ctx)


async def _list(ctx: Context) -> None:
    """One's own, or everybody's for who sees everybody."""
    chosen = Push.exclude(state="draft").order_by("-id").limit(PAGE)
    found = await (chosen if scope(ctx).owners is None else chosen.filter(staff_id=colleague(ctx).id))
    choices = {str(number): f"status {push.short_id}" for number, push in enumerate(found, 1)}
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + CHOICE)
    rows = [
        {
            "number": number,
            "audience": push.audience,
            "at": local(push.started_at or push.starts_at or push.created_at, ctx),
            **push_reports.values(push, await counted.states(push.id)),
        }
        for number, push in enumerate(found, 1)
    ]
    ctx.reply("pushes/list", rows=rows)


async def _show(push: Push, ctx: Context) -> None:
    numbers = await counted.numbers(push.id)
    members = await push_reports.awaited(push) if numbers.of("awaiting") else []
    asked = await push_results.ask_now(push, ctx) if members else 0
    by, at = await _stopped_by(push, ctx) if push.state in {"paused", "cancelled"} else ("", "")
    offers = [*OFFERS.get(push.state, ())]
    if push.state == "done" and numbers.of("failed"):
        offers.append("retry")
    if members:
        offers.append("remind")
    ctx.reply(
        "pushes/status",
        buttons=push_reports.buttons(offers, push, ctx, ctx.language),
        **push_reports.values(push, numbers),
        **push_reports.speed(push, numbers, ctx),
        members=len(members),
        asked=bool(asked),
        by=by,
        at=at,
        starts=local(push.starts_at, ctx) if push.starts_at and push.state in {"queued", "late"} else "",
        quiet=_quiet(push, ctx),
        jobs=await counted.jobs(push.id),
    )


def _quiet(push: Push, ctx: Context) -> str:
    """Until when nothing goes out."""
    until = ctx.house.push.quiet_until(ctx.now, ctx.house.timezone) if push.state == "running" else None
    return local(until, ctx) if until else ""


async def _told(push: Push) -> dict[str, Any]:
    return push_reports.values(push, await counted.numbers(push.id))


async def _going_on(push: Push, ctx: Context) -> dict[str, Any]:
    starts = push.starts_at if push.starts_at and push.starts_at > ctx.now else None
    left = (await counted.states(push.id)).waiting
    return {
        "id": push.short_id,
        "left": left,
        "groups": bool(push.labels),
        "starts": local(starts, ctx) if starts else "",
    }


async def _failed(push: Push, ctx: Context) -> dict[str, Any]:
    """What is to be tried again; Refusal where there is nothing, or not yet."""
    if push.state != "done":
        raise await _idle(push, "retry", ctx)
    told = await _told(push)
    if not told["failed"]:
        raise Refusal("refusals/push_nothing_failed", id=push.short_id, unsure=told["unsure"])
    return told


async def _idle(push: Push, wanted: str, ctx: Context) -> Refusal:
    """What it is already, and by whom."""
    await push.refresh_from_db()
    by, at = await _stopped_by(push, ctx) if push.state in {"paused", "cancelled"} else ("", "")
    starts = local(push.starts_at, ctx) if push.starts_at else ""
    told = {"id": push.short_id, "state": push.state, "wanted": wanted, "by": by, "at": at, "starts": starts}
    return Refusal("refusals/push_state", **told)


async def _stopped_by(push: Push, ctx: Context) -> tuple[str, str]:
    """Who paused or cancelled it and when, as the trail tells."""
    verb = {"paused": "pause ", "cancelled": "cancel "}[push.state]
    for step in await about(push.short_id, EVER, ctx.now + timedelta(milliseconds=1), STEPS):
        if isinstance(step, AuditEntry) and step.result == "done" and step.understood.startswith(verb):
            return step.staff_name, local(step.at, ctx)
    return "", ""


async def _tell_requester(push: Push, what: str, ctx: Context) -> None:
    """Whoever asked for it learns what a colleague did."""
    me = colleague(ctx)
    staff = await Staff.get_or_none(id=push.staff_id, active=True)
    if staff and staff.id != me.id:
        await tell(staff, ctx, "pushes/by_colleague", id=push.short_id, what=what, who=me.name)
