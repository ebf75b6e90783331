"""Here lives what people say to their own plans: confirm with the code, or cancel; and to pushes: cancel."""

from dataclasses import replace

from domain.commands import Command, Invocation, Target, target_in
from domain.errors import Refusal
from domain.permissions import Role
from domain.plans import TRIES, Stage, code_in
from handlers import push_controls
from handlers.context import Context
from handlers.plans import asked_by, called, go_on, note, over
from handlers.router import authorize, colleague, command
from models.dialogs import Dialog
from models.plans import Plan

OPEN = frozenset({Stage.PREVIEWED, Stage.APPROVED, Stage.AWAITING_APPROVAL, Stage.CONFIRMED})


@command(Command("confirm", "plans", zh=("确认",), en=("confirm",), role=Role.SALES, tier="write", takes="text"))
async def confirm(asked: Invocation, ctx: Context) -> None:
    """A wrong code is answered and not refused, because a refusal would forget that it was tried."""
    code = _code(asked)
    plan = await Plan.meant(colleague(ctx), ctx.chat, code, ctx.now)
    if plan is None:
        raise Refusal("refusals/plan_none")
    ctx.about(plan.subject)
    if not plan.fits(code):
        await _miss(plan, ctx)
        return
    authorize(ctx.staff, asked_by(plan.kind))
    if not await plan.confirm(ctx.now):
        raise await over(plan, ctx)
    await go_on(plan, ctx)


@command(Command("cancel", "plans", zh=("取消",), en=("cancel",), tier="write", takes="text"))
async def cancel(asked: Invocation, ctx: Context) -> None:
    """With an id that plan, or else that push; without one what is being asked here, or the preview that is open."""
    if not asked.text:
        await _leave(ctx)
    elif target := target_in(asked.text):
        await _cancel_named(target, ctx)
    else:
        raise Refusal("refusals/bad_argument", command="cancel", what=asked.text)


async def _cancel_named(target: Target, ctx: Context) -> None:
    plan = await Plan.called(str(target)) if target.kind == "P" else await called(target, ctx)
    if plan and (target.kind != "P" or plan.stage(ctx.now) in OPEN):
        await _cancel(plan, ctx)
    else:
        authorize(ctx.staff, asked_by("resume"))
        await push_controls.cancel(await push_controls.meant(target, ctx), ctx)


async def _leave(ctx: Context) -> None:
    staff = colleague(ctx)
    dialog = await Dialog.at(staff, ctx.chat, ctx.now)
    if not (dialog and dialog.asks) and (plan := await Plan.last_open(staff, ctx.chat, ctx.now)):
        await _cancel(plan, ctx)
    elif dialog:
        await Dialog.close(staff, ctx.chat)
        ctx.reply("plans/left")
    else:
        raise Refusal("refusals/nothing_to_cancel")


async def _cancel(plan: Plan, ctx: Context) -> None:
    ctx.about(plan.subject)
    if plan.staff_id != colleague(ctx).id:
        raise Refusal("refusals/plan_of", id=plan.subject, staff=plan.staff.name)
    if not await plan.cancel(ctx.now):
        raise await over(plan, ctx)
    note(plan, "cancelled", ctx)
    ctx.reply("plans/cancelled", id=plan.subject)


def _code(asked: Invocation) -> str:
    code = code_in(asked.text)
    if not asked.text:
        raise Refusal("refusals/argument_needed", command="confirm")
    if code is None:
        raise Refusal("refusals/bad_argument", command="confirm", what=asked.text)
    return code


async def _miss(plan: Plan, ctx: Context) -> None:
    left = await plan.miss(ctx.now)
    if left is None:
        raise await over(plan, ctx)
    if ctx.entry:
        ctx.entry = replace(ctx.entry, result="plan_code")
    ctx.reply("plans/wrong_code", id=plan.subject, left=left, tries=TRIES, command=plan.kind)
