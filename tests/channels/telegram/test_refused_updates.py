"""Here lives what becomes of updates that aiogram refuses."""

import json
from typing import Any

import pytest
from aiogram.types import Update
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.telegram import Telegram
from domain.channel import RawEvent
from domain.events import ButtonPressed, GroupChanged, MessageReceived, Noticed
from domain.messages import Other, Text
from tests.channels.telegram.conftest import FIXTURES
from tests.channels.telegram.test_webhook import INTEGERS, JSON_VALUES

MIA = {"id": 50001, "is_bot": False, "first_name": "Mia"}
HEAD = {"message_id": 7, "from": MIA, "chat": {"id": 50001, "type": "private"}, "date": 1795209507}
POLL = {"id": "1", "question": "When?", "options": [{"text": "mon"}]}
NAMES = ("message", "edited_message", "callback_query", "my_chat_member", "chat_member", "channel_post", "poll")


def raw(update: Any) -> RawEvent:
    return RawEvent("u:7:1", "l", json.dumps({"update_id": 1} | update))


def refused(update: dict[str, Any]) -> RawEvent:
    with pytest.raises(ValidationError):
        Update.model_validate({"update_id": 1} | update)
    return raw(update)


async def test_a_message_with_an_odd_part_is_read(bot: Telegram) -> None:
    reply = HEAD | {"poll": POLL}
    event = await bot.read(refused({"message": HEAD | {"text": "hi", "reply_to_message": reply}}))
    assert isinstance(event, MessageReceived)
    assert (event.content, event.sender.name, event.message_id) == (Text("hi"), "Mia", "7")
    assert event == await bot.read(raw({"message": HEAD | {"text": "hi"}}))


async def test_a_poll_of_another_version_is_read(bot: Telegram) -> None:
    event = await bot.read(refused({"message": HEAD | {"poll": POLL}}))
    assert isinstance(event, MessageReceived)
    assert event.content == Other("poll", "When?")


async def test_an_administrator_of_another_version_is_read(bot: Telegram) -> None:
    update = json.loads((FIXTURES / "telegram-my_chat_member-promoted.json").read_text("utf-8"))
    whole = await bot.read(raw(update))
    del update["my_chat_member"]["new_chat_member"]["can_send_welcome_messages"]
    assert isinstance(whole, GroupChanged)
    assert await bot.read(refused(update)) == whole


async def test_a_press_with_an_odd_message_is_read(bot: Telegram) -> None:
    query = {"id": "77", "from": MIA, "data": "x", "message": HEAD | {"poll": POLL}}
    event = await bot.read(refused({"callback_query": query}))
    assert isinstance(event, ButtonPressed)
    assert (event.press, event.message_id, event.chat.address.id) == ("77", "7", "50001")


async def test_other_kinds_are_noticed(bot: Telegram) -> None:
    event = await bot.read(refused({"poll": POLL}))
    assert isinstance(event, Noticed)
    assert event.what == "poll"


@pytest.mark.parametrize(
    "update",
    [
        {"message": "hi"},
        {"message": {}},
        {"message": HEAD | {"from": 5, "text": "hi"}},
        {"message": HEAD | {"chat": None, "text": "hi"}},
        {"message": HEAD | {"date": "yesterday", "text": "hi"}},
        {"message": HEAD | {"date": 10**18, "text": "hi"}},
        {"message": HEAD | {"text": 5}},
        {"message": HEAD | {"photo": [5]}},
        {"callback_query": {"id": "1", "from": None, "data": "x"}},
        {"my_chat_member": {"chat": {"id": "x", "type": "private"}}},
        {"telepathy": {"chat": 1}},
    ],
)
async def test_what_nobody_understands_is_passed_over(bot: Telegram, update: dict[str, Any]) -> None:
    assert await bot.read(raw(update)) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(("chat", "from", "text", "photo")), JSON_VALUES))
async def test_no_update_is_a_crash(bot: Telegram, name: str, fields: dict[str, Any]) -> None:
    await bot.read(raw({name: HEAD | fields}))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from((*NAMES, "other")), JSON_VALUES), INTEGERS)
async def test_no_json_is_a_crash(bot: Telegram, update: dict[str, Any], number: int) -> None:
    await bot.read(raw(update | {"update_id": number}))
