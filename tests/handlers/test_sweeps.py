"""Whoever changes has the tags of the rules a moment later, here and on the platforms; and everybody every night."""

import re

import pytest
from tortoise.expressions import F

from domain.sweeps import CustomersTouched, RuleDue
from domain.tags import Source
from handlers.router import dispatch
from handlers.sweeps import AT_ONCE, LINES, sweep
from models import spans
from models.autotags import RuleCursor
from models.changes import Change
from models.customers import Customer
from models.inbox import InboxEvent
from models.merges import Merge
from models.sql import dialect
from models.tags import Tag, Tagging
from scheduler import jobs
from tests.handlers.platforms import Platforms, carries, hired
from tests.handlers.ruling import ZONE, applied, crowd, manager, night, own, ruled, scored
from tests.statements import listened


@pytest.fixture
async def vip(here: Platforms) -> Tag:
    return (await here.make("等级/VIP"))[0]


async def sources(customer: Customer) -> list[Source]:
    return [tagging.source for tagging in await Tagging.of(customer.id)]


async def test_a_customer_who_changes_has_the_tag_here_and_there(here: Platforms, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei", fan=True)
    rule = await ruled(here, vip, "score >= 80", removes=True)
    await scored(here, mia, 90)
    assert (await carries(mia), await sources(mia)) == (["VIP"], ["rule"])
    assert (here.carried("mia"), here.followed("mia")) == ({"hanmei": ["VIP"]}, ["VIP"])
    await scored(here, mia, 70)
    assert (await carries(mia), here.carried("mia"), here.followed("mia")) == ([], {"hanmei": []}, [])
    told = await Change.filter(customer_id=mia.id, field="tag").order_by("id")
    assert [(each.old, each.new, each.cause, each.staff_id) for each in told] == [
        ("", "等级/VIP", f"R{rule.id}.1", None),
        ("等级/VIP", "", f"R{rule.id}.1", None),
    ]


async def test_without_a_word_of_the_others_the_tag_stays(here: Platforms, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "score >= 80")
    await scored(here, mia, 90)
    await scored(here, mia, 70)
    assert await carries(mia) == ["VIP"]


async def test_whoever_fulfils_a_new_rule_has_its_tag_at_once(here: Platforms, vip: Tag) -> None:
    many = await crowd(here, AT_ONCE + 20, 90)
    await crowd(here, 5, 10)
    await ruled(here, vip, "score >= 80")
    given = Tagging.filter(tag=vip, source="rule").order_by("customer_id")
    assert [tagging.customer_id for tagging in await given] == many
    assert len(await own(RuleDue)) == 2
    assert len(await Change.filter(tag_id=vip.id)) == len(many)


async def test_a_tag_by_hand_is_never_taken(here: Platforms, vip: Tag) -> None:
    mia, leo = [await here.customer(name, "hanmei") for name in ("mia", "leo")]
    await ruled(here, vip, "score >= 80", removes=True)
    await here.tag(mia, vip)
    await scored(here, leo, 90)
    await here.tag(leo, vip)  # who says it again makes it theirs
    await scored(here, mia, 10)
    await scored(here, leo, 10)
    await night(here)
    assert [await carries(each) for each in (mia, leo)] == [["VIP"], ["VIP"]]
    assert await sources(leo) == ["staff"]


async def test_what_was_taken_by_hand_is_not_given_again_until_the_rule_is_another(here: Platforms, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    rule = await ruled(here, vip, "score >= 80")
    await scored(here, mia, 90)
    await here.tag(mia, vip, off=True)
    await scored(here, mia, 95)
    await night(here)
    assert await carries(mia) == []
    async with here.act() as ctx:
        await rule.write("score >= 85", removes=False, staff=await manager(here), now=ctx.now)
        await sweep(rule, ctx)
    await applied(here)
    assert await carries(mia) == ["VIP"]


async def test_what_was_taken_by_hand_stays_taken_when_its_tag_becomes_another(here: Platforms, vip: Tag) -> None:
    (best,) = await here.make("等级/至尊")
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "score >= 80")
    await scored(here, mia, 90)
    await here.tag(mia, vip, off=True)
    async with here.act() as ctx:
        await Tag.end([vip.id], ctx.now, best.id)
    await scored(here, mia, 95)
    await night(here)
    assert await carries(mia) == []


async def test_what_was_taken_by_hand_stays_taken_when_the_customer_becomes_another(here: Platforms, vip: Tag) -> None:
    mia, leo = [await here.customer(name, "hanmei") for name in ("mia", "leo")]
    await ruled(here, vip, "score >= 80")
    await scored(here, leo, 90)
    await here.tag(leo, vip, off=True)
    async with here.act() as ctx:
        merge = await Merge.planned(mia.id, leo.id, "command", ctx.now)
        assert await merge.join(ctx.actor)
    await scored(here, mia, 95)
    await night(here)
    assert await carries(mia) == []


async def test_a_tag_that_two_rules_give_stays_while_one_holds(here: Platforms, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "score >= 80", removes=True)
    await ruled(here, vip, 'city = "上海"', removes=True)
    await Customer.filter(id=mia.id).update(city="上海")
    await scored(here, mia, 90)
    await scored(here, mia, 10)
    await night(here)
    assert await carries(mia) == ["VIP"]
    await Customer.filter(id=mia.id).update(city="北京")
    await applied(here)
    assert await carries(mia) == []


async def test_one_rule_follows_from_another(here: Platforms, vip: Tag) -> None:
    (gift,) = await here.make("活动/送礼")
    mia = await here.customer("mia", "hanmei")
    await ruled(here, gift, f"#G{vip.id}", removes=True)
    await ruled(here, vip, "score >= 80", removes=True)
    await scored(here, mia, 90)
    assert sorted(await carries(mia)) == ["VIP", "送礼"]
    await scored(here, mia, 10)
    assert await carries(mia) == []


async def test_time_alone_gives_and_takes_in_the_night(here: Platforms, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "created > 2d", removes=True)
    (new,) = await here.make("等级/新")
    await ruled(here, new, "created <= 2d", removes=True)
    assert await carries(mia) == ["新"]
    await night(here)
    assert await carries(mia) == ["新"]
    await night(here)
    assert await carries(mia) == ["VIP"]
    assert here.carried("mia") == {"hanmei": ["VIP"]}


async def test_each_night_is_gone_through_once(here: Platforms, vip: Tag) -> None:
    await ruled(here, vip, "score >= 80")
    await night(here)
    done = len(await own(RuleDue))
    await jobs.sweep_rules(here.clock(), here.clock(), ZONE)
    await applied(here)
    assert len(await own(RuleDue)) == done == 2


async def test_nothing_happens_while_nothing_changes(here: Platforms, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "score >= 80", removes=True)
    await scored(here, mia, 90)
    events = await InboxEvent.all().count()
    assert await applied(here) == 0
    told = ""
    for _ in range(3):
        told = await jobs.apply_rules(here.clock(), told)
    assert await InboxEvent.all().count() == events


async def test_one_place_in_the_log_is_told_of_once(here: Platforms, vip: Tag) -> None:
    await ruled(here, vip, "score >= 80")
    await here.customer("mia", "hanmei")
    first = await jobs.apply_rules(here.clock())
    assert first
    assert await jobs.apply_rules(here.clock()) == first
    assert await jobs.apply_rules(here.clock(), first) == first
    assert len(await InboxEvent.filter(state="waiting")) == 1


async def test_without_a_rule_the_pulse_feels_nothing(here: Platforms, vip: Tag) -> None:
    await here.customer("mia", "hanmei")
    assert await jobs.apply_rules(here.clock()) == ""
    rule = await ruled(here, vip, "score >= 80")
    async with here.act() as ctx:
        await rule.turn("paused", await manager(here), ctx.now)
        await spans.end()
    await here.customer("leo", "hanmei")
    assert await jobs.apply_rules(here.clock()) == ""
    assert await RuleCursor.all().count() == 0


async def test_many_changes_are_looked_at_part_by_part(here: Platforms, vip: Tag) -> None:
    await ruled(here, vip, "score >= 80")
    many = await crowd(here, LINES + 10, 90)
    await applied(here)
    assert await Tagging.filter(tag=vip).count() == len(many)
    runs = [row.own() for row in await own(CustomersTouched)]
    assert [each.round for each in runs if isinstance(each, CustomersTouched)][:2] == [0, 1]


async def test_whoever_was_merged_away_is_left_alone_and_the_other_keeps_what_came(here: Platforms, vip: Tag) -> None:
    mia, leo = [await here.customer(name, "hanmei") for name in ("mia", "leo")]
    await ruled(here, vip, "score >= 80", removes=True)
    await scored(here, leo, 90)
    async with here.act() as ctx:
        merge = await Merge.planned(mia.id, leo.id, "command", ctx.now)
        assert await merge.join(ctx.actor)
    await applied(here)
    assert await Tagging.filter(customer=leo).count() == 0
    kept = await Customer.get(id=mia.id)
    assert await carries(mia) == (["VIP"] if kept.score >= 80 else [])


async def test_a_paused_rule_does_nothing(here: Platforms, vip: Tag) -> None:
    mia, leo = [await here.customer(name, "hanmei") for name in ("mia", "leo")]
    rule = await ruled(here, vip, "score >= 80", removes=True)
    await scored(here, mia, 90)
    async with here.act() as ctx:
        await rule.turn("paused", await manager(here), ctx.now)
    await scored(here, mia, 10)
    await scored(here, leo, 90)
    await night(here)
    assert (await carries(mia), await carries(leo)) == (["VIP"], [])


async def test_after_the_database_was_restored_everybody_is_gone_through(here: Platforms, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "score >= 80")
    far = 10**15
    await RuleCursor.all().update(position=far, snapshot=f"{far}:{far}:" if dialect() == "postgres" else "")
    await scored(here, mia, 90)
    assert await carries(mia) == ["VIP"]
    await scored(here, mia, 95)
    assert not await spans.is_lost()


async def test_after_it_was_moved_too(here: Platforms, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "score >= 80")
    await RuleCursor.all().delete()
    await scored(here, mia, 90)
    assert await carries(mia) == ["VIP"]
    assert await RuleCursor.all().count() == 1


async def test_the_owner_s_relation_gets_the_tag(here: Platforms, vip: Tag) -> None:
    lilei = await hired("李雷", "lilei", here.clock)
    mia = await here.customer("mia", "hanmei", "lilei", owner=lilei)
    await ruled(here, vip, "score >= 80")
    await scored(here, mia, 90)
    assert here.carried("mia") == {"hanmei": [], "lilei": ["VIP"]}


async def test_what_one_change_costs_does_not_depend_on_how_many_there_are(here: Platforms, vip: Tag) -> None:
    (gift,) = await here.make("活动/送礼")
    mia = await here.customer("mia", "hanmei")
    for number in range(5):
        await ruled(here, vip, f"score >= {80 + number} or #G{gift.id} and orders.90d >= 2")
    first = await asked_of(here, mia)
    await crowd(here, 300, 10)
    await applied(here)
    assert await asked_of(here, mia) == first


async def asked_of(here: Platforms, customer: Customer) -> list[str]:
    """What the database is asked because of one customer's change, without what is of one database or the other."""
    await Customer.filter(id=customer.id).update(score=F("score") + 1)
    await jobs.apply_rules(here.clock())
    (waiting,) = await InboxEvent.filter(state="waiting")
    async with here.act() as ctx:
        with listened() as heard:
            await dispatch(waiting.own(), ctx)
        await InboxEvent.finish([waiting])
    return [re.sub(r"[0-9]+", "0", statement) for statement in heard]
