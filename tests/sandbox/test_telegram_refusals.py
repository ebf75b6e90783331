"""The simulated Bot API: every error as documented."""

from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.tiny import Api, inline

MIA = 50001


@pytest.fixture(autouse=True)
async def people(sandbox: Sandbox) -> None:
    sandbox.telegram.person(MIA, first_name="Mia", username="mia_novak").has_started = True
    sandbox.telegram.person(50002)
    sandbox.telegram.person(50003).has_blocked = True
    sandbox.telegram.person(50004).is_deactivated = True


REFUSALS: list[tuple[str, dict[str, Any], int, str]] = [
    ("sendMessage", {"text": "x"}, 400, "Bad Request: chat_id is empty"),
    ("sendMessage", {"chat_id": 1, "text": "x"}, 400, "Bad Request: chat not found"),
    ("sendMessage", {"chat_id": "@nobody", "text": "x"}, 400, "Bad Request: chat not found"),
    ("sendMessage", {"chat_id": 50002, "text": "x"}, 403, "Forbidden: bot can't initiate conversation with a user"),
    ("sendMessage", {"chat_id": 50003, "text": "x"}, 403, "Forbidden: bot was blocked by the user"),
    ("sendMessage", {"chat_id": 50004, "text": "x"}, 403, "Forbidden: user is deactivated"),
    ("sendMessage", {"chat_id": MIA, "text": " \n"}, 400, "Bad Request: message text is empty"),
    ("sendMessage", {"chat_id": MIA, "text": "👋" * 2049}, 400, "Bad Request: message is too long"),
    (
        "sendMessage",
        {"chat_id": MIA, "text": "x", "parse_mode": "poem"},
        400,
        "Bad Request: unsupported parse_mode",
    ),
    (
        "sendMessage",
        {"chat_id": MIA, "text": "<b>x", "parse_mode": "HTML"},
        400,
        "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
    ),
    (
        "sendMessage",
        {"chat_id": MIA, "text": "a<x>b", "parse_mode": "HTML"},
        400,
        'Bad Request: can\'t parse entities: Unsupported start tag "x"',
    ),
    (
        "sendMessage",
        {"chat_id": MIA, "text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]},
        400,
        "Bad Request: can't parse entities: entity is out of the text",
    ),
    (
        "sendMessage",
        {"chat_id": MIA, "text": "x", "reply_markup": inline(callback_data="好" * 22)},
        400,
        "Bad Request: BUTTON_DATA_INVALID",
    ),
    (
        "sendMessage",
        {"chat_id": MIA, "text": "x", "reply_markup": inline(callback_data="")},
        400,
        "Bad Request: BUTTON_DATA_INVALID",
    ),
    (
        "sendMessage",
        {"chat_id": MIA, "text": "x", "reply_markup": inline(url="ftp://x")},
        400,
        "Bad Request: BUTTON_URL_INVALID",
    ),
    (
        "sendMessage",
        {"chat_id": MIA, "text": "x", "reply_markup": inline()},
        400,
        "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        "sendMessage",
        {"chat_id": MIA, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "b", "url": "https://x"}] * 9]}},
        400,
        "Bad Request: reply markup is too long",
    ),
    ("sendMessage", {"chat_id": MIA, "text": "x", "reply_markup": "{"}, 400, "can't parse reply markup JSON object"),
    (
        "sendMessage",
        {"chat_id": MIA, "text": "x", "reply_parameters": {"message_id": 1}},
        400,
        "Bad Request: message to be replied not found",
    ),
    ("sendPhoto", {"chat_id": MIA}, 400, "Bad Request: there is no photo in the request"),
    ("sendPhoto", {"chat_id": MIA, "photo": "zzz"}, 400, "Bad Request: wrong file identifier/HTTP URL specified"),
    (
        "sendDocument",
        {"chat_id": MIA, "document": "https://x/y", "caption": "a" * 1025},
        400,
        "Bad Request: message caption is too long",
    ),
    (
        "editMessageText",
        {"chat_id": MIA, "message_id": 1, "text": "x"},
        400,
        "Bad Request: message to edit not found",
    ),
    (
        "answerCallbackQuery",
        {"callback_query_id": "1"},
        400,
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    ),
    ("setMyCommands", {"commands": [{"command": "查", "description": "x"}]}, 400, "Bad Request: BOT_COMMAND_INVALID"),
    (
        "setMyCommands",
        {"commands": [{"command": "find", "description": ""}]},
        400,
        "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID",
    ),
    ("setMyCommands", {"commands": [{}] * 101}, 400, "Bad Request: BOT_COMMANDS_TOO_MUCH"),
    (
        "setMyCommands",
        {"commands": [], "scope": {"type": "chat", "chat_id": 1}},
        400,
        "Bad Request: chat not found",
    ),
    ("setMyCommands", {"commands": [], "language_code": "zh-hans"}, 400, "invalid language code specified"),
    ("getFile", {"file_id": "x"}, 400, "Bad Request: wrong file_id or the file is temporarily unavailable"),
    ("getChat", {"chat_id": 1}, 400, "Bad Request: chat not found"),
    ("sendPoem", {}, 404, "Not Found: method not found"),
]


@pytest.mark.parametrize(("method", "body", "code", "description"), REFUSALS)
async def test_refusal(api: Api, method: str, body: dict[str, Any], code: int, description: str) -> None:
    answer = await api.telegram(method, **body)
    assert (answer["ok"], answer["error_code"]) == (False, code)
    assert description in answer["description"]


@pytest.mark.parametrize(
    ("token", "description"),
    [("10000001:wrong", "Unauthorized"), ("nonsense", "Unauthorized: invalid token specified")],
)
async def test_wrong_token(api: Api, token: str, description: str) -> None:
    answer = await api.get(f"telegram/bot{token}/getMe")
    assert (answer["error_code"], answer["description"]) == (401, description)
