"""Here lives how an official account keeps its token."""

import asyncio
from typing import Any

import pytest

from domain.channel import Deferred, Delivered
from domain.messages import Text
from sandbox.wechat.account import Grant
from tests.channels.wechat.conftest import OPENID, Stage, message


def follow(stage: Stage) -> None:
    """A follower who may be told a hundred things."""
    stage.sandbox.wechat.add_user(OPENID).grants["message"] = Grant(100, stage.clock.timestamp() + 48 * 3600)


async def say(stage: Stage) -> Any:
    return await stage.channel.deliver("o:1", message(Text("hi")))


async def test_one_token_serves_all_and_is_asked_for_in_normal_mode(stage: Stage) -> None:
    follow(stage)
    results = await asyncio.gather(*(say(stage) for _ in range(10)))
    assert results == [Delivered()] * 10
    (asked,) = stage.calls("stable_token")
    assert asked["force_refresh"] is False


async def test_token_is_renewed_before_it_ends(stage: Stage) -> None:
    follow(stage)
    await say(stage)
    stage.clock.advance(seconds=7200 - 61)
    await say(stage)
    assert len(stage.calls("stable_token")) == 1
    stage.clock.advance(seconds=1)
    assert await say(stage) == Delivered()
    assert len(stage.calls("stable_token")) == 2
    assert {call.answer.get("errcode") for call in stage.sandbox.calls if "send" in call.method_or_path} == {0}


async def test_parallel_failures_cause_one_refresh(stage: Stage) -> None:
    follow(stage)
    await say(stage)
    stage.sandbox.wechat.revoke_token()
    results = await asyncio.gather(*(say(stage) for _ in range(10)))
    assert results == [Delivered()] * 10
    assert len(stage.calls("stable_token")) == 2


@pytest.mark.parametrize("code", [40001, 40014, 41001, 42001])
async def test_lasting_rejection_is_tried_twice_and_then_waits(stage: Stage, code: int) -> None:
    follow(stage)
    stage.sandbox.fail("wechat", "message/custom/send", times=9, body={"errcode": code, "errmsg": "no"})
    result = await say(stage)
    assert isinstance(result, Deferred)
    assert (result.reason, result.whole_account) == (f"token_{code}", True)
    assert len(stage.calls("message/custom/send")) == 2
    assert len(stage.calls("stable_token")) == 2


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"body": {"errcode": 40125, "errmsg": "invalid appsecret"}}, "token_40125"),
        ({"body": {"errcode": 40001, "errmsg": "invalid credential"}}, "token_40001"),
        ({"body": {"errcode": -1, "errmsg": "system error"}}, "busy"),
        ({"body": {"errcode": 45011, "errmsg": "minute-quota"}}, "minute_quota"),
        ({"body": {"access_token": "x"}}, "unreachable"),
        ({"body": {"access_token": "x", "expires_in": "soon"}}, "unreachable"),
        ({"body": {"errcode": "none"}}, "unreachable"),
        ({"body": "<html>"}, "unreachable"),
        ({"status": 502, "body": "<html>"}, "unreachable"),
        ({"hang_up": True}, "unreachable"),
    ],
)
async def test_message_waits_when_there_is_no_token(stage: Stage, how: dict[str, Any], reason: str) -> None:
    follow(stage)
    stage.sandbox.fail("wechat", "stable_token", **how)
    result = await say(stage)
    assert isinstance(result, Deferred)
    assert result.reason == reason
    assert result.until > stage.clock.now
    assert stage.calls("message/custom/send") == []
    assert await say(stage) == Delivered()
