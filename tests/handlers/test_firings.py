"""When schedules fire: once for each moment, whoever looks and however clocks are set; late, or refused, it is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.messages import OutboundMessage
from domain.permissions import Role
from domain.pushes import PushRules
from handlers.context import House
from models.customers import Identity
from models.inbox import OWN, InboxEvent
from models.pushes import Push
from models.recipients import Recipient
from models.schedules import Schedule
from models.staff import Staff
from scheduler import jobs
from tests.clock import Clock
from tests.handlers.massing import confirmed
from tests.handlers.phone import Phone
from tests.handlers.planning import Hire, Meet, commands_of, told
from tests.handlers.pushing import MEDIA
from tests.handlers.scheduling import at, come, fired, handle, look, waiting

MONDAY = at(2026, 3, 9, 10)
KEY = f"S1:{int(MONDAY.timestamp() * 1000)}"


@pytest.fixture
def house(house: House) -> House:
    return replace(house, media=MEDIA, approval_over=3)


@pytest.fixture
async def chief(hire: Hire, meet: Meet) -> Phone:
    """Who has a push every Monday at ten, to one customer so far."""
    phone = await hire("韩梅梅", Role.MANAGER)
    await meet("甲", account="telegram", city="上海")
    await phone.say("定时 每周一10点 人群=城市=上海\n{{ 客户 }}您好")
    await confirmed(phone)
    return phone


async def test_at_its_moment_it_makes_a_push_of_who_fits_then(chief: Phone, meet: Meet, clock: Clock) -> None:
    await meet("乙", account="telegram", city="上海")
    clock.now = MONDAY - timedelta(milliseconds=1)
    assert await look(chief) == []
    clock.now = MONDAY
    (said,) = await look(chief)
    assert said.splitlines() == [
        "S1 到点了：P2 发给 2 位客户",
        "每周一 10:00 城市=上海：{{ 客户 }}您好",
        "看进度发 进度 P2，先停下发 暂停 P2",
    ]
    assert commands_of(chief) == ["status P2"]
    push = await Push.get(fire_key=KEY)
    assert (push.state, push.schedule_id, push.staff_id, push.place) == ("running", 1, 1, chief.address)
    assert await Recipient.filter(push_id=push.id).order_by("customer_id").values_list("customer_id", flat=True) == [
        1,
        2,
    ]
    row = await Schedule.get()
    assert (row.last_at, row.next_at) == (MONDAY, at(2026, 3, 16, 10))


async def test_a_weekly_push_is_one_in_seven_days(chief: Phone, clock: Clock) -> None:
    chief.house = replace(chief.house, push=PushRules(cap=(1, timedelta(days=7))))
    clock.now = MONDAY
    await look(chief)
    await Recipient.all().update(state="sent", sent_at=MONDAY + timedelta(minutes=40))
    clock.now = MONDAY + timedelta(days=7)
    (said,) = await look(chief)
    assert "发给 1 位客户" in said


async def test_however_many_look_and_however_often_it_fires_once(chief: Phone, clock: Clock) -> None:
    clock.now = MONDAY
    for _ in range(3):
        await jobs.fire_schedules(clock())
        clock.forward(seconds=1)
    (row,) = await waiting()
    assert len(await handle(chief)) == 1
    assert await come(chief, 1, MONDAY) == []  # handled once more: its commit was not heard of
    await InboxEvent.filter(id=row.id).delete()
    assert await look(chief) == []
    assert await fired() == [(KEY, "running")]


async def test_a_clock_set_back_after_it_fires_nothing_again(chief: Phone, clock: Clock) -> None:
    clock.now = MONDAY
    await look(chief)
    clock.forward(hours=-1)
    assert await look(chief) == []
    clock.forward(hours=1)
    assert await look(chief) == []
    clock.now = at(2026, 3, 16, 10)
    assert len(await look(chief)) == 1
    assert len(await fired()) == 2


async def test_a_clock_that_leapt_ahead_for_a_while_keeps_no_moment_from_firing(chief: Phone, clock: Clock) -> None:
    """What fired meanwhile has fired; the others come in their time."""
    clock.now = at(2027, 3, 8, 10)
    assert len(await look(chief)) == 1
    clock.now = MONDAY - timedelta(hours=1)
    assert await look(chief) == []
    assert (await Schedule.get()).next_at == MONDAY
    clock.now = MONDAY
    assert len(await look(chief)) == 1
    clock.now = at(2027, 3, 8, 10)
    await look(chief)
    assert len(await fired()) == 2


async def test_of_several_that_were_missed_only_the_last_is_sent(chief: Phone, clock: Clock) -> None:
    """Nobody looked for weeks; now it is late, but not too late."""
    clock.now = at(2026, 3, 30, 10, 20)
    (said,) = await look(chief)
    assert "S1 到点了" in said
    assert await fired() == [(f"S1:{int(at(2026, 3, 30, 10).timestamp() * 1000)}", "running")]
    assert (await Schedule.get()).next_at == at(2026, 4, 6, 10)


async def test_of_several_that_were_stored_and_not_handled_only_the_last_is_sent(chief: Phone, clock: Clock) -> None:
    for day in (9, 16, 23):
        clock.now = at(2026, 3, day, 10)
        await jobs.fire_schedules(clock())
    assert len(await waiting()) == 3
    (said,) = await handle(chief)
    assert "S1 到点了" in said
    assert [key for key, _ in await fired()] == [f"S1:{int(at(2026, 3, 23, 10).timestamp() * 1000)}"]


async def test_one_that_nobody_could_handle_does_not_keep_the_next_from_firing(chief: Phone, clock: Clock) -> None:
    clock.now = MONDAY
    await jobs.fire_schedules(clock())
    await InboxEvent.filter(account=OWN, key__startswith="schedule:").update(state="dead")
    clock.now = at(2026, 3, 16, 10)
    assert len(await look(chief)) == 1


async def test_too_late_it_is_asked_about_and_made_up_for(chief: Phone, clock: Clock) -> None:
    clock.now = MONDAY + timedelta(minutes=31)
    (said,) = await look(chief)
    assert said.splitlines() == [
        "S1 错过了 2026-03-09 10:00 (Asia/Shanghai)，那时系统没有在运行",
        "每周一 10:00 城市=上海：{{ 客户 }}您好",
        "一条都没有发。现在补发，还是跳过这一次？",
        "也可以输入：定时 补 S1 · 定时 跳过 S1",
    ]
    assert await fired() == []
    send, skip = commands_of(chief)
    assert len(send) <= 64
    assert "下一次 2026-03-16 10:00" in await chief.press(skip)
    assert "S1 补发 2026-03-09 10:00 (Asia/Shanghai) 那次：P2 发给 1 个" in await chief.press(send)
    assert await fired() == [(KEY, "running")]
    assert "这一次已经发了：P2" in await chief.say("定时 补 S1")
    assert "这一次已经发了：P2" in await chief.press(skip)


async def test_a_button_of_a_moment_that_another_followed_sends_nothing(chief: Phone, clock: Clock) -> None:
    clock.now = MONDAY + timedelta(hours=1)
    await look(chief)
    send, skip = commands_of(chief)
    clock.now = at(2026, 3, 16, 11)
    await look(chief)
    for pressed in (send, skip):
        assert "没有要补发的" in await chief.press(pressed)
    assert await fired() == []
    assert "S1 补发 2026-03-16 10:00" in await chief.say("定时 补 S1")


async def test_nothing_was_missed_of_a_new_one(chief: Phone) -> None:
    assert "没有要补发的，下一次 2026-03-09 10:00" in await chief.say("定时 补发 S1")


async def test_what_cannot_be_sent_is_told_and_the_schedule_goes_on(chief: Phone, clock: Clock) -> None:
    await Identity.all().update(opted_out_at=clock())
    clock.now = MONDAY
    (said,) = await look(chief)
    assert said.splitlines() == [
        "S1 2026-03-09 10:00 (Asia/Shanghai) 这次没有发：每周一 10:00 城市=上海",
        "这 1 个一个都发不到，没有群发： 已退订 1",
        "下一次照常：2026-03-16 10:00 (Asia/Shanghai)",
        "改好了可以补发：定时 补 S1；不要了：定时 停 S1",
    ]
    assert await fired() == []
    assert (await Schedule.get()).state == "active"
    await Identity.all().update(opted_out_at=None)
    assert "P" in await chief.say("定时 补 S1")
    assert await fired() == [(KEY, "running")]


async def test_an_audience_that_has_gone_is_told(chief: Phone, meet: Meet, clock: Clock) -> None:
    await Schedule.all().update(words="人群=@老客", body="您好")
    clock.now = MONDAY
    (said,) = await look(chief)
    assert "这次没有发" in said
    assert "老客" in said
    assert (await Schedule.get()).next_at == at(2026, 3, 16, 10)


async def test_what_outgrows_one_manager_waits_for_two(chief: Phone, meet: Meet, clock: Clock) -> None:
    for name in "乙丙丁":
        await meet(name, account="telegram", city="上海")
    clock.now = MONDAY
    (said,) = await look(chief)
    assert "S1 现在要发给 4 个，超过 3，要另一位经理批准" in said
    assert await fired() == []
    assert "超过 3" in await chief.say("定时 补 S1")
    assert await Push.filter(fire_key__isnull=False).count() == 0
    await Schedule.all().update(approved=True)
    assert "P" in await chief.say("定时 补 S1")
    assert await fired() == [(KEY, "running")]


@pytest.mark.parametrize("left", [True, False])
async def test_nobody_sends_for_who_may_not_any_more(chief: Phone, hire: Hire, clock: Clock, *, left: bool) -> None:
    other, staff = await hire("Lucy", Role.MANAGER), await Staff.get(name="韩梅梅")
    await (staff.leave() if left else staff.become(Role.SALES))
    clock.now = MONDAY
    await look(chief)
    said = told(chief, other)
    assert f"定时群发 S1 停用了：韩梅梅 {'离职了' if left else '不能再群发'}" in said
    assert await fired() == []
    assert (await Schedule.get()).state == "paused"
    assert "本人不能再发" in await other.say("定时")
    assert "本人不能再发" in await other.say("定时 S1")
    for typed in ("定时 开 S1", "定时 补 S1"):
        assert "韩梅梅 建的，他现在不能再群发了" in await other.say(typed)


async def test_it_sees_no_more_than_who_asked_for_it(chief: Phone, hire: Hire, meet: Meet, clock: Clock) -> None:
    await hire("李雷")
    await meet("乙", account="telegram", city="上海", owner="李雷")
    await (await Staff.get(name="韩梅梅")).join("east")
    clock.now = MONDAY
    await look(chief)
    assert await Recipient.all().values_list("customer_id", flat=True) == [1]


async def test_a_colleague_makes_up_for_it_as_who_asked_for_it(chief: Phone, hire: Hire, clock: Clock) -> None:
    other = await hire("Lucy", Role.MANAGER, language="en")
    clock.now = MONDAY + timedelta(hours=2)
    await look(chief)
    assert "S1: what was missed at 2026-03-09 10:00 (Asia/Shanghai) goes out now as P2" in await other.say(
        "cron send S1"
    )
    push = await Push.get(fire_key=KEY)
    assert (push.staff_id, push.place, push.language) == (1, chief.address, "zh-CN")
    assert all(out.to == other.address for out in other.sent if isinstance(out, OutboundMessage))


async def test_a_moment_of_a_schedule_that_is_gone_comes_to_nothing(chief: Phone, clock: Clock) -> None:
    clock.now = MONDAY
    await jobs.fire_schedules(clock())
    await chief.say("定时 删 S1")
    assert await handle(chief) == []
    assert await come(chief, 9, MONDAY) == []
    assert await fired() == []
