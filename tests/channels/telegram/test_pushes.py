"""Here lives what becomes of pushes in Telegram: storms of waiting, chats that closed or moved, what has no form."""

from datetime import timedelta
from typing import Any

import pytest

from channels import media
from channels.telegram import Telegram
from domain.channel import Deferred, Delivered, DeliveryResult, Refused
from domain.messages import Address, File, Image, Notice, OutboundMessage, Priority, Text
from domain.outgoing import GroupPush, GroupPushEdit, Outgoing
from sandbox import Sandbox
from tests.channels.telegram.conftest import entry
from tests.clock import Clock

GROUP, CHANNEL, NEW = -44, -1005, -10055
PEOPLE = tuple(range(50001, 50005))


def to(chat: int) -> Address:
    return Address("telegram", str(chat))


async def say(bot: Telegram, chat: int) -> DeliveryResult:
    return await bot.deliver("k", OutboundMessage(to(chat), Text("hi"), Priority.PUSH))


@pytest.fixture(autouse=True)
def everybody(sandbox: Sandbox) -> None:
    sandbox.telegram.polling = True
    for person in PEOPLE:
        sandbox.telegram.person(person).has_started = True


@pytest.mark.parametrize(
    "outgoing",
    [
        GroupPush(to(1), 1, ("50001", "50002"), Text("hi")),
        GroupPushEdit(to(1), 1, "task", "remind"),
        OutboundMessage(to(50001), Notice("T1", (("first", "hi"),), text="hi")),
    ],
)
async def test_what_telegram_has_no_form_for(bot: Telegram, sandbox: Sandbox, outgoing: Outgoing) -> None:
    assert bot.parts(outgoing) == (outgoing,)
    assert await bot.deliver("k", outgoing) == Refused("unsupported")
    assert not sandbox.calls


async def test_one_chat_that_has_to_wait_waits_alone(bot: Telegram, sandbox: Sandbox, clock: Clock) -> None:
    sandbox.telegram.flood(7.2, chat_id=50001)
    wait = Deferred(clock() + timedelta(seconds=8), "too_many_requests")
    assert await say(bot, 50001) == wait
    assert await say(bot, 50001) == wait  # however often
    assert isinstance(await say(bot, 50002), Delivered)


async def test_several_that_have_to_wait_at_once_are_the_whole_bot(
    bot: Telegram, sandbox: Sandbox, clock: Clock
) -> None:
    sandbox.telegram.flood(20)
    until = clock() + timedelta(seconds=20)
    assert await say(bot, 50001) == Deferred(until, "too_many_requests")
    assert await say(bot, 50002) == Deferred(until, "too_many_requests", whole_account=True)
    assert await say(bot, 50001) == Deferred(until, "too_many_requests", whole_account=True)


async def test_a_second_apart_they_are_no_storm(bot: Telegram, sandbox: Sandbox, clock: Clock) -> None:
    sandbox.telegram.flood(20)
    for person, left in zip(PEOPLE, (20, 19, 18), strict=False):
        wait = Deferred(clock() + timedelta(seconds=left), "too_many_requests")
        assert await say(bot, person) == wait
        clock.forward(seconds=1)


async def test_after_the_wait_it_goes_and_nobody_has_it_twice(bot: Telegram, sandbox: Sandbox, clock: Clock) -> None:
    sandbox.telegram.flood(3)
    assert isinstance(await say(bot, 50001), Deferred)
    clock.forward(seconds=3)
    assert isinstance(await say(bot, 50001), Delivered)
    assert [message["text"] for message in sandbox.telegram.received(50001)] == ["hi"]


async def test_a_group_that_moved_is_told_of_with_its_new_id(bot: Telegram, sandbox: Sandbox) -> None:
    await sandbox.telegram.add_to_group(50001, GROUP, "Orders")
    await sandbox.telegram.migrate_group(GROUP, NEW, told=False)
    result = await say(bot, GROUP)
    assert isinstance(result, Delivered)
    assert result.moved_to == str(NEW)
    assert sandbox.telegram.received(GROUP) == []
    assert [message["message_id"] for message in sandbox.telegram.received(NEW)] == [int(result.platform_id)]


@pytest.mark.parametrize(
    ("status", "rights", "reason"),
    [
        ("administrator", {"can_post_messages": False}, "no_rights"),
        ("member", {}, "no_rights"),
        ("kicked", {}, "not_in_group"),
        ("left", {}, "not_in_group"),
    ],
)
async def test_a_channel_in_which_we_may_not_post(
    bot: Telegram, sandbox: Sandbox, status: str, rights: dict[str, Any], reason: str
) -> None:
    await sandbox.telegram.add_to_group(50001, CHANNEL, "News", kind="channel")
    assert isinstance(await say(bot, CHANNEL), Delivered)
    await sandbox.telegram.change_rights(50001, CHANNEL, status, **rights)
    assert await say(bot, CHANNEL) == Refused(reason)


async def test_a_group_in_which_we_may_only_write(bot: Telegram, sandbox: Sandbox) -> None:
    await sandbox.telegram.add_to_group(50001, GROUP, "Orders")
    rights = {"can_send_photos": False, "can_send_documents": False}
    await sandbox.telegram.change_rights(50001, GROUP, "restricted", **rights)
    assert isinstance(await say(bot, GROUP), Delivered)
    for content in (Image(url="https://x.example/a.png"), File(url="https://x.example/a.pdf")):
        assert await bot.deliver("k", OutboundMessage(to(GROUP), content)) == Refused("no_rights")
    sandbox.telegram.groups[GROUP].is_deleted = True
    assert await say(bot, GROUP) == Refused("not_in_group")


def test_the_medium_is_telegrams() -> None:
    (medium,) = media(entry(), {})
    assert (medium.way, medium.longest, medium.unit, medium.caption, medium.per_second) == (
        "message",
        4096,
        "utf16",
        1024,
        30,
    )
    assert medium.excess(Text("👋" * 2049)) == 2
    assert medium.excess(Image(url="x", caption="a" * 1030)) == 6
    (slower,) = media(entry(), {"messages_per_second": 5})
    assert slower.per_second == 5
