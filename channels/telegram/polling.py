"""Here lives how updates are fetched where Telegram cannot reach us."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from channels.telegram.api import Api, Rejected
from channels.telegram.registration import ALLOWED_UPDATES
from channels.telegram.webhook import raw_event
from domain.channel import Page, RawEvent
from domain.errors import CallFailed, Malformed

CONFLICT: Final = 409


async def pull(api: Api, account: str, cursor: str, seconds: int) -> Page:
    """What came after `cursor`, which is the next update's number. Raises CallFailed.

    Asking with a number makes Telegram forget all before it, so a page is stored before the next one is asked for.
    """
    try:
        found = await api.updates(int(cursor) if cursor else None, seconds, ALLOWED_UPDATES)
    except Rejected as no:
        if no.code == CONFLICT:
            raise CallFailed(_conflict(no.words)) from no
        raise
    events = tuple(_readable(account, found))
    if found and not events:
        raise CallFailed("getUpdates: no update among them")  # the cursor would stand still for ever
    last = max((int(event.key.removeprefix("u:")) for event in events), default=None)
    return Page(events, cursor if last is None else str(last + 1))


def _readable(account: str, found: list[Any]) -> Iterator[RawEvent]:
    for update in found:
        try:
            yield raw_event(account, update, orjson.dumps(update).decode())
        except Malformed:
            continue  # without a number it can be neither stored nor confirmed; the next one confirms it


def _conflict(words: str) -> str:
    if "webhook" in words.lower():
        return "409: a webhook is set for this bot, so it cannot be polled"
    return "409: another program polls this bot with the same token"
