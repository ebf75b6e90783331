"""Here lives what must hold of the row of a plan, whoever else writes to it at the same moment."""

from datetime import datetime, timedelta

import pytest

from domain.messages import Address
from domain.permissions import Role
from domain.plans import TRIES, VALID, Draft, Stage
from models.plans import Plan
from models.staff import Staff
from tests.clock import Clock
from tests.racing import overlapping

CHAT = Address("telegram", "1")
CODE = "7K3F"


@pytest.fixture
async def staff(database: str, clock: Clock) -> Staff:
    return await Staff.create(name="李雷", role=Role.ADMIN, created_at=clock())


@pytest.fixture
async def boss(database: str, clock: Clock) -> Staff:
    return await Staff.create(name="韩梅梅", role=Role.MANAGER, created_at=clock())


async def planned(
    staff: Staff, clock: Clock, subject: str = "M1", chat: Address = CHAT, *, approval: bool = False
) -> Plan | None:
    return await Plan.propose(staff, chat, Draft("merge", subject, {"two": [1, 2]}, approval), CODE, clock())


async def stage_of(clock: Clock, subject: str = "M1") -> Stage:
    plan = await Plan.called(subject)
    assert plan
    return plan.stage(clock())


async def test_a_plan_is_frozen(staff: Staff, clock: Clock) -> None:
    await planned(staff, clock)
    plan = await Plan.called("M1")
    assert plan
    assert (plan.payload, plan.staff.name, plan.approver, plan.place) == ({"two": [1, 2]}, "李雷", None, CHAT)
    assert (plan.expires_at, plan.stage(clock())) == (clock() + VALID, Stage.PREVIEWED)


async def test_a_finished_plan_gives_way_to_one_on_the_same_subject(staff: Staff, boss: Staff, clock: Clock) -> None:
    first = await planned(staff, clock, approval=True)
    assert first
    assert await first.approve(boss, clock())
    assert await planned(boss, clock) is None
    assert await first.confirm(clock())
    second = await planned(boss, clock)
    assert second
    assert (second.staff_id, second.approver_id, second.confirmed_at, second.ended_at) == (boss.id, None, None, None)
    assert await Plan.all().count() == 1


async def test_of_two_who_plan_the_same_at_once_one_does(staff: Staff, boss: Staff, clock: Clock) -> None:
    first, second = await overlapping(lambda: planned(staff, clock), lambda: planned(boss, clock))
    assert first
    assert second is None
    assert (await Plan.get()).staff_id == staff.id


async def test_of_two_confirmations_at_once_one_counts(staff: Staff, clock: Clock) -> None:
    plan = await planned(staff, clock)
    assert plan
    assert await overlapping(lambda: plan.confirm(clock()), lambda: plan.confirm(clock())) == (True, False)


@pytest.mark.parametrize("confirms_first", [True, False])
async def test_of_a_confirmation_and_an_approval_at_once_the_last_completes(
    staff: Staff, boss: Staff, clock: Clock, *, confirms_first: bool
) -> None:
    plan = await planned(staff, clock, approval=True)
    assert plan
    seen: list[Stage] = []

    async def confirm() -> None:
        assert await plan.confirm(clock())
        seen.append(await stage_of(clock))

    async def approve() -> None:
        assert await plan.approve(boss, clock())
        seen.append(await stage_of(clock))

    await overlapping(*((confirm, approve) if confirms_first else (approve, confirm)))
    assert seen == [Stage.AWAITING_APPROVAL if confirms_first else Stage.APPROVED, Stage.DONE]


async def test_wrong_codes_at_once_are_all_counted(staff: Staff, clock: Clock) -> None:
    plan = await planned(staff, clock)
    assert plan
    for left in range(TRIES - 1, 1, -1):
        assert await plan.miss(clock()) == left
    assert await overlapping(lambda: plan.miss(clock()), lambda: plan.miss(clock())) == (1, 0)
    assert await plan.miss(clock()) is None
    assert not await plan.confirm(clock())
    assert await stage_of(clock) is Stage.CANCELLED


async def test_the_last_wrong_code_comes_before_the_right_one(staff: Staff, clock: Clock) -> None:
    plan = await planned(staff, clock)
    assert plan
    for _ in range(TRIES - 1):
        await plan.miss(clock())
    assert await overlapping(lambda: plan.miss(clock()), lambda: plan.confirm(clock())) == (0, False)


async def test_a_code_that_was_replaced_while_it_is_sent_confirms_nothing(staff: Staff, clock: Clock) -> None:
    plan = await planned(staff, clock)
    assert plan
    await overlapping(lambda: plan.renew({}, "8K3F", clock()), lambda: plan.confirm(clock()))
    assert await stage_of(clock) is Stage.PREVIEWED


async def test_an_approval_of_what_is_being_replaced_does_not_count(staff: Staff, boss: Staff, clock: Clock) -> None:
    plan = await planned(staff, clock, approval=True)
    assert plan
    _, approved = await overlapping(lambda: plan.renew({}, "8K3F", clock()), lambda: plan.approve(boss, clock()))
    assert not approved
    assert await stage_of(clock) is Stage.PREVIEWED


async def test_who_asked_never_approves(staff: Staff, clock: Clock) -> None:
    plan = await planned(staff, clock, approval=True)
    assert plan
    assert not await plan.approve(staff, clock())
    assert not await plan.reject(staff, "", clock())


async def test_after_the_time_nothing_counts(staff: Staff, boss: Staff, clock: Clock) -> None:
    plan = await planned(staff, clock, approval=True)
    assert plan
    assert not await plan.lapse(clock())
    at = plan.expires_at
    assert not any([await plan.confirm(at), await plan.approve(boss, at), await plan.reject(boss, "", at)])
    assert not await plan.cancel(at)
    assert await plan.miss(at) is None
    assert [await plan.lapse(at), await plan.lapse(at)] == [True, False]
    assert plan.stage(at) is Stage.EXPIRED
    assert plan.stage(at - timedelta(milliseconds=1)) is Stage.PREVIEWED


async def test_a_long_reason_is_cut(staff: Staff, boss: Staff, clock: Clock) -> None:
    plan = await planned(staff, clock, approval=True)
    assert plan
    assert await plan.reject(boss, "客\0" * 300, clock())
    assert (await Plan.get()).reason == "客" * 200


async def test_each_preview_has_its_mark(staff: Staff, clock: Clock) -> None:
    async def mark(at: datetime) -> str:
        plan = await planned(staff, clock)
        assert plan
        assert plan.created_at == at
        return plan.mark

    assert await mark(clock()) != await mark(clock.forward(seconds=0.001))
