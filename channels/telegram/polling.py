"""Here lives how updates are fetched where Telegram cannot reach us."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from channels.telegram.api import Api, Rejected
from channels.telegram.config import Config
from channels.telegram.registration import ALLOWED_UPDATES
from channels.telegram.webhook import raw_event
from domain.channel import Page, RawEvent
from domain.errors import CallFailed, Malformed

CONFLICT: Final = 409


async def pull(api: Api, config: Config, cursor: str) -> Page:
    """What came after `cursor`, which is `<bot id>:<the next update's number>`. Raises CallFailed.

    Every bot counts its updates by itself, so the cursor of another bot tells nothing and is begun anew.
    Asking with a number makes Telegram forget all before it, so a page is stored before the next one is asked for.
    """
    try:
        found = await api.updates(_offset(config, cursor), config.poll_seconds, ALLOWED_UPDATES)
    except Rejected as no:
        if no.code == CONFLICT:
            raise CallFailed(_conflict(no.words)) from no
        raise
    events = tuple(_readable(config, found))
    if found and not events:
        raise CallFailed("getUpdates: no update among them")  # the cursor would stand still for ever
    last = max((int(event.key.rpartition(":")[2]) for event in events), default=None)
    return Page(events, cursor if last is None else f"{config.bot_id}:{last + 1}")


def _offset(config: Config, cursor: str) -> int | None:
    bot_id, _, number = cursor.partition(":")
    return int(number) if number and bot_id == str(config.bot_id) else None


def _readable(config: Config, found: list[Any]) -> Iterator[RawEvent]:
    for update in found:
        try:
            yield raw_event(config, update, orjson.dumps(update).decode())
        except Malformed:
            continue  # without a number it can be neither stored nor confirmed; the next one confirms it


def _conflict(words: str) -> str:
    if "webhook" in words.lower():
        return "409: a webhook is set for this bot, so it cannot be polled"
    return "409: another program polls this bot with the same token"
