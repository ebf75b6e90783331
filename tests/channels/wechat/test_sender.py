"""Here lives what becomes of a message that an official account sends."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from channels.wechat import WeChat
from domain.channel import Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.messages import (
    Acknowledge,
    Address,
    Button,
    Card,
    Content,
    File,
    Image,
    Link,
    Location,
    Markdown,
    Other,
    Text,
    Video,
    Voice,
)
from sandbox.media import Medium
from tests.channels.wechat.conftest import OPENID, PICTURE, Clock, Serve, Stage, message

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wechat"
SEND = "message/custom/send"
NOW = Clock().now


@pytest.fixture(autouse=True)
async def _heard(stage: Stage) -> None:
    """The customer has just written, so five messages may be sent; three media are known."""
    await stage.sandbox.wechat.user_says(OPENID, "hi")
    for kind in ("image", "voice", "video"):
        stage.sandbox.wechat.media.keep(Medium(f"m-{kind}", kind, f"a.{kind}", b"", int(stage.clock.timestamp())))


async def deliver(stage: Stage, content: Content) -> DeliveryResult:
    return await stage.channel.deliver("o:1", message(content))


def sample(name: str) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads((FIXTURES / f"wechat-{name}.json").read_bytes())
    return body


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (Text("好的，周末营业"), {"msgtype": "text", "text": {"content": "好的，周末营业"}}),
        (Markdown("**好** [图](a)"), {"msgtype": "text", "text": {"content": "**好** [图](a)"}}),
        (Image(media="m-image"), {"msgtype": "image", "image": {"media_id": "m-image"}}),
        (Voice("m-voice"), {"msgtype": "voice", "voice": {"media_id": "m-voice"}}),
        (Video("m-video", "看"), {"msgtype": "video", "video": {"media_id": "m-video", "description": "看"}}),
        (
            Link("标题", "https://example.com", "摘要", "https://example.com/p.png"),
            {
                "msgtype": "news",
                "news": {
                    "articles": [
                        {
                            "title": "标题",
                            "description": "摘要",
                            "url": "https://example.com",
                            "picurl": "https://example.com/p.png",
                        }
                    ]
                },
            },
        ),
        (
            Card("预约", "", (Button("周六", "book sat"),)),
            {"msgtype": "text", "text": {"content": "预约\n\n[周六] book sat"}},
        ),
        (
            Card("预约", "", (Button("周六", "周六"), Button("", "周日"))),
            {"msgtype": "text", "text": {"content": "预约\n\n周六\n周日"}},
        ),
        (Card("通知", "明天停电"), {"msgtype": "text", "text": {"content": "通知\n明天停电"}}),
        (File(url="https://e.com/a", name="a"), {"msgtype": "text", "text": {"content": "a https://e.com/a"}}),
        (Location(1.0, 2.0, "店"), {"msgtype": "text", "text": {"content": "店"}}),
        (Text("a\ud800b"), {"msgtype": "text", "text": {"content": "ab"}}),
    ],
)
async def test_content_is_delivered(stage: Stage, content: Content, sent: dict[str, Any]) -> None:
    assert await deliver(stage, content) == Delivered()
    assert stage.calls(SEND) == [{"touser": OPENID, **sent}]


async def test_long_text_fits_in_bytes(stage: Stage) -> None:
    assert await deliver(stage, Text("é" * 1024)) == Delivered()
    assert await deliver(stage, Text("汉😀" * 400)) == Delivered()
    first, second = (body["text"]["content"] for body in stage.calls(SEND))
    assert first == "é" * 1024
    assert second == "汉😀" * 292 + "…"


async def test_what_is_too_long_for_any_number_of_messages_is_refused(stage: Stage) -> None:
    assert await deliver(stage, Text("汉" * 3500)) == Refused("too_long")
    assert stage.calls(SEND) == []


async def test_every_part_is_a_message_of_its_own(stage: Stage) -> None:
    assert isinstance(stage.channel, WeChat)
    parts = stage.channel.parts(message(Text("汉" * 700)))
    assert [await stage.channel.deliver("o:1", part) for part in parts] == [Delivered(), Delivered()]
    assert [body["text"]["content"] for body in stage.calls(SEND)] == ["汉" * 682, "汉" * 18]


async def test_long_card_keeps_its_choices(stage: Stage) -> None:
    assert await deliver(stage, Card("长", "汉" * 1000, (Button("价格", "price"),))) == Delivered()
    (body,) = stage.calls(SEND)
    assert body["text"]["content"].endswith("汉…\n\n[价格] price")
    assert 2046 <= len(body["text"]["content"].encode()) <= 2048


async def test_endless_choices_are_cut_too(stage: Stage) -> None:
    assert await deliver(stage, Card("长", "汉" * 1000, (Button("价" * 900, "price"),))) == Delivered()
    assert stage.calls(SEND)[0]["text"]["content"].endswith("价…")


async def test_nobody_here_is_a_group(stage: Stage) -> None:
    assert not stage.channel.is_group(OPENID)


async def test_caption_follows_its_image(stage: Stage) -> None:
    assert await deliver(stage, Image(media="m-image", caption="新品")) == Delivered()
    assert [body["msgtype"] for body in stage.calls(SEND)] == ["image", "text"]


async def test_image_without_its_caption_is_neither_sent_nor_not(stage: Stage) -> None:
    for _ in range(4):
        await deliver(stage, Text("hi"))
    assert await deliver(stage, Image(media="m-image", caption="新品")) == Unsure("partly_sent")


@pytest.mark.parametrize("content", [Voice(""), Video(""), Other("sticker"), Text("")])
async def test_what_cannot_be_said_is_refused(stage: Stage, content: Content) -> None:
    assert await deliver(stage, content) == Refused("unsupported")
    assert stage.calls(SEND) == []


async def test_other_things_than_messages_are_refused(stage: Stage) -> None:
    outgoing = Acknowledge(Address("official", OPENID), "press")
    assert await stage.channel.deliver("o:1", outgoing) == Refused("unsupported")


async def test_windows_are_the_platforms(stage: Stage) -> None:
    for _ in range(5):
        assert await deliver(stage, Text("hi")) == Delivered()
    assert await deliver(stage, Text("hi")) == Refused("quota_used")
    stage.clock.advance(hours=49)
    assert await deliver(stage, Text("hi")) == Refused("window_closed")
    assert await stage.channel.deliver("o:1", message(Text("hi"), "oNobody")) == Refused("40003")


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (sample("custom-err-45015"), Refused("window_closed")),
        (sample("custom-err-45047"), Refused("quota_used")),
        (sample("template-err-43004"), Refused("unfollowed", state="unfollowed")),
        ({"errcode": 43005}, Refused("unfollowed", state="unfollowed")),
        ({"errcode": 46004}, Refused("unfollowed", state="unfollowed")),
        ({"errcode": 50005}, Refused("unfollowed", state="unfollowed")),
        ({"errcode": 48002}, Refused("messages_off")),
        ({"errcode": 43019}, Refused("blacklisted")),
        (sample("err-48001"), Refused("48001")),
        ({"errcode": 45002}, Refused("45002")),
        ({"errcode": -1}, Deferred(NOW + timedelta(seconds=5), "busy")),
        (sample("err-45011"), Deferred(NOW + timedelta(minutes=1), "minute_quota", whole_account=True)),
        (sample("err-45009"), Deferred(datetime(2026, 11, 21, 16, tzinfo=UTC), "day_quota", whole_account=True)),
    ],
)
async def test_error_codes(stage: Stage, body: dict[str, Any], result: DeliveryResult) -> None:
    stage.sandbox.fail("wechat", SEND, body=body)
    assert await deliver(stage, Text("hi")) == result
    assert len(stage.calls(SEND)) == 1


@pytest.mark.parametrize(
    "how",
    [
        {"hang_up": True},
        {"hang_up": True, "after_effect": True},
        {"status": 502, "body": "<html>"},
        {"body": "<html>"},
        {"body": []},
    ],
)
async def test_lost_answer_leaves_it_unsure(stage: Stage, how: dict[str, Any]) -> None:
    stage.sandbox.fail("wechat", SEND, **how)
    assert await deliver(stage, Text("hi")) == Unsure("no_answer")
    assert not stage.channel.repeatable(message(Text("hi")))


async def test_what_was_turned_away_on_the_way_is_tried_again(stage: Stage) -> None:
    stage.sandbox.fail("wechat", SEND, status=413, body="<html>")
    assert await deliver(stage, Text("hi")) == Deferred(NOW + timedelta(seconds=5), "unreachable")


async def test_picture_with_an_address_is_uploaded_once(stage: Stage) -> None:
    stage.pictures["a.png"] = (200, "image/png")
    picture = Image(url=f"{stage.public_url}/pictures/a.png")
    assert await deliver(stage, picture) == Delivered()
    assert await deliver(stage, picture) == Delivered()
    assert stage.fetched == ["a.png"]
    assert stage.calls("media/upload") == [{"filename": "image.png", "size": len(PICTURE)}]
    stage.clock.advance(days=2, seconds=1)
    await stage.sandbox.wechat.user_says(OPENID, "hi")
    assert await deliver(stage, picture) == Delivered()
    assert len(stage.calls("media/upload")) == 2


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("page", Refused("media")),
        ("gone", Refused("media")),
        ("down", Deferred(NOW + timedelta(seconds=5), "unreachable")),
    ],
)
async def test_picture_that_cannot_be_had(stage: Stage, name: str, result: DeliveryResult) -> None:
    stage.pictures.update({"page": (200, "text/html"), "down": (503, "text/html")})
    assert await deliver(stage, Image(url=f"{stage.public_url}/pictures/{name}")) == result
    assert stage.fetched == [name]
    assert stage.calls(SEND) == []


async def test_inner_network_is_not_looked_at(stage: Stage, aiohttp_server: Serve) -> None:
    asked: list[str] = []

    async def inside(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=PICTURE, content_type="image/png")

    app = web.Application()
    app.router.add_get("/{path:.*}", inside)
    server = await aiohttp_server(app)
    assert await deliver(stage, Image(url=str(server.make_url("/a.png")))) == Refused("media")
    assert await deliver(stage, Image(url=str(server.make_url("/a.png").with_scheme("https")))) == Refused("media")
    assert await deliver(stage, Image()) == Refused("media")
    assert asked == []


async def test_refused_upload_is_a_refused_message(stage: Stage) -> None:
    stage.pictures["a.png"] = (200, "image/png")
    stage.sandbox.fail("wechat", "media/upload", body={"errcode": 40006, "errmsg": "invalid media size"})
    assert await deliver(stage, Image(url=f"{stage.public_url}/pictures/a.png")) == Refused("40006")
