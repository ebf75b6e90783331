"""Here lives what must hold of every rule and of every text, whatever it is."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.rule_facts import Person, holds
from domain.rule_fields import BY_WORD
from domain.rule_names import Names, bound, kept, named
from domain.rule_text import parse, written
from domain.rule_words import said
from domain.rules import And, Not, Or, Rule
from domain.taggings import Known
from templates import LANGUAGES, render
from tests.domain.rule_worlds import BOUND, NOON, PEOPLE, TYPED, joined

LIBRARY = [
    Known(1, "意向", "高"),
    Known(2, "意向", "低"),
    Known(3, "", "VIP"),
    Known(4, "客户", "vip"),
    Known(7, "a b", "A+B"),
]
NAMES = Names(LIBRARY, {1: "李雷", 2: "Mary Ann"}, {"main": "wecom", "tg": "telegram"}, {"高": "#VIP", "且": "@高"})
PIECES = st.sampled_from(
    [
        *(
            "#VIP",
            "#意向/",
            "#",
            "@高",
            "@",
            "(",
            ")",
            '"',
            "「",
            "and",
            "且",
            "or",
            "或",
            "not",
            "非",
            "!",
            ",",
            "、",
            "..",
            ".",
        ),
        *(
            "=",
            "!=",
            ">=",
            "~",
            "is empty",
            "为空",
            "in",
            "属于",
            "between",
            "介于",
            "到",
            "30天内",
            "近 7 天",
            "5,000",
            "5000",
        ),
        *(
            "北京",
            "2026-11-30",
            "11-30",
            "30d",
            "今天",
            "（",
            "）",
            "＞＝",
            "\u3000",
            "\u200b",
            "\n",
            "\ud800",
            "\0",
            "̸",
            "⑴",
            "ﷺ",
        ),
        *BY_WORD,
    ]
)


@settings(max_examples=120, deadline=None)
@given(joined(TYPED))
def test_what_is_written_is_read_as_the_same_rule(rule: Rule) -> None:
    assert parse(written(rule)) == rule


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=60) | st.lists(PIECES, max_size=12).map("".join) | st.lists(PIECES, max_size=12).map(" ".join))
@example("城市=" + "\u0338x")
@example('name="a\u0338""\u0338b"')
@example("#" * 4_000)
@example("(" * 4_000)
@example("not " * 1_000)
def test_no_text_is_more_than_refused(text: str) -> None:
    """What is understood is understood again when it is written, and can be explained; what is not is told."""
    try:
        rule = parse(text)
    except Refusal as refusal:
        _told(refusal)
        return
    assert parse(written(rule)) == rule
    for language in LANGUAGES:
        assert render(f"chat/{language}/rules/explained.txt", said=said(rule, NAMES)).strip()
    for use in (bound, kept):
        try:
            use(rule, NAMES)
        except Refusal as refusal:
            _told(refusal)


def _told(refusal: Refusal) -> None:
    for language in LANGUAGES:
        text = render(f"chat/{language}/{refusal.key}.txt", **refusal.values)
        assert 1 < len(text.splitlines()) <= 8 or refusal.key in ONE_LINE, text


ONE_LINE = ("refusals/no_such_channel", "refusals/bad_amount", "refusals/several_people")


@settings(max_examples=80, deadline=None)
@given(joined(TYPED | BOUND))
def test_every_rule_can_be_explained(rule: Rule) -> None:
    for language in LANGUAGES:
        told = render(f"chat/{language}/rules/explained.txt", said=said(rule, NAMES)).strip()
        assert told
        assert "\n" not in told


@settings(max_examples=80, deadline=None)
@given(joined(TYPED))
def test_what_is_kept_is_known_by_the_same_names(rule: Rule) -> None:
    try:
        stored = kept(rule, NAMES)
    except Refusal:
        return
    assert kept(named(stored, NAMES), NAMES) == stored
    assert kept(parse(written(stored)), NAMES) == stored


@settings(max_examples=120, deadline=None)
@given(joined(BOUND), joined(BOUND), PEOPLE)
def test_and_or_and_not_are_what_logic_says(one: Rule, two: Rule, person: Person) -> None:
    first, second = (holds(rule, person, NOON) for rule in (one, two))
    assert holds(Not(one), person, NOON) is not first
    assert holds(And((one, two)), person, NOON) is (first and second)
    assert holds(Or((one, two)), person, NOON) is (first or second)
    de_morgan = Or((Not(one), Not(two)))
    assert holds(Not(And((one, two))), person, NOON) is holds(de_morgan, person, NOON)
    assert holds(Not(Not(one)), person, NOON) is first


@settings(max_examples=40, deadline=None)
@given(joined(BOUND), PEOPLE)
def test_whoever_was_merged_belongs_to_nothing(rule: Rule, person: Person) -> None:
    gone = replace(person, merged=True)
    assert not holds(rule, gone, NOON)
    assert not holds(Not(rule), gone, NOON)


@pytest.mark.parametrize("text", ["__import__('os')", "{{ 1 }}", "'; DROP TABLE customer; --", "city = {days}", "%s"])
def test_values_are_nothing_but_values(text: str) -> None:
    rule = parse(f'city = "{text}"')
    assert parse(written(rule)) == rule
    assert said(rule, NAMES)[0]["against"][0]["value"] == text
