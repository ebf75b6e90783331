"""Here lives how a stored update becomes one of our events."""

import re
from typing import Any, Final, cast

import orjson
from aiogram import types
from pydantic import ValidationError

from channels import Clock
from channels.telegram.api import Api
from channels.telegram.loose import Loose
from channels.telegram.updates import Reading
from domain.channel import RawEvent
from domain.events import InboundEvent

# \u0000 in JSON, but not \\u0000: no database takes the character, and no person typed it.
NUL: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
# What a field of an unexpected type does to the reading of an update that aiogram has refused.
ODD: Final = (AttributeError, TypeError, ValueError, OverflowError, OSError)


class Reader:
    """Reads the updates of one bot; the only look-up is our own name, once, when a group calls somebody by name."""

    def __init__(self, account: str, api: Api, clock: Clock) -> None:
        self._account = account
        self._api = api
        self._clock = clock

    async def read(self, raw: RawEvent) -> InboundEvent | None:
        """The event, or None for what we do not know. Raises CallFailed when our name could not be asked for."""
        payload = NUL.sub(r"\1", raw.payload) if "\\u0000" in raw.payload else raw.payload
        try:
            update = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return None
        try:
            return await self._understand(types.Update.model_validate(update))
        except ValidationError:
            return await self._make_out(update)

    async def _make_out(self, refused: Any) -> InboundEvent | None:
        if not isinstance(refused, dict):
            return None
        try:
            return await self._understand(cast("types.Update", Loose(refused)))
        except ODD:
            return None

    async def _understand(self, update: types.Update) -> InboundEvent | None:
        message = update.message or update.edited_message
        calls = message and message.chat.type != "private" and "@" in (message.text or message.caption or "")
        me = await self._api.me() if calls else self._api.nameless
        return Reading(self._account, self._clock(), me).event(update)
