"""Pushes in Telegram, from the command to the report, in both languages: people, groups and channels."""

import asyncio

import pytest

from models.behaviours import Behaviour
from models.customers import Identity
from models.groups import Group
from models.messages import Message
from models.plans import Plan
from models.recipients import Recipient
from tests.journeys.conftest import Build
from tests.journeys.push_town import EN, HAN, LANGUAGES, ZH, PushTown, ledger_equals_record, received
from tests.journeys.test_links import PERSON
from tests.journeys.test_plans import last_card, last_keyboard
from tests.journeys.town import ADMIN, Sundial

ROOM, NEWS, HALL = -100200300, -100200400, -100200500
HELLO = {ZH: "双十一开始了，{{ 客户 }}", EN: "The sale is on, {{ name }}"}
PREVIEW = {
    ZH: ["P1 群发预览：发给 3 位客户", "人群：创建时间距今不到 30 天；Telegram消息 3", "10 分钟内发：确认"],
    EN: ["P1 preview: to 3 customers", "Telegram message 3", "Within 10 minutes send: confirm"],
}
REPORT = {
    ZH: ["P1 发完了：3 人", "已发送 3 · 失败 0 · 跳过 0 · 待成员确认 0 · 结果不明 0 · 等待 0", "用时"],
    EN: ["P1 is done: 3 people", "sent 3 · failed 0 · skipped 0 · awaiting member 0 · unknown 0 · waiting 0", "Took"],
}
SLOWLY = {ZH: "限速=6/分", EN: "rate=6/m"}
PAUSED = {ZH: "P1 暂停了", EN: "P1 is paused"}
GOES_ON = {ZH: "P1 接着发", EN: "P1 goes on"}
CANCELLED = {ZH: "P1 取消了", EN: "P1 is cancelled"}
AWAITING = {ZH: "还要等一位经理批准", EN: "P1 is confirmed and waits"}
APPROVE = {ZH: "批准", EN: "Approve"}


def has(text: str, parts: list[str]) -> bool:
    return all(part in text for part in parts) and len(text.splitlines()) <= 8


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("on", ["telegram", "wecom"])
async def test_from_the_command_to_the_report(build: Build, sundial: Sundial, language: str, on: str) -> None:
    there = await PushTown.begun(build, sundial, language, on)
    people = await there.strangers_come(3)
    preview = await there.previewed(HELLO[language])
    assert has(preview, PREVIEW[language]), preview
    assert received(there.town, HELLO[language].partition("{{")[0]).total() == 0
    push = await there.only(await there.confirms(preview))
    report = await there.done(push)
    assert has(report, REPORT[language]), report
    await ledger_equals_record(there.town, push.id)
    assert await there.states(push) == {"sent": 3}
    for who in people:
        last = there.town.telegram.received(who)[-1]["text"]
        assert last == f"{HELLO[language].partition('{{')[0]}客人{who}"
    assert has(await there.does("status"), [REPORT[language][1], "3 / 3"])
    assert await Behaviour.filter(name="pushed").count() == 3
    assert await Message.filter(direction="out", text__contains=HELLO[language][:6]).count() == 3
    followed = len(there.read())
    await there.passes(days=1)
    assert "P1" in "\n".join(there.read()[followed:])  # what came of it after a day


@pytest.mark.parametrize("language", LANGUAGES)
async def test_paused_it_stands_still_and_goes_on_when_told(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language)
    await there.strangers_come(8)
    push = await there.pushes("双十一开始了", SLOWLY[language])
    await there.passes(seconds=12)
    assert PAUSED[language] in await there.does("pause")
    before = received(there.town, "双十一")
    assert 0 < before.total() < 8
    await ledger_equals_record(there.town, push.id)
    for _ in range(3):
        await there.passes(seconds=10)
    assert received(there.town, "双十一") == before
    assert (await there.states(push))["waiting"] == 8 - before.total()
    assert GOES_ON[language] in await there.confirms(await there.does("resume"))
    report = await there.done(push, seconds=10)
    assert REPORT[language][1].replace("3", "8") in report
    await ledger_equals_record(there.town, push.id)
    assert received(there.town, "双十一").total() == 8


@pytest.mark.parametrize("language", LANGUAGES)
async def test_cancelled_it_reaches_nobody_else(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language)
    await there.strangers_come(8)
    push = await there.pushes("双十一开始了", SLOWLY[language])
    await there.passes(seconds=12)
    assert CANCELLED[language] in await there.does("cancel")
    reached = received(there.town, "双十一").total()
    for _ in range(3):
        await there.passes(seconds=30)
    assert await there.states(push) == {"sent": reached, "skipped(cancelled)": 8 - reached}
    assert received(there.town, "双十一").total() == reached
    await ledger_equals_record(there.town, push.id)
    await there.does("resume")
    await there.passes(seconds=30)
    assert received(there.town, "双十一").total() == reached


async def test_another_manager_approves_with_a_button_in_wecom(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial, push={"approval_over": 2})
    await there.strangers_come(3)
    push = await there.pushes("双十一开始了")
    assert AWAITING[ZH] in there.last()
    await there.passes(seconds=5)
    assert received(there.town, "双十一").total() == 0
    assert "你自己发起的" in await there.says("批准 P1")
    asked = there.town.wecom_texts(HAN)[-1]
    assert "请你批准 P1" in asked
    assert "发给 3 位客户" in asked
    task, buttons = last_card(there.town, HAN)
    for _ in range(2):
        await there.town.wecom.member_presses(HAN, buttons["批准"], task)
    await there.town.settled()
    assert "韩梅梅 批准了 P1" in "\n".join(there.read())
    assert has(await there.done(push), REPORT[ZH])
    await ledger_equals_record(there.town, push.id)
    plan = await Plan.get(subject="P1").select_related("approver")
    assert plan.approver
    assert plan.approver.name == "韩梅梅"


async def test_another_manager_approves_with_a_button_in_telegram(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial, EN, "wecom", push={"approval_over": 2})
    await there.strangers_come(3)
    preview = await there.previewed("The sale is on")
    assert "more than 2: another manager has to approve" in preview
    push = await there.only(await there.confirms(preview))
    await there.passes(seconds=5)
    assert received(there.town, "The sale").total() == 0
    message, buttons = last_keyboard(there.town, "20006")
    await there.town.telegram.press(20006, message, buttons["Approve"])
    await there.town.settled()
    assert has(await there.done(push), REPORT[EN])
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_groups_and_channels_where_it_may_write(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language)
    await there.strangers_come(1)
    bot = there.town.telegram
    for chat, title, kind in (
        (ROOM, "经销商甲", "group"),
        (NEWS, "公告频道", "channel"),
        (HALL, "经销商乙", "supergroup"),
    ):
        await bot.add_to_group(int(ADMIN), chat, title, kind)
    await there.town.settled()
    for group in (1, 2, 3):
        await there.says({ZH: f"群 Q{group} 标签 +区域A", EN: f"groups Q{group} tag +区域A"}[language])
    await bot.change_rights(int(ADMIN), NEWS, "administrator", can_post_messages=False)
    await there.town.settled()
    command = {ZH: "群发 到群=#区域A", EN: "push groups=#区域A"}[language]
    preview = await there.says(f"{command}\n各位早")
    told = {ZH: ["发给 2 个群（共 3）", "不能发言 1"], EN: ["to 2 chats (of 3)", "may not write there 1"]}
    assert has(preview, told[language]), preview
    await bot.migrate_group(ROOM, ROOM - 1, told=False)  # between preview and sending, and we are not told
    push = await there.only(await there.confirms(preview))
    report = await there.done(push)
    assert {ZH: "P1 发完了：3 个群", EN: "P1 is done: 3 chats"}[language] in report
    assert await there.states(push) == {"sent": 2, "skipped(not_writable)": 1}
    assert (await Group.get(id=1)).external_id == str(ROOM - 1)
    assert len(bot.received(ROOM - 1)) == 1
    await ledger_equals_record(there.town, push.id)


async def test_a_group_we_are_thrown_out_of_fails_alone(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    bot = there.town.telegram
    for chat, title in ((ROOM, "经销商甲"), (HALL, "经销商乙")):
        await bot.add_to_group(int(ADMIN), chat, title, "supergroup")
    await there.town.settled()
    preview = await there.says("群发 到群=全部\n各位早")
    bot.groups[ROOM].status = "kicked"  # and the update is lost
    push = await there.only(await there.confirms(preview))
    report = await there.done(push)
    assert "失败的：Q1 机器人不在群里" in report
    assert await there.states(push) == {"sent": 1, "failed(not_in_group)": 1}
    assert (await Group.get(id=1)).gone_at
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("verb", ["pause", "cancel"])
async def test_stopped_while_one_waits_for_the_platform(build: Build, sundial: Sundial, verb: str) -> None:
    there = await PushTown.begun(build, sundial)
    people = await there.strangers_come(4)
    there.town.telegram.flood(300, people[2])
    push = await there.pushes("双十一开始了")
    await there.passes(seconds=2)
    await there.does(verb)
    for _ in range(4):
        await there.passes(minutes=2)
    assert await there.states(push) == {"sent": 3, {"pause": "waiting", "cancel": "skipped(cancelled)"}[verb]: 1}
    await ledger_equals_record(there.town, push.id)
    if verb == "pause":
        await there.confirms(await there.does("resume"))
        await there.done(push)
        assert await there.states(push) == {"sent": 4}
        await ledger_equals_record(there.town, push.id)


async def test_restarted_in_the_middle_it_goes_on(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    await there.strangers_come(6)
    push = await there.pushes("双十一开始了", SLOWLY[ZH])
    for _ in range(3):
        await there.passes(seconds=8)
        await there.town.restart()
    assert 0 < received(there.town, "双十一").total() < 6
    await there.done(push, seconds=8)
    assert await there.states(push) == {"sent": 6}
    await ledger_equals_record(there.town, push.id)


async def test_confirmed_twice_it_goes_out_once(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    await there.strangers_come(3)
    await there.previewed("双十一开始了")
    message, buttons = last_keyboard(there.town, ADMIN)
    presses = [there.town.telegram.press(int(ADMIN), message, buttons["确认"]) for _ in range(3)]
    await asyncio.gather(*presses)
    await there.town.settled()
    push = await there.only()
    await there.done(push)
    assert await there.states(push) == {"sent": 3}
    await ledger_equals_record(there.town, push.id)


async def test_a_picture_with_a_template_and_a_card_that_is_tracked(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    (mia,) = await there.strangers_come(1)
    push = await there.pushes("双十一开始了，{{ 客户 }}", "图片=https://example.com/sale.png")
    await there.done(push)
    picture = there.town.telegram.received(mia)[-1]
    assert picture["photo"]
    assert picture["caption"] == f"双十一开始了，客人{mia}"
    await ledger_equals_record(there.town, push.id)
    push = await there.pushes("", "链接=https://example.com/sale?x=1 标题=双十一会场")
    await there.done(push)
    address = next(word for word in there.town.telegram.received(mia)[-1]["text"].split() if "/t/" in word)
    async with there.town.http.get(address, headers=PERSON, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "https://example.com/sale?x=1"
    await there.town.settled()
    before = len(there.read())
    await there.passes(days=1)
    assert "点链接 1 人" in "\n".join(there.read()[before:])
    await ledger_equals_record(there.town, push.id)


async def test_only_the_failed_ones_again(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    people = await there.strangers_come(4)
    preview = await there.previewed("双十一开始了")
    there.town.telegram.people[people[1]].has_blocked = True  # and the update is lost
    push = await there.only(await there.confirms(preview))
    report = await there.done(push)
    assert "失败的：C2 屏蔽了我们" in report
    assert "重发失败 P1" in report
    assert await there.identity_states("telegram") == {"reachable": 3, "blocked": 1}
    await ledger_equals_record(there.town, push.id)
    await there.confirms(await there.does("retry"))
    await there.done(push)
    assert await there.states(push) == {"sent": 3, "skipped(blocked)": 1}
    await ledger_equals_record(there.town, push.id)
    assert "没有失败的" in await there.does("retry")


async def test_who_was_retried_and_reached_got_it_once(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial, on="wecom")
    people = await there.strangers_come(4)
    preview = await there.previewed("双十一开始了")
    there.town.sandbox.fail("telegram", "sendMessage", status=400, body=_refusal(400, "Bad Request: not enough rights"))
    push = await there.only(await there.confirms(preview))
    await there.done(push)
    assert await there.states(push) == {"sent": 3, "failed(no_rights)": 1}
    await ledger_equals_record(there.town, push.id)
    answer = await there.does("retry")
    assert "重发 P1：失败的 1 人" in answer
    await there.confirms(answer)
    report = await there.done(push)
    assert "已发送 4" in report
    await ledger_equals_record(there.town, push.id)
    assert {len(there.town.telegram.received(who)) for who in people} == {2}  # the welcome, and this
    assert await Recipient.filter(push_id=push.id, told=True).count() == 4
    assert await Identity.filter(state="reachable").count() == 4


def _refusal(code: int, words: str) -> dict[str, object]:
    return {"ok": False, "error_code": code, "description": words}
