"""Here lives what each of Telegram's refusals means for what we wanted to say.

Sources: the texts of https://github.com/tdlib/telegram-bot-api (telegram-bot-api/Client.cpp), which change;
so the status decides, and then a piece of the description.
"""

from datetime import datetime, timedelta
from typing import Final

from channels.telegram.api import Rejected
from domain.channel import Deferred, Delivered, DeliveryResult, Refused

OUT_OF_ORDER: Final = timedelta(minutes=5)

# 400: done already, or nothing left to do.
HARMLESS: Final = (
    "message is not modified",
    "query is too old",
    "message to delete not found",
    "message can't be deleted",
)
BAD_REQUESTS: Final = (
    ("upgraded to a supergroup", Refused("chat_migrated")),
    ("chat not found", Refused("chat_not_found", "deleted")),
    ("user not found", Refused("chat_not_found", "deleted")),
    ("peer_id_invalid", Refused("chat_not_found", "deleted")),
    ("message to edit not found", Refused("message_gone")),
    ("message can't be edited", Refused("message_gone")),
    ("message thread not found", Refused("topic_closed")),
    ("topic_closed", Refused("topic_closed")),
    ("topic_deleted", Refused("topic_closed")),
    ("wrong file identifier", Refused("media_unusable")),
    ("wrong remote file", Refused("media_unusable")),
    ("file_reference_", Refused("media_unusable")),
    ("wrong type of the web page content", Refused("media_unusable")),
    ("failed to get http url content", Refused("media_unusable")),
    ("file is too big", Refused("too_large")),
    ("too long", Refused("too_long")),
    ("message_too_long", Refused("too_long")),
    ("text is empty", Refused("empty")),
    ("button_", Refused("bad_button")),
    ("not enough rights", Refused("no_rights")),
    ("need administrator rights", Refused("no_rights")),
    ("chat_write_forbidden", Refused("no_rights")),
    ("chat_admin_required", Refused("no_rights")),
)
FORBIDDEN: Final = (
    ("blocked by the user", Refused("blocked", "blocked")),
    ("user is deactivated", Refused("deactivated", "deactivated")),
    ("can't initiate conversation", Refused("never_started", "unfollowed")),
    ("can't send messages to bots", Refused("is_a_bot")),
    ("bot was kicked", Refused("not_in_group")),
    ("bot is not a member", Refused("not_in_group")),
    ("chat was deleted", Refused("not_in_group")),
)


def verdict(no: Rejected, now: datetime) -> DeliveryResult:  # noqa: PLR0911 - one line per status
    """What becomes of a message that Telegram refused; 5xx is none of these (the outcome is unknown then)."""
    words = no.words.lower()
    match no.code:
        case 400 if any(piece in words for piece in HARMLESS):
            return Delivered()
        case 400 if "logged out" in words or "frozen_" in words:
            return Deferred(now + OUT_OF_ORDER, "account_out_of_order", whole_account=True)
        case 400:
            return _first(BAD_REQUESTS, words, Refused("bad_request"))
        case 403:
            return _first(FORBIDDEN, words, Refused("forbidden"))
        case 401 | 421:  # revoked token, or one that this server does not take: no message is to blame
            return Deferred(now + OUT_OF_ORDER, "bad_token", whole_account=True)
        case 413:
            return Refused("too_large")
        case 429:
            return Deferred(now + timedelta(seconds=max(1, no.wait)), "too_many_requests")
        case code:
            return Refused(str(code))


def _first(table: tuple[tuple[str, Refused], ...], words: str, otherwise: Refused) -> Refused:
    return next((meaning for piece, meaning in table if piece in words), otherwise)
