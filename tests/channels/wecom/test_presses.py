from typing import Any

import pytest

from channels.wecom import WeCom
from domain.channel import Channel, Deferred, Delivered
from domain.messages import Acknowledge, Button, Card
from sandbox import Sandbox
from tests.channels.wecom.test_sender import CARD, KEY, ZHANG, last, to_zhang


async def test_a_pressed_card_says_that_it_was_pressed(channel: Channel, sandbox: Sandbox) -> None:
    await channel.deliver(KEY, to_zhang(CARD))
    press = last(sandbox).answer["response_code"]
    acknowledge = Acknowledge(ZHANG, press, "已认领")
    assert channel.repeatable(acknowledge)
    assert await channel.deliver("k2", acknowledge) == Delivered()
    assert last(sandbox, "message/update_template_card").body["button"] == {"replace_name": "已认领"}


@pytest.mark.parametrize("hours", [0, 25])
async def test_a_press_that_is_used_or_old_is_no_news(
    channel: Channel, sandbox: Sandbox, clock: Any, hours: int
) -> None:
    await channel.deliver(KEY, to_zhang(CARD))
    acknowledge = Acknowledge(ZHANG, last(sandbox).answer["response_code"], "已认领")
    await channel.deliver("k2", acknowledge)
    clock.pass_by(hours * 3600)
    assert await channel.deliver("k3", acknowledge) == Delivered()
    assert last(sandbox, "message/update_template_card").answer["errcode"] == 42016


async def test_a_press_is_answered_when_the_platform_has_time_again(
    channel: Channel, sandbox: Sandbox, clock: Any
) -> None:
    await channel.deliver(KEY, to_zhang(CARD))
    acknowledge = Acknowledge(ZHANG, last(sandbox).answer["response_code"], "已认领")
    sandbox.fail("wecom", "message/update_template_card", body={"errcode": 45009})
    assert isinstance(await channel.deliver("k2", acknowledge), Deferred)
    assert await channel.deliver("k2", acknowledge) == Delivered()
    assert sandbox.stage.story.told()[-1].content["replaced"] == "已认领"


async def test_a_long_card_is_read_in_full_and_pressed_below(channel: Channel, sandbox: Sandbox) -> None:
    preview = Card("群发预览 P31", "您好，双十一活动开始了。\n" * 20, (Button("确认 7K3F", "确认 7K3F"),))
    assert isinstance(channel, WeCom)
    parts = channel.parts(to_zhang(preview))
    for number, part in enumerate(parts):
        assert isinstance(await channel.deliver(f"gx{number}", part), Delivered)
    text, card = (entry.content for entry in sandbox.stage.story.told())
    assert text["text"] == f"群发预览 P31\n{preview.text}"
    assert (card["title"], card["text"], card["buttons"]) == (
        "群发预览 P31",
        "",
        [{"text": "确认 7K3F", "key": "确认 7K3F"}],
    )
    assert [channel.repeatable(part) for part in parts] == [False, True]


@pytest.mark.parametrize("acknowledge", [Acknowledge(ZHANG, "", "已认领"), Acknowledge(ZHANG, "code", "")])
async def test_nothing_to_acknowledge_is_nothing_to_do(
    channel: Channel, sandbox: Sandbox, acknowledge: Acknowledge
) -> None:
    assert await channel.deliver(KEY, acknowledge) == Delivered()
    assert not sandbox.calls
