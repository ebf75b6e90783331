"""The simulated Telegram: where the bot may write, what it is told of that, and chats that take nothing for a while."""

import json
from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.tiny import Api, Clock, TinyServer

MIA = 50001
GROUP, CHANNEL, NEW = -4112233445, -1001, -1002233445566


@pytest.fixture(autouse=True)
async def mia(sandbox: Sandbox) -> None:
    sandbox.telegram.person(MIA, first_name="Mia").has_started = True


def places(server: TinyServer) -> list[dict[str, Any]]:
    """What the bot was told of its own place, the last first."""
    updates = (json.loads(each.text) for each in reversed(server.received))
    return [update["my_chat_member"]["new_chat_member"] for update in updates if "my_chat_member" in update]


def said(sandbox: Sandbox, chat: int) -> list[str]:
    return [message["text"] for message in sandbox.telegram.received(chat)]


async def test_a_channel_is_written_to_by_administrators_who_may_post(
    api: Api, sandbox: Sandbox, server: TinyServer
) -> None:
    await sandbox.telegram.add_to_group(MIA, CHANNEL, "News", kind="channel")
    assert (places(server)[0]["status"], places(server)[0]["can_post_messages"]) == ("administrator", True)
    assert (await api.telegram("sendMessage", chat_id=CHANNEL, text="1"))["ok"]
    await sandbox.telegram.change_rights(MIA, CHANNEL, "administrator", can_post_messages=False)
    assert places(server)[0]["can_post_messages"] is False
    answer = await api.telegram("sendMessage", chat_id=CHANNEL, text="2")
    assert (answer["error_code"], answer["description"]) == (
        400,
        "Bad Request: need administrator rights in the channel chat",
    )
    await sandbox.telegram.remove_from_group(MIA, CHANNEL)
    answer = await api.telegram("sendMessage", chat_id=CHANNEL, text="3")
    assert (answer["error_code"], answer["description"]) == (403, "Forbidden: bot was kicked from the channel chat")
    assert said(sandbox, CHANNEL) == ["1"]


async def test_a_group_may_take_words_and_no_pictures(api: Api, sandbox: Sandbox, server: TinyServer) -> None:
    await sandbox.telegram.add_to_group(MIA, GROUP, "Orders", kind="supergroup")
    await sandbox.telegram.change_rights(MIA, GROUP, "restricted", can_send_photos=False)
    assert (places(server)[0]["status"], places(server)[0]["until_date"]) == ("restricted", 0)
    assert (await api.telegram("sendMessage", chat_id=GROUP, text="1"))["ok"]
    answer = await api.telegram("sendPhoto", chat_id=GROUP, photo="https://x.example/a.png")
    assert answer["description"] == "Bad Request: not enough rights to send photos to the chat"
    await sandbox.telegram.change_rights(MIA, GROUP, "restricted", can_send_messages=False)
    answer = await api.telegram("sendMessage", chat_id=GROUP, text="2")
    assert answer["description"] == "Bad Request: not enough rights to send text messages to the chat"
    await sandbox.telegram.change_rights(MIA, GROUP, "member")
    assert (await api.telegram("sendMessage", chat_id=GROUP, text="3"))["ok"]
    sandbox.telegram.groups[GROUP].is_deleted = True
    answer = await api.telegram("sendMessage", chat_id=GROUP, text="4")
    assert (answer["error_code"], answer["description"]) == (403, "Forbidden: the group chat was deleted")
    assert said(sandbox, GROUP) == ["1", "3"]


async def test_a_group_may_move_while_the_server_is_away(api: Api, sandbox: Sandbox, server: TinyServer) -> None:
    await sandbox.telegram.add_to_group(MIA, GROUP, "Orders")
    before = len(server.received)
    await sandbox.telegram.migrate_group(GROUP, NEW, told=False)
    assert len(server.received) == before
    answer = await api.telegram("sendMessage", chat_id=GROUP, text="1")
    assert answer["parameters"] == {"migrate_to_chat_id": NEW}


async def test_what_others_post_in_a_channel_is_told(sandbox: Sandbox, server: TinyServer) -> None:
    await sandbox.telegram.add_to_group(MIA, CHANNEL, "News", kind="channel")
    await sandbox.telegram.channel_post(CHANNEL, "New!")
    post = json.loads(server.received[-1].text)["channel_post"]
    assert (post["text"], post["chat"]["type"], "from" in post) == ("New!", "channel", False)


async def test_a_flood_takes_nothing_until_its_end(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    sandbox.telegram.person(60001).has_started = True
    sandbox.telegram.flood(5, chat_id=MIA)
    answer = await api.telegram("sendMessage", chat_id=MIA, text="1")
    assert (answer["error_code"], answer["parameters"]) == (429, {"retry_after": 5})
    assert (await api.telegram("sendMessage", chat_id=60001, text="2"))["ok"]
    clock.move(4.5)
    assert (await api.telegram("sendMessage", chat_id=MIA, text="3"))["parameters"] == {"retry_after": 1}
    clock.move(0.5)
    assert (await api.telegram("sendMessage", chat_id=MIA, text="4"))["ok"]
    sandbox.telegram.flood(2)
    for chat in (MIA, 60001):
        assert (await api.telegram("sendMessage", chat_id=chat, text="5"))["error_code"] == 429
    assert said(sandbox, MIA) == ["4"]
    assert said(sandbox, 60001) == ["2"]


async def test_what_came_stays_as_it_came(api: Api, sandbox: Sandbox) -> None:
    sent = await api.telegram("sendMessage", chat_id=MIA, text="first")
    await api.telegram("editMessageText", chat_id=MIA, message_id=sent["result"]["message_id"], text="second")
    assert said(sandbox, MIA) == ["first"]
    assert said(sandbox, 60001) == []


async def test_a_burst_and_one_a_second_after_it_pass(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    sandbox.telegram.limits_on = True
    for number in range(10):
        assert (await api.telegram("sendMessage", chat_id=MIA, text=f"{number}"))["ok"]
        clock.move(0 if number < 2 else 1)
    clock.move(-0.5)
    assert (await api.telegram("sendMessage", chat_id=MIA, text="too early"))["parameters"] == {"retry_after": 1}
