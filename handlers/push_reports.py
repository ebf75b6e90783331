"""Here lives what is told of a push: how far it is, what came of it, and what followed in the days after."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

from domain.messages import Button, Card, MessageEdit, OutboundMessage, Priority
from domain.money import digits, major
from domain.push_events import PushFollowUp
from domain.push_reports import Numbers, over_at, pace, span
from handlers.context import Context
from handlers.router import on
from handlers.times import local
from models import push_reports as ledger
from models import rows
from models.batches import Batch
from models.groups import Group
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.pushes import Push
from models.staff import Staff, StaffAccount
from templates import render

EDITING = frozenset({"telegram"})  # kinds of accounts where what was said can be changed
EVERY = timedelta(seconds=5)
MANY = 20  # recipients: fewer are told of when all is over
SLOW = timedelta(seconds=3)  # or where that takes its time
FAILURES = 5
DAYS = (1, 7)
End = Literal["done", "results", "cancelled"]


async def progress(push: Push, ctx: Context) -> None:
    """In each round: where a message can be changed, one that changes; else once at the start and once half-way."""
    if push.told_at and ctx.now - push.told_at < EVERY:
        return
    numbers = await ledger.states(push.id)
    if not numbers.waiting or not await _is_heard(push):
        return  # the report says it
    edits = ctx.house.accounts.get(push.account) in EDITING
    if push.told_id is None:
        if numbers.total >= MANY or (edits and push.started_at and ctx.now - push.started_at >= SLOW):
            await _begin_telling(push, numbers, ctx)
    elif not edits:
        if 2 * push.told_count < numbers.total <= 2 * numbers.settled:
            await _say(push, numbers, ctx)
        else:  # counted again in a while, not in every round
            push.told_at = ctx.now
            await rows.change(push, "told_at")
    elif numbers.settled != push.told_count:
        await _change(push, numbers, ctx)


async def stopped(push: Push, ctx: Context) -> None:
    """It goes on no more, for now at least: what told of its progress has no buttons any more, another one will."""
    await _last_change(push, await ledger.states(push.id), ctx)
    push.told_id, push.told_at, push.told_count = None, None, 0
    await rows.change(push, "told_id", "told_at", "told_count")


async def finished(push: Push, ctx: Context) -> None:
    """It has just become done: report, and remember to follow up."""
    numbers = await ledger.numbers(push.id)
    await _last_change(push, numbers, ctx)
    await _report(push, numbers, "done", ctx)
    if numbers.sent + numbers.of("awaiting") and not push.labels:
        for days in DAYS:
            at = ctx.now + timedelta(days=days)
            key = f"push:{push.id}:followup:{days}"
            await InboxEvent.remind(PushFollowUp(at, push.id, days), key, at, ctx.now)


async def results_in(push: Push, ctx: Context) -> None:
    """The platforms have told all that they will tell of a push that was over before."""
    what: End = "cancelled" if push.state == "cancelled" else "results"
    await _report(push, await ledger.numbers(push.id), what, ctx)


@on(PushFollowUp)
async def follow_up(event: PushFollowUp, ctx: Context) -> None:
    """What came of it, to who asked for it, where they asked."""
    push = await Push.get_or_none(id=event.push_id).select_related("staff")
    if push is None or push.started_at is None or not push.staff.active:
        return
    found = await ledger.followed(push.id, push.started_at, ctx.now, ctx.house.currency)
    if found.reached:
        currency = ctx.house.currency
        ctx.tell(
            push.place,
            push.staff.language or push.language,
            "pushes/followup",
            id=push.short_id,
            days=event.days,
            audience=push.audience,
            found=found,
            amount=f"{major(found.amount, currency):,.{digits(currency)}f} {currency}",
        )


def values(push: Push, numbers: Numbers) -> dict[str, Any]:
    """What all templates about a push's numbers tell."""
    why = {f"{state}_why": numbers.because(state) for state in ("failed", "skipped")}
    return {"id": push.short_id, "state": push.state, "groups": bool(push.labels), **numbers.told(), **why}


def speed(push: Push, numbers: Numbers, ctx: Context) -> dict[str, Any]:
    """How fast it went so far, and when it will be over if it goes on so."""
    if push.started_at is None:
        return {"pace": None, "over": ""}
    is_over = push.state in {"done", "cancelled"}
    until = (push.ended_at if is_over else None) or ctx.now
    seconds = max(1.0, (until - push.started_at).total_seconds())
    meant = push.pace_count / push.pace_seconds if push.pace_count else numbers.tried / seconds
    over = None
    if push.state == "running" and numbers.waiting:
        over = over_at(numbers.waiting, meant, ctx.now, ctx.house.push, ctx.house.timezone)
    return {"pace": pace(numbers.tried, seconds), "over": local(over, ctx) if over else ""}


async def awaited(push: Push) -> list[str]:
    """The names of the members who have yet to confirm their part, or what the platform calls them."""
    found = await ledger.members(push.id)
    chosen = StaffAccount.filter(external_id__in=[member for _, member in found]).select_related("staff")
    names = {(each.account, each.external_id): each.staff.name for each in (await chosen if found else ())}
    return list(dict.fromkeys(names.get(each, each[1]) for each in found))


async def _is_heard(push: Push) -> bool:
    """Whether who asked for it still works here, or asked in a group that others read."""
    return await Staff.exists(id=push.staff_id, active=True) or await Group.allows(push.place)


async def _report(push: Push, numbers: Numbers, what: End, ctx: Context) -> None:
    if not await _is_heard(push):
        return
    failures = await ledger.failures(push.id, FAILURES) if numbers.of("failed") else []
    members = await awaited(push) if numbers.of("awaiting") else []
    until = push.ended_at if what == "done" and push.ended_at else ctx.now
    offers = {"retry": bool(failures) and what != "cancelled", "remind": bool(members)}
    ctx.tell(
        push.place,
        push.language,
        "pushes/report",
        buttons=buttons([name for name, is_offered in offers.items() if is_offered], push, ctx),
        **values(push, numbers),
        what=what,
        reporting=await Batch.exists(push_id=push.id, way="mass", state="open"),
        jobs=await ledger.jobs(push.id),
        members=len(members),
        failures=[{"id": each.short_id, "reason": each.reason} for each in failures],
        span=span(until - (push.started_at or push.created_at)),
        pace=speed(push, numbers, ctx)["pace"] if what == "done" else None,
    )


async def _begin_telling(push: Push, numbers: Numbers, ctx: Context) -> None:
    """Its row is kept in mind: what the platform calls the message stands there once it is sent."""
    said = OutboundMessage(push.place, _card(push, numbers, ctx), Priority.ALERT)
    push.told_id = (await OutboxItem.enqueue(said, ctx.now)).id
    await _keep(push, numbers, ctx)


async def _say(push: Push, numbers: Numbers, ctx: Context) -> None:
    ctx.send(OutboundMessage(push.place, _card(push, numbers, ctx), Priority.ALERT))
    await _keep(push, numbers, ctx)


async def _change(push: Push, numbers: Numbers, ctx: Context) -> None:
    if message := await _message(push, ctx):
        ctx.send(MessageEdit(push.place, message, _card(push, numbers, ctx), Priority.ALERT))
        await _keep(push, numbers, ctx)


async def _last_change(push: Push, numbers: Numbers, ctx: Context) -> None:
    if message := await _message(push, ctx):
        card = replace(_card(push, numbers, ctx), buttons=())
        ctx.send(MessageEdit(push.place, message, card, Priority.ALERT))


async def _message(push: Push, ctx: Context) -> str:
    """What the platform calls the message that tells of the progress; empty where there is none, or it stays."""
    if push.told_id is None or ctx.house.accounts.get(push.account) not in EDITING:
        return ""
    item = await OutboxItem.get_or_none(id=push.told_id, state="done")
    return item.platform_id if item else ""


async def _keep(push: Push, numbers: Numbers, ctx: Context) -> None:
    push.told_at, push.told_count = ctx.now, numbers.settled
    await rows.change(push, "told_id", "told_at", "told_count")


def _card(push: Push, numbers: Numbers, ctx: Context) -> Card:
    told = {**values(push, numbers), **speed(push, numbers, ctx)}
    title, _, text = render(f"chat/{push.language}/pushes/progress.txt", **told).partition("\n")
    return Card(title, text, buttons(("pause", "cancel"), push, ctx))


def buttons(names: Sequence[str], push: Push, ctx: Context, language: str = "") -> tuple[Button, ...]:
    """Of each command that takes a push."""
    return tuple(ctx.button(name, f"{name} {push.short_id}", language or push.language) for name in names)
