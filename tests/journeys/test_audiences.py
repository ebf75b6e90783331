"""Audiences over real HTTP: counted, saved, painted, searched and tagged as a whole, in both chats and languages."""

import re

from domain.permissions import Role
from models.audiences import Audience, AudienceSize
from models.tags import Tagging
from tests.journeys.conftest import Build
from tests.journeys.tag_town import HURRY, LIU, WANG
from tests.journeys.town import Sundial, Town
from tests.journeys.walk import set_to_noon

EMMA = "20006"
MIA = 50001
FAN = "oSandboxCustomer00000000001"


async def populated(build: Build) -> Town:
    """C1 刘洋 in WeCom, C2 who follows the official account, C3 and C4 in Telegram; the first three live in 上海."""
    town = await build(limits=HURRY)
    await town.hire("王芳", Role.SALES, wecom=WANG)
    await town.wecom.add_contact(WANG, LIU, "刘洋")
    await town.settled()
    await town.wechat.follow(FAN)
    await town.settled()
    for number, name in enumerate(("Mia", "Leo")):
        await town.telegram.user_says(MIA + number, "hello", first_name=name)
        await town.settled()
    for number in (1, 2, 3):
        await town.member_says(f"改 C{number} 城市=上海")
    return town


def code_in(preview: str) -> str:
    found = re.search(r"(?:确认|confirm) ([0-9][0-9A-Z]{3})", preview)
    assert found, preview
    return found[1]


async def test_in_wecom_and_in_chinese(build: Build) -> None:
    town = await populated(build)
    counted = await town.member_says("人群 城市=上海")
    assert "3 位客户" in counted
    assert "渠道：企业微信 1、公众号 1、Telegram 1" in counted
    assert "3 位能联系上" in counted
    assert "C1 刘洋" in counted
    assert "存好了：本地，3 位客户" in await town.member_says("人群 存 本地 = 城市=上海")
    assert "1. 本地 3 位" in await town.member_says("人群")
    assert "本地：3 位客户" in await town.member_says("1")
    assert "3 位客户（占 75%）" in await town.member_says("画像 本地")
    assert "2 位客户，回数字看名片" in await town.member_says("查 条件=@本地 且 渠道!=企微")
    await town.member_says("建标签 活动/双十一")
    preview = await town.member_says("打标 人群=@本地 +双十一")
    assert "给 3 位客户批量打标" in preview
    assert "批量打标做完了：3 位客户有变化" in await town.member_says(f"确认 {code_in(preview)}")
    assert await Tagging.all().count() == 3
    assert [tag.name for _, tag in town.wecom.tags.all() if tag.id in _carried(town)] == ["双十一"]
    assert "还没有" not in await town.member_says("人群 #双十一 且 城市=上海")
    assert "没有这样的客户" in await town.member_says("查 条件=@本地 且 非 #双十一")
    assert "删掉了" in await town.member_says("人群 删 本地")
    assert await Audience.all().count() == 0


def _carried(town: Town) -> set[str]:
    follows = town.wecom.contacts[LIU].follows.values()
    return {tag for follow in follows for tag in follow.tags}


async def test_in_telegram_and_in_english_by_buttons(build: Build) -> None:
    town = await populated(build)
    await town.hire("Emma", Role.MANAGER, telegram=EMMA)
    await town.staff_says("lang en", EMMA)
    assert "3 customers" in await town.staff_says("audience city=上海", EMMA)
    await _press(town, "Save")
    assert "What is it called?" in town.telegram_texts(EMMA)[-1]
    assert "Saved: locals, 3 customers" in await town.staff_says("locals", EMMA)
    await _press(town, "Portrait")
    assert "3 customers (75% of all)" in town.telegram_texts(EMMA)[-1]
    await town.staff_says("newtag event/fair", EMMA)
    preview = await town.staff_says("tag to=locals +fair", EMMA)
    assert "Tag 3 customers at once" in preview
    await _press(town, "Confirm")
    assert any("is done: 3 customers changed" in text for text in town.telegram_texts(EMMA))
    assert "find where=@locals" in await town.staff_says("audience save locals = city=上海 or name~Leo", EMMA)
    assert "1 customer, send a number" in await town.staff_says("find where=@locals and not #fair", EMMA)
    assert "Leo" in await town.staff_says("1", EMMA)
    assert await AudienceSize.all().values_list("size", flat=True) == [4]


async def _press(town: Town, label: str) -> None:
    """The button of the last message that has such a one."""
    sent = [call for call in town.calls("telegram", "sendMessage") if "reply_markup" in call.body]
    call = next(call for call in reversed(sent) if str(call.body["chat_id"]) == EMMA)
    rows = call.body["reply_markup"]["inline_keyboard"]
    data = next(button["callback_data"] for row in rows for button in row if button["text"] == label)
    await town.telegram.press(int(EMMA), call.answer["result"]["message_id"], data)
    await town.settled()


async def test_the_night_counts_them(build: Build, sundial: Sundial) -> None:
    set_to_noon(sundial)  # between midnight and the counting it is still the day before that is counted
    town = await populated(build)
    await town.member_says("人群 存 本地 = 城市=上海")
    await town.member_says("改 C4 城市=上海")
    town.clock.forward(days=1)
    await town.restart()  # the clock rings for what has passed
    await town.settled()
    assert await AudienceSize.all().order_by("day").values_list("size", flat=True) == [4]
    assert "本地：4 位客户" in await town.member_says("人群 看 本地")
