"""Here lives the proof of how private messages, starts and buttons are read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.telegram import Telegram
from domain.channel import RawEvent
from domain.events import (
    ButtonPressed,
    ContactAdded,
    MessageEdited,
    MessageReceived,
    Noticed,
)
from domain.messages import Address, Content, File, Image, Location, Other, SharedContact, Text, Video, Voice
from tests.channels.telegram.conftest import OpenBot
from tests.channels.telegram.updates import AT, FILE, GROUP, MIA, PRIVATE, US, heard, message, read
from tests.clock import Clock


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
        ({"contact": {"phone_number": "381", "first_name": "M", "user_id": 50001}}, SharedContact("+381", "M", True)),
        ({"contact": {"phone_number": "+381", "first_name": "M", "user_id": 50001}}, SharedContact("+381", "M", True)),
        ({"contact": {"phone_number": "", "first_name": "M", "user_id": 50001}}, SharedContact("", "M", True)),
        ({"contact": {"phone_number": "381", "first_name": "Ana", "user_id": 7}}, SharedContact("+381", "Ana", False)),
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
    event = await bot.read(RawEvent("u:7:1", "l", payload))
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


async def test_accounts_keep_their_own_addresses(open_bot: OpenBot) -> None:
    assert (await heard(open_bot(name="second"), text="hi")).sender.address == Address("second", "50001")
