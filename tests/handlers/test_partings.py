"""A tag of many customers that is gone: they lose it, or have its heir, some at a time, and nobody sees how far."""

from dataclasses import replace

import pytest

from domain.messages import Address
from domain.permissions import Role
from domain.sync import TagsGone
from handlers.bindings import tell
from handlers.marks import want
from handlers.partings import AT_ONCE
from models.bearers import carriers, carrying, carrying_both
from models.changes import Actor, Change
from models.customers import Customer
from models.database import insert_many, transaction
from models.identities import held
from models.inbox import InboxEvent
from models.merges import Merge
from models.staff import Staff
from models.tags import Tag, Tagging
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.planning import code_of
from tests.handlers.platforms import Platforms, carries, hired


@pytest.fixture
async def boss(here: Platforms, clock: Clock) -> Phone:
    staff = await hired("韩梅梅", "hanmei", clock)
    await Staff.filter(id=staff.id).update(role=Role.MANAGER)
    return Phone(Address("wecom", "hanmei"), clock, replace(here.house, approval_over=10_000))


async def crowd(here: Platforms, tag: Tag) -> None:
    """As many carriers as one transaction takes, whom no platform knows."""
    now = here.clock()
    rows = await insert_many(Customer, ("created_at", "seen_at"), [(now, now)] * AT_ONCE)
    await insert_many(Tagging, ("customer_id", "tag_id", "at"), [(row[0], tag.id, now) for row in rows])


async def confirmed(boss: Phone, typed: str) -> str:
    await boss.say(typed)
    return await boss.say(f"确认 {code_of(boss)}")


async def gone(number: int) -> list[TagsGone]:
    events = [row.own() for row in await InboxEvent.filter(state="waiting")]
    found = [event for event in events if isinstance(event, TagsGone)]
    assert len(found) == number
    return found


async def deleted_there(here: Platforms) -> int:
    return sum(out.edit == "delete" for out in await here.sent() if hasattr(out, "edit"))


async def test_a_deleted_tag_goes_from_some_at_a_time(here: Platforms, boss: Phone) -> None:
    high, low = await here.make("意向/高", "意向/低")
    await crowd(here, high)
    mia = await here.customer("mia", "hanmei")
    await here.tag(mia, high, low)
    await here.run()
    assert f"{AT_ONCE + 1} 位客户不再带着" in await confirmed(boss, "删标签 高")
    assert await Tagging.filter(tag_id=high.id).values_list("customer_id", flat=True) == [mia.id]
    assert await carries(mia) == ["低"]
    await gone(1)
    await here.run()
    assert await Tagging.filter(tag_id=high.id).count() == 0
    assert here.carried("mia") == {"hanmei": ["低"]}
    lost = await Change.filter(tag_id=high.id, new="")
    assert len(lost) == AT_ONCE + 1
    assert {change.staff_id for change in lost} == {(await Staff.get()).id}
    assert len({change.cause for change in lost}) == 1
    await gone(0)


async def test_whoever_carried_what_was_merged_has_the_heir_at_once(here: Platforms, boss: Phone) -> None:
    high, hot, low = await here.make("意向/高", "意向/很高", "意向/低")
    await crowd(here, high)
    mia, leo = [await here.customer(name, "hanmei") for name in ("mia", "leo")]
    await here.tag(mia, high, low)
    await here.tag(leo, high, hot)
    await here.run()
    assert f"现在一共 {AT_ONCE + 2} 位" in await confirmed(boss, "并标签 高 很高")
    assert await Tagging.filter(tag_id=high.id).count() == 2
    assert [await carries(each) for each in (mia, leo)] == [["很高", "低"], ["很高"]]
    assert await Tagging.tags_of([mia.id, leo.id]) == {mia.id: {hot.id, low.id}, leo.id: {hot.id}}
    assert (await carriers([hot.id]))[hot.id] == await carrying(hot.id) == AT_ONCE + 2
    assert await carrying_both(hot.id, low.id) == 1
    await here.run()
    assert await Tagging.filter(tag_id=high.id).count() == 0
    assert await carrying(hot.id) == AT_ONCE + 2
    assert (here.carried("mia"), here.carried("leo")) == ({"hanmei": ["低", "很高"]}, {"hanmei": ["很高"]})
    assert here.library() == {"意向": ["很高", "低"]}


async def test_what_was_replaced_waits_there_for_the_last_customer(here: Platforms, boss: Phone) -> None:
    high, _ = await here.make("意向/高", "意向/很高")
    await crowd(here, high)
    await here.tag(await here.customer("mia"), high)
    await here.run()
    await confirmed(boss, "并标签 高 很高")
    async with here.act() as ctx:
        await tell(ctx)
    assert await deleted_there(here) == 0
    await here.run()
    assert await deleted_there(here) == 2
    assert here.library() == {"意向": ["很高"]}


async def test_what_staff_do_meanwhile_counts(here: Platforms, boss: Phone) -> None:
    high, hot = await here.make("意向/高", "意向/很高")
    await crowd(here, high)
    mia, leo = [await here.customer(name, "hanmei") for name in ("mia", "leo")]
    await here.tag(mia, high)
    await here.tag(leo, high)
    await here.run()
    await confirmed(boss, "并标签 高 很高")
    await here.tag(mia, hot, off=True)
    async with transaction():
        [tag] = (await Tag.of([hot.id])).values()
        assert await Tagging.give([(leo.id, tag)], "staff", Actor(None, "test", here.clock())) == []
    async with here.act() as ctx:
        await want([leo.id], ctx)
    await here.run()
    assert (await carries(mia), await carries(leo)) == ([], ["很高"])
    assert (here.carried("mia"), here.carried("leo")) == ({"hanmei": []}, {"hanmei": ["很高"]})


async def test_a_place_there_that_becomes_the_heirs_is_kept_by_all(here: Platforms, boss: Phone) -> None:
    [high] = await here.make("意向/高", scope=("wecom",))
    await here.make("意向/很高", scope=("official",))
    await crowd(here, high)
    mia = await here.customer("mia", "hanmei")
    await here.tag(mia, high)
    await here.run()
    await confirmed(boss, "并标签 高 很高")
    told = len(await here.sent())
    async with here.act() as ctx:
        await want([mia.id], ctx)
    assert len(await here.sent()) == told
    await here.run()
    assert here.carried("mia") == {"hanmei": ["很高"]}
    assert [out for out in await here.sent() if getattr(out, "drop", ())] == []


async def test_a_heir_that_is_merged_meanwhile_leaves_them_to_its_own(here: Platforms, boss: Phone) -> None:
    high, *_ = await here.make("意向/高", "意向/很高", "意向/最高")
    await crowd(here, high)
    mia = await here.customer("mia", "hanmei")
    await here.tag(mia, high)
    await here.run()
    await confirmed(boss, "并标签 高 很高")
    await confirmed(boss, "并标签 很高 最高")
    assert await carries(mia) == ["最高"]
    await here.run()
    assert here.carried("mia") == {"hanmei": ["最高"]}
    assert here.library() == {"意向": ["最高"]}
    assert await Tagging.filter(customer_id=mia.id).count() == 1


async def test_a_customer_who_is_joined_meanwhile_brings_the_heir(here: Platforms, boss: Phone) -> None:
    high, _ = await here.make("意向/高", "意向/很高")
    await crowd(here, high)
    mia, kept = await here.customer("mia"), await here.customer("kept")
    await here.tag(mia, high)
    await confirmed(boss, "并标签 高 很高")
    merge = await Merge.planned(kept.id, mia.id, "command", here.clock())
    async with transaction():
        await held([kept.id, mia.id])
        assert await merge.join(Actor(None, "test", here.clock()))
    assert await carries(kept) == ["很高"]
    await here.run()
    async with transaction():
        assert await (await Merge.get(id=merge.id)).undo(Actor(None, "test", here.clock()))
    assert (await carries(mia), await carries(kept)) == (["很高"], [])


async def test_a_tag_that_is_here_again_stays_with_the_rest(here: Platforms, boss: Phone) -> None:
    [high] = await here.make("意向/高")
    await crowd(here, high)
    mia = await here.customer("mia")
    await here.tag(mia, high)
    await confirmed(boss, "删标签 高")
    await Tag.filter(id=high.id).update(gone_at=None)
    await here.run(outbox=False)
    assert await carries(mia) == ["高"]
    await gone(0)
