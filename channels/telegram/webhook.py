"""Here lives the door for Telegram's callbacks: is it Telegram, and what are the update's key and lane."""

import hmac
from typing import Any, Final

import orjson

from channels.telegram.config import Config
from domain.channel import CallbackRequest, Intake, RawEvent
from domain.errors import Malformed, NotAuthentic

HEADER: Final = "x-telegram-bot-api-secret-token"


class Door:
    """Opens callbacks of one bot; an empty `webhook_secret` lets nobody in."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._secret = config.webhook_secret.get_secret_value().encode()

    def receive(self, request: CallbackRequest) -> Intake:
        """One update. Raises NotAuthentic (secret) and Malformed (method, body).

        Source: https://core.telegram.org/bots/api#setwebhook
        """
        given = request.headers.get(HEADER, "").encode("utf-8", "surrogatepass")
        if not self._secret or not hmac.compare_digest(given, self._secret):
            raise NotAuthentic("wrong secret")
        if request.method != "POST":
            raise Malformed("not a POST")
        try:
            update = orjson.loads(request.body)
            payload = request.body.decode()
        except ValueError as error:
            raise Malformed("not JSON") from error
        return Intake((raw_event(self._config, update, payload),))


def raw_event(config: Config, update: Any, payload: str) -> RawEvent:
    """What is stored of one update; raises Malformed unless it is an object with an integer update_id.

    The number is unique within one bot only, and another bot's token may be set for the same channel.
    """
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise Malformed("no update_id")
    return RawEvent(f"u:{config.bot_id}:{number}", f"{config.name}:{_place(update)}", payload)


def _place(update: dict[str, Any]) -> int:
    """The chat that the update belongs to, else its person, else 0.

    Telegram itself queues presses, blocks and messages of one chat apart, so they overtake each other; here
    they share a lane. In a private chat the chat has the person's id.
    """
    for about in update.values():
        if isinstance(about, dict):
            message = about.get("message")
            found = _id(about, "chat") or (_id(message, "chat") if isinstance(message, dict) else 0)
            return found or _id(about, "from") or _id(about, "user")
    return 0


def _id(owner: dict[str, Any], name: str) -> int:
    value = owner.get(name)
    number = value.get("id") if isinstance(value, dict) else None
    return number if isinstance(number, int) else 0
