"""What rules that tag have to know: who fulfils which, who carries what and why, and what the trail tells of it."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.permissions import Role
from domain.rules import And, Carries, Compared, Fact, Moment, Not, Rule
from domain.tags import Source
from models import rules, standings
from models.autotags import AutoTag
from models.changes import Actor
from models.customers import Customer
from models.database import insert_many, transaction
from models.staff import Staff
from models.standings import Last
from models.tags import Tag, Tagging, TagGroup
from tests.clock import Clock

pytestmark = pytest.mark.usefixtures("database")
RICH, POOR = Compared(Fact("score"), ">=", 80), Compared(Fact("score"), "<", 20)


@pytest.fixture
async def staff(database: str, clock: Clock) -> Staff:
    return await Staff.create(name="老板", role=Role.MANAGER, created_at=clock())


async def tags(clock: Clock, *names: str) -> list[Tag]:
    group = await TagGroup.create(name="组", created_at=clock())
    made = [await Tag.create(group=group, name=name, created_at=clock()) for name in names]
    return [*(await Tag.of([tag.id for tag in made])).values()]


async def people(clock: Clock, *scores: int) -> list[int]:
    rows = [(score, clock(), clock()) for score in scores]
    return sorted(row[0] for row in await insert_many(Customer, ("score", "created_at", "seen_at"), rows))


async def given(clock: Clock, tag: Tag, whom: Sequence[int], source: Source = "rule", cause: str = "R1.1") -> None:
    async with transaction():
        await Tagging.give([(each, tag) for each in whom], source, Actor(None, cause, clock()))


def moment(clock: Clock) -> Moment:
    return Moment(clock(), ZoneInfo("Asia/Shanghai"))


async def test_many_rules_at_once_say_what_each_says(clock: Clock) -> None:
    (vip,) = await tags(clock, "VIP")
    ids = await people(clock, *range(0, 100, 7))
    await given(clock, vip, ids[::3])
    await Customer.filter(id=ids[0]).update(merged_into_id=ids[1])
    asked: dict[int, Rule] = {n: Compared(Fact("score"), ">=", n) for n in range(1, standings.RULES + 20)}
    asked |= {200: Carries(frozenset({vip.id})), 201: And((RICH, Not(Carries(frozenset({vip.id})))))}
    found = await standings.holding(asked, ids, moment(clock))
    assert found == {n: set(await rules.customers(each, moment(clock), among=ids)) for n, each in asked.items()}
    assert await standings.holding(asked, [], moment(clock)) == {n: set() for n in asked}
    assert await standings.holding({}, ids, moment(clock)) == {}


async def test_rules_ask_of_nobody_who_was_merged_away(clock: Clock) -> None:
    one, other = await people(clock, 1, 2)
    await Customer.filter(id=other).update(merged_into_id=one)
    assert await standings.whole([other, one, 999]) == [one]
    assert await standings.whole([]) == []


async def test_a_tag_is_carried_for_the_reasons_of_what_was_merged_into_it(clock: Clock) -> None:
    old, new = await tags(clock, "旧", "新")
    mia, leo, ann = await people(clock, 1, 2, 3)
    await given(clock, old, [mia, leo])
    await given(clock, new, [leo, ann], "staff")
    await Tag.end([old.id], clock(), new.id)
    assert await standings.carried([mia, leo, ann], [new.id]) == {
        (mia, new.id): {"rule"},
        (leo, new.id): {"rule", "staff"},
        (ann, new.id): {"staff"},
    }
    assert await standings.carried([mia], [old.id]) == {}
    assert await standings.carried([], [new.id]) == {}


async def test_the_last_that_the_trail_tells_of_a_tag(clock: Clock) -> None:
    (vip,) = await tags(clock, "VIP")
    mia, leo = await people(clock, 1, 2)
    await given(clock, vip, [mia, leo])
    came, taken = clock(), clock.forward(hours=1)
    async with transaction():
        await Tagging.take([(mia, vip)], Actor(7, "telegram:k1", taken))
    assert await standings.latest({(mia, vip.id): False, (leo, vip.id): True}) == {
        (mia, vip.id): Last(False, "telegram:k1", taken),
        (leo, vip.id): Last(True, "R1.1", came),
    }
    assert await standings.latest({(mia, vip.id): True, (leo, vip.id): False}) == {
        (mia, vip.id): Last(True, "R1.1", came)
    }
    assert await standings.latest({(mia, vip.id + 1): False}) == {}
    assert await standings.latest({}) == {}


async def test_what_was_told_of_whoever_and_whatever_was_merged_into_them_counts(clock: Clock) -> None:
    old, new = await tags(clock, "旧", "新")
    mia, leo, ann = await people(clock, 1, 2, 3)
    await given(clock, old, [ann])
    taken = clock.forward(hours=1)
    async with transaction():
        await Tagging.take([(ann, old)], Actor(7, "telegram:k1", taken))
    await Customer.filter(id=ann).update(merged_into_id=leo)
    await Customer.filter(id=leo).update(merged_into_id=mia)
    await Tag.end([old.id], clock(), new.id)
    assert await standings.latest({(mia, new.id): False}) == {(mia, new.id): Last(False, "telegram:k1", taken)}
    assert await standings.latest({(mia, new.id): True}) == {
        (mia, new.id): Last(True, "R1.1", taken - timedelta(hours=1))
    }


async def test_who_has_a_tag_from_a_rule_and_fulfils_none(clock: Clock) -> None:
    (vip,) = await tags(clock, "VIP")
    ids = await people(clock, 90, 10, 11, 12, 13)
    await given(clock, vip, ids[:4])
    await given(clock, vip, ids[4:], "staff")
    await Customer.filter(id=ids[1]).update(merged_into_id=ids[0])
    assert await standings.how_many_outgrown(vip.id, RICH, moment(clock)) == 2
    assert await standings.how_many_outgrown(vip.id, POOR, moment(clock)) == 1
    assert await standings.given(vip.id) == 4


async def test_what_a_colleague_says_again_is_theirs(clock: Clock, staff: Staff) -> None:
    (vip,) = await tags(clock, "VIP")
    mia, leo = await people(clock, 1, 2)
    await given(clock, vip, [mia, leo])
    async with transaction():
        assert await Tagging.give([(mia, vip)], "staff", Actor(staff.id, "telegram:k1", clock())) == []
    rows = [(row.customer_id, row.source, row.staff_id) for row in await Tagging.all().order_by("customer_id")]
    assert rows == [(mia, "staff", staff.id), (leo, "rule", None)]
    await given(clock, vip, [mia], "platform")
    assert (await Tagging.get(customer_id=mia)).source == "staff"


async def test_a_rule_has_a_version_for_everything_that_became_of_it(clock: Clock, staff: Staff) -> None:
    (vip,) = await tags(clock, "VIP")
    row = await AutoTag.planned(vip, clock())
    assert (await AutoTag.living(), await AutoTag.called(row.id)) == ([], None)
    await row.write("score >= 80", removes=False, staff=staff, now=clock())
    written = clock()
    await row.turn("paused", staff, clock.forward(hours=1))
    assert [(each.short_id, each.state, each.tag.path) for each in await AutoTag.living()] == [
        ("R1", "paused", "组/VIP")
    ]
    assert (await AutoTag.get()).changed_at == written
    await row.write("score >= 90", removes=True, staff=staff, now=clock())
    await row.turn("gone", staff, clock())
    assert await AutoTag.living() == []
    told = [(each.number, each.rule, each.removes, each.state) for each in await row.history(3)]
    assert told == [
        (4, "score >= 90", True, "gone"),
        (3, "score >= 90", True, "paused"),
        (2, "score >= 80", False, "paused"),
    ]
    ended = await AutoTag.called(row.id)
    assert ended
    assert (ended.state, ended.version, ended.changed_at) == ("gone", 4, clock())


async def test_what_nobody_said_yes_to_is_forgotten(clock: Clock, staff: Staff) -> None:
    (vip,) = await tags(clock, "VIP")
    old, there = await AutoTag.planned(vip, clock()), await AutoTag.planned(vip, clock())
    await there.write("score >= 80", removes=False, staff=staff, now=clock())
    new = await AutoTag.planned(vip, clock.forward(days=1))
    await AutoTag.forget(clock() - timedelta(hours=1))
    assert {row.id for row in await AutoTag.all()} == {there.id, new.id}
    assert old.id not in {there.id, new.id}
