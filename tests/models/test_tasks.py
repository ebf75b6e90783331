"""Here lives the proof that a to-do keeps its state true, whoever changes it at the same moment."""

from datetime import timedelta

import pytest

from domain.permissions import Role
from models.changes import Actor, Change
from models.customers import Customer
from models.staff import Staff
from models.tasks import Task, kept
from tests.clock import Clock
from tests.racing import overlapping


@pytest.fixture
async def staff(database: str, clock: Clock) -> Staff:
    return await Staff.create(name="李雷", role=Role.SALES, created_at=clock())


@pytest.fixture
def actor(staff: Staff, clock: Clock) -> Actor:
    return Actor(staff.id, "test", clock())


async def fresh(task: Task) -> Task:
    found = await Task.of(task.id)
    assert found
    return found


async def test_the_most_urgent_comes_first_and_what_is_done_is_gone(staff: Staff, actor: Actor, clock: Clock) -> None:
    customer = await Customer.create(name="张三", created_at=clock(), seen_at=clock())
    for text, hours in (("undated", None), ("later", 5), ("sooner", 1), ("overdue", -1), ("done", 2)):
        at = None if hours is None else clock() + timedelta(hours=hours)
        await Task.planned(staff, text, at, customer if text != "later" else None, clock())
    await (await Task.get(text="done")).finish(actor)
    mine = await Task.open_of(staff.id, 9)
    assert [task.text for task in mine] == ["overdue", "sooner", "later", "undated"]
    assert [task.customer.name if task.customer else "" for task in mine] == ["张三", "张三", "", "张三"]
    assert [task.is_overdue(clock()) for task in mine] == [True, False, False, False]
    assert [task.text for task in await Task.open_of(staff.id, 2, 1)] == ["sooner", "later"]
    theirs = await Task.open_of_customer(customer.id, 2)
    assert [(task.text, task.staff.name) for task in theirs] == [("overdue", "李雷"), ("sooner", "李雷")]
    assert await Task.open_of(staff.id + 1, 9) == []


async def test_it_is_due_only_at_the_time_it_is_set_for(staff: Staff, actor: Actor, clock: Clock) -> None:
    at = clock() + timedelta(hours=1, microseconds=123_456)
    task = await Task.planned(staff, "报价", at, None, clock())
    assert task.due_at == kept(at)
    assert await Task.due(task.id, at)
    assert await Task.due(task.id, at + timedelta(seconds=1)) is None
    assert await Task.due(task.id + 1, at) is None
    await task.finish(actor)
    assert await Task.due(task.id, at) is None


async def test_no_letter_of_a_text_is_too_strange(staff: Staff, clock: Clock) -> None:
    task = await Task.planned(staff, "报\0价 👨‍👩‍👧", None, None, clock())
    assert (await fresh(task)).text == "报价 👨‍👩‍👧"


async def test_only_one_of_two_finishes_it(staff: Staff, actor: Actor, clock: Clock) -> None:
    task = await Task.planned(staff, "报价", None, None, clock())
    first, second = [await fresh(task) for _ in range(2)]
    assert await overlapping(lambda: first.finish(actor), lambda: second.finish(actor)) == (True, False)
    assert await Change.all().count() == 1
    assert await task.changed_by("state") == "李雷"


async def test_only_one_of_two_defers_it(staff: Staff, actor: Actor, clock: Clock) -> None:
    for due_at in (None, clock()):
        task = await Task.planned(staff, "报价", due_at, None, clock())
        first, second = [await fresh(task) for _ in range(2)]
        later, latest = clock() + timedelta(hours=1), clock() + timedelta(hours=2)
        done = await overlapping(lambda: first.defer(later, actor), lambda: second.defer(latest, actor))  # noqa: B023 - called at once
        assert done == (True, False)
        assert (await fresh(task)).due_at == later
    assert await Change.all().count() == 2


async def test_what_is_done_is_not_deferred_nor_given_away(staff: Staff, actor: Actor, clock: Clock) -> None:
    task = await Task.planned(staff, "报价", None, None, clock())
    other = await Staff.create(name="韩梅梅", role=Role.SALES, created_at=clock())
    late = await fresh(task)
    await task.finish(actor)
    assert not await late.defer(clock(), actor)
    assert not await late.entrust(other, actor)
    assert (await fresh(task)).staff_id == staff.id


async def test_only_one_of_two_is_given_it(staff: Staff, actor: Actor, clock: Clock) -> None:
    task = await Task.planned(staff, "报价", None, None, clock())
    heirs = [await Staff.create(name=name, role=Role.SALES, created_at=clock()) for name in ("韩梅梅", "王芳")]
    first, second = [await fresh(task) for _ in range(2)]
    given = await overlapping(lambda: first.entrust(heirs[0], actor), lambda: second.entrust(heirs[1], actor))
    assert given == (True, False)
    assert (await fresh(task)).staff.name == "韩梅梅"
