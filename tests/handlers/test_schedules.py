"""What staff do with schedules: previewed, confirmed, approved, listed, paused, ended, and in whose hands they are."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from domain.permissions import Role
from domain.pushes import PushRules
from handlers.context import House
from models.audit import AuditEntry
from models.customers import Identity
from models.groups import Group, GroupLabel
from models.inbox import InboxEvent
from models.plans import Plan
from models.pushes import Push
from models.schedules import Schedule
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.massing import confirmed
from tests.handlers.phone import Phone
from tests.handlers.planning import Hire, Meet, cards, code_of, commands_of, told
from tests.handlers.pushing import MEDIA
from tests.handlers.scheduling import at, fired, look

WEEKLY = "定时 每周一10点 人群=城市=上海\n{{ 客户 }}您好"


@pytest.fixture
def house(house: House) -> House:
    return replace(house, media=MEDIA, approval_over=3)


@pytest.fixture
async def chief(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def shanghai(meet: Meet, *names: str) -> None:
    for name in names:
        await meet(name, account="telegram", city="上海")


async def begun(phone: Phone, typed: str = WEEKLY) -> Schedule:
    await phone.say(typed)
    await confirmed(phone)
    row = await Schedule.all().order_by("-id").first()
    assert row
    assert row.state == "active"
    return row


async def test_it_is_previewed_as_it_would_be_now_with_its_next_moments(chief: Phone, meet: Meet) -> None:
    await shanghai(meet, "张三", "李四")
    preview = (await chief.say(WEEKLY)).splitlines()
    assert preview == [
        "S1 定时群发预览：每周一 10:00，现在是 2 位客户",
        "接下来：2026-03-09 10:00、2026-03-16 10:00、2026-03-23 10:00 (Asia/Shanghai)",
        "人群：城市是「上海」；Telegram消息 2",
        "例 C1 张三：张三您好",
        "例 C2 李四：李四您好",
        f"到时候是谁就发给谁。10 分钟内发：确认 {code_of(chief)}",
    ]
    assert commands_of(chief) == [f"confirm {code_of(chief)}", "cancel S1"]
    assert (await Schedule.get()).state == "draft"
    assert await look(chief) == []
    answer = await confirmed(chief)
    assert "S1 开始了：每周一 10:00 发给 城市=上海" in answer
    assert "第一次：2026-03-09 10:00 (Asia/Shanghai)" in answer
    row = await Schedule.get()
    assert (row.state, row.cron, row.zone, row.next_at) == (
        "active",
        "0 10 * * mon",
        "Asia/Shanghai",
        at(2026, 3, 9, 10),
    )
    assert (row.words, row.body) == ("人群=城市=上海", "{{ 客户 }}您好")
    assert await fired() == []


async def test_in_english_with_the_phrase_quoted(hire: Hire, meet: Meet) -> None:
    await shanghai(meet, "Mia")
    lucy = await hire("Lucy", Role.MANAGER, language="en")
    preview = (await lucy.say('cron "every mon,thu 9am" to=city=上海\nHello {{ name }}')).splitlines()
    assert preview[0] == "S1 recurring push preview: every mon, thu 09:00, now to 1 customer"
    assert preview[1] == "Next: 2026-03-05 09:00, 2026-03-09 09:00, 2026-03-12 09:00 (Asia/Shanghai)"
    assert "S1 is on: every mon, thu 09:00" in await confirmed(lucy)
    assert "1. S1 every mon, thu 09:00 city=上海" in await lucy.say("cron")
    assert "Hello {{ name }}" in await lucy.say("1")
    assert "S1 is paused" in await lucy.say("cron off S1")
    assert "next 2026-03-05 09:00" in await lucy.say("cron on S1")
    assert "S1 is deleted" in await lucy.say("cron del S1")


async def test_the_approval_is_asked_for_as_for_a_push(hire: Hire, chief: Phone, meet: Meet) -> None:
    other = await hire("Lucy", Role.MANAGER)
    await shanghai(meet, "甲", "乙", "丙", "丁")
    assert "要另一位经理批准" in await chief.say(WEEKLY)
    assert "S1 定时群发预览" in told(chief, other)
    await confirmed(chief)
    assert (await Schedule.get()).state == "draft"
    await other.say("批准 S1")
    row = await Schedule.get()
    assert (row.state, row.approved, row.staff_id) == ("active", True, (await Staff.get(name="韩梅梅")).id)


async def test_one_that_has_grown_meanwhile_is_previewed_again_or_refused(chief: Phone, meet: Meet) -> None:
    chief.house = replace(chief.house, approval_over=9)
    await shanghai(meet, "甲")
    await chief.say(WEEKLY)
    code = code_of(chief)
    await shanghai(meet, *"乙丙丁戊己庚")
    assert "现在是 7 位客户" in await chief.say(f"确认 {code}")
    code = code_of(chief)
    await shanghai(meet, *"辛壬癸")
    assert "超过 9，要另一位经理批准" in await chief.say(f"确认 {code}")
    assert (await Schedule.get()).state == "draft"


async def test_who_cannot_get_it_now_can_by_then(chief: Phone, meet: Meet) -> None:
    await shanghai(meet, "甲", "乙")
    await Identity.all().update(opted_out_at=chief.clock())
    preview = (await chief.say("定时 每天9点 人群=城市=上海\n您好")).splitlines()
    assert "每天 09:00，现在是 0 位客户（共 2）" in preview[0]
    assert preview[2:5] == ["人群：城市是「上海」", "不发 2：已退订 2", "内容：您好"]
    await chief.say(f"确认 {code_of(chief)}")
    assert (await Schedule.get()).state == "active"
    group = await Group.create(account="telegram", external_id="-1", title="群1", writable=False)
    await GroupLabel.create(group=group, folded="a", name="a")
    assert "现在是 0 个群（共 1）" in await chief.say("定时 每天9点 到群=#a\n您好")


async def test_what_the_push_could_not_be_the_schedule_cannot(chief: Phone, meet: Meet) -> None:
    await shanghai(meet, "甲")
    for typed, answer in {
        "定时 每两周 人群=城市=上海\n您好": "没看懂多久一次：每两周",
        "定时 明天10点 人群=城市=上海\n您好": "只发一次不用定时：群发 … 时间=明天10点",
        "定时 每30分钟 人群=城市=上海\n您好": "太密了：每30分钟",
        '定时 "0 9 30 2 *" 人群=城市=上海\n您好': "没有这样的日子",
        "定时 每5小时 人群=城市=上海\n您好": "分不匀一天",
        "定时 每天9点\n您好": "还没说发给谁",
        "定时 每天9点 人群=城市=上海": "后面还差内容",
        "定时 每天9点 人群=城市=北京\n您好": "一个符合的都没有",
        "定时 每天9点 人群=城市=上海 时间=明天10点\n您好": "不再写 时间=",
        "定时 每天9点 人群=城市=上海 模板=没有": "没有",
        "定时 停": "后面还差内容",
        "定时 停 P3": "用不上",
        "定时 S9": "没有 S9 这个定时",
        "定时 停 S9": "没有 S9 这个定时",
    }.items():
        assert answer in await chief.say(typed), typed
    assert await Schedule.all().count() == 0


async def test_a_verb_that_sends_is_never_glued(chief: Phone) -> None:
    assert "每周一10点" in await chief.say("定时每周一10点 人群=#老客")
    assert await Schedule.all().count() == 0


async def test_the_list_and_one_of_it(chief: Phone, meet: Meet, clock: Clock) -> None:
    assert "还没有定时群发" in await chief.say("定时")
    await shanghai(meet, "甲")
    await begun(chief)
    clock.forward(seconds=1)
    await begun(chief, "定时 每月最后一天 18:00 人群=城市=上海\n月底了")
    assert (await chief.say("定时")).splitlines() == [
        "定时群发，回数字看一个：",
        "1. S1 每周一 10:00 城市=上海 {{ 客户 }}您好 · 2026-03-09 10:00 (Asia/Shanghai)",
        "2. S2 每月最后一天 18:00 城市=上海 月底了 · 2026-03-31 18:00 (Asia/Shanghai)",
        "停用发 定时 停 S1，删掉发 定时 删 S1",
    ]
    assert (await chief.say("2")).splitlines() == [
        "S2 每月最后一天 18:00",
        "发给 城市=上海：月底了",
        "接下来：2026-03-31 18:00、2026-04-30 18:00、2026-05-31 18:00 (Asia/Shanghai)",
        "还没有发过",
        "停用发 定时 停 S2，删掉发 定时 删 S2",
    ]
    assert commands_of(chief) == ["cron off S2", "cron del S2"]
    clock.now = at(2026, 3, 9, 10)
    await look(chief)
    one = await chief.say("定时 S1")
    assert "P3 10:00 发送中：已发送 0 · 失败 0 · 跳过 0 · 等待 1" in one
    assert len(one.splitlines()) <= 8


async def test_more_than_fit_one_answer(chief: Phone, meet: Meet) -> None:
    await shanghai(meet, "甲")
    for hour in range(8, 14):
        await begun(chief, f"定时 每天{hour:02}:00 人群=城市=上海\n您好{hour}")
    first = await chief.say("定时")
    assert "后面还有，发 更多" in first
    assert len(first.splitlines()) <= 8
    assert "S6 每天 13:00" in await chief.say("更多")


async def test_paused_it_does_not_fire_and_goes_on_with_the_next_moment(chief: Phone, meet: Meet, clock: Clock) -> None:
    await shanghai(meet, "甲")
    await begun(chief)
    assert "S1 停用了" in await chief.press("cron off S1")
    assert "已经是停用的了" in await chief.say("定时 停 S1")
    assert "（停用）" in await chief.say("定时 S1")
    assert "停用" in await chief.say("定时")
    clock.now = at(2026, 3, 9, 10, 1)
    assert await look(chief) == []
    assert "下一次 2026-03-16 10:00 (Asia/Shanghai)" in await chief.say("定时 S1 开")
    assert await look(chief) == []
    assert await fired() == []
    assert "删掉了" in await chief.say("定时 删 S1")
    clock.now = at(2026, 3, 16, 10, 1)
    assert await look(chief) == []
    assert "S1 已经删掉了" in await chief.say("定时 开 S1")
    assert "还没有定时群发" in await chief.say("定时")


async def test_a_colleague_who_turns_it_is_told_of(hire: Hire, chief: Phone, meet: Meet) -> None:
    other = await hire("Lucy", Role.MANAGER)
    await shanghai(meet, "甲")
    await begun(chief)
    assert "（韩梅梅）" in await other.say("定时")
    await other.say("定时 停 S1")
    assert "Lucy 把你的定时群发 S1 停用了" in told(other, chief)


async def test_a_manager_of_a_team_looks_after_their_own(hire: Hire, chief: Phone, meet: Meet) -> None:
    await shanghai(meet, "甲")
    await begun(chief)
    other = await hire("Lucy", Role.MANAGER)
    await (await Staff.get(name="Lucy")).join("east")
    assert "还没有定时群发" in await other.say("定时")
    assert "韩梅梅" in await other.say("定时 停 S1")
    assert (await Schedule.get()).state == "active"
    seller = await hire("李雷")
    assert "经理" in await seller.say("定时")


async def test_it_is_in_the_trail_from_the_preview_on(chief: Phone, meet: Meet, clock: Clock) -> None:
    await shanghai(meet, "甲")
    await begun(chief)
    clock.now = at(2026, 3, 9, 10)
    await look(chief)
    entries = await AuditEntry.all().order_by("number")
    assert [(row.understood.split()[0], row.result) for row in entries] == [
        ("cron", "done"),
        ("confirm", "done"),
        ("cron", "done"),
    ]
    assert all("S1" in row.subjects.split() for row in entries)
    assert "P2" in entries[-1].subjects.split()
    assert entries[-1].staff_name == "韩梅梅"


async def test_previews_that_nobody_confirms_leave_nothing_behind(chief: Phone, meet: Meet, clock: Clock) -> None:
    await shanghai(meet, "甲")
    await chief.say(WEEKLY)
    clock.forward(days=2)
    await chief.say(WEEKLY)
    assert await Schedule.all().values_list("id", flat=True) == [2]
    assert "没有 S2 这个定时" in await chief.say("定时 停 S2")
    await Schedule.all().delete()
    assert "S2" in await chief.say(f"确认 {code_of(chief)}" if cards(chief) else "确认 2AAA")
    assert await Plan.filter(state="done").count() == 0


async def test_quiet_hours_are_told_in_the_preview_and_at_the_moment(chief: Phone, meet: Meet, clock: Clock) -> None:
    chief.house = replace(chief.house, push=PushRules(quiet_hours=(time(21), time(9))))
    await shanghai(meet, "甲")
    preview = await chief.say("定时 每天8点 人群=城市=上海\n早安")
    assert "21:00–09:00 不发，等过了再发" in preview
    await confirmed(chief)
    clock.now = at(2026, 3, 3, 8)
    (said,) = await look(chief)
    assert "到 2026-03-03 09:00 (Asia/Shanghai) 再发" in said
    assert await Push.filter(fire_key__isnull=False, state="running").count() == 1
    assert await InboxEvent.filter(key__startswith="push:").count() == 1


async def test_a_moment_in_another_zone_stays_there(chief: Phone, meet: Meet, clock: Clock) -> None:
    """The zone is the schedule's own: who moves the house moves no schedule."""
    await shanghai(meet, "甲")
    row = await begun(chief)
    await Schedule.filter(id=row.id).update(zone="Europe/Berlin", next_at=at(2026, 3, 9, 17))
    assert "2026-03-09 10:00 (Europe/Berlin)" in await chief.say("定时")
    clock.now = at(2026, 3, 9, 17)
    await look(chief)
    assert (await Schedule.get()).next_at == at(2026, 3, 16, 17)
    clock.forward(days=20)
    await look(chief)
    assert (await Schedule.get()).next_at == at(2026, 3, 30, 16) + timedelta()
