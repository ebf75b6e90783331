"""Here lives the second pair of eyes: who approves or rejects what a colleague plans."""

from domain.commands import Command, Invocation, Target
from domain.errors import Refusal
from domain.permissions import Role
from domain.plans import Stage
from handlers.context import Context
from handlers.plans import called, fate, go_on, inform, note, over
from handlers.router import colleague, command
from models.plans import Plan

SUBJECTS = "MPSGRC"  # the letters of what plans are called by


@command(
    Command(
        "approve",
        "plans",
        zh=("批准",),
        en=("approve",),
        role=Role.MANAGER,
        tier="write",
        targets=SUBJECTS,
        takes="arguments",
    )
)
async def approve(asked: Invocation, ctx: Context) -> None:
    plan = await _judged(asked, ctx)
    if asked.args.words[:1] not in ((), (plan.mark,)):  # a button of the preview before this one
        raise Refusal("refusals/plan_changed", id=plan.subject)
    if await _lapsed(plan, ctx):
        return
    if not await plan.approve(colleague(ctx), ctx.now):
        raise await over(plan, ctx)
    await go_on(plan, ctx)


@command(
    Command(
        "reject",
        "plans",
        zh=("驳回",),
        en=("reject",),
        role=Role.MANAGER,
        tier="write",
        targets=SUBJECTS,
        takes="text",
    )
)
async def reject(asked: Invocation, ctx: Context) -> None:
    plan = await _judged(asked, ctx)
    if await _lapsed(plan, ctx):
        return
    reason = asked.words.strip()
    if not await plan.reject(colleague(ctx), reason, ctx.now):
        raise await over(plan, ctx)
    note(plan, "rejected", ctx)
    ctx.reply("plans/rejected", id=plan.subject, staff=plan.staff.name)
    inform(plan, "plans/rejected_told", ctx, approver=colleague(ctx).name, reason=reason)


async def _judged(asked: Invocation, ctx: Context) -> Plan:
    """The plan that somebody else asked for and that this colleague may approve or reject."""
    if not isinstance(asked.target, Target):
        raise Refusal("refusals/plan_unknown", id=str(asked.target))
    plan = await called(asked.target, ctx)
    if not plan.needs_approval:
        raise Refusal("refusals/plan_free", id=plan.subject, staff=plan.staff.name)
    if plan.staff_id == colleague(ctx).id:
        raise Refusal("refusals/plan_own", id=plan.subject)
    return plan


async def _lapsed(plan: Plan, ctx: Context) -> bool:
    """Too late to judge: answered and not refused, because the requester is told of it, once."""
    if plan.stage(ctx.now) is not Stage.EXPIRED:
        return False
    if await plan.lapse(ctx.now):
        inform(plan, "refusals/plan_over", ctx, **fate(plan, ctx.now))
    ctx.reply("refusals/plan_over", **fate(plan, ctx.now))
    return True
