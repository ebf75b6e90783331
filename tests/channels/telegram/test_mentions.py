"""Here lives the proof of when a message in a group is meant for us."""

import pytest

from channels.telegram import Telegram
from domain.errors import CallFailed
from domain.events import (
    Noticed,
)
from domain.messages import Address, Image, Text
from sandbox import Sandbox
from tests.channels.telegram.updates import AT, FILE, GROUP, MIA, US, heard, message, read


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
