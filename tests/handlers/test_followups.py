"""What a colleague notes of a lead: the words, the stage, the to-do; and what the answer tells of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from domain.leads import Stage
from domain.messages import Card, OutboundMessage
from domain.permissions import Role
from models.changes import Change
from models.customers import Customer
from models.leads import Lead
from models.notes import Note
from models.staff import Staff
from models.tasks import Task
from tests.handlers.phone import Phone
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
WEDNESDAY = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)  # 09:00 there


async def notes() -> list[str]:
    return [note.text for note in await Note.all().order_by("id")]


@pytest.mark.parametrize("typed", ["跟进 L1 已联系 周三回电", "跟进 C1 已联系周三回电", "跟进 张三 沟通中，周三回电"])
async def test_stage_words_and_a_date_become_stage_note_and_task(hire: Hire, meet: Meet, typed: str) -> None:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    assert (await phone.say(typed)).splitlines() == [
        "L1 记下了：周三回电",
        "C1 张三 · 新线索 → 沟通中",
        "待办 T1：2026-03-04 09:00 (Asia/Shanghai) 回电",
    ]
    lead, note, task = await Lead.get(), await Note.get(), await Task.get()
    staff = await Staff.get(name="李雷")
    assert (lead.stage, lead.followed_at) == (Stage.TALKING, phone.clock())
    assert (note.text, note.stage, note.staff_id, note.customer_id) == ("周三回电", "talking", staff.id, 1)
    assert (task.text, task.due_at, task.staff_id, task.customer_id) == ("回电", WEDNESDAY, staff.id, 1)


async def test_the_same_in_english(hire: Hire, meet: Meet) -> None:
    phone = await hire("Lucy", language="en")
    await meet("Mia", owner="Lucy")
    assert (await phone.say("follow L1 contacted call back wed")).splitlines() == [
        "Noted for L1: call back wed",
        "C1 Mia · new → talking",
        "To-do T1: 2026-03-04 09:00 (Asia/Shanghai) call back",
    ]
    assert (await phone.say("follow L1 wants two")).splitlines() == [
        "Noted for L1: wants two",
        "C1 Mia · still talking",
    ]


async def test_the_trail_has_the_stage_and_the_time(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    await phone.say("跟进 L1 有意向 要报价")
    trail = {row.field: (row.subject, row.old, row.new, row.cause) for row in await Change.filter(subject="L1")}
    assert trail["stage"] == ("L1", "new", "interested", "telegram:k1")
    assert trail["followed_at"][1:3] == ("", str(phone.clock()))


async def test_a_date_alone_is_a_task_to_get_in_touch(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    assert (await phone.say("跟进 L1 周三")).splitlines()[2] == "待办 T1：2026-03-04 09:00 (Asia/Shanghai) 联系 张三"


async def test_a_colleagues_lead_is_not_followed_up(hire: Hire, meet: Meet) -> None:
    await hire("韩梅梅")
    phone = await hire("李雷")
    await meet("张三", owner="韩梅梅")
    assert "C1 是 韩梅梅 在跟的客户" in await phone.say("跟进 L1 已联系 周三回电")
    assert await Note.all().count() == await Task.all().count() == 0
    assert (await Lead.get()).stage is Stage.NEW


async def test_what_a_manager_notes_is_the_owners_to_do(hire: Hire, meet: Meet) -> None:
    boss = await hire("老板", Role.MANAGER)
    await hire("李雷")
    await meet("张三", owner="李雷")
    assert "李雷 的待办 T1：2026-03-04 09:00" in await boss.say("跟进 L1 周三回电")
    assert (await Task.get()).staff_id == (await Staff.get(name="李雷")).id


@pytest.mark.parametrize("case", ["stands in", "left"])
async def test_who_looks_after_the_customer_has_the_to_do(hire: Hire, meet: Meet, case: str) -> None:
    boss = await hire("老板", Role.MANAGER)
    await hire("李雷")
    await meet("张三", owner="李雷")
    asker = await Staff.get(name="老板")
    if case == "stands in":
        await Customer.filter(id=1).update(attendant_id=asker.id)
    else:
        await Staff.filter(name="李雷").update(active=False)
    await boss.say("跟进 L1 周三回电")
    assert (await Task.get()).staff_id == asker.id


async def test_a_step_that_is_none_is_refused_with_those_that_are(hire: Hire, meet: Meet) -> None:
    phone, english = await hire("李雷"), await hire("Lucy", Role.MANAGER, language="en")
    await meet("张三", owner="李雷")
    await Lead.filter(id=1).update(stage=Stage.WON)
    assert await phone.say("跟进 L1 流失 退货了") == "已成交的线索不能改成已流失，可以改成：沟通中。"
    assert await english.say("follow L1 lost") == "A lead that is won cannot become lost, only talking."
    assert await Note.all().count() == 0


async def test_a_won_lead_is_opened_again_with_a_word_why(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    await Lead.filter(id=1).update(stage=Stage.WON)
    assert (await phone.say("跟进 L1 沟通中")).splitlines()[
        0
    ] == "L1（C1 张三）已经成交了，为什么要重新跟？写一句就行。"
    assert (await Lead.get()).stage is Stage.WON
    assert "已成交 → 沟通中" in await phone.say("想加购两台")
    assert (await Note.get()).text == "想加购两台"


async def test_without_words_it_asks_and_offers_the_stages(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    await Lead.filter(id=1).update(stage=Stage.INTERESTED)
    assert (await phone.say("跟进 L1")).splitlines() == [
        "L1（C1 张三）现在是有意向，跟进得怎么样？",
        "回数字换阶段：1 沟通中，2 已成交，3 已流失",
        "或者直接写，例如：有意向 周三回电",
        "不记了就发 取消",
    ]
    [asked] = [out for out in phone.sent if isinstance(out, OutboundMessage)]
    assert isinstance(asked.content, Card)
    assert [(button.label, button.data) for button in asked.content.buttons] == [
        ("沟通中", "follow L1 talking"),
        ("已成交", "follow L1 won"),
        ("已流失", "follow L1 lost"),
    ]
    assert "有意向 → 已成交" in await phone.say("2")
    await phone.say("跟进 L1")
    assert "待办 T1" in await phone.say("周三回电")
    assert await notes() == ["已成交", "周三回电"]


async def test_a_button_does_the_same(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    await phone.say("跟进 L1")
    assert "新线索 → 已流失" in await phone.press("follow L1 lost")


async def test_a_time_that_cannot_be_is_refused_and_nothing_is_kept(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    assert "2月30日" in await phone.say("跟进 L1 已联系 2月30日回电")
    assert (await Lead.get()).stage is Stage.NEW
    assert await Note.all().count() == 0


async def test_two_follow_ups_at_once_lose_nothing(hire: Hire, meet: Meet) -> None:
    lilei, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    await meet("张三", owner="李雷")
    first, second = await overlapping(
        lambda: lilei.say("跟进 L1 已联系 周三回电"), lambda: boss.say("跟进 L1 有意向 要报价")
    )
    assert "新线索 → 沟通中" in first
    assert "沟通中 → 有意向" in second
    assert (await Lead.get()).stage is Stage.INTERESTED
    assert await notes() == ["周三回电", "要报价"]
    steps = await Change.filter(field="stage").order_by("id").values_list("old", "new")
    assert [tuple(step) for step in steps] == [("new", "talking"), ("talking", "interested")]


async def test_a_follow_up_while_the_lead_is_given_away_is_refused(hire: Hire, meet: Meet) -> None:
    lilei, boss = await hire("李雷"), await hire("老板", Role.MANAGER)
    await hire("韩梅梅")
    await meet("张三", owner="李雷")
    _, late = await overlapping(lambda: boss.say("分配 L1 @韩梅梅"), lambda: lilei.say("跟进 L1 已联系"))
    assert "C1 是 韩梅梅 在跟的客户" in late
    assert (await Lead.get()).stage is Stage.NEW


async def test_a_long_note_is_kept_whole_and_told_in_short(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("张三", owner="李雷")
    text = "要两台\n" * 20
    answer = await phone.say(f"跟进 L1 有意向 {text}")
    assert len(answer.splitlines()) == 2
    assert (await Note.get()).text == text.strip()
