"""Here lives when an account is asked for its tags: at the start, every night, when told that they changed, on demand.

All questions to one account are in one lane, so that they are asked one after the other. A run is the library and
then who carries which tag, page by page; each page's answer stores the next question, so it goes on after a crash.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from domain.messages import Address
from domain.sync import SyncDue, TagLibraryChanged, TagsAsked, TagsUnread
from handlers.context import Context
from handlers.router import on
from models.fields import milliseconds
from models.inbox import InboxEvent
from models.sync import Sync

TOGETHER = timedelta(seconds=3)  # changes of a library come in bursts: one reading after the last of them tells all
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
SOON, LATER = 0, 9  # whoever waits long in the lane keeps nobody waiting
LONGEST = timedelta(minutes=15)  # between two tries of one question
PATIENCE = timedelta(days=1)
LONG = timedelta(hours=1)  # what began before that is begun anew at a start


async def ask(account: str, ctx: Context, after: timedelta = TOGETHER) -> None:
    """Read the library soon: once for everything that happens until then, and after all of it."""
    if account in ctx.house.tags:
        await _ask(account, ctx.now, after)


async def begin(account: str, ctx: Context, dry: Mapping[str, Any] | None = None) -> Sync:
    """Compare everything; a run that is going on ends here. `dry`: only tell in this chat what would change."""
    sync = await Sync.held(account)
    if sync.dry is not None and sync.part in ("library", "contacts"):
        _tell_cut_off(sync, sync.dry, ctx)
    return await _begin(account, ctx.now, dry)


async def follow(sync: Sync, ctx: Context) -> None:
    """Compare in earnest what a dry run has kept waiting; whatever waits in the lane is asked first."""
    await _ask_all(await Sync.begin(sync.account, ctx.now), ctx.now)


async def at_start(account: str, now: datetime) -> None:
    """What happened while the door was closed nobody has told us. A comparison that began lately goes on."""
    if await _goes_on_dry(account):
        return
    sync = await Sync.held(account)
    if await _goes_on(sync, now):
        await _ask(account, now, TOGETHER)
        return
    begun = await _begin(account, now)
    if sync.part == "held":  # managers know
        known = {name: sync.found[name] for name in ("held", "told_of") if name in sync.found}
        await begun.note(now, part="held", found=begun.found | known)


@on(SyncDue)
async def compare_all(event: SyncDue, ctx: Context) -> None:  # noqa: ARG001 - every handler is given the event
    for account in sorted(ctx.house.tags):
        if not await _goes_on_dry(account):
            await begin(account, ctx)


@on(TagLibraryChanged)
async def look_again(event: TagLibraryChanged, ctx: Context) -> None:
    await ask(event.account, ctx)


@on(TagsUnread)
async def try_again(event: TagsUnread, ctx: Context) -> None:
    """The same question later, each time after a longer while, for a day; then the next night asks.

    Of many that wait to hear of the library alone, one asks for all.
    """
    asked = event.asked
    if not (sync := await current(asked, ctx)):
        return
    passed = ctx.now - asked.at
    if passed >= PATIENCE:
        is_over = asked.run and sync.part != "held"
        await sync.note(ctx.now, reason=event.reason, part="" if is_over else sync.part)
        return
    await sync.note(ctx.now, reason=event.reason)
    if asked.run or not await InboxEvent.is_any_waiting(_keys(asked.account, 0), but=ctx.key):
        due = ctx.now + max(event.wait, min(passed, LONGEST))
        key = f"{_keys(asked.account, asked.run)}unread:{sha256(ctx.key.encode()).hexdigest()[:32]}"
        await InboxEvent.remind(asked, key, due, ctx.now, lane=lane(asked.account), priority=LATER)


async def current(asked: TagsAsked, ctx: Context) -> Sync | None:
    """How far the comparison is that wants to know; None for one that is over. Nobody else goes on with it."""
    if asked.account not in ctx.house.tags:
        return None
    sync = await Sync.held(asked.account)
    return sync if asked.run in (0, sync.run) else None


async def go_on(sync: Sync, cursor: str, ctx: Context, contacts: Sequence[str] = ()) -> None:
    """Ask who carries which tag, from `cursor` on; before that, what these contacts carry."""
    pages = int(sync.found.get("pages", 0))
    await sync.note(ctx.now, part="contacts", found={**sync.found, "pages": pages + 1})
    asked = TagsAsked(ctx.now, sync.account, sync.run, "contacts", cursor, sync.dry is not None, tuple(contacts))
    key = f"{_keys(sync.account, sync.run)}{pages + 1}"
    await InboxEvent.remind(asked, key, ctx.now, ctx.now, lane=lane(sync.account))


def lane(account: str) -> str:
    return f"tags:{account}"


def _keys(account: str, run: int) -> str:
    """How the keys of all its questions begin."""
    return f"tags:{account}:{run}:"


async def _ask(account: str, now: datetime, after: timedelta) -> None:
    sync = await Sync.get_or_none(account=account)
    due = BEGINNING + ((now - BEGINNING) // after + 1) * after
    how, priority = ("ask", SOON) if after == TOGETHER else ("again", LATER)
    run = sync.run if sync else 0  # a run that began meanwhile has put an end to what waited
    key = f"{_keys(account, 0)}{how}:{run}:{milliseconds(due)}"
    await InboxEvent.remind(TagsAsked(now, account, 0), key, due, now, lane=lane(account), priority=priority)


async def _goes_on(sync: Sync, now: datetime) -> bool:
    if sync.part not in ("library", "contacts") or sync.started_at is None or now - sync.started_at >= LONG:
        return False
    return await InboxEvent.is_any_waiting(_keys(sync.account, sync.run))


async def _goes_on_dry(account: str) -> bool:
    """Whether somebody waits for a dry run that has yet to be read to its end: what is to be compared follows it."""
    sync = await Sync.held(account)
    if sync.dry is None or not await InboxEvent.is_any_waiting(_keys(account, sync.run)):
        return False
    await Sync.filter(account=account).update(dry={**sync.dry, "next": True})
    return True


def _tell_cut_off(sync: Sync, asked: Mapping[str, Any], ctx: Context) -> None:
    to, channel = Address(asked["account"], asked["chat"]), ctx.house.accounts.get(sync.account, "")
    ctx.tell(to, asked["language"], "sync/cut_off", account=sync.account, channel=channel)


async def _begin(account: str, now: datetime, dry: Mapping[str, Any] | None = None) -> Sync:
    """Whatever else was to be asked is asked by this run, unless it takes nothing over."""
    sync = await Sync.begin(account, now, dry)
    if dry is None:
        await InboxEvent.cancel(lane(account))
    await _ask_all(sync, now)
    return sync


async def _ask_all(sync: Sync, now: datetime) -> None:
    asked = TagsAsked(now, sync.account, sync.run, dry=sync.dry is not None)
    await InboxEvent.remind(asked, f"{_keys(sync.account, sync.run)}0", now, now, lane=lane(sync.account))
