"""Here live updates as Telegram sends them, read by a bot of ours."""

import json
from typing import Any

from channels.telegram import Telegram
from domain.channel import RawEvent
from domain.events import (
    InboundEvent,
    MessageReceived,
)
from tests.channels.telegram.conftest import SETTINGS

BOT = int(SETTINGS.telegram_token.partition(":")[0])
MIA = {
    "id": 50001,
    "is_bot": False,
    "first_name": "Mia",
    "last_name": "Novak",
    "username": "mia",
    "language_code": "sr",
}
PRIVATE = {"id": 50001, "type": "private", "first_name": "Mia"}
GROUP = {"id": -100777, "type": "supergroup", "title": "Orders"}
US = {"id": BOT, "is_bot": True, "first_name": "Guanxi", "username": "guanxi_bot"}
FILE = {"file_id": "F1", "file_unique_id": "U1"}
AT = 1795209507


async def read(bot: Telegram, **update: Any) -> InboundEvent | None:
    return await bot.read(RawEvent("u:7:1", "l", json.dumps({"update_id": 1, **update})))


def message(**fields: Any) -> dict[str, Any]:
    return {"message_id": 7, "from": MIA, "chat": PRIVATE, "date": AT} | fields


async def heard(bot: Telegram, **fields: Any) -> MessageReceived:
    event = await read(bot, message=message(**fields))
    assert isinstance(event, MessageReceived)
    return event
