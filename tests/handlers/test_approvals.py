"""Dangerous commands that take two: another manager approves, before the requester confirms or after."""

from itertools import permutations

import pytest

from domain.messages import OutboundMessage, Priority
from domain.permissions import Role
from domain.plans import Stage
from models.audit import AuditEntry
from models.customers import Customer
from models.notes import Note
from models.plans import Plan
from models.staff import Staff, StaffAccount
from tests.handlers.phone import Phone
from tests.handlers.planning import Hire, Meet, code_of, commands_of, plan_note, stage_of, told


@pytest.fixture
async def lilei(hire: Hire) -> Phone:
    return await hire("李雷")


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


@pytest.fixture
async def mia(lilei: Phone, boss: Phone, meet: Meet) -> Customer:
    return await meet("Mia", owner="李雷")


async def done() -> int:
    """How often the effect took place, and that it was the requester who did it."""
    staff = await Staff.get(name="李雷")
    assert await Note.exclude(staff_id=staff.id).count() == 0
    return await Note.all().count()


async def test_approvers_read_the_preview_without_the_code(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    code, asked = code_of(lilei), told(lilei, boss)
    assert asked.startswith("李雷 请你批准 M1（10 分钟内有效）\n")
    assert "C1 Mia" in asked
    assert "批准 M1" in asked
    assert "驳回 M1" in asked
    assert code not in asked + " ".join(commands_of(lilei, boss.address))
    assert [command.split()[:2] for command in commands_of(lilei, boss.address)] == [
        ["approve", "M1"],
        ["reject", "M1"],
    ]


async def test_each_approver_is_asked_in_their_language(lilei: Phone, mia: Customer, hire: Hire) -> None:
    lucy = await hire("Lucy", Role.ADMIN, "en")
    await plan_note(lilei, mia, approval=True)
    assert "李雷 asks you to approve M1" in told(lilei, lucy)
    assert "Noted" in told(lilei, lucy)


async def test_confirmed_then_approved(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    button, code = commands_of(lilei, boss.address)[0], code_of(lilei)
    assert "M1 你确认好了，还要等一位经理批准" in await lilei.say(f"确认 {code}")
    assert commands_of(lilei) == ["cancel M1"]
    assert (await done(), await stage_of(lilei)) == (0, Stage.AWAITING_APPROVAL)
    assert "M1 已经确认过了，在等一位经理批准" in await lilei.say(f"确认 {code}")
    assert "已批准 M1，已经执行了（李雷 发起）" in await boss.press(button)
    assert told(boss, lilei).startswith("韩梅梅 批准了 M1，已经执行。")
    assert "C1 Mia!" in told(boss, lilei)
    assert "C1" not in told(boss, boss)
    assert (await done(), await stage_of(lilei)) == (1, Stage.DONE)


async def test_what_the_requester_is_told_is_no_answer_to_the_approver(
    lilei: Phone, boss: Phone, mia: Customer
) -> None:
    await plan_note(lilei, mia, approval=True)
    await lilei.say(f"确认 {code_of(lilei)}")
    await boss.say("批准 M1")
    sent = [out for out in boss.sent if isinstance(out, OutboundMessage)]
    assert [(out.to, bool(out.reply_to), out.priority) for out in sent] == [
        (boss.address, True, Priority.REPLY),
        (lilei.address, False, Priority.ALERT),
        (lilei.address, False, Priority.ALERT),
    ]


async def test_approved_then_confirmed(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    code = code_of(lilei)
    assert "已批准 M1，等 李雷 自己确认后执行" in await boss.say("批准 M1")
    assert "韩梅梅 批准了 M1。还差你确认" in told(boss, lilei)
    assert (await done(), await stage_of(lilei)) == (0, Stage.APPROVED)
    assert "C1 Mia!" in await lilei.say(f"确认 {code}")
    assert await done() == 1
    assert "M1 已经执行过了（李雷 发起，韩梅梅 批准）" in await boss.say("批准 M1")


async def test_the_trail_tells_who_asked_and_who_approved(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    await lilei.say(f"确认 {code_of(lilei)}")
    await boss.say("批准 M1")
    *_, confirmed, approved = await AuditEntry.all().order_by("number")
    assert (confirmed.staff_name, confirmed.detail) == ("李雷", "note M1 of 李雷: confirmed")
    assert (approved.staff_name, approved.detail) == ("韩梅梅", "note M1 of 李雷, approved by 韩梅梅: done")
    assert approved.subjects == "M1 C1"


async def test_who_asked_cannot_approve(hire: Hire, boss: Phone, mia: Customer) -> None:
    await hire("大刘", Role.ADMIN)
    await plan_note(boss, mia, approval=True)
    for typed in ("批准 M1", "approve M1", "驳回 M1"):
        assert "M1 是你自己发起的，要由另一位经理或管理员来批" in await boss.say(typed)
    assert (await done(), await stage_of(boss)) == (0, Stage.PREVIEWED)


async def test_sales_cannot_approve(lilei: Phone, mia: Customer, hire: Hire) -> None:
    other = await hire("小王")
    await plan_note(lilei, mia, approval=True)
    assert "要经理以上" in await other.say("批准 M1")
    assert "要经理以上" in await other.say("驳回 M1")
    assert await stage_of(lilei) is Stage.PREVIEWED


@pytest.mark.parametrize("role", [Role.SALES, Role.MANAGER, Role.ADMIN])
async def test_any_other_manager_may_approve_whatever_team_each_has(role: Role, hire: Hire, meet: Meet) -> None:
    asking, other = await hire("李雷", role), await hire("大刘", Role.MANAGER)
    mia = await meet("Mia", owner="李雷")
    await Staff.filter(name="李雷").update(team="" if role is Role.ADMIN else "华北")
    await Staff.filter(name="大刘").update(team="华东")
    await plan_note(asking, mia, approval=True)
    code = code_of(asking)
    assert told(asking, other).startswith("李雷 请你批准 M1")
    assert "等 李雷 自己确认" in await other.say("批准 M1")
    assert "C1 Mia!" in await asking.say(f"确认 {code}")
    assert await done() == 1


async def test_a_manager_of_another_team_may_reject(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await Staff.filter(name="李雷").update(team="华北")
    await Staff.filter(name="韩梅梅").update(team="华东")
    await plan_note(lilei, mia, approval=True)
    assert "已驳回 M1" in await boss.say("驳回 M1 先别动")
    assert await stage_of(lilei) is Stage.REJECTED


async def test_without_anybody_who_could_approve_nothing_begins(lilei: Phone, boss: Phone, mia: Customer) -> None:
    nobody = "现在没有人能批，所以没有发起"
    await StaffAccount.filter(external_id=boss.address.id).delete()
    assert nobody in await plan_note(lilei, mia, approval=True)
    await StaffAccount.bind(boss.address, await Staff.get(name="韩梅梅"), boss.clock())
    await Staff.filter(name="韩梅梅").update(active=False)
    assert nobody in await plan_note(lilei, mia, approval=True)
    assert await Plan.all().count() == 0


async def test_the_only_manager_cannot_begin_alone(boss: Phone, mia: Customer) -> None:
    assert "现在没有人能批" in await plan_note(boss, mia, approval=True)


async def test_what_needs_no_approval_cannot_be_approved(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    assert told(lilei, boss) == ""
    assert "M1 不用批准，李雷 自己确认就行" in await boss.say("批准 M1")
    assert "没有 M9" in await boss.say("批准 M9")
    assert "没有 李雷" in await boss.say("批准 李雷")


async def test_the_second_approver_is_told_who_was_first(lilei: Phone, boss: Phone, mia: Customer, hire: Hire) -> None:
    second = await hire("大刘", Role.ADMIN)
    await plan_note(lilei, mia, approval=True)
    await boss.say("批准 M1")
    assert "M1 已经由 韩梅梅 批准，在等 李雷 确认" in await second.say("批准 M1")


@pytest.mark.parametrize(("typed", "reason"), [("驳回 M1 客户还在谈", "：客户还在谈"), ("reject M1", "，没写原因")])
async def test_rejected(lilei: Phone, boss: Phone, mia: Customer, typed: str, reason: str) -> None:
    await plan_note(lilei, mia, approval=True)
    code = code_of(lilei)
    await lilei.say(f"确认 {code}")
    assert "已驳回 M1，也告诉 李雷 了" in await boss.say(typed)
    assert f"韩梅梅 驳回了 M1{reason}" in told(boss, lilei)
    assert "M1 被 韩梅梅 驳回了" in await lilei.say(f"确认 {code}")
    assert "M1 被 韩梅梅 驳回了" in await boss.say("批准 M1")
    assert "M1 被 韩梅梅 驳回了" in await boss.say("驳回 M1")
    assert (await done(), await stage_of(lilei)) == (0, Stage.REJECTED)


async def test_an_approval_may_be_taken_back_before_it_is_done(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    code = code_of(lilei)
    await boss.say("批准 M1")
    await boss.say("驳回 M1 看错了")
    assert "M1 被 韩梅梅 驳回了：看错了" in await lilei.say(f"确认 {code}")


async def test_the_requester_takes_back_what_waits(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    await lilei.say(f"确认 {code_of(lilei)}")
    assert "M1 取消了" in await lilei.say("取消")
    assert "M1 已经作废（李雷 取消了）" in await boss.say("批准 M1")
    assert await done() == 0


async def test_what_waits_for_approval_is_not_replaced(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    await lilei.say(f"确认 {code_of(lilei)}")
    assert "M1 你已经确认过，在等经理批准" in await plan_note(lilei, mia, approval=True)
    await plan_note(lilei, mia, "M2")
    await boss.say("批准 M1")
    assert await done() == 1


async def test_too_late_is_told_to_both_once(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    await lilei.say(f"确认 {code_of(lilei)}")
    lilei.clock.forward(minutes=10)
    for typed, times in (("批准 M1", 1), ("批准 M1", 0), ("驳回 M1", 0)):
        assert "M1 过了 10 分钟没办完，作废了" in await boss.say(typed)
        assert told(boss, lilei).count("M1 过了 10 分钟没办完") == times
    assert (await done(), await stage_of(lilei)) == (0, Stage.EXPIRED)


async def test_a_requester_who_lost_the_role_is_not_approved(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    await lilei.say(f"确认 {code_of(lilei)}")
    for loss in ({"role": Role.VIEWER}, {"role": Role.SALES, "active": False}):
        await Staff.filter(name="李雷").update(**loss)
        assert "李雷 现在没有这个权限了，M1 不会执行" in await boss.say("批准 M1")
    assert (await done(), await stage_of(lilei)) == (0, Stage.AWAITING_APPROVAL)


async def test_an_approver_who_lost_the_role_has_not_approved(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    code = code_of(lilei)
    await boss.say("批准 M1")
    for loss in ({"role": Role.SALES}, {"role": Role.MANAGER, "active": False}):
        await Staff.filter(name="韩梅梅").update(**loss)
        assert "韩梅梅 现在没有这个权限了，M1 不会执行" in await lilei.say(f"确认 {code}")
    assert await done() == 0


async def test_an_old_button_does_not_approve_what_was_not_read(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    old = commands_of(lilei, boss.address)[0]
    lilei.clock.forward(seconds=1)
    await plan_note(lilei, mia, approval=True)
    new, code = commands_of(lilei, boss.address)[0], code_of(lilei)
    assert "M1 已经换了新的预览" in await boss.press(old)
    await lilei.say(f"确认 {code}")
    assert await done() == 0
    await boss.press(new)
    assert await done() == 1


async def test_what_no_longer_fits_when_it_is_approved_begins_again(lilei: Phone, boss: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia, approval=True)
    await lilei.say(f"确认 {code_of(lilei)}")
    await Customer.all().update(name="Mia Novak")
    lilei.clock.forward(minutes=9)
    assert "M1 的情况刚刚变了，所以没有执行" in await boss.say("批准 M1")
    assert "李雷 请你批准 M1" in told(boss, boss)
    assert "C1 Mia Novak" in told(boss, lilei)
    assert (await done(), await stage_of(lilei)) == (0, Stage.PREVIEWED)
    code, again = code_of(boss, lilei.address), commands_of(boss, boss.address)[0]
    lilei.clock.forward(minutes=9)
    await boss.press(again)
    await lilei.say(f"确认 {code}")
    assert await done() == 1


@pytest.mark.parametrize("end", ["cancel", "reject", "late"])
async def test_in_whatever_order_it_is_done_only_when_both_agreed_before_the_end(
    lilei: Phone, boss: Phone, mia: Customer, end: str
) -> None:
    for number, order in enumerate(permutations(("confirm", "approve", end)), 1):
        await plan_note(lilei, mia, f"M{number}", approval=True)
        typed = {
            "confirm": (lilei, f"确认 {code_of(lilei)}"),
            "approve": (boss, f"批准 M{number}"),
            "cancel": (lilei, f"取消 M{number}"),
            "reject": (boss, f"驳回 M{number}"),
        }
        for act in order:
            if act == "late":
                lilei.clock.forward(minutes=10)
            else:
                phone, text = typed[act]
                await phone.say(text)
        assert await done() == (order[-1] == end), order
        await Note.all().delete()
