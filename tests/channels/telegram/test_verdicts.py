import json
from datetime import timedelta

import pytest

from channels.telegram.api import Rejected
from channels.telegram.verdicts import OUT_OF_ORDER, verdict
from domain.channel import Deferred, Delivered, DeliveryResult, Refused
from domain.contacts import ContactState
from tests.channels.telegram.conftest import FIXTURES
from tests.clock import Clock

NOW = Clock()()


@pytest.mark.parametrize(
    ("code", "words", "reason", "state"),
    [
        (400, "Bad Request: chat not found", "chat_not_found", "deleted"),
        (400, "Bad Request: PEER_ID_INVALID", "chat_not_found", "deleted"),
        (400, "Bad Request: private chat not found", "chat_not_found", "deleted"),
        (400, "Bad Request: user not found", "chat_not_found", "deleted"),
        (400, "Bad Request: message to edit not found", "message_gone", None),
        (400, "Bad Request: message can't be edited", "message_gone", None),
        (400, "Bad Request: message thread not found", "topic_closed", None),
        (400, "Bad Request: TOPIC_CLOSED", "topic_closed", None),
        (400, "Bad Request: wrong file identifier/HTTP URL specified", "media_unusable", None),
        (400, "Bad Request: FILE_REFERENCE_EXPIRED", "media_unusable", None),
        (400, "Bad Request: wrong type of the web page content", "media_unusable", None),
        (400, "Bad Request: failed to get HTTP URL content", "media_unusable", None),
        (400, "Bad Request: file is too big", "too_large", None),
        (400, "Bad Request: message is too long", "too_long", None),
        (400, "Bad Request: MESSAGE_TOO_LONG", "too_long", None),
        (400, "Bad Request: message caption is too long", "too_long", None),
        (400, "Bad Request: message text is empty", "empty", None),
        (400, "Bad Request: BUTTON_DATA_INVALID", "bad_button", None),
        (400, "Bad Request: not enough rights to send text messages to the chat", "no_rights", None),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", "no_rights", None),
        (400, "Bad Request: can't parse entities", "bad_request", None),
        (400, "", "bad_request", None),
        (403, "Forbidden: bot was blocked by the user", "blocked", "blocked"),
        (403, "Forbidden: user is deactivated", "deactivated", "deactivated"),
        (403, "Forbidden: bot can't initiate conversation with a user", "never_started", "unfollowed"),
        (403, "Forbidden: bot can't send messages to bots", "is_a_bot", None),
        (403, "Forbidden: bot was kicked from the supergroup chat", "not_in_group", None),
        (403, "Forbidden: bot is not a member of the channel chat", "not_in_group", None),
        (403, "Forbidden: the group chat was deleted", "not_in_group", None),
        (403, "Forbidden: new words", "forbidden", None),
        (404, "Not Found", "404", None),
        (413, "Request Entity Too Large", "too_large", None),
    ],
)
def test_final_refusals(code: int, words: str, reason: str, state: ContactState | None) -> None:
    assert verdict(Rejected(code, words), NOW) == Refused(reason, state)


@pytest.mark.parametrize(
    ("no", "result"),
    [
        (Rejected(400, "Bad Request: query is too old and response timeout expired"), Delivered()),
        (Rejected(429, "Too Many Requests", wait=7), Deferred(NOW + timedelta(seconds=7), "too_many_requests")),
        (Rejected(429, "Too Many Requests"), Deferred(NOW + timedelta(seconds=1), "too_many_requests")),
        (Rejected(401, "Unauthorized"), Deferred(NOW + OUT_OF_ORDER, "bad_token", whole_account=True)),
        (Rejected(421, "Misdirected Request"), Deferred(NOW + OUT_OF_ORDER, "bad_token", whole_account=True)),
        (Rejected(400, "Bad Request: Logged out"), Deferred(NOW + OUT_OF_ORDER, "account_out_of_order", True)),
        (Rejected(400, "FROZEN_METHOD_INVALID"), Deferred(NOW + OUT_OF_ORDER, "account_out_of_order", True)),
    ],
)
def test_what_is_done_and_what_has_to_wait(no: Rejected, result: DeliveryResult) -> None:
    assert verdict(no, NOW) == result


@pytest.mark.parametrize(
    ("name", "kind"),
    [("400-not-modified", Delivered), ("401", Deferred), ("403-blocked", Refused), ("429", Deferred)],
)
def test_the_recorded_answers(name: str, kind: type[DeliveryResult]) -> None:
    answer = json.loads((FIXTURES / f"telegram-response-{name}.json").read_text("utf-8"))
    assert isinstance(verdict(Rejected(answer["error_code"], answer["description"]), NOW), kind)
