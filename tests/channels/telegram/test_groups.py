"""Here lives the proof of how comings, goings and moves are read: of people, of us, of groups."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.telegram import Telegram
from domain.events import (
    ChatMigrated,
    ContactRemoved,
    ContactReturned,
    GroupChanged,
    InboundEvent,
)
from domain.messages import Address
from tests.channels.telegram.updates import AT, GROUP, MIA, PRIVATE, US, message, read


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
