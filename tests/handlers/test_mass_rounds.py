"""Here lives the tagging of all customers for whom a rule holds: previewed, confirmed, done some at a time, once."""

import sys
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from domain.messages import Address, OutboundMessage, words
from domain.permissions import Role
from handlers import masses
from handlers.context import House
from handlers.masses import AT_ONCE
from models.changes import Actor, Change
from models.customers import Customer
from models.database import transaction
from models.inbox import InboxEvent
from models.leads import Lead
from models.merges import Merge
from models.outbox import OutboxItem
from models.staff import Staff
from models.tags import Tag, Tagging
from tests.clock import Clock
from tests.handlers.library import carrying, with_tags
from tests.handlers.massing import MANY, confirmed, crowd, rounds
from tests.handlers.phone import Phone
from tests.handlers.planning import code_of, told
from tests.handlers.platforms import Platforms

Hire = Callable[..., Awaitable[Phone]]


@pytest.fixture
def house(house: House) -> House:
    return with_tags(house, approval_over=10)


@pytest.fixture
async def chief(hire: Hire) -> Phone:
    phone = await hire("韩梅梅", Role.MANAGER)
    await phone.say("建标签 等级/VIP 等级/试用")
    return phone


@pytest.fixture
def many(house: House, chief: Phone) -> Phone:
    """Who may tag as many as they like."""
    chief.house = with_tags(house, approval_over=10_000)
    return chief


async def test_many_are_tagged_some_at_a_time(many: Phone, clock: Clock) -> None:
    ids = await crowd(clock)
    await many.say("批量打标 城市=上海 +VIP")
    assert await confirmed(many) == (f"G1 开始打标：{MANY} 位客户，已做 {AT_ONCE} 位，其余在后台做，做完告诉你")
    assert await carrying("等级/VIP") == ids[:AT_ONCE]
    left = await rounds(many)
    assert [len(event.customers) for event in left] == [AT_ONCE, 50, 0]
    late = await crowd(clock, 1)
    for event in left:
        await many.meet(event)
    assert told(many, many).startswith(f"G1 批量打标做完了：{MANY} 位客户有变化\n＋等级/VIP：{MANY} 位")
    assert await carrying("等级/VIP") == ids
    assert late[0] not in ids
    changes = await Change.filter(tag_id=1)
    assert len(changes) == MANY
    assert len({change.cause for change in changes}) == 1


async def test_what_happens_meanwhile_counts(many: Phone, clock: Clock) -> None:
    """One is tagged by hand, one is merged, one is deleted; the tag itself becomes part of another one."""
    ids = await crowd(clock)
    await many.say("批量打标 城市=上海 +VIP")
    await confirmed(many)
    first, *others = await rounds(many)
    by_hand, absorbed, gone = first.customers[:3]
    kept = await Customer.create(name="留下", created_at=clock(), seen_at=clock())
    for each in (kept.id, absorbed):
        await Lead.create(customer_id=each, created_at=clock())
    merge = await Merge.planned(kept.id, absorbed, "command", clock())
    async with transaction():
        assert await merge.join(Actor(None, "test", clock()))
    await Customer.filter(id=gone).delete()
    await many.say(f"打标 C{by_hand} +VIP")
    await many.meet(first)
    assert kept.id in await carrying("等级/VIP")
    await many.say("并标签 VIP 试用")
    await many.say(f"确认 {code_of(many)}")
    for event in others:
        await many.meet(event)
    assert f"{MANY - 2} 位客户有变化\n＋等级/试用：{MANY - 2} 位" in told(many, many)
    assert "另外 2 位没动" in told(many, many)
    carried = await Tagging.tags_of([*ids, kept.id])
    assert all(carried[each] == {2} for each in {*ids, kept.id} - {absorbed, gone})


async def test_who_has_come_to_others_meanwhile_is_left_alone(many: Phone, hire: Hire, clock: Clock) -> None:
    await hire("李雷")
    await Staff.filter(name="韩梅梅").update(team="华东")
    ids = await crowd(clock, AT_ONCE + 2)
    await many.say("批量打标 城市=上海 +VIP")
    await confirmed(many)
    await Customer.filter(id=ids[-1]).update(owner_id=(await Staff.get(name="李雷")).id)
    for event in await rounds(many):
        await many.meet(event)
    assert await carrying("等级/VIP") == ids[:-1]
    assert "另外 1 位没动：期间有人改过、换了负责人" in told(many, many)


class Killed(BaseException):
    """As if the process were gone at this moment."""


@contextmanager
def killed_before(line: int, functions: Collection[str]) -> Iterator[None]:
    """Gone before so many lines of the bulk's own file have run, in these functions or in all, each counted once."""
    passed: set[int] = set()

    def call(frame: FrameType, _event: str, _arg: Any) -> Any:
        code = frame.f_code
        ours = code.co_filename == masses.__file__ and (not functions or code.co_name in functions)
        return step if ours else None

    def step(frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            passed.add(frame.f_lineno)
            if len(passed) == line:
                raise Killed
        return step

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(before)


async def survived(what: Callable[[], Awaitable[object]], functions: Collection[str] = ()) -> int:
    """Killed one line later each time, until it comes to its end; before how many lines it was killed."""
    killed = 0
    while True:
        try:
            with killed_before(killed + 1, functions):
                await what()
        except Killed:
            killed += 1
        else:
            return killed


async def test_killed_between_any_two_lines_it_is_done_once(many: Phone, clock: Clock) -> None:
    """From the confirmation to the report, whatever was begun is not there, and nothing is done twice."""
    ids = await crowd(clock, 2)
    await many.say("批量打标 城市=上海 +VIP")
    typed = f"确认 {code_of(many)}"
    assert await survived(lambda: many.say(typed)) > 30, "hardly a line was tried: is the road shorter now?"
    assert await carrying("等级/VIP") == ids
    assert await Change.filter(tag_id=1).count() == len(ids)
    assert await reports() == 1


async def test_killed_between_its_rounds_it_goes_on(many: Phone, clock: Clock) -> None:
    """Who is to be tagged later is written down together with what was done at once, or neither is."""
    ids = await crowd(clock, AT_ONCE + 2)
    await many.say("批量打标 城市=上海 +VIP")
    typed = f"确认 {code_of(many)}"
    assert await survived(lambda: many.say(typed), {"_store"}) >= 5
    assert await carrying("等级/VIP") == ids[:AT_ONCE]
    some, nobody = await rounds(many)
    assert (some.customers, nobody.customers) == (tuple(ids[AT_ONCE:]), ())
    assert await survived(lambda: many.meet(some)) > 10
    assert await reports() == 0
    assert await survived(lambda: many.meet(nobody)) >= 10
    assert await carrying("等级/VIP") == ids
    assert await Change.filter(tag_id=1).count() == len(ids)
    assert await reports() == 1


async def reports() -> int:
    """How often it was told that all is done."""
    sent = [out for row in await OutboxItem.all() if isinstance(out := row.outgoing, OutboundMessage)]
    return sum("批量打标做完了" in words(out.content) for out in sent)


async def test_what_is_tagged_here_is_tagged_there(here: Platforms, boss: Phone) -> None:
    await here.make("等级/VIP")
    mia, leo = await here.customer("mia", "hanmei"), await here.customer("leo", fan=True)
    await here.run()
    await Customer.all().update(city="上海")
    await boss.say("批量打标 城市=上海 +VIP")
    await boss.say(f"确认 {code_of(boss)}")
    await here.run()
    assert (here.carried("mia"), here.followed("leo")) == ({"hanmei": ["VIP"]}, ["VIP"])
    assert await Tagging.filter(customer_id__in=[mia.id, leo.id]).count() == 2


async def test_the_rest_is_done_by_the_workers(here: Platforms, boss: Phone, clock: Clock) -> None:
    await here.make("等级/VIP")
    boss.house = with_tags(here.house, approval_over=10_000)
    ids = await crowd(clock)
    await boss.say("批量打标 城市=上海 +VIP")
    await boss.say(f"确认 {code_of(boss)}")
    await here.run(outbox=False)
    assert await carrying("等级/VIP") == ids
    assert not await InboxEvent.filter(key__startswith="tagall:").exclude(state="done").exists()
    place = Address("telegram", boss.address.id)
    said = [out for row in await OutboxItem.all() if isinstance(out := row.outgoing, OutboundMessage)]
    assert f"{MANY} 位客户有变化" in words(next(out for out in reversed(said) if out.to == place).content)
    assert await Tag.get(id=1)
