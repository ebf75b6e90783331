"""What people say to a plan at the same moment: one effect, and whoever came second is told what happened."""

import pytest

from domain.permissions import Role
from domain.plans import Stage
from models.customers import Customer
from models.notes import Note
from tests.handlers.phone import Phone
from tests.handlers.planning import Hire, Meet, code_of, plan_note, stage_of
from tests.racing import overlapping


@pytest.fixture
async def lilei(hire: Hire) -> Phone:
    return await hire("李雷")


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


@pytest.fixture
async def mia(lilei: Phone, boss: Phone, meet: Meet) -> Customer:
    return await meet("Mia", owner="李雷")


async def test_confirmed_twice_at_once_it_is_done_once(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    code = code_of(lilei)
    again = Phone(lilei.address, lilei.clock, lilei.house)
    first, second = await overlapping(lambda: lilei.say(f"确认 {code}"), lambda: again.press(f"confirm {code}"))
    assert "C1 Mia!" in first
    assert "M1 已经执行过了（李雷 发起）" in second
    assert await Note.all().count() == 1


@pytest.mark.parametrize("confirms_first", [True, False])
async def test_confirmed_and_approved_at_once_it_is_done_once(
    lilei: Phone, boss: Phone, mia: Customer, *, confirms_first: bool
) -> None:
    await plan_note(lilei, mia, approval=True)
    code = code_of(lilei)
    acts = [lambda: lilei.say(f"确认 {code}"), lambda: boss.say("批准 M1")]
    await overlapping(*(acts if confirms_first else reversed(acts)))
    assert (await Note.all().count(), await stage_of(lilei)) == (1, Stage.DONE)


async def test_of_two_approvers_at_once_one_completes_it(lilei: Phone, boss: Phone, mia: Customer, hire: Hire) -> None:
    other = await hire("大刘", Role.ADMIN)
    await plan_note(lilei, mia, approval=True)
    await lilei.say(f"确认 {code_of(lilei)}")
    first, second = await overlapping(lambda: boss.say("批准 M1"), lambda: other.say("批准 M1"))
    assert "已经执行了" in first
    assert "M1 已经执行过了（李雷 发起，韩梅梅 批准），不会再做一次" in second
    assert await Note.all().count() == 1


async def test_of_an_approval_and_a_rejection_at_once_the_second_is_told(
    lilei: Phone, boss: Phone, mia: Customer, hire: Hire
) -> None:
    other = await hire("大刘", Role.ADMIN)
    await plan_note(lilei, mia, approval=True)
    await lilei.say(f"确认 {code_of(lilei)}")
    _, late = await overlapping(lambda: other.say("驳回 M1 不急"), lambda: boss.say("批准 M1"))
    assert "M1 被 大刘 驳回了：不急" in late
    assert await Note.all().count() == 0


async def test_cancelled_while_it_is_confirmed(lilei: Phone, mia: Customer) -> None:
    await plan_note(lilei, mia)
    code = code_of(lilei)
    again = Phone(lilei.address, lilei.clock, lilei.house)
    _, late = await overlapping(lambda: lilei.say("取消"), lambda: again.say(f"确认 {code}"))
    assert "M1 已经作废（李雷 取消了）" in late
    assert await Note.all().count() == 0
