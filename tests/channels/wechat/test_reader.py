"""Here lives what every known callback of an official account means."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.envelope import cdata
from channels.wechat.reader import Reader
from domain import events
from domain.channel import Channel, RawEvent
from domain.errors import Unreadable
from domain.messages import Address, Image, Link, Location, Other, Text, Video, Voice
from tests.channels.wechat.conftest import OPENID, Stage

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wechat"
AT = datetime(2026, 11, 21, 0, 13, 20, tzinfo=UTC)
WHO = Address("official", "oR8fKwSRIZGf2fpWqWO002Q0k1Lh")
SENDER = events.Sender(WHO)
MEDIA = {
    "image": "r3NosnLqm2fU-oxjdOlC1St7GgJh0nat8ddc-y2qyNcA6yy8N1ISUvxJhC5DHQA5",
    "voice": "hxSQWs4CCHZCAXsIXwXkciL9EZp03TxBuO0xi8gQYBS3_Lsoxvk80xkZ3m_CzPDy",
    "video": "aWalm0B-PjHmsqmKGvJX_TVFu4ongplOBJZGxGyianZ5h0efMmF3C8XBZIUoo4UI",
}


def said(content: Any, number: str) -> events.MessageReceived:
    return events.MessageReceived(AT, SENDER, events.Chat(WHO), content, number)


def noticed(what: str) -> events.Noticed:
    return events.Noticed(AT, "official", what)


EXPECTED: dict[str, events.InboundEvent | None] = {
    "envelope-safe-mode": None,
    "event-click": events.MenuClicked(AT, SENDER, "V1001_TODAY_MUSIC"),
    "event-kf-create-session": noticed("kf_create_session"),
    "event-kf-switch-session": noticed("kf_switch_session"),
    "event-location": noticed("LOCATION"),
    "event-location-select": noticed("location_select"),
    "event-mass-ok": events.SendingReported(AT, "official", "3147483651", True, "send success", 10190, 21, "", 89),
    "event-mass-reprint": events.SendingReported(
        AT, "official", "1000001625", False, "err(30003)", 0, 0, "judged_reprint"
    ),
    "event-pic-weixin": noticed("pic_weixin"),
    "event-publish-finish": noticed("PUBLISHJOBFINISH"),
    "event-scan": events.SourceScanned(AT, WHO, "88213"),
    "event-submsg-change": noticed("subscribe_msg_change_event"),
    "event-submsg-popup": noticed("subscribe_msg_popup_event"),
    "event-subscribe": events.ContactAdded(AT, WHO, events.Profile()),
    "event-subscribe-qr": events.ContactAdded(
        AT, Address("official", "oR8fKwtDNJKLPSQK9_QYak1vEO3m"), events.Profile(), "88213"
    ),
    "event-template-ok": events.SendingReported(AT, "official", "2200163836", True, "success", 1, 0),
    "event-unsubscribe": events.ContactRemoved(AT, Address("official", "oR8fKwph8GYpV16_VraYkrLOo594"), "unfollowed"),
    "event-user-authorization-revoke": events.AuthorizationRevoked(
        AT, Address("official", "oR8fKwBclbi9OS_Qt-ojM4emvLwl")
    ),
    "event-user-info-modified": events.ContactUpdated(
        AT, Address("official", "oR8fKwpVw0RI-lFk5sPrQE2G4kZm"), events.Profile()
    ),
    "event-view": noticed("VIEW"),
    "event-view-miniprogram": noticed("view_miniprogram"),
    "msg-image": said(
        Image(media=MEDIA["image"], url="http://mmbiz.qpic.cn/mmbiz_jpg/9aXk2QpLrT/0"), "24701245428159593"
    ),
    "msg-link": said(
        Link("公众号文章标题", "https://mp.weixin.qq.com/s?__biz=MzA3&mid=265&idx=1&sn=9f", "摘要"), "24803837172437075"
    ),
    "msg-location": said(Location(23.134521, 113.358803, "广州市天河区体育西路101号"), "24784113513759289"),
    "msg-text": said(Text("请问你们周末营业吗？"), "24943701408084401"),
    "msg-video": said(Video(MEDIA["video"]), "24889958669544535"),
    "msg-voice": said(Voice(MEDIA["voice"], "我想买一箱苹果"), "24729801058941024"),
}


async def read(channel: Channel, payload: str) -> events.InboundEvent | None:
    return await channel.read(RawEvent("m:1", "official:o", payload))


def test_every_sample_has_an_expectation() -> None:
    assert set(EXPECTED) == {file.stem.removeprefix("wechat-") for file in FIXTURES.glob("*.xml")}


@pytest.mark.parametrize("name", EXPECTED)
async def test_samples(stage: Stage, name: str) -> None:
    payload = (FIXTURES / f"wechat-{name}.xml").read_text("utf-8")
    assert await read(stage.channel, payload) == EXPECTED[name]


def xml(**fields: str) -> str:
    head = {"FromUserName": WHO.id, "CreateTime": "1795220000"}
    return "<xml>" + "".join(f"<{key}>{cdata(value)}</{key}>" for key, value in {**head, **fields}.items()) + "</xml>"


async def test_white_space_is_kept(stage: Stage) -> None:
    event = await read(stage.channel, xml(MsgType="text", Content="  a\n\tb  ", MsgId="1"))
    assert event == said(Text("  a\n\tb  "), "1")


@pytest.mark.parametrize(
    ("fields", "content"),
    [
        ({"MsgType": "shortvideo", "MediaId": "m"}, Video("m")),
        ({"MsgType": "file", "Title": "报价.pdf"}, Other("file", "报价.pdf")),
        ({"MsgType": "miniprogrampage"}, Other("miniprogrampage")),
        ({"MsgType": "location", "Location_X": "nan", "Location_Y": "1", "Label": "here"}, Other("location", "here")),
        ({"MsgType": "location", "Location_X": "", "Label": "here"}, Other("location", "here")),
    ],
)
async def test_odd_messages_are_still_messages(stage: Stage, fields: dict[str, str], content: Any) -> None:
    assert await read(stage.channel, xml(**fields)) == said(content, "")


@pytest.mark.parametrize(
    ("status", "reason"),
    [("success", ""), ("failed:user block", "blocked_by_user"), ("failed: system failed", "system_failed")],
)
async def test_template_report(stage: Stage, status: str, reason: str) -> None:
    ok = not reason
    event = await read(stage.channel, xml(MsgType="event", Event="TEMPLATESENDJOBFINISH", MsgID="7", Status=status))
    assert event == events.SendingReported(AT, "official", "7", ok, status, int(ok), int(not ok), reason)


@pytest.mark.parametrize(
    ("key", "source"),
    [("qrscene_qrscene_a", "qrscene_a"), ("qrscene_", ""), ("last_trade_no_4200", ""), ("", "")],
)
async def test_source_of_a_follower(stage: Stage, key: str, source: str) -> None:
    event = await read(stage.channel, xml(MsgType="event", Event="subscribe", EventKey=key))
    assert event == events.ContactAdded(AT, WHO, events.Profile(), source)


@pytest.mark.parametrize("fields", [{"MsgType": "event", "Event": "card_pass_check"}, {"MsgType": "event"}, {}])
async def test_unknown_kinds_are_nothing(stage: Stage, fields: dict[str, str]) -> None:
    assert await read(stage.channel, xml(**fields)) is None


async def test_time_that_is_none_becomes_now(stage: Stage) -> None:
    for wrong in ("", "soon", "9" * 30, "9" * 5000):
        event = await read(stage.channel, xml(MsgType="event", Event="CLICK", CreateTime=wrong))
        assert event == events.MenuClicked(stage.clock.now, SENDER, "")


@given(noise=st.text(max_size=60))
async def test_whatever_the_words_nothing_is_raised(noise: str) -> None:
    reader = Reader("official", None, lambda: AT)  # type: ignore[arg-type]  # nothing here looks anybody up
    for fields in ({"MsgType": noise or "text"}, {"MsgType": "text", "CreateTime": noise}):
        event = await reader.read(RawEvent("m:1", "official:o", xml(**fields)))
        assert event is None or (isinstance(event, events.MessageReceived) and event.sender == SENDER)
    await reader.read(RawEvent("m:1", "official:o", xml(MsgType="event", Event=noise)))


@pytest.mark.parametrize(
    "payload", ["", "hello", '{"MsgType":"text"}', "<xml>", "<html/>", "\ud800", "<xml>\x00</xml>"]
)
async def test_what_never_passed_our_door_is_given_up(stage: Stage, payload: str) -> None:
    with pytest.raises(Unreadable) as caught:
        await read(stage.channel, payload)
    assert not caught.value.retry


async def test_follower_is_completed_by_user_info(stage: Stage) -> None:
    stage.sandbox.wechat.add_user(OPENID).unionid = "union-1"
    await stage.sandbox.wechat.follow(OPENID, scene="fair-2026")
    event = await stage.channel.read(stage.raws[0])
    assert event == events.ContactAdded(
        datetime.fromtimestamp(stage.clock.timestamp(), UTC),
        Address("official", OPENID),
        events.Profile(unionid="union-1", tags=()),
        "fair-2026",
    )


@pytest.mark.parametrize(
    "how", [{"hang_up": True, "times": 2}, {"body": {"errcode": 48001, "errmsg": "api unauthorized"}}, {"status": 502}]
)
async def test_follower_comes_without_user_info_too(stage: Stage, how: dict[str, Any]) -> None:
    stage.sandbox.fail("wechat", "user/info", **how)
    await stage.sandbox.wechat.follow(OPENID)
    event = await stage.channel.read(stage.raws[0])
    assert isinstance(event, events.ContactAdded)
    assert event.profile == events.Profile()


async def test_tags_are_told_of_followers_only_and_without_the_platforms_own(stage: Stage) -> None:
    stage.sandbox.wechat.add_user(OPENID).tags = [2, 128, 101]
    changed = xml(MsgType="event", Event="user_info_modified", OpenID=OPENID)
    event = await read(stage.channel, changed)
    assert isinstance(event, events.ContactUpdated)
    assert event.profile.tags == ("128", "101")
    stage.sandbox.wechat.users[OPENID].is_follower = False
    event = await read(stage.channel, changed)
    assert isinstance(event, events.ContactUpdated)
    assert event.profile.tags is None


async def test_slow_user_info_is_not_waited_for(stage: Stage) -> None:
    stage.sandbox.wechat.add_user(OPENID).unionid = "union-1"
    stage.sandbox.fail("wechat", "user/info", delay=0.3)
    await stage.sandbox.wechat.follow(OPENID)
    hurried = Reader("official", stage.api(), stage.clock, patience=0.05)
    event = await hurried.read(stage.raws[0])
    assert isinstance(event, events.ContactAdded)
    assert event.profile == events.Profile()
