from typing import Any

import pytest

from domain.channel import Channel, Deferred, Delivered, Unsure
from domain.messages import Image
from sandbox import Sandbox
from sandbox.media import Medium
from tests.channels.wecom.tasks import LISTING, MAKE, RESULT, bodies, push, refuse

KEY = "k1"
LOST: dict[str, Any] = {"hang_up": True, "after_effect": True}


@pytest.fixture(autouse=True)
def friends(sandbox: Sandbox) -> None:
    for number in range(4):
        sandbox.wecom.befriend("zhangwei", f"wm{number}", f"客户{number}")
    sandbox.wecom.befriend("wangfang", "wm9", "别人的")


@pytest.mark.parametrize("how", [LOST, {"status": 502, "body": "<html>", "after_effect": True}], ids=["reset", "502"])
async def test_a_task_whose_answer_got_lost_is_found(channel: Channel, sandbox: Sandbox, how: dict[str, Any]) -> None:
    sandbox.fail("wecom", MAKE, **how)
    result = await channel.deliver(KEY, push("wm0", "wm1"))
    assert result == Delivered(next(iter(sandbox.wecom.broadcasts)))
    [asked] = bodies(sandbox, LISTING)
    assert (asked["chat_type"], asked["filter_type"], "creator" in asked) == ("single", 0, False)
    assert asked["end_time"] - asked["start_time"] == 60


async def test_a_task_for_groups_is_found(channel: Channel, sandbox: Sandbox) -> None:
    group = await sandbox.wecom.groups.create("群", "zhangwei", "wm0", told=False)
    await channel.deliver(KEY, push("wm0"))
    sandbox.fail("wecom", MAKE, **LOST)
    result = await channel.deliver(KEY, push(group.chat_id, chats=True))
    assert result == Delivered(list(sandbox.wecom.broadcasts)[1])


async def test_a_task_of_another_batch_is_not_taken_for_it(channel: Channel, sandbox: Sandbox) -> None:
    """The same words at the same time: of another member, and of the same one for others."""
    await channel.deliver(KEY, push("wm9", member="wangfang"))
    await channel.deliver(KEY, push("wm0", "wm1"))
    sandbox.fail("wecom", MAKE, hang_up=True)
    assert await channel.deliver(KEY, push("wm2", "wm3")) == Unsure("no_answer")
    sandbox.fail("wecom", MAKE, **LOST)
    assert await channel.deliver(KEY, push("wm2", "wm3")) == Delivered(list(sandbox.wecom.broadcasts)[2])


async def test_an_earlier_task_with_the_same_words_is_not_taken_for_it(
    channel: Channel, sandbox: Sandbox, clock: Any
) -> None:
    await channel.deliver(KEY, push("wm0"))
    clock.pass_by(31)
    sandbox.fail("wecom", MAKE, hang_up=True)
    assert await channel.deliver(KEY, push("wm0")) == Unsure("no_answer")


async def test_a_picture_alone_is_found_among_others(channel: Channel, sandbox: Sandbox) -> None:
    await channel.deliver(KEY, push("wm0"))
    picture = Image(media=sandbox.wecom.media.keep(Medium("m1", "image", "a.png", b"picture", sandbox.stage.now())).id)
    sandbox.fail("wecom", MAKE, **LOST)
    assert await channel.deliver(KEY, push("wm0", content=picture)) == Delivered(list(sandbox.wecom.broadcasts)[1])


async def test_a_task_that_is_being_dispatched_is_waited_for(channel: Channel, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", MAKE, **LOST)
    refuse(sandbox, LISTING, 41063)
    refuse(sandbox, RESULT, 41063)
    assert await channel.deliver(KEY, push("wm0")) == Delivered(next(iter(sandbox.wecom.broadcasts)))
    assert (len(bodies(sandbox, LISTING)), len(bodies(sandbox, RESULT))) == (3, 2)


async def test_it_is_found_on_a_later_page(channel: Channel, sandbox: Sandbox) -> None:
    for _ in range(101):
        await channel.deliver(KEY, push("wm9", member="wangfang"))
    sandbox.wecom.broadcasts = dict(reversed(sandbox.wecom.broadcasts.items()))
    for task in sandbox.wecom.broadcasts.values():
        task.created_at -= 1
    sandbox.fail("wecom", MAKE, **LOST)
    assert await channel.deliver(KEY, push("wm0")) == Delivered(list(sandbox.wecom.broadcasts)[101])
    assert [asked.get("cursor") for asked in bodies(sandbox, LISTING)] == [None, "100"]


@pytest.mark.parametrize("how", [{"hang_up": True}, {"body": {"errcode": 48002}}, {"body": {"errcode": 0}}], ids=str)
async def test_what_cannot_be_asked_for_stays_unsure(channel: Channel, sandbox: Sandbox, how: dict[str, Any]) -> None:
    sandbox.fail("wecom", MAKE, **LOST)
    sandbox.fail("wecom", LISTING, times=2, **how)
    assert await channel.deliver(KEY, push("wm0")) == Unsure("no_answer")


@pytest.mark.parametrize(
    "row",
    [
        {"msgid": "", "create_time": 1, "text": {"content": "周六到店礼🎁"}},
        {"msgid": "m1", "create_time": "soon", "text": {"content": "周六到店礼🎁"}},
        {"msgid": "m1", "text": "周六到店礼🎁"},
        "m1",
    ],
    ids=str,
)
async def test_rows_that_say_too_little_are_no_find(channel: Channel, sandbox: Sandbox, row: Any) -> None:
    sandbox.fail("wecom", MAKE, hang_up=True)
    sandbox.fail("wecom", LISTING, times=2, body={"errcode": 0, "group_msg_list": [row]})
    assert await channel.deliver(KEY, push("wm0")) == Unsure("no_answer")


async def test_nothing_is_looked_for_where_nothing_was_sent(channel: Channel, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", "gettoken", hang_up=True, times=2)
    assert isinstance(await channel.deliver(KEY, push("wm0")), Deferred)
    assert bodies(sandbox, LISTING) == []
