"""A rule asked in SQL is what it is asked plainly, of everybody, on either database; and no value is ever executed."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.database import opened, transaction
from domain.permissions import Role
from domain.rule_facts import holds
from domain.rules import (
    DEEPEST,
    Age,
    And,
    Between,
    Carries,
    Compared,
    Contains,
    Empty,
    Fact,
    Moment,
    Not,
    OneOf,
    Or,
    Rule,
    Today,
)
from models import rules
from models.audiences import Audience
from models.behaviours import Act, Behaviour
from models.customers import Customer
from models.orders import Order, Sale
from models.sql import select
from models.staff import Staff
from models.tags import Tag, Tagging, TagGroup
from tests.models import rule_questions
from tests.models.rule_worlds import House, houses

SHANGHAI = Moment(datetime(2026, 11, 30, 4, 0, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))
NAME = Fact("name")


class Undone(Exception):  # noqa: N818 - named for what happened
    """So that the next house finds the database empty."""


@contextmanager
def running(url: str) -> Iterator[asyncio.Runner]:
    """A loop that has the database open, for tests that are not async themselves."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        runner.run(stack.enter_async_context(opened(url)))
        try:
            yield runner
        finally:
            runner.run(stack.aclose())


async def answers(asked: Sequence[Rule], moment: Moment, *, few: bool) -> dict[int, list[bool]]:
    """Of everybody who is not merged, whether each of the rules is true: all of them in one statement."""
    said, values = [], []
    for number, rule in enumerate(asked):
        condition, more = rules.condition(rule, moment, first=len(values) + 1, few=few)
        said.append(f"{condition} AS r{number}")
        values += more
    sql = f"SELECT c.id, {', '.join(said)} FROM customer AS c WHERE c.merged_into_id IS NULL"  # noqa: S608 - as it is put together elsewhere
    found = {row.pop("id"): list(row.values()) for row in await select(sql, *values)}
    assert all(answer in (False, True) for row in found.values() for answer in row)  # not even nothing
    return found


async def compare(house: House, single: list[Rule], joined: list[Rule]) -> None:
    people, moment = house.people(), house.moment
    some = [number for number in house.there if number % 2] + [99]
    try:
        async with transaction():
            await house.settle()
            asked = [*single, *joined]
            plainly = {p.id: [holds(rule, p, moment) for rule in asked] for p in people if not p.merged}
            for few in (False, True):
                found = await answers(asked, moment, few=few)
                assert found.keys() == plainly.keys()
                for number, expected in plainly.items():
                    differ = [asked[n] for n, it in enumerate(expected) if it != bool(found[number][n])]
                    assert not differ, (number, few, differ)
            for rule in joined:
                expected = [person.id for person in people if holds(rule, person, moment)]
                assert await rules.customers(rule, moment) == expected, rule
                assert await rules.how_many(rule, moment) == len(expected), rule
                among = [number for number in expected if number in some]
                assert await rules.customers(rule, moment, among=some) == among, rule
                later = [number for number in expected if number > 2][:2]
                assert await rules.customers(rule, moment, after=2, limit=2) == later, rule
            raise Undone  # noqa: TRY301 - the one way to leave nothing behind
    except Undone:
        pass


def test_both_evaluators_agree(database_url: str) -> None:
    with running(database_url) as runner:

        @settings(max_examples=30, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(st.data())
        def agree(data: st.DataObject) -> None:
            house = data.draw(houses())
            single = [data.draw(one) for one in rule_questions.conditions(house.moment)]
            joined = data.draw(st.lists(rule_questions.rules(house.moment), min_size=4, max_size=4))
            runner.run(compare(house, single, joined))

        agree()


async def person(**told: Any) -> int:
    now = SHANGHAI.now
    made = await Customer.create(**{"created_at": now, "seen_at": now} | told)
    return int(made.id)


async def found(rule: Rule, moment: Moment = SHANGHAI) -> list[int]:
    return await rules.customers(rule, moment)


@pytest.mark.parametrize(
    ("rule", "after_border"),
    [
        (Compared(Fact("created"), "<", Age(30)), (False, False, True)),
        (Compared(Fact("created"), "<=", Age(30)), (False, True, True)),
        (Compared(Fact("created"), ">", Age(30)), (True, False, False)),
        (Compared(Fact("created"), ">=", Age(30)), (True, True, False)),
        (Between(Fact("created"), Age(1), Age(30)), (False, True, True)),
        (Not(Compared(Fact("created"), "<", Age(30))), (True, True, False)),
    ],
)
@pytest.mark.usefixtures("database")
async def test_an_age_is_exact_to_the_millisecond(rule: Rule, after_border: tuple[bool, ...]) -> None:
    border = SHANGHAI.now - timedelta(days=30)
    ids = [await person(created_at=border + timedelta(milliseconds=step)) for step in (-1, 0, 1)]
    assert [number in await found(rule) for number in ids] == [*after_border]


@pytest.mark.parametrize(
    ("day", "begins", "hours"),
    [
        (date(2026, 3, 28), datetime(2026, 3, 27, 23, tzinfo=UTC), 24),
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
    ],
)
@pytest.mark.usefixtures("database")
async def test_a_day_is_as_long_as_the_clocks_of_the_house_say(day: date, begins: datetime, hours: int) -> None:
    berlin = Moment(SHANGHAI.now, ZoneInfo("Europe/Berlin"))
    moment, ends = timedelta(milliseconds=1), begins + timedelta(hours=hours)
    before, first, last, after = [await person(seen_at=at) for at in (begins - moment, begins, ends - moment, ends)]
    for rule, expected in (
        (Compared(Fact("last_seen"), "=", day), [first, last]),
        (Compared(Fact("last_seen"), "!=", day), [before, after]),
        (Compared(Fact("last_seen"), "<", day), [before]),
        (Compared(Fact("last_seen"), "<=", day), [before, first, last]),
        (Compared(Fact("last_seen"), ">", day), [after]),
        (Compared(Fact("last_seen"), ">=", day), [first, last, after]),
        (Between(Fact("last_seen"), day, day), [first, last]),
    ):
        assert await found(rule, berlin) == expected


@pytest.mark.parametrize("name", ["orders", "amount", "event"])
@pytest.mark.parametrize("few", [False, True])
@pytest.mark.usefixtures("database")
async def test_a_window_is_exact_to_the_millisecond(name: str, *, few: bool) -> None:
    border = SHANGHAI.now - timedelta(days=7)
    ids = [await person() for _ in (-1, 0, 1)]
    for step, one in enumerate(ids, -1):
        at = border + timedelta(milliseconds=step)
        async with transaction():
            await Order.tell([Sale(one, "shop", f"{one}{n}", "paid", 100, "CNY", at) for n in "ab"])
            await Behaviour.tell([Act(one, "site", f"{one}{n}", "paid", at) for n in "ab"])
    fact = Fact(name, 7, "paid" if name == "event" else "")
    among = ids if few else None
    for least in (1, 2):
        rule = Compared(fact, ">=", Decimal(least) if name == "amount" else least)
        assert await rules.customers(rule, SHANGHAI, among=among) == ids[1:]
        assert await rules.customers(Not(rule), SHANGHAI, among=among) == ids[:1]


@pytest.mark.usefixtures("database")
async def test_a_field_of_the_houses_own_is_a_number_or_words() -> None:
    number, words, huge = [await person(custom={"x": value}) for value in (1, "1", 2**53 + 1)]
    fact = Fact("custom", key="x")
    assert await found(Compared(fact, "=", "1")) == [words]
    assert await found(Contains(fact, "1")) == [words]
    assert await found(Compared(fact, "=", Decimal(1))) == [number]
    assert await found(Compared(fact, ">=", Decimal(1))) == [number, huge]
    assert await found(Compared(fact, "=", Decimal(2**53))) == [huge]  # as exact as such numbers are anywhere


@pytest.mark.usefixtures("database")
async def test_what_is_not_known_is_neither_this_nor_that_but_not_turns_it_round() -> None:
    nobody = await person()
    for rule in (
        Compared(Fact("last_order"), "<", Age(30)),
        Compared(Fact("last_order"), ">", Age(30)),
        Compared(Fact("last_order"), "=", Today()),
        Compared(Fact("owner"), "=", 1),
        Compared(Fact("stage"), "=", "new"),
        Compared(Fact("city"), "=", "上海"),
        Compared(Fact("birthday"), "<", date(2030, 1, 1)),
        Compared(Fact("custom", key="等级"), "<", Decimal(5)),
        Compared(Fact("custom", key="等级"), "=", "金"),
    ):
        assert (await found(rule), await found(Not(rule))) == ([], [nobody])
        assert await found(And((rule, Not(rule)))) == []
        assert await found(Or((rule, Not(rule)))) == [nobody]


@pytest.mark.usefixtures("database")
async def test_who_was_merged_or_deleted_is_nobody_not_even_by_not() -> None:
    here = await person(name="a")
    await person(name="a", merged_into_id=here)
    gone = await Customer.get(id=await person(name="a"))
    await gone.delete()
    rule = Compared(NAME, "=", "A")
    assert (await found(rule), await rules.how_many(rule, SHANGHAI)) == ([here], 1)
    assert (await found(Not(rule)), await rules.how_many(Not(rule), SHANGHAI)) == ([], 0)
    assert await rules.customers(rule, SHANGHAI, among=[]) == []


@pytest.mark.parametrize("value", ["' OR 1 = 1 --", "x'; DROP TABLE customer; --", "$1", "?1", "{0}", "%", "_", "\\"])
@pytest.mark.usefixtures("database")
async def test_a_value_is_a_value(value: str) -> None:
    one = await person(name=value, custom={value: value})
    await person(name="x", custom={"x": "x"})
    for rule in (
        Compared(NAME, "=", value),
        Contains(NAME, value),
        OneOf(NAME, (value, "y")),
        Compared(Fact("custom", key=value), "=", value),
        Contains(Fact("custom", key=value), value),
        Not(Empty(Fact("custom", key=value))),
    ):
        assert await found(rule) == [one]
        assert value not in rules.condition(rule, SHANGHAI)[0].replace("$1", "") or value in {"$1", "_"}
    assert await found(Compared(Fact("event", key=value), ">=", 1)) == []


@pytest.mark.usefixtures("database")
async def test_as_deep_and_as_long_as_rules_may_be() -> None:
    one = await person(name="a")
    yes: Rule = Compared(NAME, "=", "a")
    no: Rule = Compared(Fact("event", 7, "paid"), ">=", 2)
    deep = yes
    for _ in range(DEEPEST // 2):
        deep = And((yes, Not(Or((no, Not(deep))))))
    assert await found(Or((And((deep, deep)), no, And((no, deep))))) == [one]
    assert await found(Or((*[no] * 500, deep))) == [one]
    assert await found(And((*[yes] * 500, Not(no)))) == [one]
    assert await found(OneOf(NAME, (*(f"b{number}" for number in range(2_000)), "A"))) == [one]
    assert await found(OneOf(Fact("score"), (*range(1, 2_000), 0))) == [one]
    assert await found(OneOf(Fact("custom", key="x"), (*(Decimal(n) for n in range(1_500)), "y"))) == []


@pytest.mark.usefixtures("database")
async def test_names_are_those_of_what_lives() -> None:
    now = SHANGHAI.now
    staff = await Staff.create(name="李雷", role=Role.SALES, created_at=now)
    group = await TagGroup.create(name="等级", created_at=now)
    vip = await Tag.create(group=group, name="VIP", created_at=now)
    old = await Tag.create(group=group, name="贵宾", created_at=now, gone_at=now, merged_into=vip)
    await Audience.create(name="老客", rule=f"#G{vip.id}", staff=staff, created_at=now, changed_at=now)
    known = await rules.names({"tg": "telegram"}, "EUR")
    assert [(tag.id, tag.path) for tag in known.tags] == [(vip.id, vip.path)]
    assert (known.staff, known.audiences) == ({staff.id: "李雷"}, {"老客": f"#G{vip.id}"})
    assert (known.accounts, known.currency, known.heirs) == ({"tg": "telegram"}, "EUR", {old.id: vip.id})


@pytest.mark.usefixtures("database")
async def test_nobody_carries_a_tag_whose_heir_is_gone() -> None:
    now, one = SHANGHAI.now, await person()
    group = await TagGroup.create(name="等级", created_at=now)
    heir = await Tag.create(group=group, name="VIP", created_at=now)
    old = await Tag.create(group=group, name="贵宾", created_at=now, gone_at=now, merged_into=heir)
    await Tagging.create(customer_id=one, tag=old, at=now)
    rule = Carries(frozenset({heir.id, old.id}))
    assert await found(rule) == [one]
    assert await found(Carries(frozenset({old.id}))) == []
    await Tag.end([heir.id], now)
    assert (await found(rule), await found(Not(rule))) == ([], [one])
