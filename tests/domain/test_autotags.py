"""How rules that tag are typed, when their tags come and go, and which of them would never come to an end."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.autotags import Standing, TagRule, Wish, circle, giver, tags_in, verdict, wish
from domain.errors import Refusal
from domain.rules import And, Carries, Compared, Fact, Not, Or
from domain.tags import Source

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
RICH = Compared(Fact("amount", 90), ">=", 5000)
VIP = 12


def rule(number: int, *, removes: bool = False, written_at: datetime = NOON) -> TagRule:
    return TagRule(number, 2, VIP, RICH, removes, written_at)


def standing(*holding: int, source: Source | None = None, cause: str = "", after: int | None = None) -> Standing:
    """`after`: so many hours after the rules were written the tag came or went."""
    changed_at = None if after is None else NOON + timedelta(hours=after)
    return Standing(frozenset(holding), frozenset({source} if source else ()), cause, changed_at)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Wish("list")),
        ("page=3", Wish("list", page=3)),
        ("R7", Wish("show", 7)),
        ("r7 停", Wish("pause", 7)),
        ("看 R7", Wish("show", 7)),
        ("停R7", Wish("pause", 7)),
        ("resume R7", Wish("resume", 7)),
        ("删除 R7。", Wish("end", 7)),
        ("加 VIP 当 amount.90d>=5000", Wish("add", tag="VIP", rule="amount.90d>=5000")),
        ("加VIP当金额.90天>=5000，否则去掉", Wish("add", tag="VIP", rule="金额.90天>=5000", removes=True)),
        (
            "加 +等级/VIP 当 #高意向 且 城市=上海 否则保留",
            Wish("add", tag="等级/VIP", rule="#高意向 且 城市=上海", removes=False),
        ),
        ("加 适当跟进 当 #当红", Wish("add", tag="适当跟进", rule="#当红")),
        ("加 “适当 当 跟进” 当 score>1", Wish("add", tag="适当 当 跟进", rule="score>1")),
        ("加 VIP", Wish("add", tag="VIP")),
        ("add hot lead WHEN city=Rome Else Remove", Wish("add", tag="hot lead", rule="city=Rome", removes=True)),
        ('add vip when name="else remove"', Wish("add", tag="vip", rule='name="else remove"')),
        ("加 VIP 当 amount.90d>=5000\n且 #高意向", Wish("add", tag="VIP", rule="amount.90d>=5000\n且 #高意向")),
        ("改 R7 当 score＞８０", Wish("edit", 7, rule="score＞８０")),
        ("改 R7 否则保留", Wish("edit", 7, removes=False)),
        ("edit R7", Wish("edit", 7)),
    ],
)
def test_what_is_typed(typed: str, meant: Wish) -> None:
    assert wish(typed) == meant


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("加", "argument_needed"),
        ("加 当 score>1", "argument_needed"),
        ("看", "argument_needed"),
        ("停 VIP", "wrong_target"),
        ("看 C7", "wrong_target"),
        ("C7", "wrong_target"),
        ("停 R7 R8", "too_much"),
        ("改 R7 score>1", "bad_argument"),
        ("R7 加", "too_much"),
        ("什么", "bad_argument"),
    ],
)
def test_what_cannot_be_meant_is_refused(typed: str, why: str) -> None:
    with pytest.raises(Refusal) as caught:
        wish(typed)
    assert caught.value.key == f"refusals/{why}"


@given(st.text(max_size=60))
@settings(max_examples=150)
def test_anything_is_meant_or_refused(typed: str) -> None:
    with suppress(Refusal):
        assert wish(typed).act


def test_who_fulfils_a_rule_gets_the_tag_and_the_first_says_why() -> None:
    assert verdict([rule(1), rule(2)], (), standing(2)) == (rule(2), True)
    assert verdict([rule(1), rule(2)], (), standing(1, 2)) == (rule(1), True)
    assert verdict([rule(1)], (), standing()) is None
    assert verdict([rule(1)], (), standing(1, source="rule")) is None


def test_who_no_longer_does_loses_it_only_where_the_rule_says_so() -> None:
    keeps, removes = rule(1), rule(1, removes=True)
    had = standing(source="rule", cause="R1.1")
    assert verdict([keeps], (), had) is None
    assert verdict([removes], (), had) == (removes, False)


def test_a_tag_that_two_rules_give_stays_while_one_holds() -> None:
    both = [rule(1, removes=True), rule(2, removes=True)]
    assert verdict(both, (), standing(2, source="rule", cause="R1.2")) is None
    assert verdict(both, (), standing(source="rule", cause="R1.2")) == (both[0], False)


def test_what_one_rule_gave_for_good_another_does_not_take() -> None:
    both = [rule(1), rule(2, removes=True)]
    assert verdict(both, (), standing(source="rule", cause="R1.2")) is None
    assert verdict(both, (), standing(source="rule", cause="R2.2")) == (both[1], False)


@pytest.mark.parametrize("source", ["staff", "platform", "import", "sync"])
def test_a_tag_of_another_source_is_a_persons(source: Source) -> None:
    assert verdict([rule(1, removes=True)], (), standing(source=source)) is None
    mixed = Standing(frozenset(), frozenset({"rule", source}))
    assert verdict([rule(1, removes=True)], (), mixed) is None


def test_what_a_person_took_is_not_given_again_by_a_rule_that_was_there() -> None:
    taken = standing(1, 2, cause="telegram:k7", after=1)
    later = rule(2, written_at=NOON + timedelta(hours=2))
    assert verdict([rule(1)], (), taken) is None
    assert verdict([rule(1), later], (), taken) == (later, True)
    assert verdict([rule(1)], (), standing(1, cause="R1.1", after=1)) == (rule(1), True)


def test_a_paused_rule_keeps_what_it_gave_and_an_ended_one_leaves_it_to_the_others() -> None:
    there = rule(2, removes=True)
    had = standing(source="rule", cause="R1.1")
    assert verdict([there], {1}, had) is None
    assert verdict([there], (), had) == (there, False)
    assert verdict([there], (), standing(source="rule")) == (there, False)


def test_the_trail_tells_which_rule_it_was() -> None:
    assert giver(rule(7).cause) == 7
    assert [giver(each) for each in ("", "telegram:k1", "R7", "R7.x", "wecom:R7.1")] == [None] * 5


def test_the_tags_that_a_rule_asks_of() -> None:
    asked = Or((And((RICH, Not(Carries(frozenset({1, 2}))))), Carries(frozenset({3}))))
    assert tags_in(asked) == {1, 2, 3}
    assert tags_in(RICH) == frozenset()


@pytest.mark.parametrize(
    ("edges", "way"),
    [
        ({1: {2}, 2: {3}}, []),
        ({1: {1}}, [1, 1]),
        ({1: {2}, 2: {1}}, [1, 2, 1]),
        ({1: {2, 3}, 2: set(), 3: {4}, 4: {1}}, [1, 3, 4, 1]),
        ({1: {2}, 2: {3}, 3: {2}}, []),
    ],
)
def test_a_circle_is_found_from_whoever_is_in_it(edges: Mapping[int, set[int]], way: list[int]) -> None:
    assert circle(edges, 1) == way


@given(st.dictionaries(st.integers(0, 6), st.sets(st.integers(0, 6), max_size=3), max_size=7))
@settings(max_examples=100)
def test_a_way_back_is_one_that_can_be_gone(edges: dict[int, set[int]]) -> None:
    for start, next_to_it in edges.items():
        way = circle(edges, start)
        assert all(there in edges[here] for here, there in pairwise(way))
        reached, ahead = set[int](), [*next_to_it]
        while ahead:
            here = ahead.pop()
            if here not in reached:
                reached.add(here)
                ahead += edges.get(here, ())
        assert (start in reached) is bool(way)
