import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.telegram import Telegram
from domain.channel import RawEvent
from domain.errors import CallFailed
from domain.events import (
    ButtonPressed,
    ChatMigrated,
    ContactAdded,
    ContactRemoved,
    ContactReturned,
    GroupChanged,
    InboundEvent,
    MessageEdited,
    MessageReceived,
    Noticed,
)
from domain.messages import Address, Content, File, Image, Location, Other, SharedContact, Text, Video, Voice
from sandbox import Sandbox
from tests.channels.telegram.conftest import FIXTURES, SETTINGS, OpenBot, post
from tests.clock import Clock

BOT = int(SETTINGS.telegram_token.partition(":")[0])
MIA = {
    "id": 50001,
    "is_bot": False,
    "first_name": "Mia",
    "last_name": "Novak",
    "username": "mia",
    "language_code": "sr",
}
PRIVATE = {"id": 50001, "type": "private", "first_name": "Mia"}
GROUP = {"id": -100777, "type": "supergroup", "title": "Orders"}
US = {"id": BOT, "is_bot": True, "first_name": "Guanxi", "username": "guanxi_bot"}
FILE = {"file_id": "F1", "file_unique_id": "U1"}
AT = 1795209507


async def read(bot: Telegram, **update: Any) -> InboundEvent | None:
    return await bot.read(RawEvent("u:1", "l", json.dumps({"update_id": 1, **update})))


def message(**fields: Any) -> dict[str, Any]:
    return {"message_id": 7, "from": MIA, "chat": PRIVATE, "date": AT} | fields


async def heard(bot: Telegram, **fields: Any) -> MessageReceived:
    event = await read(bot, message=message(**fields))
    assert isinstance(event, MessageReceived)
    return event


RECORDED: dict[str, type[InboundEvent] | None] = {
    "business_connection-enabled": Noticed,
    "callback_query": ButtonPressed,
    "callback_query-group": ButtonPressed,
    "callback_query-inaccessible": ButtonPressed,
    "callback_query-inline-message": ButtonPressed,
    "chat_boost": Noticed,
    "chat_join_request": Noticed,
    "chat_member-banned": GroupChanged,
    "chat_member-joined": GroupChanged,
    "chosen_inline_result": None,
    "inline_query": None,
    "message-album-1": MessageReceived,
    "message-album-2": MessageReceived,
    "message-command-group": Noticed,
    "message-contact-other": MessageReceived,
    "message-contact-own": MessageReceived,
    "message-document": MessageReceived,
    "message-document-too-big": MessageReceived,
    "message-forum-topic": MessageReceived,
    "message-forum-topic-created": Noticed,
    "message-left-chat-member": GroupChanged,
    "message-location": MessageReceived,
    "message-new-chat-members": GroupChanged,
    "message-photo": MessageReceived,
    "message-pinned": Noticed,
    "message-poll": MessageReceived,
    "message-reply-quote": MessageReceived,
    "message-start-deeplink": ContactAdded,
    "message-start-plain": ContactAdded,
    "message-startgroup": Noticed,
    "message-text": MessageReceived,
    "message-text-entities": MessageReceived,
    "message-users-shared": MessageReceived,
    "message-web-app-data": MessageReceived,
    "message_reaction": Noticed,
    "message_reaction_count": Noticed,
    "my_chat_member-blocked": ContactRemoved,
    "my_chat_member-group-added": GroupChanged,
    "my_chat_member-kicked-from-group": GroupChanged,
    "my_chat_member-promoted": GroupChanged,
    "my_chat_member-unblocked": ContactReturned,
    "poll": Noticed,
    "poll_answer": Noticed,
    "poll_answer-retracted": Noticed,
    "pre_checkout_query": None,
    "removed_chat_boost": Noticed,
}


def recorded(name: str) -> str:
    return (FIXTURES / f"telegram-{name}.json").read_text("utf-8")


@pytest.mark.parametrize(("name", "kind"), RECORDED.items())
async def test_every_recorded_update_is_what_we_expect(bot: Telegram, name: str, kind: type[InboundEvent]) -> None:
    (raw,) = (await bot.receive(post(recorded(name)))).events
    event = await bot.read(raw)
    assert event is None if kind is None else isinstance(event, kind)


def test_every_recorded_update_is_in_the_table() -> None:
    files = {path.stem.removeprefix("telegram-") for path in FIXTURES.glob("telegram-*.json")}
    assert {name for name in files if not name.startswith("response-")} == set(RECORDED)


async def test_a_text_message(bot: Telegram) -> None:
    event = await heard(bot, text="  Zdravo \n 你好 ")
    assert event.at == datetime.fromtimestamp(AT, UTC)
    assert event.sender.address == event.chat.address == Address("telegram", "50001")
    assert (event.sender.name, event.sender.username, event.sender.language) == ("Mia Novak", "mia", "sr")
    assert (event.chat.kind, event.message_id, event.mentioned) == ("private", "7", False)
    assert event.content == Text("  Zdravo \n 你好 ")


@pytest.mark.parametrize(
    ("fields", "content"),
    [
        ({"photo": [FILE | {"width": 1, "height": 1}, {**FILE, "file_id": "F2", "width": 9, "height": 9}],
          "caption": " look "}, Image("F2", caption=" look ")),
        ({"voice": FILE | {"duration": 3}}, Voice("F1")),
        ({"video": FILE | {"duration": 3, "width": 1, "height": 1}, "caption": "c"}, Video("F1", "c")),
        ({"video_note": FILE | {"duration": 3, "length": 1}}, Video("F1")),
        ({"animation": FILE | {"duration": 3, "width": 1, "height": 1}, "document": FILE}, Video("F1")),
        ({"document": FILE | {"file_name": "a.pdf", "file_size": 9}, "caption": "c"}, File("F1", "", "a.pdf", "c", 9)),
        ({"document": FILE}, File("F1")),
        ({"audio": FILE | {"duration": 3, "title": "Song"}}, File("F1", name="Song")),
        ({"location": {"latitude": 1.5, "longitude": 2.5}}, Location(1.5, 2.5)),
        ({"venue": {"location": {"latitude": 1.5, "longitude": 2.5}, "title": "Café", "address": "Main 1"},
          "location": {"latitude": 1.5, "longitude": 2.5}}, Location(1.5, 2.5, "Café Main 1")),
        ({"contact": {"phone_number": "381", "first_name": "M", "user_id": 50001}}, SharedContact("381", "M", True)),
        ({"contact": {"phone_number": "381", "first_name": "Ana", "user_id": 7}}, SharedContact("381", "Ana", False)),
        ({"contact": {"phone_number": "381", "first_name": "Ana", "last_name": "K"}}, SharedContact("381", "Ana K")),
        ({"sticker": FILE | {"type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False,
                             "emoji": "👍"}}, Other("sticker", "👍")),
        ({"dice": {"emoji": "🎲", "value": 3}}, Other("dice", "🎲")),
        ({"story": {"chat": PRIVATE, "id": 1}}, Other("story")),
    ],
)  # fmt: skip
async def test_every_kind_of_message(bot: Telegram, fields: dict[str, Any], content: Content) -> None:
    assert (await heard(bot, **fields)).content == content


async def test_an_edit(bot: Telegram) -> None:
    event = await read(bot, edited_message=message(text="better", edit_date=AT + 60))
    assert isinstance(event, MessageEdited)
    assert (event.content, event.message_id) == (Text("better"), "7")
    assert event.at == datetime.fromtimestamp(AT + 60, UTC)


async def test_nobody_gets_a_character_that_no_database_takes(bot: Telegram) -> None:
    payload = json.dumps({"update_id": 1, "message": message(text="a\0b\\u0000c\\\0d")})
    event = await bot.read(RawEvent("u:1", "l", payload))
    assert isinstance(event, MessageReceived)
    assert event.content == Text("ab\\u0000c\\d")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("/start", ""),
        ("/start ", ""),
        ("/start expo-2026_A7", "expo-2026_A7"),
        ("/start@guanxi_bot expo", "expo"),
        (f"/start {'x' * 64}", "x" * 64),
    ],
)
async def test_start_adds_a_contact_with_its_source(bot: Telegram, text: str, source: str) -> None:
    event = await read(bot, message=message(text=text))
    assert isinstance(event, ContactAdded)
    assert (event.contact, event.source) == (Address("telegram", "50001"), source)
    assert (event.profile.name, event.profile.username, event.profile.language) == ("Mia Novak", "mia", "sr")


@pytest.mark.parametrize(
    "text", ["/start what does it cost?", "/started", "start", f"/start {'x' * 65}", "/start 价格"]
)
async def test_words_after_start_are_a_message(bot: Telegram, text: str) -> None:
    assert (await heard(bot, text=text)).content == Text(text)


@pytest.mark.parametrize("number", [1087968824, 136817688, 777000])
@pytest.mark.parametrize("text", ["hello", "/start"])
async def test_telegrams_own_senders_are_nobody(bot: Telegram, number: int, text: str) -> None:
    sender = {"id": number, "is_bot": number != 777000, "first_name": "Group"}
    for chat in (GROUP, PRIVATE):
        assert isinstance(await read(bot, message=message(**{"from": sender, "chat": chat, "text": text})), Noticed)


async def test_another_bot_is_nobody(bot: Telegram) -> None:
    other = {"id": 9, "is_bot": True, "first_name": "Other"}
    assert isinstance(await read(bot, message=message(**{"from": other, "chat": GROUP, "text": "hi"})), Noticed)
    assert await read(bot, edited_message=message(**{"from": other, "chat": GROUP, "text": "hi"})) is None


async def test_a_channel_post_is_noticed(bot: Telegram) -> None:
    post_ = {"message_id": 1, "chat": {"id": -1005, "type": "channel", "title": "News"}, "date": AT, "text": "x"}
    assert await read(bot, channel_post=post_) == Noticed(datetime.fromtimestamp(AT, UTC), "telegram", "channel_post")


@pytest.mark.parametrize(
    ("text", "left", "mentioned"),
    [
        ("查 张三", "查 张三", False),
        ("@guanxi_bot 查 张三", "查 张三", True),
        ("@Guanxi_Bot　查 张三", "查 张三", True),
        ("请@guanxi_bot 帮忙", "请帮忙", True),
        ("hey @guanxi_bot what", "hey what", True),
        ("@guanxi_bot", "", True),
        ("@guanxi_bot\n群发 人群=#老客\n 正文 @guanxi_bot ", "群发 人群=#老客\n 正文 @guanxi_bot ", True),
        ("群发\n关注 @guanxi_bot 领取", "群发\n关注 @guanxi_bot 领取", True),
        ("/find@guanxi_bot zhang", "/find zhang", True),
        ("/查@GUANXI_BOT 张三", "/查 张三", True),
        ("/find zhang", "/find zhang", False),
        ("@guanxi_bots hi", "@guanxi_bots hi", False),
        ("mail me@guanxi_bot", "mail me@guanxi_bot", False),
        ("@other_bot hi", "@other_bot hi", False),
    ],
)
async def test_our_name_in_a_group(bot: Telegram, text: str, left: str, mentioned: bool) -> None:
    event = await heard(bot, chat=GROUP, text=text)
    assert (event.content, event.mentioned) == (Text(left), mentioned)
    assert (event.chat.address, event.chat.kind, event.chat.title) == (
        Address("telegram", "-100777"),
        "group",
        "Orders",
    )


async def test_our_name_in_a_caption(bot: Telegram) -> None:
    photo = [FILE | {"width": 1, "height": 1}]
    event = await heard(bot, chat=GROUP, photo=photo, caption="@guanxi_bot 看这个")
    assert (event.content, event.mentioned) == (Image("F1", caption="看这个"), True)


async def test_a_reply_to_us_is_for_us(bot: Telegram) -> None:
    ours = {"message_id": 3, "from": US, "chat": GROUP, "date": AT, "text": "?"}
    assert (await heard(bot, chat=GROUP, text="yes", reply_to_message=ours)).mentioned
    theirs = ours | {"from": MIA}
    assert not (await heard(bot, chat=GROUP, text="yes", reply_to_message=theirs)).mentioned
    topic = {**ours, "forum_topic_created": {"name": "Customs", "icon_color": 1}}
    assert not (await heard(bot, chat=GROUP, text="yes", reply_to_message=topic)).mentioned


async def test_a_mention_by_id_is_for_us(bot: Telegram) -> None:
    entity = {"type": "text_mention", "offset": 0, "length": 6, "user": US}
    assert (await heard(bot, chat=GROUP, text="Guanxi hi", entities=[entity])).mentioned


async def test_another_bots_command_is_not_for_us(bot: Telegram) -> None:
    assert isinstance(await read(bot, message=message(chat=GROUP, text="/find@other_bot zhang")), Noticed)
    assert (await heard(bot, chat=GROUP, text="/ask@other_bot or @guanxi_bot?")).mentioned


async def test_our_name_is_asked_for_once_and_only_when_somebody_is_named(bot: Telegram, sandbox: Sandbox) -> None:
    await heard(bot, text="@guanxi_bot in private")
    await heard(bot, chat=GROUP, text="nobody")
    assert not sandbox.calls
    await heard(bot, chat=GROUP, text="@guanxi_bot")
    await heard(bot, chat=GROUP, text="@mia")
    assert [call.method_or_path for call in sandbox.calls] == ["getMe"]


async def test_without_our_name_the_message_has_to_wait(bot: Telegram, sandbox: Sandbox) -> None:
    sandbox.fail("telegram", "getMe", hang_up=True)
    with pytest.raises(CallFailed):
        await read(bot, message=message(chat=GROUP, text="@guanxi_bot"))
    assert (await heard(bot, chat=GROUP, text="@guanxi_bot")).mentioned


async def test_a_pressed_button(bot: Telegram, clock: Clock) -> None:
    query = {"id": "77", "from": MIA, "chat_instance": "1", "data": "claim:77"}
    event = await read(bot, callback_query=query | {"message": message(**{"from": US, "chat": GROUP, "text": "?"})})
    assert isinstance(event, ButtonPressed)
    assert (event.data, event.press, event.message_id, event.at) == ("claim:77", "77", "7", clock())
    assert (event.sender.address.id, event.chat.address.id) == ("50001", "-100777")
    inline = await read(bot, callback_query=query | {"inline_message_id": "x"})
    assert isinstance(inline, ButtonPressed)
    assert (inline.chat.address.id, inline.chat.kind, inline.message_id) == ("50001", "private", "")


async def test_a_button_without_words_says_nothing(bot: Telegram) -> None:
    assert (
        await read(bot, callback_query={"id": "77", "from": MIA, "chat_instance": "1", "game_short_name": "g"}) is None
    )


async def place(
    bot: Telegram, kind: str, chat: dict[str, Any], who: dict[str, Any], *states: str
) -> InboundEvent | None:
    old, new = ({"user": who, "status": state} | ({"until_date": 0} if state == "kicked" else {}) for state in states)
    return await read(
        bot, **{kind: {"chat": chat, "from": MIA, "date": AT, "old_chat_member": old, "new_chat_member": new}}
    )


async def test_blocked_and_unblocked(bot: Telegram) -> None:
    at, mia = datetime.fromtimestamp(AT, UTC), Address("telegram", "50001")
    assert await place(bot, "my_chat_member", PRIVATE, US, "member", "kicked") == ContactRemoved(at, mia, "blocked")
    assert await place(bot, "my_chat_member", PRIVATE, US, "kicked", "member") == ContactReturned(at, mia)


@pytest.mark.parametrize(
    ("states", "change"),
    [(("left", "member"), "joined"), (("member", "kicked"), "left"), (("member", "left"), "left")],
)
async def test_who_comes_to_a_group_and_who_goes(bot: Telegram, states: tuple[str, str], change: str) -> None:
    ours = await place(bot, "my_chat_member", GROUP, US, *states)
    theirs = await place(bot, "chat_member", GROUP, MIA, *states)
    assert isinstance(ours, GroupChanged)
    assert isinstance(theirs, GroupChanged)
    assert (ours.change, ours.detail, ours.members) == (f"bot_{change}", states[1], ())
    assert (theirs.change, theirs.detail, theirs.members) == (f"member_{change}", states[1], ("50001",))
    assert theirs.group == Address("telegram", "-100777")


async def test_places_in_channels_and_of_bots_are_passed_over(bot: Telegram) -> None:
    channel = {"id": -1005, "type": "channel", "title": "News"}
    other = {"id": 9, "is_bot": True, "first_name": "Other"}
    assert await place(bot, "my_chat_member", channel, US, "left", "member") is None
    assert await place(bot, "chat_member", channel, MIA, "left", "member") is None
    assert await place(bot, "chat_member", GROUP, other, "left", "member") is None


@pytest.mark.parametrize(
    ("fields", "change", "members"),
    [
        ({"new_chat_members": [MIA, US]}, "member_joined", ("50001",)),
        ({"left_chat_member": MIA}, "member_left", ("50001",)),
        ({"new_chat_title": "Orders 2"}, "renamed", ()),
        ({"group_chat_created": True}, "created", ()),
    ],
)
async def test_what_telegram_writes_into_a_group(
    bot: Telegram, fields: dict[str, Any], change: str, members: tuple[str, ...]
) -> None:
    event = await read(bot, message=message(chat=GROUP, **fields))
    assert isinstance(event, GroupChanged)
    assert (event.change, event.members, event.title) == (change, members, "Orders")


@pytest.mark.parametrize(
    "fields",
    [
        {"chat": {"id": -44, "type": "group", "title": "Old"}, "migrate_to_chat_id": -10055},
        {"chat": {"id": -10055, "type": "supergroup", "title": "New"}, "migrate_from_chat_id": -44},
    ],
)
async def test_a_group_that_became_a_supergroup(bot: Telegram, fields: dict[str, Any]) -> None:
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    event = await read(bot, message=message(**{"from": anonymous}, **fields))
    assert event == ChatMigrated(
        datetime.fromtimestamp(AT, UTC), Address("telegram", "-44"), Address("telegram", "-10055")
    )


async def test_accounts_keep_their_own_addresses(open_bot: OpenBot) -> None:
    assert (await heard(open_bot(name="second"), text="hi")).sender.address == Address("second", "50001")
