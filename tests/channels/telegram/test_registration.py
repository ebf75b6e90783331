from collections.abc import Callable
from typing import Any

import pytest

from channels import Tools, open_channel
from channels.telegram.api import Api
from channels.telegram.config import OFFICIAL
from channels.telegram.registration import ALLOWED_UPDATES, Registration
from domain.errors import CallFailed
from sandbox import Sandbox
from tests.channels.telegram.conftest import SECRET, OpenBot, entry
from tests.clock import Clock

HERE = "http://127.0.0.1:1/callbacks/telegram"


def methods(sandbox: Sandbox) -> list[str]:
    return [call.method_or_path for call in sandbox.calls]


async def test_the_webhook_is_set_once(open_bot: OpenBot, sandbox: Sandbox) -> None:
    for _ in range(2):
        await open_bot().start()
    assert methods(sandbox) == ["getWebhookInfo", "setWebhook", "getWebhookInfo"]
    assert sandbox.calls[1].body == {"url": HERE, "secret_token": SECRET, "allowed_updates": list(ALLOWED_UPDATES)}


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://elsewhere.example/callbacks/telegram"},
        {"allowed_updates": ["message"]},
        {"allowed_updates": []},
        {"last_error_date": 1, "last_error_message": "Wrong response from the webhook: 403 Forbidden"},
    ],
)
async def test_a_webhook_that_differs_is_set_again(open_bot: OpenBot, sandbox: Sandbox, change: dict[str, Any]) -> None:
    await open_bot().start()
    for name, value in change.items():
        setattr(sandbox.telegram.webhook, name, value)
    await open_bot().start()
    assert methods(sandbox)[-2:] == ["getWebhookInfo", "setWebhook"]


async def test_a_polled_bot_has_no_webhook(open_bot: OpenBot, sandbox: Sandbox) -> None:
    await open_bot().start()
    for _ in range(2):
        await open_bot(mode="polling").start()
    assert methods(sandbox)[2:] == ["getWebhookInfo", "deleteWebhook", "getWebhookInfo"]


async def test_telegram_itself_is_not_asked_to_call_plain_http(tools: Tools) -> None:
    bot = open_channel(entry(api_base=OFFICIAL), tools)
    await tools.session.close()
    await bot.start()  # a call would raise: nothing can be asked through a closed session
    assert tools.session.closed


@pytest.mark.parametrize(
    ("public_url", "api_base", "reachable"),
    [
        ("https://scrm.example/", OFFICIAL, True),
        ("http://scrm.example", OFFICIAL, False),
        ("http://scrm.example", "http://127.0.0.1:8081", True),
    ],
)
def test_where_a_webhook_makes_sense(tools: Tools, public_url: str, api_base: str, reachable: bool) -> None:
    config = entry(api_base=api_base)
    here = tools._replace(public_url=public_url)
    assert Registration(Api(config, tools.session), config, here).reachable is reachable


async def test_a_webhook_that_telegram_does_not_take_fails_the_start(open_bot: OpenBot, sandbox: Sandbox) -> None:
    words = "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
    sandbox.fail("telegram", "setWebhook", status=400, body={"ok": False, "error_code": 400, "description": words})
    with pytest.raises(CallFailed, match="400 Bad Request: bad webhook"):
        await open_bot().start()


async def test_a_working_bot_is_well(open_bot: OpenBot) -> None:
    token, webhook = await open_bot().check()
    assert (token.what, token.ok, token.detail) == ("token", True, "@guanxi_bot")
    assert (webhook.what, webhook.ok) == ("webhook", True)


def fails(status: int, description: str) -> Callable[[Sandbox], None]:
    body = {"ok": False, "error_code": status, "description": description}
    return lambda sandbox: sandbox.fail("telegram", "getMe", status=status, body=body)


@pytest.mark.parametrize(
    ("order", "remedy"),
    [
        (fails(401, "Unauthorized"), "bad_token"),
        (fails(404, "Not Found"), "bad_token"),
        (fails(429, "Too Many Requests"), "wait"),
        (fails(400, "Bad Request: Logged out"), "rejected"),
        (fails(500, "Internal Server Error"), "unreachable"),
        (lambda sandbox: sandbox.fail("telegram", "getMe", hang_up=True), "unreachable"),
        (lambda sandbox: sandbox.fail("telegram", "getMe", body={"ok": True, "result": {"id": 1}}), "unreachable"),
        (lambda sandbox: sandbox.fail("telegram", "getWebhookInfo", body={"ok": True, "result": 5}), "unreachable"),
    ],
)
async def test_what_is_wrong_has_a_remedy(
    open_bot: OpenBot, sandbox: Sandbox, order: Callable[[Sandbox], None], remedy: str
) -> None:
    order(sandbox)
    (finding,) = await open_bot().check()
    assert (finding.ok, finding.remedy) == (False, remedy)


async def test_a_failing_webhook_is_found_while_it_is_news(open_bot: OpenBot, sandbox: Sandbox, clock: Clock) -> None:
    bot = open_bot()
    await bot.start()
    hook = sandbox.telegram.webhook
    assert hook is not None
    hook.last_error_date, hook.last_error_message = int(clock().timestamp()), "Wrong response: 502 Bad Gateway"
    finding = (await bot.check())[1]
    assert (finding.ok, finding.remedy, finding.detail) == (False, "webhook_error", "Wrong response: 502 Bad Gateway")
    clock.forward(hours=1)
    assert (await bot.check())[1].ok


async def test_a_webhook_in_the_way_of_polling_is_found(open_bot: OpenBot) -> None:
    await open_bot().start()
    finding = (await open_bot(mode="polling").check())[1]
    assert (finding.ok, finding.remedy) == (False, "webhook_while_polling")


async def test_a_plain_address_is_found(tools: Tools, api_base: str) -> None:
    api = Api(entry(api_base=api_base), tools.session)
    finding = (await Registration(api, entry(api_base=OFFICIAL), tools).check())[1]
    assert (finding.ok, finding.remedy) == (False, "public_url_not_https")
