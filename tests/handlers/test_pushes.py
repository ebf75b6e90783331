"""Here lives what must hold of a push until it runs: previewed, confirmed, approved, written into the ledger."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.own_events import DayEnded
from domain.permissions import Role
from domain.plans import Stage
from domain.push_events import PushFilled
from domain.pushes import PushRules
from handlers.context import House
from handlers.pushes import AT_ONCE
from models.customers import Identity
from models.inbox import InboxEvent
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.massing import Meet, confirmed, crowd, people
from tests.handlers.phone import Phone
from tests.handlers.planning import cards, code_of, commands_of, stage_of, told
from tests.handlers.pushing import MEDIA

Hire = Callable[..., Awaitable[Phone]]


@pytest.fixture
def house(house: House) -> House:
    return replace(house, media=MEDIA, approval_over=10, push=PushRules(cap=(1, timedelta(days=7))))


@pytest.fixture
async def chief(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def test_a_push_is_previewed_and_then_written_into_the_ledger(chief: Phone, meet: Meet, clock: Clock) -> None:
    some = [await meet(name, account="telegram", city="上海") for name in ("张三", "李四", "王五")]
    gone, shy = [await meet(name, account="telegram", city="上海") for name in ("赵六", "钱七")]
    await Identity.filter(customer=gone).update(state="blocked")
    await Identity.filter(customer=shy).update(opted_out_at=clock())
    preview = (await chief.say("群发 人群=城市=上海\n{{ 客户 }}您好，  店庆了\n")).splitlines()
    assert preview[0] == "P1 群发预览：发给 3 位客户（共 5）"
    assert preview[1] == "人群：城市是「上海」；Telegram消息 3"
    assert preview[2] == "不发 2：屏蔽了我们 1、已退订 1"
    assert preview[3] == "例 C1 张三：张三您好， 店庆了"
    assert preview[4] == "例 C3 王五：王五您好， 店庆了"
    assert preview[5] == "确认后马上开始，约 1 秒发完"
    assert len(preview) <= 8
    assert commands_of(chief) == [f"confirm {code_of(chief)}", "cancel P1"]
    assert (await Push.get()).content.text == "{{ 客户 }}您好，  店庆了\n"  # type: ignore[union-attr]
    assert await Recipient.all().count() == 0
    answer = await confirmed(chief)
    assert answer.splitlines()[:2] == ["P1 已确认：发给 3 位客户", "马上开始发，发完告诉你"]
    rows = await Recipient.all().order_by("customer_id")
    assert [(row.customer_id, row.state, row.reason) for row in rows] == [
        *((one.id, "waiting", "") for one in some),
        (gone.id, "skipped", "blocked"),
        (shy.id, "skipped", "opted_out"),
    ]
    push = await Push.get()
    assert (push.state, push.confirmed_at, push.turn) == ("running", clock(), 1)


async def test_the_same_again_so_soon_is_asked_about(chief: Phone, meet: Meet, clock: Clock) -> None:
    chief.house = replace(chief.house, push=PushRules())
    await meet("张三", account="telegram", city="上海")
    await chief.say("群发 人群=城市=上海\n您好")
    await confirmed(chief)
    clock.forward(minutes=3)
    assert "一样的群发 3 分钟前刚确认过：P1（韩梅梅）" in await chief.say("群发 人群=城市=上海\n您好")
    assert await Push.all().count() == 1
    assert "P2 群发预览" in await chief.press(cards(chief)[-1].buttons[0].data)
    await confirmed(chief)
    assert "P3 群发预览" in await chief.say("群发 人群=城市=上海\n您好！")
    await chief.say("群发 人群=城市=上海\n您好")
    assert "P4 群发预览" in await chief.say("1")
    clock.forward(minutes=11)
    assert "P5 群发预览" in await chief.say("群发 人群=城市=上海\n您好")


async def test_of_two_who_preview_the_same_one_sends_it(chief: Phone, hire: Hire, meet: Meet) -> None:
    other = await hire("陈静", Role.MANAGER)
    await meet("张三", account="telegram", city="上海")
    for phone in (chief, other):
        await phone.say("群发 人群=城市=上海\n您好")
    await confirmed(chief)
    assert "一样的群发刚刚已经确认过：P1（韩梅梅）" in await other.say(f"确认 {code_of(other)}")
    assert await Recipient.all().count() == 1


@pytest.mark.parametrize(("more", "again"), [(5, False), (6, True)])
async def test_only_many_more_people_are_another_push(chief: Phone, meet: Meet, more: int, again: bool) -> None:
    await people(meet, 2)
    await chief.say("群发 人群=城市=上海 方式=群发\n您好")
    code = code_of(chief)
    await people(meet, more)
    answer = await chief.say(f"确认 {code}")
    assert (f"P1 群发预览：发给 {more + 2} 位客户" in answer) is again
    assert await Recipient.all().count() == (0 if again else more + 2)


async def test_who_became_too_many_take_a_manager(chief: Phone, meet: Meet) -> None:
    await people(meet, 2)
    await chief.say("群发 人群=城市=上海 方式=群发\n您好")
    code = code_of(chief)
    await people(meet, 9)
    assert "P1 现在要发给 11 位客户，要另一位经理批准" in await chief.say(f"确认 {code}")
    assert await Recipient.all().count() == 0


async def test_many_take_another_manager_and_not_oneself(chief: Phone, hire: Hire, meet: Meet) -> None:
    other, wang = await hire("陈静", Role.MANAGER), await hire("王经理", Role.MANAGER)
    await Staff.filter(name="王经理").update(team="华东")
    await people(meet, 11)
    preview = await chief.say("群发 人群=城市=上海 方式=群发\n您好")
    assert "超过 10 人，要另一位经理批准" in preview
    assert len(preview.splitlines()) <= 8
    assert "例 C1 客户0：您好" in told(chief, other)
    assert "客户0" not in told(chief, wang)
    assert "\n内容：您好\n" in told(chief, wang)
    await confirmed(chief)
    assert await stage_of(chief, "P1") is Stage.AWAITING_APPROVAL
    assert "自己" in await chief.say("批准 P1")
    assert await Recipient.all().count() == 0
    await other.say("批准 P1")
    assert "P1 已确认：发给 11 位客户" in told(other, chief)
    assert await Recipient.filter(state="waiting").count() == 11
    assert (await Push.get()).staff_id == (await Staff.get(name="韩梅梅")).id


async def test_a_team_pushes_to_its_own(hire: Hire, chief: Phone, meet: Meet) -> None:
    boss, _ = await hire("王经理", Role.MANAGER), await hire("李雷")
    for name, team in {"王经理": "华东", "李雷": "华东", "韩梅梅": "华南"}.items():
        await Staff.filter(name=name).update(team=team)
    mine, free, _ = [await meet(f"客户{owner}", owner=owner, city="上海") for owner in ("李雷", "", "韩梅梅")]
    assert "发给 2 位客户" in await boss.say("群发 人群=城市=上海 方式=群发\n您好")
    await confirmed(boss)
    assert {row.customer_id for row in await Recipient.all()} == {mine.id, free.id}


async def test_sales_do_not_push(hire: Hire, meet: Meet) -> None:
    await people(meet, 2)
    assert "经理" in await (await hire("李雷")).say("群发 人群=城市=上海\n您好")


async def test_a_large_ledger_is_filled_in_rounds(chief: Phone, meet: Meet, clock: Clock) -> None:
    await crowd(clock, AT_ONCE + 5)
    await meet("张三", account="telegram", city="上海")
    await chief.say("群发 人群=城市=上海 时间=2小时后\n您好")
    await confirmed(chief)
    push = await Push.get()
    assert (push.state, await Recipient.all().count()) == ("filling", AT_ONCE)
    event = (await InboxEvent.get(key__startswith=f"push:{push.id}:fill")).own()
    assert isinstance(event, PushFilled)
    await chief.meet(event)  # type: ignore[arg-type]
    assert await Recipient.filter(state="skipped", reason="unreachable").count() == AT_ONCE + 5
    assert await Recipient.filter(state="waiting").count() == 1
    assert (await Push.get()).state == "queued"
    await chief.meet(event)  # type: ignore[arg-type]
    assert await InboxEvent.filter(key=f"push:{push.id}:due").count() == 1


async def test_a_push_that_is_cancelled_meanwhile_is_filled_no_more(chief: Phone, meet: Meet, clock: Clock) -> None:
    await meet("张三", account="telegram", city="上海")
    await chief.say("群发 人群=城市=上海\n您好")
    push = await Push.get()
    assert await push.move("cancelled", clock(), of=("draft",))
    await chief.meet(PushFilled(clock(), push.id, clock()))  # type: ignore[arg-type]
    assert await Recipient.all().count() == 0


async def test_an_audience_that_is_gone_meanwhile_ends_it(chief: Phone, meet: Meet, clock: Clock) -> None:
    await meet("张三", account="telegram", city="上海")
    await chief.say("人群 存 沪 = 城市=上海")
    await chief.say("群发 沪\n您好")
    push = await Push.get()
    assert await push.move("filling", clock(), of=("draft",))
    await chief.say("人群 删 沪")
    assert "P1 没有发" in await chief.meet(PushFilled(clock(), push.id, clock()))  # type: ignore[arg-type]
    assert (await Push.get()).state == "cancelled"


async def test_drafts_are_tidied(chief: Phone, meet: Meet, clock: Clock) -> None:
    await meet("张三", account="telegram", city="上海")
    await chief.say("群发 人群=城市=上海\n看 https://a.example/x")
    await chief.say("群发 人群=城市=上海 时间=3天后\n您好")
    await confirmed(chief)
    clock.forward(days=1, minutes=1)
    await chief.meet(DayEnded(clock(), clock().date()))  # type: ignore[arg-type]
    assert [(push.id, push.state) for push in await Push.all()] == [(2, "queued")]
