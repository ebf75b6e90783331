from datetime import UTC, datetime
from typing import Any

import pytest

from channels.wecom import WeCom
from channels.wecom.config import Config
from domain.channel import Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.groups import GroupMember, GroupRead, GroupsAsked
from domain.messages import (
    Address,
    Button,
    Card,
    Content,
    File,
    Image,
    Link,
    Markdown,
    MessageEdit,
    OutboundMessage,
    Text,
)
from sandbox import Sandbox
from sandbox.media import Medium
from sandbox.wecom.corp import AppChat
from tests.channels.wecom.tasks import bodies, refuse

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
CHAT = Address("wecom", "chat:regions")
SEND = "appchat/send"


@pytest.fixture
def channel(settings: dict[str, Any], tools: Any, sandbox: Sandbox) -> WeCom:
    sandbox.wecom.app_chats["regions"] = AppChat("regions", "大区经理", "zhangwei", ["zhangwei", "wangfang"])
    return WeCom(Config(**settings), tools)


def to_chat(content: Content) -> OutboundMessage:
    return OutboundMessage(CHAT, content)


def shown(sandbox: Sandbox) -> list[Any]:
    return [each for letter in sandbox.wecom.received("regions") for each in letter.content]


def medium(sandbox: Sandbox, kind: str) -> str:
    return sandbox.wecom.media.keep(Medium(f"m-{kind}", kind, f"a.{kind}", b"content", sandbox.stage.now())).id


async def test_a_text_reaches_the_chat_and_nobody_else(channel: WeCom, sandbox: Sandbox) -> None:
    assert channel.is_group(CHAT.id)
    assert not channel.is_group("zhangwei")
    assert await channel.deliver("k", to_chat(Text("周报 \\u4f60 ]]>"))) == Delivered()
    assert bodies(sandbox, SEND) == [{"chatid": "regions", "msgtype": "text", "text": {"content": "周报 \\u4f60 ]]>"}}]
    assert shown(sandbox) == [{"type": "text", "text": "周报 \\u4f60 ]]>"}]
    assert bodies(sandbox, "message/send") == []


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (Markdown("**周报**"), ["markdown"]),
        (Link("标题", "https://example.com", "说明", "https://example.com/p.png"), ["news"]),
        (Link("标题" * 99, "https://example.com"), ["textcard"]),
        (Image(url="https://example.com/a.png", caption="新品"), ["news"]),
        (Card("标题", "正文"), ["text"]),
    ],
    ids=str,
)
async def test_the_platform_takes_every_shape(
    channel: WeCom, sandbox: Sandbox, content: Content, kinds: list[str]
) -> None:
    assert await channel.deliver("k", to_chat(content)) == Delivered()
    assert [body["msgtype"] for body in bodies(sandbox, SEND)] == kinds


@pytest.mark.parametrize("kind", ["image", "file"])
async def test_media_go_with_their_words_behind_them(channel: WeCom, sandbox: Sandbox, kind: str) -> None:
    media = medium(sandbox, kind)
    content = Image(media=media, caption="新品") if kind == "image" else File(media=media, caption="新品")
    assert await channel.deliver("k", to_chat(content)) == Delivered()
    assert [each["type"] for each in shown(sandbox)] == [kind, "text"]


async def test_buttons_are_words_in_a_group(channel: WeCom, sandbox: Sandbox) -> None:
    card = Card("新线索 C12", "陈晨: 多少钱?", (Button("认领", "认领 C12"),))
    assert not channel.repeatable(to_chat(card))
    assert await channel.deliver("k", to_chat(card)) == Delivered()
    assert shown(sandbox) == [{"type": "text", "text": "新线索 C12\n陈晨: 多少钱?\n\n认领: 认领 C12"}]
    assert await channel.deliver("k", MessageEdit(CHAT, "1", card)) == Delivered()


async def test_a_long_text_is_several_messages(channel: WeCom, sandbox: Sandbox) -> None:
    parts = channel.parts(to_chat(Text("价" * 1000)))
    assert [await channel.deliver("k", part) for part in parts] == [Delivered(), Delivered()]
    assert "".join(each["text"] for each in shown(sandbox)) == "价" * 1000


@pytest.mark.parametrize(
    ("code", "result"),
    [(86001, Refused("gone")), (86003, Refused("gone")), (40050, Refused("gone")), (86008, Refused("not_ours"))],
)
async def test_a_chat_that_is_gone_or_not_ours_is_refused(
    channel: WeCom, sandbox: Sandbox, code: int, result: DeliveryResult
) -> None:
    refuse(sandbox, SEND, code)
    assert await channel.deliver("k", to_chat(Text("hi"))) == result


async def test_the_four_ends_of_a_message(channel: WeCom, sandbox: Sandbox) -> None:
    assert await channel.deliver("k", OutboundMessage(Address("wecom", "chat:none"), Text("hi"))) == Refused("gone")
    assert await channel.deliver("k", OutboundMessage(Address("wecom", "chat:"), Text("hi"))) == Refused("gone")
    refuse(sandbox, SEND, 45009)
    waits = await channel.deliver("k", to_chat(Text("hi")))
    assert isinstance(waits, Deferred)
    assert waits.whole_account
    sandbox.fail("wecom", SEND, hang_up=True, after_effect=True)
    assert await channel.deliver("k", to_chat(Text("hi"))) == Unsure("no_answer")


async def test_a_chat_is_told_with_its_members(channel: WeCom) -> None:
    question = GroupsAsked(AT, "wecom", chat=CHAT.id)
    members = (GroupMember("zhangwei", staff=True), GroupMember("wangfang", staff=True))
    assert await channel.groups(question) == GroupRead(AT, question, "大区经理", "zhangwei", members, group="app")


async def test_an_unknown_chat_is_gone(channel: WeCom) -> None:
    question = GroupsAsked(AT, "wecom", chat="chat:none")
    assert await channel.groups(question) == GroupRead(AT, question, "", gone=True, group="app")
