"""Updates by webhook and by poll."""

import asyncio
import json
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.telegram.actors import NOT_WANTED, QUEUED
from tests.sandbox.tiny import Api, TinyServer


async def test_webhook_before_it_is_set(sandbox: Sandbox, server: TinyServer) -> None:
    await sandbox.telegram.user_says(50001, "/start abc", first_name="Mia", username="mia_novak", update_id=7)
    [got] = server.received
    update = json.loads(got.text)
    assert got.path == "/callbacks/telegram"
    assert got.headers["X-Telegram-Bot-Api-Secret-Token"] == "sandbox-webhook-secret"
    assert update["update_id"] == 7
    assert update["message"]["from"]["username"] == "mia_novak"
    assert update["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_webhook_where_it_was_set(sandbox: Sandbox, server: TinyServer, api: Api) -> None:
    url = f"{server.url}/elsewhere"
    allowed = ["message"]
    await api.telegram("setWebhook", url=url, secret_token="other", allowed_updates=allowed)
    await sandbox.telegram.user_says(50001, "hi")
    assert await sandbox.telegram.block(50001) is NOT_WANTED
    [got] = server.received
    assert (got.path, got.headers["X-Telegram-Bot-Api-Secret-Token"]) == ("/elsewhere", "other")
    info = (await api.telegram("getWebhookInfo"))["result"]
    assert (info["url"], info["allowed_updates"]) == (url, allowed)


async def test_webhook_errors_are_told(sandbox: Sandbox, server: TinyServer, api: Api) -> None:
    await api.telegram("setWebhook", url=f"{server.url}/x")
    server.answers = [(502, "")] * 3
    await sandbox.telegram.user_says(50001, "hi")
    info = (await api.telegram("getWebhookInfo"))["result"]
    assert info["last_error_message"].endswith("502")


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"secret_token": "ä"}, "Bad Request: secret token contains unallowed characters"),
        ({"secret_token": "a" * 257}, "Bad Request: secret token is too long"),
        ({"url": "http://example.com/x"}, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"),
        ({"allowed_updates": "[1"}, "Bad Request: can't parse allowed updates JSON object"),
    ],
)
async def test_refused_webhooks(api: Api, changes: dict[str, Any], description: str) -> None:
    answer = await api.telegram("setWebhook", **{"url": "https://example.com/x", **changes})
    assert (answer["error_code"], answer["description"]) == (400, description)


async def poll_begins(sandbox: Sandbox, turn: int) -> None:
    while sandbox.telegram.updates.mailbox.turn < turn:
        await asyncio.sleep(0)


async def test_polling(sandbox: Sandbox, server: TinyServer, api: Api) -> None:
    await api.telegram("deleteWebhook")
    assert await sandbox.telegram.user_says(50001, "one", update_id=10) is QUEUED
    await sandbox.telegram.user_says(50001, "two", update_id=11)
    both = (await api.telegram("getUpdates", timeout=5))["result"]
    assert [each["update_id"] for each in both] == [10, 11]
    rest = (await api.telegram("getUpdates", offset=11, timeout=5))["result"]
    assert [each["message"]["text"] for each in rest] == ["two"]
    assert (await api.telegram("getUpdates", offset=12))["result"] == []
    assert server.received == []


async def test_polling_waits_for_news(sandbox: Sandbox, api: Api) -> None:
    await api.telegram("getUpdates")
    waiting = asyncio.create_task(api.telegram("getUpdates", timeout=20))
    await poll_begins(sandbox, 2)
    await sandbox.telegram.user_says(50001, "late")
    assert len((await waiting)["result"]) == 1


async def test_negative_offset_forgets_the_earlier(sandbox: Sandbox, api: Api) -> None:
    sandbox.telegram.polling = True
    for number in (1, 2, 3):
        await sandbox.telegram.user_says(50001, "x", update_id=number)
    kept = (await api.telegram("getUpdates", offset=-1))["result"]
    assert [each["update_id"] for each in kept] == [3]


async def test_two_polls_at_once(sandbox: Sandbox, api: Api) -> None:
    older = asyncio.create_task(api.telegram("getUpdates", timeout=20))
    await poll_begins(sandbox, 1)
    await api.telegram("getUpdates")
    answer = await older
    assert answer["error_code"] == 409
    assert answer["description"].startswith("Conflict: terminated by other getUpdates request")


async def test_polling_against_a_webhook(server: TinyServer, api: Api) -> None:
    await api.telegram("setWebhook", url=f"{server.url}/x")
    answer = await api.telegram("getUpdates")
    assert answer["error_code"] == 409
    assert "while webhook is active" in answer["description"]


async def test_setting_a_webhook_ends_the_poll(sandbox: Sandbox, server: TinyServer, api: Api) -> None:
    poll = asyncio.create_task(api.telegram("getUpdates", timeout=20))
    await poll_begins(sandbox, 1)
    await api.telegram("setWebhook", url=f"{server.url}/x")
    assert (await poll)["description"] == "Conflict: terminated by setWebhook request"
