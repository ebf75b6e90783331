"""Dangerous commands: previewed, confirmed with its code by who asked and where they asked, done once."""

from datetime import timedelta

import pytest

from domain.events import ButtonPressed, Chat, Sender
from domain.messages import Address
from domain.permissions import Role
from domain.plans import Stage
from handlers.plans import effect, propose
from models.audit import AuditEntry
from models.customers import Customer
from models.dialogs import Dialog
from models.groups import Group
from models.notes import Note
from models.plans import Plan
from models.staff import Staff, StaffAccount
from tests.handlers.phone import Phone
from tests.handlers.planning import Hire, Meet, cards, code_of, commands_of, keep, other_than, plan_note, stage_of


@pytest.fixture
async def lilei(hire: Hire) -> Phone:
    return await hire("李雷")


@pytest.fixture
async def mia(lilei: Phone, meet: Meet) -> Customer:
    return await meet("Mia", owner="李雷")


async def done() -> int:
    """How often the effect took place."""
    return await Note.filter(text="planned by 李雷").count()


async def test_nothing_happens_until_the_code_is_sent(lilei: Phone, mia: Customer) -> None:
    assert "C1" in await plan_note(lilei, mia)
    code = code_of(lilei)
    assert commands_of(lilei) == [f"confirm {code}", "cancel M1"]
    for typed in ("是", "好", "yes", "ok", "确认", "confirm", "1", code):
        await lilei.say(typed)
        assert (await done(), await stage_of(lilei)) == (0, Stage.PREVIEWED)
    assert "C1 Mia!" in await lilei.say(f"确认 {code}")
    assert (await done(), await stage_of(lilei)) == (1, Stage.DONE)


@pytest.mark.parametrize("form", ["confirm {}", "/确认 {}", "确认：{}", "CONFIRM {}", " 确认　{} "])
async def test_a_code_in_any_form(lilei: Phone, mia: Customer, form: str) -> None:
    await plan_note(lilei, mia)
    await lilei.say(form.format(code_of(lilei).lower()))
    assert await done() == 1


async def test_the_button_does_the_same(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    await lilei.press(commands_of(lilei)[0])
    assert await done() == 1


async def test_a_second_time_is_told_what_happened(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    code = code_of(lilei)
    await lilei.say(f"确认 {code}")
    for again in (lilei.say(f"确认 {code}"), lilei.press(f"confirm {code}")):
        assert "M1 已经执行过了（李雷 发起），不会再做一次" in await again
    assert "M1 已经执行过了" in await lilei.say("取消 M1")
    assert await done() == 1


async def test_only_the_hash_of_the_code_is_kept(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    (row,) = await Plan.all().values()
    assert code_of(lilei) not in str(row)


async def test_somebody_else_cannot_confirm(lilei: Phone, mia: Customer, hire: Hire) -> None:
    boss = await hire("韩梅梅", Role.ADMIN)
    await plan_note(lilei, mia)
    assert "这个码在这里用不上" in await boss.say(f"确认 {code_of(lilei)}")
    assert (await done(), (await Plan.get()).tries) == (0, 0)


async def test_another_chat_of_the_same_person_cannot_confirm(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    elsewhere = await second_chat(lilei)
    assert "这个码在这里用不上" in await elsewhere.say(f"确认 {code_of(lilei)}")
    assert await done() == 0
    assert "M1 取消了" in await elsewhere.say("取消 M1")  # stopping is always safe
    assert await stage_of(lilei) is Stage.CANCELLED


async def second_chat(phone: Phone) -> Phone:
    staff = await Staff.behind(phone.address)
    assert staff
    address = Address("wecom", f"user-{staff.id}")
    await StaffAccount.bind(address, staff, phone.clock())
    return Phone(address, phone.clock, phone.house)


async def test_in_a_group_only_who_asked_can_press(lilei: Phone, mia: Customer, hire: Hire) -> None:
    group, other = Address("telegram", "-100"), await hire("韩梅梅", Role.ADMIN)
    await Group.allow(group, "sales", lilei.clock())
    await plan_note(lilei, mia)
    await Plan.all().update(chat=group.id)

    async def presses(phone: Phone) -> str:
        room = Phone(group, phone.clock, phone.house)
        chat = Chat(group, "group")
        return await room.meet(
            ButtonPressed(phone.clock(), Sender(phone.address), chat, f"confirm {code_of(lilei)}", "p", "9")
        )

    assert "这个码在这里用不上" in await presses(other)
    assert await done() == 0
    assert "C1 Mia!" in await presses(lilei)
    assert await done() == 1


async def test_five_wrong_codes_end_it(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    code = code_of(lilei)
    for left in (4, 3, 2, 1):
        assert f"还能再试 {left} 次" in await lilei.say(f"确认 {other_than(code)}")
    assert "确认码错了 5 次，M1 作废了" in await lilei.say(f"确认 {other_than(code)}")
    assert "确认码错了太多次" in await lilei.say(f"确认 {code}")
    assert "这个码在这里用不上" in await lilei.say(f"确认 {other_than(code)}")
    assert (await done(), await stage_of(lilei)) == (0, Stage.CANCELLED)
    results = await AuditEntry.all().order_by("number").values_list("result", flat=True)
    assert results == ["done", *["plan_code"] * 5, "plan_over", "plan_none"]


async def test_what_is_no_code_is_no_try(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    assert "「一下」我没看懂" in await lilei.say("确认 一下")
    assert (await Plan.get()).tries == 0


async def test_it_is_valid_for_ten_minutes(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    code = code_of(lilei)
    lilei.clock.forward(minutes=10)
    late = await lilei.say(f"确认 {code}")
    assert "M1 过了 10 分钟没办完，作废了，什么都没有做" in late
    assert "记 客户 内容" in late  # how to begin again
    assert (await done(), await stage_of(lilei)) == (0, Stage.EXPIRED)
    assert "作废" in await lilei.say("取消 M1")
    assert "没有可取消的" in await lilei.say("取消")


async def test_just_before_that_it_works(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    code = code_of(lilei)
    lilei.clock.now += timedelta(minutes=10) - timedelta(milliseconds=1)
    await lilei.say(f"确认 {code}")
    assert await done() == 1


async def test_a_newer_preview_takes_the_place_of_the_older(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    older = code_of(lilei)
    await plan_note(lilei, mia, "M2")
    assert "M1 已经作废（李雷 后来发起了新的）" in await lilei.say(f"确认 {older}")
    assert await done() == 0
    assert (await stage_of(lilei), await stage_of(lilei, "M2")) == (Stage.CANCELLED, Stage.PREVIEWED)


async def test_the_same_once_more_has_a_new_code(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    older = code_of(lilei)
    await plan_note(lilei, mia)
    newer = code_of(lilei)
    assert "不对" in await lilei.say(f"确认 {older}")
    await lilei.say(f"确认 {newer}")
    await plan_note(lilei, mia)  # done is done: it may be asked for again
    await lilei.say(f"确认 {code_of(lilei)}")
    assert await done() == 2


async def test_a_preview_in_another_chat_stays(lilei: Phone, mia: Customer) -> None:
    elsewhere = await second_chat(lilei)
    await plan_note(lilei, mia)
    await plan_note(elsewhere, mia, "M2")
    await lilei.say(f"确认 {code_of(lilei)}")
    await elsewhere.say(f"确认 {code_of(elsewhere)}")
    assert await done() == 2


async def test_two_people_do_not_plan_on_the_same_subject(lilei: Phone, mia: Customer, hire: Hire) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await plan_note(lilei, mia)
    assert "李雷 正在办 M1，还没办完。最多 10 分钟" in await plan_note(boss, mia)
    lilei.clock.forward(minutes=10)
    assert "C1" in await plan_note(boss, mia)
    assert commands_of(boss)[1] == "cancel M1"
    assert "这个码在这里用不上" in await lilei.say(f"确认 {code_of(lilei)}")


async def test_cancelling(lilei: Phone, mia: Customer, hire: Hire) -> None:
    await plan_note(lilei, mia)
    code = code_of(lilei)
    assert "M1 是 李雷 发起的，只有 李雷 能取消" in await (await hire("韩梅梅", Role.ADMIN)).say("取消 M1")
    assert "M1 取消了，什么都没有做" in await lilei.say("取消")
    assert "M1 已经作废（李雷 取消了）" in await lilei.say(f"确认 {code}")
    assert "没有可取消的" in await lilei.say("cancel")
    assert "没有 M7" in await lilei.say("取消 M7")
    assert "「那个」我没看懂" in await lilei.say("取消 那个")
    assert await done() == 0


async def test_cancel_leaves_a_question_before_a_preview(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    staff = await Staff.behind(lilei.address)
    assert staff
    await Dialog.offer(staff, lilei.address, {}, lilei.clock.now + timedelta(minutes=5), "记 C1 ")
    assert "好，不问了" in await lilei.say("取消")
    assert await stage_of(lilei) is Stage.PREVIEWED
    assert "M1 取消了" in await lilei.say("取消")


async def test_cancel_leaves_a_choice_after_a_preview(lilei: Phone, mia: Customer) -> None:
    staff = await Staff.behind(lilei.address)
    assert staff
    await Dialog.offer(staff, lilei.address, {"1": "看 C1"}, lilei.clock.now + timedelta(minutes=2))
    assert "好，不问了" in await lilei.say("取消")
    assert "没有可取消的" in await lilei.say("取消")


async def test_a_preview_ends_what_was_asked_before(lilei: Phone, mia: Customer) -> None:
    staff = await Staff.behind(lilei.address)
    assert staff
    await Dialog.offer(staff, lilei.address, {}, lilei.clock.now + timedelta(minutes=5), "记 C1 ")
    await plan_note(lilei, mia)
    await lilei.say(f"确认 {code_of(lilei)}")
    assert await done() == await Note.all().count() == 1


async def test_who_lost_the_role_cannot_confirm(hire: Hire, lilei: Phone, mia: Customer) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await plan_note(boss, mia, kind="approve")
    code, who = code_of(boss), Staff.filter(name="韩梅梅")
    await who.update(role=Role.SALES)
    assert "要经理以上" in await boss.say(f"确认 {code}")
    await who.update(role=Role.MANAGER, active=False)
    await boss.say(f"确认 {code}")
    assert await Note.all().count() == 0
    await who.update(active=True)
    await boss.say(f"确认 {code}")
    assert await Note.all().count() == 1


async def test_what_no_longer_fits_is_previewed_again(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    older = code_of(lilei)
    await Customer.all().update(name="Mia Novak")
    answer = await lilei.say(f"确认 {older}")
    assert "M1 的情况刚刚变了，所以没有执行" in answer
    assert "C1 Mia Novak" in answer
    assert await done() == 0
    newer = code_of(lilei)
    assert "不对" in await lilei.say(f"确认 {older}")
    assert "Mia Novak!" in await lilei.say(f"确认 {newer}")
    assert await done() == 1


async def test_the_trail_tells_of_the_plan(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    await lilei.say(f"确认 {code_of(lilei)}")
    first, second = await AuditEntry.all().order_by("number")
    assert first.detail == 'note M1 of 李雷: previewed {"customer": 1, "name": "Mia"}'
    assert (second.detail, second.subjects) == ("note M1 of 李雷: done", "M1 C1")


async def test_in_english(hire: Hire, lilei: Phone, mia: Customer) -> None:
    lucy = await hire("Lucy", Role.MANAGER, "en")
    await plan_note(lucy, mia)
    assert [button.label for button in cards(lucy)[-1].buttons] == ["Confirm", "Cancel"]
    code = code_of(lucy)
    assert "4 more tries" in await lucy.say(f"confirm {other_than(code)}")
    await lucy.say(f"confirm {code}")
    assert "M1 is done already (Lucy asked for it); it is not done twice." in await lucy.say(f"confirm {code}")
    assert "nothing to cancel here" in await lucy.say("cancel")


def test_a_kind_of_plan_has_one_effect() -> None:
    with pytest.raises(ValueError, match="note"):
        effect("note")(keep)


async def test_a_plan_that_nobody_could_carry_out_is_not_proposed(lilei: Phone) -> None:
    with pytest.raises(LookupError, match="nonsense"):
        await propose(lilei._context(), "nonsense", "M1", {}, "notes/kept", needs_approval=False)
    assert await Plan.all().count() == 0
