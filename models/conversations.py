"""Here lives what was said with one customer, with what became of each line of ours."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.messages import Message
from models.outbox import OutboxItem
from models.queue import State

WORST_LAST: tuple[State, ...] = ("done", "sending", "waiting", "unsure", "dead")


@dataclass(frozen=True, slots=True)
class Line:
    """`message` has its `staff` fetched; `delivery` is None for the customer's words, and where nothing is known."""

    message: Message
    delivery: State | None = None
    reason: str = ""


async def conversation(customer_id: int, limit: int, before: int | None = None) -> list[Line]:
    """The last `limit` lines before the message `before`, the newest first."""
    query = Message.filter(customer_id=customer_id)
    if before is not None:
        query = query.filter(id__lt=before)
    messages = await query.order_by("-id").limit(limit).select_related("staff")
    items = await _items([message.id for message in messages if message.direction == "out"])
    return [_line(message, items.get(message.id)) for message in messages]


async def _items(message_ids: Sequence[int]) -> dict[int, OutboxItem]:
    if not message_ids:
        return {}
    rows = await OutboxItem.filter(message_id__in=list(message_ids))
    rows.sort(key=lambda row: (WORST_LAST.index(row.state), -row.id))  # a message in parts is as well as its worst one
    return {row.message_id: row for row in rows if row.message_id is not None}


def _line(message: Message, item: OutboxItem | None) -> Line:
    return Line(message, item.state, item.error) if item else Line(message)
