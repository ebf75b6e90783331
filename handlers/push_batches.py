"""Here lives how a push is handed to a platform in batches: tasks for members of ours, mass messages."""

from collections.abc import Mapping, Sequence

from domain.errors import Refusal
from domain.media import Medium
from domain.messages import Address, Content
from domain.outgoing import GroupPush
from domain.push_batches import parts, share
from handlers.context import Context
from handlers.push_roads import reach_alone
from handlers.push_words import prepared
from models import group_reach, reach, recipient_feed
from models.batches import Batch, Kind
from models.pushes import Push

MANY = {"task", "mass"}
AT_ONCE = 20_000  # recipients in one transaction
CALLS = 500  # and in so many calls
CHECKED = 2_000  # recipients in one question


async def promise(push: Push, ctx: Context, *, everywhere: bool = True) -> None:
    """Make batches of the recipients that wait for a task or a mass message, and promise to send them.

    Not `everywhere`: only on accounts that have such media, so that a million who wait for a message each are not
    looked through in every round.

    What is promised and who it is promised to is one transaction: whatever is killed, nobody is in two batches.
    """
    accounts = await recipient_feed.accounts(push.id)
    waiting = await Batch.waiting(push.id, accounts if everywhere else [each for each in accounts if _has(each, ctx)])
    if not waiting:
        return
    found = await Batch.oldest(push.id, _shares(waiting))
    skipped = await _left_out([key for ids in found.values() for key in ids], push, ctx)
    staying = {kind: [key for key in ids if key not in skipped] for kind, ids in found.items()}
    calls, without = _calls(staying, ctx)
    content = await _content(push, ctx) if calls else None
    if content is None:
        without |= {key: "words" for _, ids in calls for key in ids}
    if skipped | without:
        await Batch.skip(skipped | without, ctx.now)
    if calls and content:
        await _send(push, calls, content, ctx)


def _has(account: str, ctx: Context) -> bool:
    """Whether it has media that take many at once."""
    return any(medium.way in MANY for medium in ctx.house.media.get(account, ()))


def _shares(waiting: Mapping[Kind, int]) -> dict[Kind, int]:
    """How many of each kind are looked at now; whoever is left is enough for a call of their own."""
    shares: dict[Kind, int] = {}
    for kind, count in waiting.items():
        if sum(shares.values()) < AT_ONCE and len(shares) < CALLS:
            shares[kind] = share(count, AT_ONCE)
    return shares


async def _left_out(ids: Sequence[int], push: Push, ctx: Context) -> dict[int, str]:
    """Who must not get it any more, with the reason; asked of a part at a time."""
    roads, ledger = await reach_alone(push, ctx), group_reach if push.labels else reach
    found: dict[int, str] = {}
    for start in range(0, len(ids), CHECKED):
        found |= await ledger.excluded(ids[start : start + CHECKED], roads)
    left = [key for key in ids if key not in found]
    return found | dict.fromkeys(await Batch.doubles(push.id, left), "duplicate")


def _calls(
    staying: Mapping[Kind, Sequence[int]], ctx: Context
) -> tuple[list[tuple[Kind, Sequence[int]]], dict[int, str]]:
    """The calls, all of a kind of about the same size; and who fits in none."""
    calls: list[tuple[Kind, Sequence[int]]] = []
    skipped: dict[int, str] = {}
    for kind, ids in staying.items():
        medium = _medium(kind, ctx)
        if medium is None:
            skipped |= dict.fromkeys(ids, "no_such_channel")
        elif len(ids) < medium.least and not kind.chats:
            skipped |= dict.fromkeys(ids, "too_few")
        else:
            most = medium.chats if kind.chats else medium.most
            calls += [(kind, ids[start:end]) for start, end in parts(len(ids), most)]
    return calls, skipped


def _medium(kind: Kind, ctx: Context) -> Medium | None:
    return next((medium for medium in ctx.house.media.get(kind.account, ()) if medium.way == kind.way), None)


async def _content(push: Push, ctx: Context) -> Content | None:
    """The same for everybody; None where it cannot be written without knowing for whom."""
    try:
        return (await prepared(push, ctx)).common()
    except Refusal:
        return None


async def _send(push: Push, calls: Sequence[tuple[Kind, Sequence[int]]], content: Content, ctx: Context) -> None:
    for batch in await Batch.fill(push.id, calls, ctx.now):
        to = Address(batch.kind.account, f"push:{push.id}:{batch.id}")
        ctx.send(GroupPush(to, batch.id, batch.contacts, content, batch.kind.member, batch.kind.chats))
