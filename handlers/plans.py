"""Here live the plans of dangerous commands: previewed, then done once, when confirmed and approved.

A command that is dangerous answers with `propose`, and registers with `effect` what happens at last.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from domain.commands import Command, Target
from domain.errors import Refusal
from domain.messages import OutboundMessage, Priority
from domain.permissions import Role, allows
from domain.plans import VALID, Draft, Stage, draw, without_code
from handlers.context import Context
from handlers.notices import tell
from handlers.router import colleague, table
from models.dialogs import Dialog
from models.plans import Plan
from models.staff import Staff
from templates import render

DICE = SystemRandom()
MINUTE = timedelta(minutes=1)
DETAIL = 300  # characters of a payload in the audit trail


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person reads before it is done: a template with its values, and the payload that it tells of.

    The template gets `code`, `minutes` and `approval` besides. The lines that hold the code are for the requester
    only: approvers read the others, in their own language. `examples` are customers whom the requester sees: an
    approver who does not see everybody reads none.
    """

    payload: Mapping[str, Any]
    template: str
    values: Mapping[str, object]


Effect = Callable[[Plan, Context], Awaitable[None]]
Recheck = Callable[[Plan, Context], Awaitable[Preview | None]]

_effects: dict[str, Effect] = {}
_rechecks: dict[str, Recheck] = {}


def effect(kind: str) -> Callable[[Effect], Effect]:
    """Let a function do what a plan of this kind says, once: it runs as the requester and answers where they asked.

    `kind` is the name of the command that proposes it. `plan.staff` and `plan.approver` are there to be read.
    """

    def register(run: Effect) -> Effect:
        if kind in _effects:
            raise ValueError(f"plans of kind {kind} have an effect")
        _effects[kind] = run
        return run

    return register


def recheck(kind: str) -> Callable[[Recheck], Recheck]:
    """Let a function say, when a plan is confirmed, that it no longer fits: with what is to be previewed instead."""

    def register(run: Recheck) -> Recheck:
        _rechecks[kind] = run
        return run

    return register


async def propose(
    ctx: Context,
    kind: str,
    subject: str,
    payload: Mapping[str, Any],
    template: str,
    *,
    needs_approval: bool,
    **values: object,
) -> None:
    """Freeze a plan and answer with its preview; nothing else happens until it is confirmed with the code in it."""
    if kind not in _effects:
        raise LookupError(kind)
    code = draw(DICE)
    draft = Draft(kind, subject, payload, needs_approval)
    plan = await Plan.propose(colleague(ctx), ctx.chat, draft, code, ctx.now)
    if plan is None:
        raise await _in_the_way(subject, ctx)
    note(plan, f"previewed {_brief(payload)}", ctx)
    await _show(plan, Preview(payload, template, values), code, ctx)


async def called(target: Target, ctx: Context) -> Plan:
    """The plan that somebody names."""
    plan = await Plan.called(str(target))
    if plan is None:
        raise Refusal("refusals/plan_unknown", id=str(target))
    ctx.about(plan.subject)
    return plan


def asked_by(kind: str) -> Command:
    """The command that proposes plans of this kind."""
    return next(row for row in table().commands if row.name == kind)


async def go_on(plan: Plan, ctx: Context) -> None:
    """One half is there now, confirmed or approved; with the other half it is done, as the requester does it."""
    plan = await Plan.called(plan.subject) or plan
    _check_rights(plan)
    as_requester = await _in_place_of(plan, ctx)
    match plan.stage(ctx.now):
        case Stage.APPROVED:
            note(plan, "approved", as_requester)
            _say_approved(plan, ctx)
        case _ if await _previewed_again(plan, as_requester):
            if as_requester is not ctx:
                ctx.reply("plans/changed", id=plan.subject)
        case Stage.AWAITING_APPROVAL:
            note(plan, "confirmed", as_requester)
            back = ctx.button("cancel", f"cancel {plan.subject}")
            ctx.reply("plans/awaiting", buttons=(back,), id=plan.subject, minutes=_minutes(plan, ctx.now))
        case _:
            await _carry_out(plan, ctx, as_requester)
    _hand_over(as_requester, ctx)


async def over(plan: Plan, ctx: Context) -> Refusal:
    """Why nothing came of it: what has become of the plan meanwhile, and who did that."""
    plan = await Plan.called(plan.subject) or plan
    return Refusal("refusals/plan_over", **fate(plan, ctx.now))


def fate(plan: Plan, now: datetime) -> dict[str, Any]:
    """What `refusals/plan_over` tells."""
    return {
        "id": plan.subject,
        "stage": plan.stage(now).value,
        "staff": plan.staff.name,
        "approver": plan.approver.name if plan.approver else "",
        "reason": plan.reason,
        "command": plan.kind,
        "minutes": VALID // MINUTE,
    }


def inform(plan: Plan, template: str, ctx: Context, **values: Any) -> None:
    """Tell the requester, where they asked."""
    ctx.tell(plan.place, plan.staff.language, template, **{"id": plan.subject, **values})


def note(plan: Plan, what: str, ctx: Context) -> None:
    """What the audit trail tells of the plan besides the words of the command."""
    if ctx.entry:
        approver = f", approved by {plan.approver.name}" if plan.approver else ""
        detail = f"{plan.kind} {plan.subject} of {plan.staff.name}{approver}: {what}"
        ctx.entry = replace(ctx.entry.about(plan.subject), detail=detail)


async def _show(plan: Plan, preview: Preview, code: str, ctx: Context) -> None:
    minutes = VALID // MINUTE
    values = {**preview.values, "code": code, "minutes": minutes, "approval": plan.needs_approval}
    await Dialog.close(plan.staff, plan.place)  # the code is no answer to what was asked before
    buttons = ctx.button("confirm", f"confirm {code}"), ctx.button("cancel", f"cancel {plan.subject}")
    ctx.reply(preview.template, buttons=buttons, **values)
    if plan.needs_approval and not await _ask_approvers(plan, preview.template, values, ctx):
        raise Refusal("refusals/plan_nobody_approves")


async def _ask_approvers(plan: Plan, template: str, values: Mapping[str, Any], ctx: Context) -> int:
    """How many could be asked: in their language, and without the code."""
    asked = 0
    for person in await Staff.managers():
        if person.id != plan.staff_id:
            language = person.language or ctx.house.language
            buttons = (
                ctx.button("approve", f"approve {plan.subject} {plan.mark}", language),
                ctx.button("reject", f"reject {plan.subject}", language),
            )
            told = {"id": plan.subject, "staff": plan.staff.name, "minutes": values["minutes"]}
            shown = values if (await person.scope()).owners is None else {**values, "examples": ()}
            told["preview"] = without_code(render(f"chat/{language}/{template}.txt", **shown), values["code"])
            asked += await tell(person, ctx, "plans/asked", buttons=buttons, **told)
    return asked


async def _previewed_again(plan: Plan, ctx: Context) -> bool:
    """Whether it no longer fits what is there now: then it begins again with a new code."""
    check = _rechecks.get(plan.kind)
    preview = await check(plan, ctx) if check else None
    if preview is None:
        return False
    code = draw(DICE)
    await plan.renew(preview.payload, code, ctx.now)
    renewed = await Plan.called(plan.subject) or plan
    note(renewed, f"previewed again {_brief(preview.payload)}", ctx)
    ctx.reply("plans/changed", id=plan.subject)
    await _show(renewed, preview, code, ctx)
    return True


async def _carry_out(plan: Plan, ctx: Context, as_requester: Context) -> None:
    note(plan, "done", as_requester)
    if plan.approver and as_requester is not ctx:
        _say_approved(plan, ctx)
    await _effects[plan.kind](plan, as_requester)


def _check_rights(plan: Plan) -> None:
    """Who lost the right to ask or to approve meanwhile has not asked or approved."""
    if not (plan.staff.active and asked_by(plan.kind).open_to(plan.staff.role)):
        raise Refusal("refusals/plan_rights", id=plan.subject, staff=plan.staff.name)
    if plan.approver and not (plan.approver.active and allows(plan.approver.role, Role.MANAGER)):
        raise Refusal("refusals/plan_rights", id=plan.subject, staff=plan.approver.name)


def _say_approved(plan: Plan, ctx: Context) -> None:
    done = plan.stage(ctx.now) is Stage.DONE
    ctx.reply("plans/approved", id=plan.subject, staff=plan.staff.name, done=done)
    inform(plan, "plans/approved_told", ctx, approver=colleague(ctx).name, done=done)


async def _in_place_of(plan: Plan, ctx: Context) -> Context:
    """What is done is the requester's and answered where they asked, also when the approval came last."""
    if colleague(ctx).id == plan.staff_id:
        return ctx
    language = plan.staff.language or ctx.house.language
    seen = await plan.staff.scope()
    return replace(ctx, staff=plan.staff, scope=seen, chat=plan.place, language=language, promises=[])


def _hand_over(as_requester: Context, ctx: Context) -> None:
    """What was said to the requester is no answer to the approver's event."""
    if as_requester is ctx:
        return
    ctx.entry = as_requester.entry
    for promise in as_requester.promises:
        match promise.outgoing:
            case OutboundMessage(reply_to=ctx.key):
                told = replace(promise.outgoing, reply_to="", priority=Priority.ALERT)
                ctx.send(told, promise.message_id)
            case outgoing:
                ctx.send(outgoing, promise.message_id)


async def _in_the_way(subject: str, ctx: Context) -> Refusal:
    plan = await Plan.called(subject)
    if plan is None:
        return Refusal("refusals/plan_unknown", id=subject)
    values = {"staff": plan.staff.name, "own": plan.staff_id == colleague(ctx).id}
    return Refusal("refusals/plan_open", id=subject, minutes=_minutes(plan, ctx.now), **values)


def _minutes(plan: Plan, now: datetime) -> int:
    """How much longer it is valid; the last minute counts."""
    return -((now - plan.expires_at) // MINUTE)


def _brief(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False)[:DETAIL]
