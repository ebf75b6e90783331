"""Here lives what an official account can say in the HTTP answer, as the simulator reads it."""

from typing import Any

import pytest

from domain.channel import Answerable, RawEvent
from domain.messages import Button, Card, Content, File, Image, Link, Markdown, Other, Text, Video, Voice
from tests.channels.wechat.conftest import OPENID, Stage, message

CARD = Card("想了解什么？", "请选", (Button("价格", "price"), Button("营业时间", "hours")))


@pytest.mark.parametrize("stage", ["safe", "plain"], indirect=True)
@pytest.mark.parametrize(
    ("content", "reply"),
    [
        (Text("好的 ]]> </Content><x/> &amp;"), {"MsgType": "text", "Content": "好的 ]]> </Content><x/> &amp;"}),
        (Markdown("**好** ]]>"), {"MsgType": "text", "Content": "**好** ]]>"}),
        (CARD, {"MsgType": "text", "Content": "想了解什么？\n请选\n\n[价格] price\n[营业时间] hours"}),
        (Image(media="m-1"), {"MsgType": "image", "Image": {"MediaId": "m-1"}}),
        (Voice("m-2"), {"MsgType": "voice", "Voice": {"MediaId": "m-2"}}),
        (Video("m-3", "看"), {"MsgType": "video", "Video": {"MediaId": "m-3", "Description": "看"}}),
        (
            File(url="https://example.com/a.pdf", name="a.pdf"),
            {"MsgType": "text", "Content": "a.pdf https://example.com/a.pdf"},
        ),
    ],
)
async def test_reply_is_read_by_the_platform(stage: Stage, content: Content, reply: dict[str, Any]) -> None:
    stage.say = content
    answer = await stage.sandbox.wechat.user_says(OPENID, "hi")
    assert answer.reply is not None
    head = {"ToUserName": OPENID, "FromUserName": "gh_000000000001", "CreateTime": str(int(stage.clock.timestamp()))}
    assert answer.reply == {**head, **reply}


async def test_link_is_news(stage: Stage) -> None:
    stage.say = Link("秋季手册", "https://example.com/a?b=1&c=2", "摘要", "https://example.com/p.png")
    answer = await stage.sandbox.wechat.follow(OPENID)
    assert answer.reply is not None
    assert answer.reply["ArticleCount"] == "1"
    item = {
        "Title": "秋季手册",
        "Description": "摘要",
        "PicUrl": "https://example.com/p.png",
        "Url": "https://example.com/a?b=1&c=2",
    }
    assert answer.reply["Articles"] in ({"item": item}, {"item": [item]})


@pytest.mark.parametrize("text", ["汉" * 1000, "汉" * 9000])
async def test_what_needs_several_messages_is_not_said_in_one_answer(stage: Stage, text: str) -> None:
    stage.say = Text(text)
    answer = await stage.sandbox.wechat.user_says(OPENID, "hi")
    assert answer.reply is None


@pytest.mark.parametrize(
    "content",
    [
        Image(url="https://example.com/a.png"),
        Image(media="m", caption="two things"),
        Text(""),
        Voice(""),
        Other("sticker"),
    ],
)
async def test_what_one_reply_cannot_say_is_left_to_the_api(stage: Stage, content: Content) -> None:
    stage.say = content
    answer = await stage.sandbox.wechat.user_says(OPENID, "hi")
    assert (answer.text, answer.reply) == ("success", None)


def xml(**fields: str) -> str:
    return "<xml>" + "".join(f"<{key}>{value}</{key}>" for key, value in fields.items()) + "</xml>"


@pytest.mark.parametrize(
    ("fields", "answered"),
    [
        ({"FromUserName": OPENID, "MsgType": "text"}, True),
        ({"FromUserName": OPENID, "MsgType": "event", "Event": "SCAN"}, True),
        ({"FromUserName": OPENID, "MsgType": "event", "Event": "CLICK"}, True),
        ({"FromUserName": OPENID, "MsgType": "event", "Event": "unsubscribe"}, False),
        ({"FromUserName": OPENID, "MsgType": "event", "Event": "MASSSENDJOBFINISH"}, False),
        ({"FromUserName": "somebody-else", "MsgType": "text"}, False),
    ],
)
async def test_only_the_sender_is_answered_and_only_where_it_is_shown(
    stage: Stage, fields: dict[str, str], answered: bool
) -> None:
    assert isinstance(stage.channel, Answerable)
    answer = stage.channel.passive(RawEvent("m:1", "official:o", xml(**fields)), message(Text("hi")))
    assert (answer is not None) is answered


async def test_the_wait_stays_within_the_platforms_five_seconds(stage: Stage) -> None:
    assert isinstance(stage.channel, Answerable)
    assert stage.channel.passive_seconds == 3.5
