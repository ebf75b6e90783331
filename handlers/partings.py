"""Here lives what becomes of those who carried a tag that is gone: they lose it, or have its heir instead.

Everybody reads as if it were so at once; it is written down for some customers at a time, each time in a transaction
of its own, so that nobody has to wait for fifty thousand of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from domain.sync import TagsGone
from handlers.context import Context
from handlers.router import on
from handlers.wants import due, want
from models.changes import Actor
from models.identities import alone
from models.inbox import InboxEvent
from models.sync import Binding
from models.tags import Tag, Tagging

AT_ONCE = 300  # customers in one transaction


async def end(tags: Sequence[int], ctx: Context, heir: int | None = None) -> list[int]:
    """These are gone from now on; the first customers who carried one, for `part`. Whoever asks holds the library."""
    customers = await Tagging.hold(tags, AT_ONCE)  # whoever gives one of the tags holds the customer first, too
    await Tag.end(tags, ctx.now, heir)
    await Tagging.inherit(customers, ctx.actor)
    return customers


async def part(tags: Sequence[int], customers: Sequence[int], ctx: Context) -> None:
    """What follows for the first, and the rest later."""
    asked = TagsGone(ctx.now, tuple(sorted(tags)), ctx.actor.staff_id or 0, ctx.actor.cause)
    await _follow(asked, customers, ctx)


@on(TagsGone)
async def go_on(event: TagsGone, ctx: Context) -> None:
    """The next ones; nothing, if the tags are here again."""
    await alone("tags")
    gone = [tag.id for tag in (await Tag.of(event.tags)).values() if tag.gone_at]
    customers = await Tagging.hold(gone, AT_ONCE) if gone else []
    await Tagging.inherit(customers, Actor(event.staff or None, event.cause, ctx.now))
    await _follow(event, customers, ctx)


async def _follow(event: TagsGone, customers: Sequence[int], ctx: Context) -> None:
    """Also to whom one was given while it ended: whoever gave it has committed by now."""
    tags = await Tag.of(event.tags)
    if heirs := {tag.merged_into_id for tag in tags.values()} - {None}:
        await want(customers, ctx)
    if await Tagging.filter(tag_id__in=[tag.id for tag in tags.values() if tag.gone_at]).exists():
        told = f"{event.cause}:{event.tags}"
        key = f"gone:{sha256(told.encode()).hexdigest()[:32]}:{event.round}"
        await InboxEvent.remind(replace(event, at=ctx.now, round=event.round + 1), key, ctx.now, ctx.now)
    elif heirs and event.round:
        await _let_go(event.tags, ctx)


async def _let_go(tags: Sequence[int], ctx: Context) -> None:
    """What was replaced waited for the last of them."""
    elders = Binding.filter(tag_id__in=list(tags), retired=True, sent__isnull=True, agreed__not_isnull=True)
    for elder in await elders:
        if elder.account in ctx.house.tags and elder.heir_id:
            await due(elder.account, ctx, [elder.heir_id])
