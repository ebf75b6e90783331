"""Here lives what becomes of a mass message that an official account sends to a list of its followers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.wechat import WeChat
from domain.channel import Deferred, Delivered, DeliveryResult, Refused, Reporting, Unsure
from domain.messages import Address, Button, Card, Content, File, Image, Link, Notice, Text, Video, Voice
from domain.outgoing import GroupPush, GroupPushEdit
from domain.push_events import PushAsked, PushResult, PushResultRead, PushUnread
from tests.channels.wechat.conftest import Clock, Stage
from tests.channels.wechat.test_sender import sample

SEND, GET = "message/mass/send", "message/mass/get"
NOW = Clock().now
KEY = "gx7-19b"
LANE = Address("official", "push:1:1")
FANS = tuple(f"oSandboxFan{number:017}" for number in range(6))
GONE = "oSandboxLeft0000000000000001"


@pytest.fixture(autouse=True)
async def fans(stage: Stage) -> None:
    for fan in (*FANS, GONE):
        stage.sandbox.wechat.add_user(fan)
    stage.sandbox.wechat.users[GONE].is_follower = False


async def push(
    stage: Stage, content: Content | str = "周三上新", to: tuple[str, ...] = FANS, key: str = KEY
) -> DeliveryResult:
    said = Text(content) if isinstance(content, str) else content
    return await stage.channel.deliver(key, GroupPush(LANE, 1, to, said))


def had(stage: Stage, fan: str) -> list[str]:
    return [each.text for each in stage.sandbox.wechat.received(fan)]


async def test_everybody_in_the_list_gets_it_by_one_call(stage: Stage) -> None:
    result = await push(stage)
    (mass,) = stage.sandbox.wechat.masses.values()
    assert result == Delivered(str(mass.id))
    text = {"msgtype": "text", "text": {"content": "周三上新"}}
    assert stage.calls(SEND) == [{"touser": list(FANS), **text, "clientmsgid": KEY}]
    assert [had(stage, fan) for fan in FANS] == [["周三上新"]] * len(FANS)


async def test_the_same_key_once_more_is_the_same_message(stage: Stage) -> None:
    first = await push(stage)
    assert await push(stage) == first
    stage.clock.advance(hours=23)
    assert await push(stage) == first
    assert had(stage, FANS[0]) == ["周三上新"]
    assert await push(stage, key="gx8-19b") != first
    assert had(stage, FANS[0]) == ["周三上新", "周三上新"]


async def test_a_long_key_fits_and_is_still_the_same(stage: Stage) -> None:
    assert await push(stage, key="k" * 65) == await push(stage, key="k" * 65)
    assert len({body["clientmsgid"] for body in stage.calls(SEND)}) == 1
    assert len(had(stage, FANS[0])) == 1


@pytest.mark.parametrize("how", [{"hang_up": True}, {"status": 502, "body": "<html>"}, {"body": []}])
@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_lost_answer_is_asked_for_again_and_reaches_everybody_once(
    stage: Stage, how: dict[str, Any], after_effect: bool
) -> None:
    stage.sandbox.fail("wechat", SEND, **how, after_effect=after_effect)
    assert await push(stage) == Unsure("no_answer")
    assert stage.channel.repeatable(GroupPush(LANE, 1, FANS, Text("hi")))
    assert isinstance(await push(stage), Delivered)
    assert [had(stage, fan) for fan in FANS] == [["周三上新"]] * len(FANS)


async def test_what_was_turned_away_on_the_way_is_tried_again(stage: Stage) -> None:
    stage.sandbox.fail("wechat", SEND, status=413, body="<html>")
    assert await push(stage) == Deferred(NOW + timedelta(seconds=5), "unreachable")


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (Link("标题", "https://e.com/t/a", "摘要"), {"msgtype": "text", "text": {"content": "标题\n摘要\nhttps://e.com/t/a"}}),
        (Link("", "https://e.com/t/a"), {"msgtype": "text", "text": {"content": "https://e.com/t/a"}}),
        (Card("预约", "", (Button("周六", "六"),)), {"msgtype": "text", "text": {"content": "预约\n\n[周六] 六"}}),
        (Text("汉" * 682), {"msgtype": "text", "text": {"content": "汉" * 682}}),
    ],
)  # fmt: skip
async def test_content_has_a_form(stage: Stage, content: Content, sent: dict[str, Any]) -> None:
    assert isinstance(await push(stage, content), Delivered)
    assert stage.calls(SEND) == [{"touser": list(FANS), **sent, "clientmsgid": KEY}]


async def test_a_picture_is_uploaded_once_and_recommended_by_its_caption(stage: Stage) -> None:
    stage.pictures["a.png"] = (200, "image/png")
    picture = Image(url=f"{stage.public_url}/pictures/a.png", caption="新品")
    for key in ("gx1-1", "gx2-1"):
        assert isinstance(await push(stage, picture, key=key), Delivered)
    assert stage.fetched == ["a.png"]
    body, _ = stage.calls(SEND)
    assert body["msgtype"] == "image"
    assert (len(body["images"]["media_ids"]), body["images"]["recommend"]) == (1, "新品")
    assert had(stage, FANS[0]) == ["新品", "新品"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (File(url="https://e.com/a.pdf"), "unsupported"),
        (Video("m"), "unsupported"),
        (Voice("m"), "unsupported"),
        (Notice("T", ()), "unsupported"),
        (Text(" \n"), "empty"),
        (Text("汉" * 683), "too_long"),
        (Link("题" * 683, "https://e.com"), "too_long"),
        (Image(), "media"),
        (Image(url="http://10.0.0.1/a.png"), "media"),
    ],
)
async def test_what_cannot_be_said_to_many_is_refused(stage: Stage, content: Content, reason: str) -> None:
    assert await push(stage, content) == Refused(reason)
    assert stage.calls(SEND) == []


async def test_a_picture_that_cannot_be_had_now_waits(stage: Stage) -> None:
    stage.pictures["down"] = (503, "text/html")
    picture = Image(url=f"{stage.public_url}/pictures/down")
    assert await push(stage, picture) == Deferred(NOW + timedelta(seconds=5), "unreachable")


async def test_one_alone_is_not_many(stage: Stage) -> None:
    assert await push(stage, to=FANS[:1]) == Refused("too_few")
    assert stage.calls(SEND) == []


async def test_who_is_gone_or_nobody_fails_no_others(stage: Stage) -> None:
    assert isinstance(await push(stage, to=(*FANS[:2], GONE, "oNobody")), Delivered)
    assert [had(stage, fan) for fan in (*FANS[:2], GONE)] == [["周三上新"], ["周三上新"], []]


async def test_should_one_fail_the_others_they_are_sent_to_alone(stage: Stage) -> None:
    stage.sandbox.fail("wechat", SEND, body={"errcode": 40003, "errmsg": "invalid openid"}, times=2)
    everybody = (*FANS[:2], GONE, "oNobody")
    first = await push(stage, to=everybody)
    assert first == Refused("40003")  # the shorter list was refused as well: it is about something else
    stage.sandbox.fail("wechat", SEND, body={"errcode": 40003, "errmsg": "invalid openid"})
    result = await push(stage, to=everybody)
    assert isinstance(result, Delivered)
    assert result.failed == ((GONE, "unfollowed"), ("oNobody", "unfollowed"))
    stage.sandbox.fail("wechat", SEND, body={"errcode": 40003, "errmsg": "invalid openid"})
    assert await push(stage, to=everybody) == result
    assert [had(stage, fan) for fan in FANS[:2]] == [["周三上新"]] * 2


async def test_of_two_one_of_whom_is_nobody_neither_gets_it(stage: Stage) -> None:
    stage.sandbox.fail("wechat", SEND, body={"errcode": 40003, "errmsg": "invalid openid"})
    result = await push(stage, to=(FANS[0], "oNobody"))
    assert result == Delivered(failed=(("oNobody", "unfollowed"), (FANS[0], "too_few")))
    stage.sandbox.fail("wechat", SEND, body={"errcode": 40003, "errmsg": "invalid openid"})
    assert await push(stage, to=FANS) == Refused("40003")


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (sample("mass-err-45028"), Refused("day_quota")),
        ({"errcode": 45065, "errmsg": "clientmsgid exist", "msg_id": 123456}, Delivered("123456")),
        ({"errcode": 45066}, Deferred(NOW + timedelta(minutes=1), "too_fast")),
        ({"errcode": 42010}, Deferred(NOW + timedelta(minutes=1), "minute_quota")),
        ({"errcode": 9500002}, Deferred(NOW + timedelta(minutes=1), "minute_quota")),
        (sample("err-45011"), Deferred(NOW + timedelta(minutes=1), "minute_quota")),
        (sample("err-45009"), Deferred(datetime(2026, 11, 21, 16, tzinfo=UTC), "day_quota")),
        ({"errcode": -1}, Deferred(NOW + timedelta(seconds=5), "busy")),
        ({"errcode": 40130}, Refused("too_few")),
        ({"errcode": 40032}, Refused("too_many")),
        ({"errcode": 45002}, Refused("too_long")),
        ({"errcode": 40007}, Refused("media")),
        (sample("err-48001"), Refused("no_right")),
        ({"errcode": 45067}, Refused("45067")),
        (sample("mass-sendall-ok"), Delivered("3147483651")),
    ],
)
async def test_answers(stage: Stage, body: dict[str, Any], result: DeliveryResult) -> None:
    stage.sandbox.fail("wechat", SEND, body=body)
    assert await push(stage) == result
    assert len(stage.calls(SEND)) == 1


async def test_a_subscription_account_may_not(stage: Stage) -> None:
    stage.sandbox.wechat.account_type = "subscription"
    assert await push(stage) == Refused("no_right")


async def test_a_stale_token_is_renewed_and_nobody_has_it_twice(stage: Stage) -> None:
    await push(stage, key="gx1-1")
    stage.sandbox.wechat.revoke_token()
    assert isinstance(await push(stage, key="gx2-1"), Delivered)
    assert len(had(stage, FANS[0])) == 2


def asked(task: str) -> PushAsked:
    return PushAsked(NOW, "official", 1, task)


async def test_what_became_of_all_of_them_can_be_asked(stage: Stage) -> None:
    assert isinstance(stage.channel, Reporting)
    sent = await push(stage)
    assert isinstance(sent, Delivered)
    question = asked(sent.platform_id)
    (mass,) = stage.sandbox.wechat.masses.values()
    for status, state, reason in (
        ("SENDING", "waiting", ""),
        ("SEND_SUCCESS", "sent", ""),
        ("SEND_FAIL", "failed", "send_failed"),
        ("DELETE", "sent", ""),
    ):
        mass.status = status
        told = await stage.channel.results(question)
        assert told == PushResultRead(NOW, question, (PushResult("", state, reason),))  # type: ignore[arg-type]
    stage.sandbox.fail("wechat", GET, body=sample("mass-get-ok"))
    assert await stage.channel.results(question) == PushResultRead(NOW, question, (PushResult("", "sent"),))


@pytest.mark.parametrize(
    ("how", "reason", "wait"),
    [
        ({"hang_up": True}, "unreachable", timedelta(seconds=5)),
        ({"body": sample("err-45011")}, "minute_quota", timedelta(minutes=1)),
        ({"body": {"errcode": 40059, "errmsg": "invalid msg id"}}, "40059", timedelta(minutes=5)),
        ({"body": {"msg_id": 1, "msg_status": "DANCING"}}, "unknown_answer", timedelta(minutes=5)),
    ],
)
async def test_what_could_not_be_asked(stage: Stage, how: dict[str, Any], reason: str, wait: timedelta) -> None:
    assert isinstance(stage.channel, WeChat)
    stage.sandbox.fail("wechat", GET, **how)
    assert await stage.channel.results(asked("1")) == PushUnread(NOW, asked("1"), reason, NOW + wait)


async def test_there_is_nobody_to_remind(stage: Stage) -> None:
    assert await stage.channel.deliver(KEY, GroupPushEdit(LANE, 1, "1", "remind")) == Refused("unsupported")
