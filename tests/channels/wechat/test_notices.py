"""Here lives what becomes of a template message that an official account sends."""

from datetime import timedelta
from typing import Any

import pytest

from channels.wechat import WeChat
from domain.channel import Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.messages import Notice
from tests.channels.wechat.conftest import OPENID, Clock, Stage, message
from tests.channels.wechat.test_sender import sample

SEND = "message/template/send"
NOW = Clock().now
NOTICE = Notice("sandbox-template", (("thing1", "到货提醒"), ("time2", "周三")), "https://e.com/t/a", "到货提醒 周三")
BODY = {
    "touser": OPENID,
    "template_id": "sandbox-template",
    "url": "https://e.com/t/a",
    "client_msg_id": "gx7-19b",
    "data": {"thing1": {"value": "到货提醒"}, "time2": {"value": "周三"}},
}


@pytest.fixture(autouse=True)
async def follower(stage: Stage) -> None:
    """Who never wrote a word: no window is open."""
    stage.sandbox.wechat.add_user(OPENID)


async def deliver(stage: Stage, notice: Notice = NOTICE, key: str = "gx7-19b") -> DeliveryResult:
    return await stage.channel.deliver(key, message(notice))


def had(stage: Stage) -> list[str]:
    return [each.text for each in stage.sandbox.wechat.received(OPENID)]


async def test_it_arrives_at_any_time_and_has_a_number(stage: Stage) -> None:
    result = await deliver(stage)
    assert isinstance(result, Delivered)
    assert result.platform_id.isdecimal()
    assert stage.calls(SEND) == [BODY]
    assert had(stage) == ["到货提醒\n周三"]


async def test_without_an_address_there_is_none(stage: Stage) -> None:
    assert isinstance(await deliver(stage, Notice("sandbox-template", NOTICE.data)), Delivered)
    assert "url" not in stage.calls(SEND)[0]


def test_it_is_one_message_and_no_reply_and_not_to_be_repeated_by_others(stage: Stage) -> None:
    assert isinstance(stage.channel, WeChat)
    assert stage.channel.parts(message(NOTICE)) == (message(NOTICE),)
    assert not stage.channel.repeatable(message(NOTICE))


async def test_it_is_never_said_in_the_answer_to_a_callback(stage: Stage) -> None:
    stage.say = NOTICE
    answer = await stage.sandbox.wechat.user_says(OPENID, "hi")
    assert (answer.text, answer.reply) == ("success", None)


@pytest.mark.parametrize("how", [{"hang_up": True}, {"status": 502, "body": "<html>"}, {"body": []}])
@pytest.mark.parametrize("after_effect", [False, True])
async def test_one_lost_answer_is_made_up_for(stage: Stage, how: dict[str, Any], after_effect: bool) -> None:
    stage.sandbox.fail("wechat", SEND, **how, after_effect=after_effect)
    result = await deliver(stage)
    assert isinstance(result, Delivered)
    assert result.platform_id
    assert stage.calls(SEND) == [BODY, BODY]
    assert len(had(stage)) == 1


async def test_two_lost_answers_leave_it_unsure(stage: Stage) -> None:
    stage.sandbox.fail("wechat", SEND, times=2, hang_up=True, after_effect=True)
    assert await deliver(stage) == Unsure("no_answer")
    assert len(had(stage)) == 1


async def test_a_refused_repeat_tells_nothing_of_the_first(stage: Stage) -> None:
    stage.sandbox.fail("wechat", SEND, hang_up=True, after_effect=True)
    stage.sandbox.fail("wechat", SEND, body={"errcode": 40003, "errmsg": "invalid openid"})
    assert await deliver(stage) == Unsure("no_answer")


async def test_what_was_turned_away_on_the_way_is_tried_again(stage: Stage) -> None:
    stage.sandbox.fail("wechat", SEND, status=413, body="<html>")
    assert await deliver(stage) == Deferred(NOW + timedelta(seconds=5), "unreachable")
    assert had(stage) == []


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (sample("template-err-43004"), Refused("unfollowed", state="unfollowed")),
        ({"errcode": 40037}, Refused("bad_template")),
        ({"errcode": 47003}, Refused("bad_fields")),
        ({"errcode": 47001}, Refused("bad_fields")),
        (sample("err-48001"), Refused("no_right")),
        (sample("err-45009"), Refused("day_quota")),
        (sample("err-45011"), Deferred(NOW + timedelta(minutes=1), "minute_quota")),
        ({"errcode": -1}, Deferred(NOW + timedelta(seconds=5), "busy")),
        ({"errcode": 40003}, Refused("40003")),
    ],
)
async def test_error_codes(stage: Stage, body: dict[str, Any], result: DeliveryResult) -> None:
    stage.sandbox.fail("wechat", SEND, body=body)
    assert await deliver(stage) == result
    assert len(stage.calls(SEND)) == 1


async def test_the_platform_says_no_itself(stage: Stage) -> None:
    assert await deliver(stage, Notice("none", NOTICE.data)) == Refused("bad_template")
    await stage.sandbox.wechat.unfollow(OPENID)
    assert await deliver(stage) == Refused("unfollowed", state="unfollowed")
    stage.sandbox.wechat.account_type = "subscription"
    assert await deliver(stage) == Refused("no_right")
