"""Here lives what follows when somebody opened a tracked address in a push."""

from domain.push_events import LinkOpened
from handlers.context import Context
from handlers.router import on
from models.behaviours import CLICKED, Act, Behaviour
from models.recipients import Recipient

SOURCE = "push"
MINUTE = 60


@on(LinkOpened)
async def note(event: LinkOpened, ctx: Context) -> None:  # noqa: ARG001 - every handler is given the context
    """Rules, reports and the customer's card know it from then on; whoever opens it again and again is told of once."""
    recipient = await Recipient.get_or_none(id=event.recipient)
    if recipient is None or recipient.customer_id is None:
        return
    minute = int(event.at.timestamp()) // MINUTE
    key = f"{recipient.push_id}:{recipient.id}:{event.link}:{minute}"
    await Behaviour.tell([Act(recipient.customer_id, SOURCE, key, CLICKED, event.at)])
