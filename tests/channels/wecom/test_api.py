import asyncio
from typing import Any

import pytest

from channels import Tools
from channels.wecom.api import Api, CallRefused
from channels.wecom.config import Config
from domain.errors import CallFailed
from sandbox import Sandbox
from tests.channels.wecom.sealing import SETTINGS


@pytest.fixture
def api(settings: dict[str, Any], tools: Tools) -> Api:
    return Api(Config(**settings), tools)


def asked(sandbox: Sandbox, path: str) -> int:
    return sum(call.method_or_path == path for call in sandbox.calls)


async def test_one_token_serves_all_calls(api: Api, sandbox: Sandbox) -> None:
    await asyncio.gather(*(api.agent() for _ in range(20)))
    assert (asked(sandbox, "gettoken"), asked(sandbox, "agent/get")) == (1, 20)


async def test_an_expired_token_is_replaced_beforehand(api: Api, sandbox: Sandbox, clock: Any) -> None:
    await api.agent()
    clock.pass_by(7200)
    await api.agent()
    assert (asked(sandbox, "gettoken"), asked(sandbox, "agent/get")) == (2, 2)


async def test_a_token_taken_back_early_is_replaced_once_for_all(api: Api, sandbox: Sandbox) -> None:
    await api.agent()
    sandbox.wecom.revoke_token()
    assert all(answer["errcode"] == 0 for answer in await asyncio.gather(*(api.agent() for _ in range(20))))
    assert asked(sandbox, "gettoken") == 2


@pytest.mark.parametrize("code", [40014, 42001, 41001])
async def test_a_token_that_is_always_refused_is_given_up(api: Api, sandbox: Sandbox, code: int) -> None:
    sandbox.fail("wecom", "agent/get", times=9, body={"errcode": code, "errmsg": "token"})
    with pytest.raises(CallRefused) as caught:
        await api.agent()
    assert caught.value.code == code
    assert asked(sandbox, "agent/get") == 2


async def test_a_wrong_secret_is_asked_for_once(settings: dict[str, Any], tools: Tools, sandbox: Sandbox) -> None:
    api = Api(Config(**settings | {"secret": "wrong-secret"}), tools)
    with pytest.raises(CallRefused) as caught:
        await api.agent()
    assert caught.value.code == 40001
    assert caught.value.address == "127.0.0.1"
    assert len(sandbox.calls) == 1
    assert "wrong-secret" not in repr(caught.value)


async def test_customers_may_have_a_secret_of_their_own(
    settings: dict[str, Any], tools: Tools, sandbox: Sandbox
) -> None:
    api = Api(Config(**settings | {"contact_secret": "other"}), tools)
    await api.agent()
    with pytest.raises(CallRefused):
        await api.follow_users()
    secrets = [call.params["corpsecret"] for call in sandbox.calls if call.method_or_path == "gettoken"]
    assert secrets == [SETTINGS.wecom_secret, "other"]


@pytest.mark.parametrize(
    "answer",
    [{"errcode": 0}, {"errcode": 0, "access_token": "x", "expires_in": "soon"}, {"errcode": "no"}, [], "<html>"],
)
async def test_a_token_answer_that_makes_no_sense_never_sent_the_call(api: Api, sandbox: Sandbox, answer: Any) -> None:
    sandbox.fail("wecom", "gettoken", body=answer)
    with pytest.raises(CallFailed) as caught:
        await api.agent()
    assert not caught.value.sent


@pytest.mark.parametrize(
    "how",
    [
        {"status": 502, "body": "<html>"},
        {"status": 302, "body": ""},
        {"body": "<html>"},
        {"body": [1]},
        {"hang_up": True, "times": 2},  # aiohttp repeats a GET once
    ],
    ids=str,
)
async def test_what_fails_never_shows_the_token(api: Api, sandbox: Sandbox, how: dict[str, Any]) -> None:
    await api.agent()
    sandbox.fail("wecom", "agent/get", **how)
    with pytest.raises(CallFailed) as caught:
        await api.agent()
    assert sandbox.wecom.current_token not in repr(caught.value)
    assert SETTINGS.wecom_secret not in repr(caught.value)
