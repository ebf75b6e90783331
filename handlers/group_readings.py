"""Here lives when a platform is asked for the group chats that there are, and what is taken over of its answers.

At the start, every night and when told that one changed. A list is read page by page: each page's answer stores the
next question, and asks for the chats that were not read lately. One that is missing in the whole list is asked for
alone: only its platform can tell that it is over.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from domain.groups import GroupRead, GroupsAsked, GroupsDue, GroupsRead, GroupsUnread
from domain.messages import Address
from handlers.context import Context
from handlers.router import on
from models import group_members
from models.changes import Actor, Change
from models.fields import milliseconds
from models.group_members import Moves
from models.groups import Group
from models.inbox import InboxEvent

TOGETHER = timedelta(seconds=3)  # a chat's changes come in bursts: one reading after the last of them tells all
LATELY = timedelta(hours=1)  # what was read so lately is not asked for by a list
NEWS = timedelta(days=1)  # who came longer ago, before we knew the chat, is no news in the trail
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)  # in which several processes that start ask once
LONGEST = timedelta(minutes=15)  # between two tries of one question
PATIENCE = timedelta(days=1)
LATER = 9  # whoever waits long in the lane keeps nobody waiting
AGAIN = ":again:"
FIELD = "group"  # of a customer's trail


async def at_start(account: str, now: datetime) -> None:
    """What happened while the door was closed nobody has told us."""
    key = f"groups:{account}:list:{_bucket(now, MINUTE)}"
    await InboxEvent.remind(GroupsAsked(now, account), key, now, now, lane=_lane(account))


async def ask(chat: Address, ctx: Context) -> None:
    """Read one chat soon: once for everything that happens until then, and after all of it."""
    due = BEGINNING + ((ctx.now - BEGINNING) // TOGETHER + 1) * TOGETHER
    key = f"{_lane(chat.account, chat.id)}:{milliseconds(due)}"
    asked = GroupsAsked(ctx.now, chat.account, chat=chat.id)
    await InboxEvent.remind(asked, key, due, ctx.now, lane=_lane(chat.account, chat.id))


async def ask_for(chat: Address, ctx: Context) -> None:
    """Read one chat at once, and tell whoever asks here what came of it."""
    key = f"{_lane(chat.account, chat.id)}:for:{_mark(ctx.actor.cause)}"
    asked = GroupsAsked(ctx.now, chat.account, chat=chat.id, told=ctx.chat, language=ctx.language)
    await InboxEvent.remind(asked, key, ctx.now, ctx.now, lane=_lane(chat.account, chat.id))


async def note(group: Group, moves: Moves, at: datetime, ctx: Context) -> None:
    """Let the customers' trails tell who came and who left."""
    known = await group_members.customers_among(group.account, {*moves.came, *moves.left})
    name, actor = group.title or group.short_id, Actor(None, ctx.actor.cause, at)
    for ids, pair in ((moves.came, ("", name)), (moves.left, (name, ""))):
        for customer in dict.fromkeys(known[one] for one in ids if one in known):
            await Change.keep(customer, f"C{customer}", {FIELD: pair}, actor)


@on(GroupsDue)
async def ask_all(event: GroupsDue, ctx: Context) -> None:  # noqa: ARG001 - every handler is given the event
    """An account without such a list answers nothing."""
    for account in sorted(ctx.house.accounts):
        await at_start(account, ctx.now)


@on(GroupsRead)
async def take_over(event: GroupsRead, ctx: Context) -> None:
    asked = event.asked
    found = await Group.listed(asked.account, event.chats, asked.at)
    await _ask_each([group for group in found if not _is_fresh(group, asked.at)], asked, ctx)
    if event.cursor:
        further = GroupsAsked(asked.at, asked.account, event.cursor)
        key = f"groups:{asked.account}:page:{_mark(ctx.key)}"
        await InboxEvent.remind(further, key, ctx.now, ctx.now, lane=_lane(asked.account))
    else:
        await _ask_each(await Group.missing(asked.account, asked.at), asked, ctx)


@on(GroupRead)
async def learn(event: GroupRead, ctx: Context) -> None:
    """What was read before something that we have heard since is out of date."""
    asked = event.asked
    chat = Address(asked.account, asked.chat)
    if event.gone:
        await _over(chat, event, ctx)
        return
    met, _ = await Group.met(chat, event.at, event.group, event.title)
    group = await Group.held(met.id) or met
    if group.read_at is None or group.read_at <= event.at:
        await _take(group, event, ctx)
    if asked.told:
        ctx.tell(asked.told, asked.language, "groups/added", id=group.short_id, title=group.title)


@on(GroupsUnread)
async def try_again(event: GroupsUnread, ctx: Context) -> None:
    """The same question later, each time after a longer while, for a day; then the next night asks."""
    asked, passed = event.asked, ctx.now - event.asked.at
    if asked.told and AGAIN not in ctx.key:
        ctx.tell(asked.told, asked.language, "groups/unread", chat=asked.chat.partition(":")[2], reason=event.reason)
    if passed < PATIENCE:
        lane, due = _lane(asked.account, asked.chat), max(event.again, ctx.now + min(passed, LONGEST))
        key = f"groups:{asked.account}{AGAIN}{_mark(ctx.key)}"
        await InboxEvent.remind(asked, key, due, ctx.now, lane=lane, priority=LATER)


async def _take(group: Group, event: GroupRead, ctx: Context) -> None:
    is_over = group.gone_at is not None and group.gone_at >= event.at
    before, owner = group.read_at, group.owner
    await group.learn(
        title=event.title or group.title,
        owner=event.owner,
        group=event.group,
        writable=True,
        gone_at=group.gone_at if is_over else None,
        read_at=event.at,
    )
    if owner != group.owner:
        await group.lead()
    if event.members is not None:
        joined = {one.id: one.joined_at for one in event.members}
        moves = await group_members.told(group, event.members, event.at)
        if before is None:
            moves = Moves(tuple(one for one in moves.came if event.at - (joined[one] or BEGINNING) < NEWS), moves.left)
        await note(group, moves, event.at, ctx)


async def _over(chat: Address, event: GroupRead, ctx: Context) -> None:
    """One that was never there at all is not kept."""
    asked, group = event.asked, await Group.of(chat)
    if asked.told:
        ctx.tell(asked.told, asked.language, "groups/unknown_chat", chat=chat.id.partition(":")[2])
    if group and group.group == "app" and group.read_at is None:
        await group.delete()
    elif group and (group.read_at is None or group.read_at <= event.at):
        await group.leave(event.at)


async def _ask_each(groups: Collection[Group], asked: GroupsAsked, ctx: Context) -> None:
    """One after the other; within a while once, however often somebody asks for the list."""
    when = _bucket(asked.at, LATELY)
    questions = {
        f"{_lane(group.account, group.external_id)}:list:{when}": GroupsAsked(
            ctx.now, group.account, chat=group.external_id
        )
        for group in groups
    }
    await InboxEvent.remind_all(questions, ctx.now, _lane(asked.account))


def _is_fresh(group: Group, at: datetime) -> bool:
    return group.read_at is not None and at - group.read_at < LATELY


def _lane(account: str, chat: str = "") -> str:
    """One chat's own, else the account's."""
    return f"groups:{account}:{_mark(chat)}" if chat else f"groups:{account}"


def _mark(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def _bucket(at: datetime, size: timedelta) -> int:
    return (at - BEGINNING) // size
