"""Here lives what others learn of a push: the rules, whom it reached, and the conversations, what was said."""

from collections.abc import Sequence
from datetime import datetime

from domain.messages import Content, OutboundMessage
from handlers.context import Context
from handlers.push_words import prepared
from models import recipient_feed
from models.behaviours import PUSHED, Act, Behaviour
from models.messages import Message
from models.outbox import CODEC
from models.pushes import Push
from models.recipient_feed import Reached

SOURCE = "push"


async def harvest(push: Push, ctx: Context) -> bool:
    """Take down for rules and conversations who was reached since the last time; whether there may be more of them."""
    most = recipient_feed.at_once()
    reached = await recipient_feed.untold(push.id, most)
    common = (await prepared(push, ctx)).common() if any(row.payload is None for row in reached) else None
    if reached:
        await _tell(push, reached, common)
    return len(reached) == most


async def _tell(push: Push, reached: Sequence[Reached], common: Content | None) -> None:
    acts = [Act(row.customer_id, SOURCE, f"{push.id}:{row.id}", PUSHED, row.at) for row in reached if row.customer_id]
    await Behaviour.tell(acts)
    await Message.said_to_many([line for row in reached if (line := _line(row, common))])
    await recipient_feed.tell([row.id for row in reached])


def _line(row: Reached, common: Content | None) -> tuple[int, int, Content, datetime] | None:
    """Group chats have no conversation here."""
    content = _said(row.payload) if row.payload else common
    if content is None or row.customer_id is None or row.identity_id is None:
        return None
    return row.customer_id, row.identity_id, content, row.at


def _said(payload: str) -> Content | None:
    outgoing = CODEC.validate_json(payload)
    return outgoing.content if isinstance(outgoing, OutboundMessage) else None
