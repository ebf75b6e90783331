"""Here lives the proof that every recorded update is what we expect."""

import pytest

from channels.telegram import Telegram
from domain.events import (
    ButtonPressed,
    ContactAdded,
    ContactRemoved,
    ContactReturned,
    GroupChanged,
    InboundEvent,
    MessageReceived,
    Noticed,
)
from tests.channels.telegram.conftest import FIXTURES, post

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
