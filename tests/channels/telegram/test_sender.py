import traceback
from datetime import timedelta
from typing import Any

import pytest

from channels.telegram import Telegram
from channels.telegram.api import Rejected
from domain.channel import Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.errors import CallFailed
from domain.messages import (
    Acknowledge,
    Address,
    Button,
    Card,
    CommandMenu,
    Content,
    File,
    Image,
    Link,
    Location,
    Markdown,
    MessageEdit,
    OutboundMessage,
    SharedContact,
    Text,
    Voice,
    Welcome,
)
from domain.outgoing import Outgoing
from sandbox import Sandbox
from tests.channels.telegram.conftest import SETTINGS, OpenBot
from tests.clock import Clock

MIA = Address("telegram", "50001")
GROUP = Address("telegram", "-44")
EVERYBODY = Address("telegram", "")
GATEWAY = "<html><h1>502 Bad Gateway</h1></html>"
OFFER = Card("线索 L88", "领取？", (Button("领", "领 L88"), Button("放", "放 L88"), Button("看", "看 C1")))


async def say(bot: Telegram, content: Content, to: Address = MIA) -> DeliveryResult:
    return await bot.deliver("k", OutboundMessage(to, content))


def asked(sandbox: Sandbox, method: str) -> list[dict[str, Any]]:
    return [call.body for call in sandbox.calls if call.method_or_path == method]


async def test_a_text_arrives_as_it_is(bot: Telegram, sandbox: Sandbox) -> None:
    result = await say(bot, Text("<b>1 < 2</b> & _x_ 😀\n第二行"))
    assert isinstance(result, Delivered)
    (body,) = asked(sandbox, "sendMessage")
    assert body == {"chat_id": 50001, "text": "<b>1 < 2</b> & _x_ 😀\n第二行"}
    assert sandbox.telegram.messages[50001, int(result.platform_id)]["text"] == body["text"]


async def test_a_long_text_is_said_in_several_messages(bot: Telegram, sandbox: Sandbox) -> None:
    for part in bot.parts(OutboundMessage(MIA, Text("a" + "😀" * 4000))):
        assert isinstance(await bot.deliver("k", part), Delivered)
    assert [body["text"] for body in asked(sandbox, "sendMessage")] == ["a" + "😀" * 2047, "😀" * 1953]


async def test_what_is_too_long_for_any_number_of_messages_is_refused(bot: Telegram, sandbox: Sandbox) -> None:
    assert await say(bot, Text("正" * 41_000)) == Refused("too_long")
    assert not sandbox.calls


async def test_a_long_edit_is_cut_to_what_telegram_takes(bot: Telegram, sandbox: Sandbox) -> None:
    sent = await say(bot, OFFER)
    assert isinstance(sent, Delivered)
    edit = MessageEdit(MIA, sent.platform_id, Text("a" + "😀" * 4000))
    assert bot.parts(edit) == (edit,)
    assert isinstance(await bot.deliver("k", edit), Delivered)
    assert asked(sandbox, "editMessageText")[0]["text"] == "a" + "😀" * 2047 + "…"


@pytest.mark.parametrize(
    ("content", "method", "body"),
    [
        (Image(url="https://x.example/a", caption="c"), "sendPhoto", {"photo": "https://x.example/a", "caption": "c"}),
        (Image(url="https://x.example/a.png"), "sendPhoto", {"photo": "https://x.example/a.png"}),
        (File(url="https://x.example/a.pdf"), "sendDocument", {"document": "https://x.example/a.pdf"}),
        (Link("Title", "https://x.example", "About"), "sendMessage", {"text": "Title\nAbout\nhttps://x.example"}),
        (Markdown("**a** _b_ [c](d) <e>"), "sendMessage", {"text": "**a** _b_ [c](d) <e>"}),
        (Card("Title", "Text"), "sendMessage", {"text": "Title\nText"}),
        (Location(1.0, 2.0, "Main 1"), "sendMessage", {"text": "Main 1"}),
        (SharedContact("381", "Mia"), "sendMessage", {"text": "Mia 381"}),
    ],
)  # fmt: skip
async def test_every_content_has_a_form(
    bot: Telegram, sandbox: Sandbox, content: Content, method: str, body: dict[str, str]
) -> None:
    assert isinstance(await say(bot, content), Delivered)
    assert asked(sandbox, method) == [{"chat_id": 50001, **body}]


async def test_a_file_that_telegram_has_is_sent_by_its_id(bot: Telegram, sandbox: Sandbox) -> None:
    await say(bot, Image(url="https://x.example/a.png", caption="x" * 2000))
    assert len(asked(sandbox, "sendPhoto")[0]["caption"]) == 1024
    (file,) = sandbox.telegram.files
    assert isinstance(await say(bot, File(media=file)), Delivered)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (Image(caption="c"), "no_media"),
        (File(name="n"), "no_media"),
        (Text(" \n"), "empty"),
        (Text(""), "empty"),
        (Voice("F1"), "empty"),
        (Image(media="of another bot"), "media_unusable"),
    ],
)
async def test_what_cannot_be_said_is_refused(bot: Telegram, content: Content, reason: str) -> None:
    assert await say(bot, content) == Refused(reason)


async def test_an_edit_replaces_text_and_buttons(bot: Telegram, sandbox: Sandbox) -> None:
    sent = await say(bot, OFFER)
    assert isinstance(sent, Delivered)
    for _ in range(2):  # the second time it is "not modified"
        result = await bot.deliver("k", MessageEdit(MIA, sent.platform_id, Text("L88 已领取")))
        assert isinstance(result, Delivered)
    message = sandbox.telegram.messages[50001, int(sent.platform_id)]
    assert message["text"] == "L88 已领取"
    assert "reply_markup" not in message


@pytest.mark.parametrize(
    ("number", "text", "reason"), [("9999", "x", "message_gone"), ("", "x", "message_gone"), ("1", "", "empty")]
)
async def test_an_edit_that_cannot_be(bot: Telegram, number: str, text: str, reason: str) -> None:
    assert await bot.deliver("k", MessageEdit(MIA, number, Text(text))) == Refused(reason)


async def pressed(bot: Telegram, sandbox: Sandbox) -> tuple[str, str]:
    """The press of a button of a fresh card, and that card's message."""
    sent = await say(bot, OFFER)
    assert isinstance(sent, Delivered)
    sandbox.telegram.polling = True
    await sandbox.telegram.press(50001, int(sent.platform_id), "领 L88")
    return next(iter(sandbox.telegram.queries)), sent.platform_id


async def test_a_press_is_acknowledged_and_its_buttons_go(bot: Telegram, sandbox: Sandbox) -> None:
    press, message = await pressed(bot, sandbox)
    assert await bot.deliver("k", Acknowledge(MIA, press, "已领取", message=message)) == Delivered()
    assert asked(sandbox, "answerCallbackQuery") == [{"callback_query_id": press, "text": "已领取"}]
    assert "reply_markup" not in sandbox.telegram.messages[50001, int(message)]
    assert await bot.deliver("k", Acknowledge(MIA, press, message=message)) == Delivered()


async def test_a_late_press_still_loses_its_buttons(bot: Telegram, sandbox: Sandbox, clock: Clock) -> None:
    press, message = await pressed(bot, sandbox)
    clock.forward(minutes=10)
    assert await bot.deliver("k", Acknowledge(MIA, press, message=message)) == Delivered()
    assert "reply_markup" not in sandbox.telegram.messages[50001, int(message)]


async def test_a_press_on_a_message_that_is_gone_is_answered(bot: Telegram, sandbox: Sandbox) -> None:
    press, message = await pressed(bot, sandbox)
    del sandbox.telegram.messages[50001, int(message)]
    assert await bot.deliver("k", Acknowledge(MIA, press, message=message)) == Delivered()
    assert sandbox.telegram.queries[press].is_answered


async def test_a_press_without_its_message_keeps_the_buttons(bot: Telegram, sandbox: Sandbox) -> None:
    press, message = await pressed(bot, sandbox)
    assert await bot.deliver("k", Acknowledge(MIA, press)) == Delivered()
    assert "reply_markup" in sandbox.telegram.messages[50001, int(message)]


async def test_a_press_can_have_to_wait(bot: Telegram, sandbox: Sandbox) -> None:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 3}}
    sandbox.fail("telegram", "answerCallbackQuery", status=429, body=body)
    assert isinstance(await bot.deliver("k", Acknowledge(MIA, "1")), Deferred)


async def test_a_menu_of_commands(bot: Telegram, sandbox: Sandbox) -> None:
    commands = (("find", "查客户"), ("查", "not Latin"), ("help", ""), ("show", "d" * 300))
    assert await bot.deliver("k", CommandMenu(EVERYBODY, "zh-CN", commands)) == Delivered()
    assert await bot.deliver("k", CommandMenu(MIA, "", commands[:1])) == Delivered()
    all_of_them, hers = sandbox.telegram.commands.items()
    assert all_of_them[0][1] == "zh"
    assert [command["command"] for command in all_of_them[1]] == ["find", "show"]
    assert "50001" in hers[0][0]
    assert hers[0][1] == ""


async def test_there_is_no_welcome_code_in_telegram(bot: Telegram, clock: Clock) -> None:
    assert await bot.deliver("k", Welcome(MIA, "code", Text("hi"), clock())) == Refused("unsupported")


async def test_the_person_who_blocked_us(bot: Telegram, sandbox: Sandbox) -> None:
    sandbox.telegram.person(50001).has_blocked = True
    assert await say(bot, Text("hi")) == Refused("blocked", "blocked")
    assert await say(bot, Text("hi"), Address("telegram", "60001")) == Refused("chat_not_found", "deleted")
    sandbox.telegram.person(60001)
    assert await say(bot, Text("hi"), Address("telegram", "60001")) == Refused("never_started", "unfollowed")


async def test_a_group_with_a_new_id_is_written_to_at_once(bot: Telegram, sandbox: Sandbox) -> None:
    sandbox.telegram.polling = True
    await sandbox.telegram.add_to_group(50001, -44, "Orders")
    await sandbox.telegram.migrate_group(-44, -10055)
    assert isinstance(await say(bot, Text("hi"), GROUP), Delivered)
    assert [body["chat_id"] for body in asked(sandbox, "sendMessage")] == [-44, -10055]


async def test_a_group_that_moves_for_ever_is_given_up(bot: Telegram, sandbox: Sandbox) -> None:
    words = "Bad Request: group chat was upgraded to a supergroup chat"
    body = {"ok": False, "error_code": 400, "description": words, "parameters": {"migrate_to_chat_id": -10055}}
    sandbox.fail("telegram", "sendMessage", times=9, status=400, body=body)
    assert await say(bot, Text("hi"), GROUP) == Refused("chat_migrated")
    assert len(asked(sandbox, "sendMessage")) == 2


async def test_telegrams_own_limits(bot: Telegram, sandbox: Sandbox, clock: Clock) -> None:
    sandbox.telegram.limits_on = True
    results = [await say(bot, Text(str(number))) for number in range(4)]
    assert [type(result) for result in results] == [Delivered, Delivered, Delivered, Deferred]
    assert results[3] == Deferred(clock() + timedelta(seconds=1), "too_many_requests")


@pytest.mark.parametrize(
    "failure",
    [
        {"hang_up": True},
        {"hang_up": True, "after_effect": True},
        {"status": 502, "body": GATEWAY},
        {"status": 200, "body": GATEWAY},
        {"status": 500, "body": {"ok": False, "error_code": 500, "description": "Internal Server Error: restart"}},
        {"status": 500, "body": {"ok": False}},
        {"status": 200, "body": []},
    ],
)
async def test_without_an_answer_only_what_may_be_repeated_is_tried_again(
    bot: Telegram, sandbox: Sandbox, clock: Clock, failure: Any
) -> None:
    for method in ("sendMessage", "editMessageText", "answerCallbackQuery", "setMyCommands"):
        sandbox.fail("telegram", method, **failure)
    soon = Deferred(clock() + timedelta(seconds=5), "unreachable")
    assert await say(bot, Text("hi")) == Unsure("no_answer")
    assert await bot.deliver("k", MessageEdit(MIA, "1", Text("x"))) == soon
    assert await bot.deliver("k", Acknowledge(MIA, "1")) == soon
    assert await bot.deliver("k", CommandMenu(EVERYBODY, "en", (("help", "h"),))) == soon


async def test_what_never_left_is_tried_again(open_bot: OpenBot, clock: Clock, unused_tcp_port: int) -> None:
    bot = open_bot(api_base=f"http://127.0.0.1:{unused_tcp_port}")
    assert await say(bot, Text("hi")) == Deferred(clock() + timedelta(seconds=5), "unreachable")


@pytest.mark.parametrize(
    ("result", "platform_id"),
    [({"message_id": 12, "chat": "odd"}, "12"), ({"odd": 1}, ""), ([], ""), (None, ""), ({"message_id": "x"}, "")],
)
async def test_an_answer_of_unknown_shape_means_that_it_was_done(
    bot: Telegram, sandbox: Sandbox, result: Any, platform_id: str
) -> None:
    sandbox.fail("telegram", "sendMessage", body={"ok": True, "result": result})
    assert await say(bot, Text("hi")) == Delivered(platform_id)


def test_what_may_be_repeated(bot: Telegram, clock: Clock) -> None:
    repeatable: tuple[Outgoing, ...] = (
        MessageEdit(MIA, "1", Text("x")),
        Acknowledge(MIA, "1"),
        CommandMenu(MIA, "en", ()),
    )
    assert all(bot.repeatable(outgoing) for outgoing in repeatable)
    assert not bot.repeatable(OutboundMessage(MIA, Text("hi")))
    assert not bot.repeatable(Welcome(MIA, "", Text("hi"), clock()))


def test_groups_are_told_by_their_ids(bot: Telegram) -> None:
    assert bot.is_group("-1001")
    assert not bot.is_group("50001")


@pytest.mark.parametrize(
    ("base", "error"),
    [("http://127.0.0.1:{port}", CallFailed), ("http://127.0.0.1:99999", CallFailed), ("{api}", Rejected)],
)
async def test_no_exception_shows_the_token(
    open_bot: OpenBot, sandbox: Sandbox, api_base: str, unused_tcp_port: int, base: str, error: type[Exception]
) -> None:
    echo = {"ok": False, "error_code": 404, "description": f"no /bot{SETTINGS.telegram_token}/getMe here"}
    sandbox.fail("telegram", "getWebhookInfo", status=404, body=echo)
    bot = open_bot(api_base=base.format(port=unused_tcp_port, api=api_base))
    with pytest.raises(error) as found:
        await bot.start()
    assert SETTINGS.telegram_token not in "".join(traceback.format_exception(found.value))
