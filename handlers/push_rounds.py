"""Here lives a running push: begun, looked after round by round, ended when there is nothing left to send.

A round is one event and one transaction, which stores the next one: whatever is killed, there is always one to come.
"""

import asyncio
from datetime import datetime, timedelta

from domain.push_events import PushDue, PushRound
from handlers import push_batches, push_reports
from handlers.context import Context
from handlers.notices import tell
from handlers.push_feed import AHEAD, Fed, feed
from handlers.push_harvest import harvest
from handlers.router import on
from handlers.times import local
from models import recipient_feed
from models.fields import milliseconds
from models.inbox import InboxEvent
from models.pushes import Push
from models.recipients import MANY, Recipient
from models.staff import Staff

__all__ = ["begin", "drop", "harvest", "launch", "look_again", "wait_again"]

EVERY = timedelta(seconds=1)
NOW_AND_THEN = 60  # rounds, after which all who wait are looked through: the media of an account may have changed
SELDOM = timedelta(seconds=30)  # the same while everything waits for a platform, or for a slow pace


async def launch(push: Push, ctx: Context) -> None:
    """Its ledger is full: wait for its time, or begin."""
    if not await push.move("queued", ctx.now, of=("filling",)):
        return
    if push.starts_at and push.starts_at > ctx.now:
        await _wait(push, push.starts_at, f"push:{push.id}:due", ctx)
    else:
        await begin(push, ctx)


async def wait_again(push: Push, at: datetime, ctx: Context) -> bool:
    """Of one that was paused before its time: wait for it; False where it is not paused any more.

    By another clock, or before ours was set back, its time may have come already, while it was paused.
    """
    if not await push.move("queued", ctx.now, of=("paused",)):
        return False
    await _wait(push, at, f"push:{push.id}:due:{milliseconds(ctx.now)}", ctx)
    return True


async def begin(push: Push, ctx: Context) -> bool:
    """Run, from a queue, a pause or a delay; False where it is none of these any more."""
    if not await push.move("running", ctx.now, of=("queued", "paused", "late")):
        return False
    await _store(PushRound(ctx.now, push.id, push.turn), ctx)
    return True


async def drop(push: Push, ctx: Context) -> None:
    """It is cancelled: nobody of those who wait gets it. More than fit one transaction are left to rounds."""
    if await Recipient.skip_waiting(push.id, "cancelled") == MANY:
        await look_again(push, ctx)


async def look_again(push: Push, ctx: Context) -> None:
    """A round more of one that is not running."""
    await _store(PushRound(ctx.now, push.id, push.turn, milliseconds(ctx.now)), ctx)


@on(PushDue)
async def start(event: PushDue, ctx: Context) -> None:
    """One that comes too late, because nobody was there at its time, begins only if somebody says so."""
    push = await Push.held(event.push_id)
    if push is None or push.state != "queued":
        return
    if ctx.now - event.at <= ctx.house.push.late_grace:
        await begin(push, ctx)
    elif await push.move("late", ctx.now, of=("queued",)):
        await _ask(push, event.at, ctx)


@on(PushRound)
async def look_after(event: PushRound, ctx: Context) -> None:
    """In quiet hours everybody waits; of a push that was stopped only what was under way is left to look after."""
    push = await Push.held(event.push_id)
    if push is None or push.turn != event.turn:
        return
    if push.state != "running":
        await _wind_up(push, event, ctx)
    elif until := ctx.house.push.quiet_until(ctx.now, ctx.house.timezone):
        await _rest(push, event, until, ctx)
    else:
        await _go_on(push, event, ctx)


async def _rest(push: Push, event: PushRound, until: datetime, ctx: Context) -> None:
    """What was in flight when the night began, and was put off by the platform, does not go out in it either."""
    await Recipient.take_back(push.id)
    is_flying = await Recipient.is_any(push.id, "sending")
    untold = await harvest(push, ctx)
    await _again(event, min(until, ctx.now + EVERY) if is_flying or untold else until, None, ctx)


async def _go_on(push: Push, event: PushRound, ctx: Context) -> None:
    await push_batches.promise(push, ctx, everywhere=event.round % NOW_AND_THEN == 0)
    fed = await feed(push, event.free_at, ctx)
    is_any_left = await _is_any_left(push)
    await asyncio.sleep(0)  # on SQLite nothing in a transaction waits: everybody else gets a turn
    untold = await harvest(push, ctx)  # after that look: whoever was the last to be sent to meanwhile is told of, too
    await push_reports.progress(push, ctx)
    if fed.more or untold:
        await _again(event, ctx.now, fed.free_at, ctx)
    elif is_any_left:
        await _again(event, await _next(push, fed, ctx), fed.free_at, ctx)
    elif await push.move("done", ctx.now, of=("running",)):
        await push_reports.finished(push, ctx)


async def _wind_up(push: Push, event: PushRound, ctx: Context) -> None:
    """What was in flight when it was stopped, and was put off by the platform, is taken back, too.

    Of one that is done many may turn out at once to have been sent to, as members confirm.
    """
    if push.state not in {"paused", "cancelled", "done"}:
        return
    await Recipient.take_back(push.id)
    many = push.state == "cancelled" and await Recipient.skip_waiting(push.id, "cancelled") == MANY
    is_flying = await Recipient.is_any(push.id, "sending")
    untold = await harvest(push, ctx)
    if many or untold:
        await _again(event, ctx.now, None, ctx)
    elif is_flying:
        await _again(event, ctx.now + EVERY, None, ctx)


async def _is_any_left(push: Push) -> bool:
    return await Recipient.is_any(push.id, "waiting") or await Recipient.is_any(push.id, "sending")


async def _next(push: Push, fed: Fed, ctx: Context) -> datetime:
    """Soon; but where everything that is left has its time, not before that."""
    soon = ctx.now + EVERY
    if fed.number:
        return soon
    paced = fed.free_at - AHEAD if fed.free_at and await Recipient.is_any(push.id, "waiting") else None
    moments = [at for at in (paced, await recipient_feed.next_due(push.id)) if at]
    return max(soon, min(ctx.now + SELDOM, *moments)) if moments else soon


async def _again(event: PushRound, at: datetime, free_at: datetime | None, ctx: Context) -> None:
    await _store(PushRound(at, event.push_id, event.turn, event.round + 1, free_at), ctx)


async def _store(event: PushRound, ctx: Context) -> None:
    """Each start has a lane of its own: a round of the one before may wait for the morning."""
    lane = f"push:{event.push_id}:{event.turn}"
    await InboxEvent.remind(event, f"{lane}:{event.round}", event.at, ctx.now, lane=lane)


async def _wait(push: Push, until: datetime, key: str, ctx: Context) -> None:
    await InboxEvent.remind(PushDue(until, push.id), key, until, ctx.now)


async def _ask(push: Push, was_due: datetime, ctx: Context) -> None:
    person = await Staff.get(id=push.staff_id)
    offers = {"resume": f"resume {push.short_id}", "cancel": f"cancel {push.short_id}"}
    at = local(was_due, ctx)
    await tell(person, ctx, "pushes/late", offers=offers, id=push.short_id, audience=push.audience, at=at)
