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
    Noticed,
)
from domain.messages import Address
from sandbox.telegram import places
from sandbox.telegram.places import member
from tests.channels.telegram.updates import AT, GROUP, MIA, PRIVATE, US, message, read

TELEGRAM = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
AS_CHANNEL = {"id": 136817688, "is_bot": True, "first_name": "Channel"}

CHANNEL = {"id": -1005, "type": "channel", "title": "News"}


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


async def test_places_of_others_in_channels_and_of_bots_are_passed_over(bot: Telegram) -> None:
    other = {"id": 9, "is_bot": True, "first_name": "Other"}
    assert await place(bot, "chat_member", CHANNEL, MIA, "left", "member") is None
    assert await place(bot, "chat_member", GROUP, other, "left", "member") is None


def us(kind: str, status: str, **rights: bool) -> dict[str, Any]:
    return member(US, status, places.rights(kind, status, rights))


@pytest.mark.parametrize(
    ("chat", "old", "new", "change", "writable"),
    [
        (CHANNEL, us("channel", "left"), us("channel", "administrator"), "bot_joined", True),
        (
            CHANNEL,
            us("channel", "administrator"),
            us("channel", "administrator", can_post_messages=False),
            "bot_changed",
            False,
        ),
        (CHANNEL, us("channel", "left"), us("channel", "member"), "bot_joined", False),
        (CHANNEL, us("channel", "administrator"), us("channel", "kicked"), "bot_left", False),
        (CHANNEL, us("channel", "left"), {"user": US, "status": "administrator"}, "bot_joined", False),
        (GROUP, us("supergroup", "left"), us("supergroup", "member"), "bot_joined", True),
        (GROUP, us("supergroup", "member"), us("supergroup", "administrator"), "bot_changed", True),
        (GROUP, us("supergroup", "member"), us("supergroup", "restricted"), "bot_changed", True),
        (
            GROUP,
            us("supergroup", "member"),
            us("supergroup", "restricted", can_send_messages=False),
            "bot_changed",
            False,
        ),
        (GROUP, us("supergroup", "member"), us("supergroup", "restricted", is_member=False), "bot_left", False),
        (
            GROUP,
            us("supergroup", "restricted", can_send_messages=False),
            us("supergroup", "member"),
            "bot_changed",
            True,
        ),
        (GROUP, us("supergroup", "member"), us("supergroup", "left"), "bot_left", False),
        (GROUP, us("supergroup", "kicked"), {"user": US, "status": "restricted"}, "bot_joined", False),
    ],
)
async def test_where_we_may_write(
    bot: Telegram, chat: dict[str, Any], old: dict[str, Any], new: dict[str, Any], change: str, writable: bool
) -> None:
    update = {"chat": chat, "from": MIA, "date": AT, "old_chat_member": old, "new_chat_member": new}
    event = await read(bot, my_chat_member=update)
    assert isinstance(event, GroupChanged)
    kind = "channel" if chat is CHANNEL else "group"
    assert (event.change, event.kind, event.writable, event.title) == (change, kind, writable, chat["title"])


async def test_what_others_do_tells_nothing_of_our_rights(bot: Telegram) -> None:
    theirs = await place(bot, "chat_member", GROUP, MIA, "left", "member")
    renamed = await read(bot, message=message(chat=GROUP, new_chat_title="Orders 2"))
    for event in (theirs, renamed):
        assert isinstance(event, GroupChanged)
        assert (event.kind, event.writable) == ("group", None)


@pytest.mark.parametrize(
    "update",
    [
        {"channel_post": {"message_id": 3, "sender_chat": CHANNEL, "chat": CHANNEL, "date": AT, "text": "New!"}},
        {"edited_channel_post": {"message_id": 3, "chat": CHANNEL, "date": AT, "edit_date": AT, "text": "New!"}},
        {"message": message(**{"from": TELEGRAM, "sender_chat": CHANNEL, "is_automatic_forward": True, "chat": GROUP})},
        {"message": message(**{"from": AS_CHANNEL, "sender_chat": CHANNEL, "chat": GROUP, "text": "hi"})},
    ],
)
async def test_what_a_channel_posts_makes_nobody_a_contact(bot: Telegram, update: dict[str, Any]) -> None:
    assert isinstance(await read(bot, **update), Noticed)


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
