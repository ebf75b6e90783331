"""Here lives what changes sides when two customers become one, and when they are two again."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from models.customers import Identity
from models.facts import how_many_orders
from models.messages import Message
from models.notes import Note
from models.tags import Tag, Tagging
from models.tasks import Task


@dataclass(frozen=True, slots=True)
class Belongings:
    """What changes sides: accounts, and how many messages, notes, to-dos, orders and tags."""

    identities: tuple[Identity, ...]
    messages: int
    notes: int
    tasks: int
    orders: int
    tags: int

    @classmethod
    async def of(cls, customer_id: int, into: int) -> Self:
        """Everything of one customer, and the tags that the other lacks."""
        identities = await Identity.filter(customer_id=customer_id).order_by("id")
        notes = await Note.filter(customer_id=customer_id).count()
        tasks = await Task.filter(customer_id=customer_id).count()
        tags = len(await _lacked(customer_id, into))
        orders = await how_many_orders(customer_id)
        return cls(tuple(identities), await _said(identities), notes, tasks, orders, tags)

    @classmethod
    async def returning(cls, moved: Mapping[str, Any], kept: int, absorbed: int) -> Self:
        """What goes back of what moved when a joining is undone now."""
        there = {"customer_id": kept}
        identities = await Identity.filter(id__in=moved["identities"], **there).order_by("id")
        notes = await Note.filter(id__in=moved["notes"], **there).count()
        tasks = await Task.filter(id__in=moved["tasks"], **there).count()
        tags = await Tagging.filter(tag_id__in=moved.get("tags", []), **there).count()
        orders = await how_many_orders(kept, absorbed)
        return cls(tuple(identities), await _said(identities), notes, tasks, orders, tags)


async def tags_brought(source: int, target: int, among: Collection[int] | None = None) -> list[int]:
    """Tags (`among` these) that one has and the other lacks become the other's; what both have stays with each."""
    lacked = [tag_id for tag_id in await _lacked(source, target) if among is None or tag_id in among]
    await Tagging.filter(customer_id=source, tag_id__in=lacked).update(customer_id=target)
    return lacked


async def tags_returned(tags: Collection[int], kept: int, absorbed: int, moved_at: datetime) -> list[int]:
    """Of tags that were brought those that are still there go back, unless they were given anew since.

    Where one has become another tag meanwhile, both have that one: whose it was alone nobody knows any more.
    """
    there = await Tagging.tags_of([kept, absorbed])
    back = Tagging.filter(customer_id=kept, tag_id__in=[*{*tags} - there[absorbed]], at__lte=moved_at)
    gone = sorted([tagging.tag_id for tagging in await back])
    await Tagging.filter(customer_id=kept, tag_id__in=gone).update(customer_id=absorbed)
    for row in await Tagging.filter(customer_id=kept, tag_id__in=[*await _heirs(tags) - there[absorbed]]):
        about: dict[str, Any] = {"source": row.source, "staff_id": row.staff_id, "at": row.at}
        await Tagging.create(customer_id=absorbed, tag_id=row.tag_id, **about)
    return gone


async def _heirs(tags: Collection[int]) -> set[int]:
    """The tags that took the place of some of these."""
    found: set[int] = set()
    asked = {*tags}
    while asked:
        merged = await Tag.filter(id__in=[*asked], merged_into_id__isnull=False)
        asked = {tag.merged_into_id for tag in merged if tag.merged_into_id} - found
        found |= asked
    return found


async def _lacked(source: int, target: int) -> list[int]:
    carried = await Tagging.tags_of([source, target])
    return sorted(carried[source] - carried[target])


async def _said(identities: Iterable[Identity]) -> int:
    return await Message.filter(identity_id__in=[identity.id for identity in identities]).count()
