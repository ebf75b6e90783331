"""Here lives what becomes of the batches of a push: carried out or not, and what the platform tells of them later."""

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from domain.errors import Unreadable
from domain.events import SendingReported
from domain.messages import Address
from domain.outgoing import GroupPush, GroupPushEdit
from domain.push_batches import next_asking
from domain.push_events import PushAsked, PushResult, PushResultRead, PushSettled, PushUnread
from handlers import push_reports, push_rounds
from handlers.context import Context
from handlers.router import on
from models import push_results as ledger
from models.batches import Batch
from models.fields import milliseconds
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.pushes import Push

OVERTAKEN = timedelta(seconds=30)  # a report may be here before we know what the platform calls what it tells of
PATIENCE = timedelta(minutes=1)
CANCELLED, CANCELLING, LOST = "cancelled", "cancelling", "task_gone"
UNENDED = frozenset({"sending", "open"})


@dataclass(frozen=True, slots=True)
class Held:
    """A batch and its push, which nobody else changes meanwhile; `before` is how the batch was found."""

    batch: Batch
    push: Push
    before: str

    @property
    def has_ended(self) -> bool:
        return self.before in UNENDED and self.batch.state not in UNENDED


@on(PushSettled)
async def settle(event: PushSettled, ctx: Context) -> None:
    held, item = await _held(event.batch), await OutboxItem.get_or_none(id=event.outbox_id)
    if held is None or item is None:
        return
    match item.outgoing:
        case GroupPush():
            await _settle(event, held, ctx)
        case GroupPushEdit(edit="cancel"):
            await _settle_cancel(event, held, ctx)
        case GroupPushEdit() if event.reason:
            _say_failed(event, held.push, "remind", ctx)


@on(PushResultRead)
async def read(event: PushResultRead, ctx: Context) -> None:
    """One page; with the last one it is settled when to ask again, if ever."""
    if not (held := await _held(event.asked.batch)):
        return
    batch = held.batch
    await ledger.take_over(batch, event.results, ctx.now)
    if event.cursor and event.cursor != event.asked.cursor:
        await _ask(replace(event.asked, cursor=event.cursor), batch, ctx)
        await _harvest(held.push, ctx)
        return
    if batch.way == "mass":
        await _take_over_job(event, batch, ctx)
    elif not await ledger.is_awaited(batch):
        await ledger.turn(batch, "done", of=("open",))
    await _go_on(held, ctx)


@on(PushUnread)
async def wait(event: PushUnread, ctx: Context) -> None:
    """Asked again, unless there is nothing to ask for any more."""
    if not (held := await _held(event.asked.batch)):
        return
    batch = held.batch
    if event.reason == CANCELLED:
        await _be_cancelled(batch, ctx)
    elif event.reason == LOST:
        if await ledger.turn(batch, "unsure", of=("open",), reason=LOST):
            await ledger.become(batch, "unsure", ctx.now, of=("awaiting",), reason=LOST)
    elif batch.state == "open" and next_asking(batch.created_at, event.again):
        await _ask(replace(event.asked, at=event.again), batch, ctx)
        return
    await _go_on(held, ctx)


@on(SendingReported)
async def hear(event: SendingReported, ctx: Context) -> None:
    """Of a mass message the platform tells of all together, of a template message of one; others are not ours."""
    place = event.account, event.platform_id
    if job := await Batch.get_or_none(account=place[0], task=place[1] or "-", way="mass"):
        await _settle_job(event, job.id, ctx)
    elif row := await ledger.reported(*place):
        if not row.told:
            await _take_down(row.push_id, place, ctx)
        await ledger.end(*place, "delivered" if event.ok else "failed", event.reason, event.at)
    elif ctx.now - ctx.arrived < OVERTAKEN and await ledger.is_in_flight(event.account):
        raise Unreadable("early")


async def ask_now(push: Push, ctx: Context) -> int:
    """Ask what became of the push's tasks, unless that was done in the last minute; how many are asked about."""
    batches = await ledger.to_ask(push.id, ctx.now, ctx.now - PATIENCE)
    questions = [(batch, _question(batch, ctx)) for batch in batches]
    events = {_key(asked, batch): asked for batch, asked in questions}
    await InboxEvent.remind_all(events, ctx.now, f"push:{push.id}:asked")
    return len(batches)


async def call_off(push: Push, ctx: Context) -> int:
    """Take back the tasks that members have not confirmed yet, each once; how many."""
    batches = await Batch.filter(push_id=push.id, way="task", state="open").exclude(reason=CANCELLING).order_by("id")
    return len([batch for batch in batches if await _call_off(batch, ctx)])


async def _call_off(batch: Batch, ctx: Context) -> bool:
    taken = await ledger.turn(batch, "open", of=("open",), reason=CANCELLING)
    if taken:
        ctx.send(GroupPushEdit(Address(batch.account, batch.lane), batch.id, batch.task, "cancel"))
    return taken


async def _held(batch_id: int) -> Held | None:
    """The push is held, so that of two batches that end at once one is the last."""
    known = await Batch.get_or_none(id=batch_id)
    push = await Push.held(known.push_id) if known else None
    batch = await Batch.get_or_none(id=batch_id) if push else None
    return Held(batch, push, batch.state) if batch and push else None


async def _settle(event: PushSettled, held: Held, ctx: Context) -> None:
    batch = held.batch
    if event.unsure:
        if await ledger.turn(batch, "unsure", of=("sending",), reason=event.reason):
            await ledger.become(batch, "unsure", event.at, of=("sending",), reason=event.reason)
    elif event.reason:
        if await ledger.turn(batch, "failed", of=("sending", "unsure"), reason=event.reason):
            await ledger.become(batch, "failed", event.at, of=("sending", "unsure"), reason=event.reason)
    elif await ledger.turn(batch, "open" if event.task else "done", of=("sending", "unsure"), task=event.task):
        refused = [PushResult(contact, "failed", reason) for contact, reason in event.failed]
        await ledger.take_over(batch, refused, event.at)
        to = ledger.TAKEN[batch.way]
        await ledger.become(batch, to, event.at, of=("sending", "unsure"))
        if held.push.state == "cancelled" and batch.way == "task":
            await _call_off(batch, ctx)
    await _go_on(held, ctx)


async def _settle_cancel(event: PushSettled, held: Held, ctx: Context) -> None:
    """What could not be taken back may have been confirmed in the same moment: the results tell."""
    batch = held.batch
    if not event.reason or event.reason == CANCELLED:
        await _be_cancelled(batch, ctx)
    elif await ledger.turn(batch, "open", of=("open",)):
        _say_failed(event, held.push, "cancel", ctx)
        await _ask(_question(batch, ctx), batch, ctx)
    await _go_on(held, ctx)


async def _be_cancelled(batch: Batch, ctx: Context) -> None:
    if await ledger.turn(batch, "cancelled", of=("open",), reason=CANCELLED):
        await ledger.become(batch, "skipped", ctx.now, of=("awaiting",), reason=CANCELLED)


async def _settle_job(event: SendingReported, batch_id: int, ctx: Context) -> None:
    """Where nobody got it the platform need not tell of anybody alone."""
    held = await _held(batch_id)
    if held and await ledger.turn(held.batch, "done", of=("open",), reason=event.reason):
        failed = event.failed + event.filtered
        await Batch.filter(id=batch_id).update(sent=event.sent, failed=failed)
        if not event.sent and (failed or not event.ok):
            reason = event.reason or "not_delivered"
            await ledger.become(held.batch, "failed", event.at, of=("sent",), reason=reason)
        await _go_on(held, ctx)


async def _take_over_job(event: PushResultRead, batch: Batch, ctx: Context) -> None:
    """What the platform tells when asked, where it has not told by itself."""
    whole = next((result for result in event.results if not result.contact), None)
    if whole is None or whole.state == "waiting" or not await ledger.turn(batch, "done", of=("open",)):
        return
    if whole.state == "failed":
        await ledger.become(batch, "failed", ctx.now, of=("sent",), reason=whole.reason)


async def _go_on(held: Held, ctx: Context) -> None:
    """Ask again later, or be done with it; with the last batch of a push that is over the results are in."""
    batch, push = held.batch, held.push
    await _harvest(push, ctx)
    if batch.state == "open":
        if later := next_asking(batch.created_at, ctx.now, job=batch.way == "mass"):
            await _ask(replace(_question(batch, ctx), at=later), batch, ctx)
            return
        await ledger.turn(batch, "done", of=("open",))
    if held.has_ended and push.state in {"done", "cancelled"} and not await ledger.is_any_open(push.id):
        await push_reports.results_in(push, ctx)


async def _harvest(push: Push, ctx: Context) -> None:
    """More than fits one transaction is left to rounds, which go on until nothing is left."""
    if await push_rounds.harvest(push, ctx) and push.state != "running":
        await push_rounds.look_again(push, ctx)


async def _take_down(push_id: int, place: tuple[str, str], ctx: Context) -> None:
    """As sent, before it is more than that, with all who were sent to before. The push is held: nobody else does so."""
    push = await Push.held(push_id)
    while push and (row := await ledger.reported(*place)) and not row.told:
        await push_rounds.harvest(push, ctx)


def _question(batch: Batch, ctx: Context) -> PushAsked:
    return PushAsked(ctx.now, batch.account, batch.id, batch.task, batch.member)


async def _ask(asked: PushAsked, batch: Batch, ctx: Context) -> None:
    """At its moment, once: whoever asks for the same moment asks the same."""
    await InboxEvent.remind(asked, _key(asked, batch), max(asked.at, ctx.now), ctx.now)


def _key(asked: PushAsked, batch: Batch) -> str:
    page = sha256(asked.cursor.encode()).hexdigest()[:16] if asked.cursor else ""
    return f"push:{batch.push_id}:asked:{batch.id}:{milliseconds(asked.at)}:{page}"


def _say_failed(event: PushSettled, push: Push, edit: str, ctx: Context) -> None:
    told = {"edit": edit, "reason": event.reason, "unsure": event.unsure}
    ctx.tell(push.place, push.language, "pushes/edit_failed", id=push.short_id, buttons=(), **told)
