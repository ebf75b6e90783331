from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels import Tools, open_channel
from channels.wecom.config import Config
from channels.wecom.outcomes import outcome
from domain.channel import Channel, Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.messages import (
    Address,
    Button,
    Card,
    CommandMenu,
    Content,
    File,
    Image,
    Link,
    Markdown,
    MessageEdit,
    OutboundMessage,
    Text,
    Welcome,
)
from domain.outgoing import Outgoing
from sandbox import Call, Sandbox
from sandbox.media import Medium

ZHANG = Address("wecom", "zhangwei")
CARD = Card("新线索 C12", "陈晨: 多少钱?", (Button("认领", "认领 C12"), Button("查看", "看 C12")))
KEY = "gx17-19aa7c8d5e1"


def to_zhang(content: Content) -> OutboundMessage:
    return OutboundMessage(ZHANG, content)


def last(sandbox: Sandbox, path: str = "message/send") -> Call:
    return [call for call in sandbox.calls if call.method_or_path == path][-1]


def sent(sandbox: Sandbox, path: str = "message/send") -> int:
    return sum(call.method_or_path == path for call in sandbox.calls)


def picture(sandbox: Sandbox) -> str:
    return sandbox.wecom.media.keep(Medium("m1", "image", "a.png", b"picture", sandbox.stage.now())).id


async def test_a_text_reaches_one_member_as_it_is(channel: Channel, sandbox: Sandbox) -> None:
    result = await channel.deliver(KEY, to_zhang(Text("你好 \\u4f60 <b>&\n ]]>")))
    call = last(sandbox)
    assert call.body == {
        "touser": "zhangwei",
        "agentid": 1000002,
        "msgtype": "text",
        "text": {"content": "你好 \\u4f60 <b>&\n ]]>"},
    }
    assert result == Delivered(call.answer["msgid"])


@pytest.mark.parametrize("wrap", [to_zhang, lambda content: MessageEdit(ZHANG, "1", content)])
async def test_markdown_is_shown_formatted(
    channel: Channel, sandbox: Sandbox, wrap: Callable[[Content], Outgoing]
) -> None:
    outgoing = wrap(Markdown('**新线索** <font color="warning">C12</font>\n> 多少钱?'))
    assert isinstance(await channel.deliver(KEY, outgoing), Delivered)
    assert not channel.repeatable(outgoing)
    shown = sandbox.stage.story.told()[-1].content
    assert (shown["type"], shown["text"]) == ("markdown", '**新线索** <font color="warning">C12</font>\n> 多少钱?')


async def test_the_new_state_of_a_message_is_cut_rather_than_lost(channel: Channel, sandbox: Sandbox) -> None:
    assert isinstance(await channel.deliver(KEY, MessageEdit(ZHANG, "1", Markdown("价" * 3000))), Delivered)
    assert last(sandbox).body["markdown"]["content"] == "价" * 681 + "…"


async def test_a_picture_comes_with_its_words(channel: Channel, sandbox: Sandbox) -> None:
    media = picture(sandbox)
    result = await channel.deliver(KEY, to_zhang(Image(media=media, caption="新品")))
    assert isinstance(result, Delivered)
    bodies = [call.body for call in sandbox.calls if call.method_or_path == "message/send"]
    assert [body["msgtype"] for body in bodies] == ["image", "text"]
    assert bodies[1]["text"] == {"content": "新品"}
    assert result.platform_id == sandbox.calls[-2].answer["msgid"]


@pytest.mark.parametrize("failure", [{"body": {"errcode": 45009}}, {"hang_up": True}, {"body": {"invaliduser": "x"}}])
async def test_a_picture_is_not_sent_twice_for_its_words(
    channel: Channel, sandbox: Sandbox, failure: dict[str, Any]
) -> None:
    media = picture(sandbox)
    sandbox.fail("wecom", "message/send", delay=0.0)
    sandbox.fail("wecom", "message/send", **failure)
    assert await channel.deliver(KEY, to_zhang(Image(media=media, caption="新品"))) == Unsure("caption_not_sent")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (Image(url="https://example.com/a/b.png?x=1"), "news"),
        (Link("标题", "https://example.com", "说明", "https://example.com/p.png"), "news"),
        (Link("标题" * 99, "https://example.com"), "textcard"),
        (File(url="https://example.com/报价.pdf", name="报价"), "textcard"),
        (Card("标题", "没有按钮"), "text"),
    ],
)
async def test_the_platform_takes_every_shape(channel: Channel, sandbox: Sandbox, content: Content, kind: str) -> None:
    assert isinstance(await channel.deliver(KEY, to_zhang(content)), Delivered)
    assert last(sandbox).body["msgtype"] == kind


async def test_a_card_has_its_buttons_and_is_called_by_its_task(channel: Channel, sandbox: Sandbox) -> None:
    assert await channel.deliver(KEY, to_zhang(CARD)) == Delivered(KEY)
    assert last(sandbox).body["template_card"] == {
        "card_type": "button_interaction",
        "main_title": {"title": "新线索 C12"},
        "sub_title_text": "陈晨: 多少钱?",
        "task_id": KEY,
        "button_list": [{"text": "认领", "key": "认领 C12"}, {"text": "查看", "key": "看 C12"}],
    }


async def test_a_card_that_got_lost_is_shown_once(channel: Channel, sandbox: Sandbox) -> None:
    assert channel.repeatable(to_zhang(CARD))
    sandbox.fail("wecom", "message/send", hang_up=True, after_effect=True)
    assert isinstance(await channel.deliver(KEY, to_zhang(CARD)), Deferred)
    assert await channel.deliver(KEY, to_zhang(CARD)) == Delivered(KEY)
    shown = [entry for entry in sandbox.stage.story.told() if entry.content["type"] == "card"]
    assert len(shown) == 1


async def test_a_message_that_may_have_arrived_is_not_repeated(channel: Channel, sandbox: Sandbox) -> None:
    assert not channel.repeatable(to_zhang(Text("hi")))
    sandbox.fail("wecom", "message/send", hang_up=True, after_effect=True)
    assert await channel.deliver(KEY, to_zhang(Text("hi"))) == Unsure("no_answer")


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_gateway_that_fails_leaves_it_open(channel: Channel, sandbox: Sandbox, status: int) -> None:
    sandbox.fail("wecom", "message/send", status=status, body="<html>")
    assert isinstance(await channel.deliver(KEY, to_zhang(Text("hi"))), Unsure)


async def test_a_gateway_that_refuses_did_not_send(channel: Channel, sandbox: Sandbox, clock: Any) -> None:
    sandbox.fail("wecom", "message/send", status=429, body="<html>")
    assert await channel.deliver(KEY, to_zhang(Text("hi"))) == Deferred(clock() + timedelta(seconds=3), "unreachable")


async def test_no_platform_means_later(settings: dict[str, Any], tools: Tools, unused_tcp_port: int) -> None:
    channel = open_channel(Config(**settings | {"api_base": f"http://127.0.0.1:{unused_tcp_port}"}), tools)
    assert isinstance(await channel.deliver(KEY, to_zhang(Text("hi"))), Deferred)


async def test_a_token_that_cannot_be_had_means_later(channel: Channel, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", "gettoken", hang_up=True, times=2)  # a GET is repeated once by aiohttp
    assert isinstance(await channel.deliver(KEY, to_zhang(Text("hi"))), Deferred)
    assert not sent(sandbox)


@pytest.mark.parametrize("name", ["", "@all", "zhangwei|wangfang"])
async def test_a_name_that_means_others_too_is_refused(channel: Channel, sandbox: Sandbox, name: str) -> None:
    outgoing = OutboundMessage(Address("wecom", name), Text("hi"))
    assert await channel.deliver(KEY, outgoing) == Refused("bad_address")
    assert not sandbox.calls


async def test_a_stranger_is_refused(channel: Channel) -> None:
    outgoing = OutboundMessage(Address("wecom", "nobody"), Text("hi"))
    assert await channel.deliver(KEY, outgoing) == Refused("no_such_member", "deactivated")


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({"invaliduser": "zhangwei"}, Refused("no_such_member", "deactivated")),
        ({"unlicenseduser": "zhangwei"}, Refused("unlicensed")),
        ({"errcode": 0, "invaliduser": "", "msgid": "m1"}, Delivered("m1")),
    ],
)
async def test_an_accepted_message_may_have_reached_nobody(
    channel: Channel, sandbox: Sandbox, answer: dict[str, Any], result: DeliveryResult
) -> None:
    sandbox.fail("wecom", "message/send", body=answer)
    assert await channel.deliver(KEY, to_zhang(Text("hi"))) == result


async def test_an_edit_is_said_anew(channel: Channel, sandbox: Sandbox) -> None:
    assert isinstance(await channel.deliver(KEY, MessageEdit(ZHANG, "old", Text("50 %"))), Delivered)
    assert last(sandbox).body["text"] == {"content": "50 %"}


async def test_a_menu_of_commands_is_nothing_here(channel: Channel, sandbox: Sandbox) -> None:
    menu = CommandMenu(Address("wecom", ""), "zh-CN", (("查", "找客户"),))
    assert channel.repeatable(menu)
    assert await channel.deliver(KEY, menu) == Delivered()
    assert not sandbox.calls


async def test_what_is_too_long_for_any_number_of_messages_is_refused(channel: Channel, sandbox: Sandbox) -> None:
    assert await channel.deliver(KEY, to_zhang(Text("价" * 7000))) == Refused("too_long")
    assert not sandbox.calls


@pytest.fixture
async def welcome(sandbox: Sandbox, clock: Any) -> Welcome:
    await sandbox.start()
    code = await sandbox.wecom.add_contact("wangfang", "wm1", "刘洋")
    await sandbox.close()
    return Welcome(Address("wecom", "wm1"), code, Text("欢迎"), clock() + timedelta(seconds=20))


async def test_a_customer_is_welcomed_once(channel: Channel, sandbox: Sandbox, welcome: Welcome) -> None:
    assert not channel.repeatable(welcome)
    assert await channel.deliver(KEY, welcome) == Delivered()
    body = last(sandbox, "externalcontact/send_welcome_msg").body
    assert body == {"welcome_code": welcome.code, "text": {"content": "欢迎"}}
    assert await channel.deliver(KEY, welcome) == Refused("too_late")


async def test_a_welcome_after_20_seconds_is_too_late(channel: Channel, clock: Any, welcome: Welcome) -> None:
    clock.pass_by(21)
    assert await channel.deliver(KEY, welcome) == Refused("too_late")


async def test_a_welcome_without_an_answer_is_unsure(channel: Channel, sandbox: Sandbox, welcome: Welcome) -> None:
    sandbox.fail("wecom", "externalcontact/send_welcome_msg", hang_up=True, after_effect=True)
    assert await channel.deliver(KEY, welcome) == Unsure("no_answer")


NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (-1, Deferred(NOW + timedelta(seconds=3), "busy")),
        (45033, Deferred(NOW + timedelta(seconds=3), "concurrency", whole_account=True)),
        (45009, Deferred(NOW + timedelta(minutes=1), "quota", whole_account=True)),
        (40001, Deferred(NOW + timedelta(minutes=1), "bad_secret", whole_account=True)),
        (40014, Deferred(NOW + timedelta(minutes=1), "bad_secret", whole_account=True)),
        (60020, Deferred(NOW + timedelta(minutes=1), "ip_not_trusted", whole_account=True)),
        (301002, Deferred(NOW + timedelta(minutes=1), "301002", whole_account=True)),
        (48002, Deferred(NOW + timedelta(minutes=1), "no_right")),
        (60111, Refused("no_such_member", "deactivated")),
        (60011, Refused("not_visible")),
        (41051, Refused("too_late")),
        (40201, Refused("sensitive")),
        (40058, Refused("40058")),
    ],
)
async def test_every_class_of_codes_has_its_meaning(code: int, result: DeliveryResult) -> None:
    assert outcome(code, NOW) == result


@pytest.mark.parametrize("outgoing", [to_zhang(CARD), to_zhang(Text("hi"))], ids=["card", "text"])
async def test_a_code_is_judged_on_the_way_out(channel: Channel, sandbox: Sandbox, outgoing: Outgoing) -> None:
    sandbox.fail("wecom", "message/send", body={"errcode": 40058, "errmsg": "zhangwei from ip: 203.0.113.24"})
    assert await channel.deliver(KEY, outgoing) == Refused("40058")
