"""Here lives that platforms are told who carries which tag, as far as they do not know.

What they had when we knew last is in the marks; so nothing is told twice, and whatever changes while something is on
its way is told when that is settled.
"""

from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from itertools import groupby

from domain.messages import Address
from domain.outgoing import TagChange
from domain.sync import TagsDue
from handlers.context import Context
from handlers.wishes import Scene, by_relation
from models import marks as rows
from models.inbox import InboxEvent
from models.marks import Pending

AT_ONCE = 200  # changes that one transaction promises
TOGETHER = 1_000  # customers in one statement
MANY = 2_000  # marks among which they are looked for


async def want(customers: Collection[int], ctx: Context) -> None:
    """Let the platforms know which tags these customers carry now, as far as they do not."""
    if not customers or not ctx.house.tags:
        return
    chosen = sorted(set(customers))
    await rows.hold(chosen)
    for part in (chosen[start : start + TOGETHER] for start in range(0, len(chosen), TOGETHER)):
        scene = await Scene.of(part, ctx)
        changed = [mark for identity in scene.identities for mark in scene.wishes(identity)]
        await rows.keep(changed)
        await rows.forget(scene.dropped)
        for account, tags in sorted(scene.unbound.items()):
            await due(account, ctx, tags)
        await _let_go(scene, ctx)
        if part[0] == chosen[0]:
            await send(await rows.pending("identities", [identity.id for identity in scene.identities], MANY), ctx)
        else:
            for account in sorted({identity.account for identity in scene.identities}):
                await due(account, ctx)


async def send(found: Sequence[Pending], ctx: Context) -> None:
    """As many as one transaction should promise; the rest is sent by the next."""
    changes = [change for account in sorted(ctx.house.tags) for change in _changes(account, found, ctx)]
    now, later = changes[:AT_ONCE], changes[AT_ONCE:]
    begun = await rows.begin([row.id for change in now for row in change], ctx.now) if now else set()
    for change in now:
        if left := [row for row in change if row.id in begun]:
            ctx.send(_outgoing(left, ctx))
    more = found[-1:] if len(found) >= MANY else []
    for account in sorted({row.account for row in (*more, *(change[0] for change in later))}):
        await due(account, ctx)


async def due(account: str, ctx: Context, tags: Iterable[int] = ()) -> None:
    """Go on with this account in the next transaction; `tags` are to reach all who carry them."""
    chosen = tuple(sorted(set(tags)))
    cause = sha256(f"{ctx.chat.account}:{ctx.key}:{chosen}".encode()).hexdigest()[:32]
    await InboxEvent.remind(TagsDue(ctx.now, account, tags=chosen), f"due:{account}:{cause}", ctx.now, ctx.now)


async def _let_go(scene: Scene, ctx: Context) -> None:
    """What was replaced can be deleted there as soon as nobody needs it."""
    elders = {row.id: row for some in scene.elders.values() for row in some if row.sent is None and row.heir_id}
    for elder in sorted(await rows.free(elders)):
        await due(elders[elder].account, ctx, [elders[elder].heir_id or 0])


def _changes(account: str, found: Sequence[Pending], ctx: Context) -> list[list[Pending]]:
    """What goes out together: of a relation everything, elsewhere one tag of many contacts."""
    here = [row for row in found if row.account == account]
    if by_relation(account, ctx):
        return [list(some) for whose, some in groupby(here, key=lambda row: (row.identity_id, row.member)) if whose[1]]
    one_tag = sorted(here, key=lambda row: (row.remote_id, row.wanted))
    return [
        list(part)
        for _, some in groupby(one_tag, key=lambda row: (row.remote_id, row.wanted))
        for part in _chunks(list(some), ctx.house.tags[account].limits.batch)
    ]


def _chunks(found: list[Pending], size: int) -> Iterable[list[Pending]]:
    return (found[start : start + size] for start in range(0, len(found), size))


def _outgoing(change: Sequence[Pending], ctx: Context) -> TagChange:
    first = change[0]
    related = by_relation(first.account, ctx)
    contacts = tuple(dict.fromkeys(row.external_id for row in change))
    add = tuple(dict.fromkeys(row.remote_id for row in change if row.wanted))
    drop = tuple(dict.fromkeys(row.remote_id for row in change if not row.wanted))
    to = Address(first.account, f"tags:{first.external_id}" if related else "tags")
    return TagChange(to, contacts, add, drop, first.member)
