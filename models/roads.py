"""Here lives which conditions the index can answer, and by what: a column and a test of its values, or accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import numpy as np

from domain.rule_numbers import Interval, at_all, intervals
from domain.rule_times import Span, between, compared, since
from domain.rules import Between, Compared, Condition, Empty, Fact, Member, Moment, OneOf, Tagged
from models.bitmaps import Truths
from models.columns import MISSING, WORDS, Columns, Numbers, Test

INSTANTS = frozenset({"created", "last_seen", "last_order"})
STAFF = frozenset({"owner", "attendant"})
SUMS = frozenset({"score", "orders", "amount"})
LAST = {"orders": "last_order", "pushed": "pushed", "clicked": "clicked"}  # of what is counted, when it was last
NOBODY = 0


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    test: Test


@dataclass(frozen=True, slots=True)
class Accounts:
    """Whoever is on one of them."""

    names: tuple[str, ...]


Road = Column | Accounts | None  # None: by SQL only


def road(rule: Condition, columns: Columns, moment: Moment) -> Road:
    """How a condition other than one about tags is answered; `!=` is asked as `=`."""
    if isinstance(rule, Tagged | Member):
        raise TypeError(f"not bound: {rule}")
    fact: Fact = rule.fact  # type: ignore[union-attr]
    if fact.name == "channel":
        return Accounts(tuple(str(value) for value in _values(rule)))
    if fact.name in WORDS:
        return Column(fact.name, columns.words[fact.name].test(rule, moment)) if columns.knows(fact.name) else None
    if fact.name in STAFF:
        return Column(fact.name, _one_of([value for value in _values(rule) if isinstance(value, int)]))
    if fact.name in INSTANTS:
        return _instant(rule, fact, moment)
    return _number(rule, fact, moment)


def _values(rule: Condition) -> Sequence[object]:
    match rule:
        case Compared(_, _, value):
            return [value]
        case OneOf(_, values):
            return values
        case Empty():
            return [NOBODY]
        case _:
            return []


def _instant(rule: Condition, fact: Fact, moment: Moment) -> Road:
    match rule:
        case Compared(_, op, value):
            return Column(fact.name, _within(compared(op, value, moment)))
        case Between(_, low, high):
            return Column(fact.name, _within(between(low, high, moment)))
        case Empty():
            return Column(fact.name, _one_of([MISSING]))
        case _:
            return None


def _number(rule: Condition, fact: Fact, moment: Moment) -> Road:
    if not isinstance(rule, Compared | OneOf | Between):
        return None
    if fact.name in SUMS and fact.days is None:
        return Column(fact.name, _in_any(intervals(rule, moment)))
    if fact.name in LAST and (asked := at_all(intervals(rule, moment))):
        first = MISSING + 1 if fact.days is None else since(fact.days, moment)
        return Column(LAST[fact.name], _ever(first, *asked))
    return None


def _one_of(wanted: Sequence[int]) -> Test:
    return _in_any([(value, value) for value in wanted])


def _in_any(lets: Sequence[Interval]) -> Test:
    return lambda values: (
        reduce(or_, [_between(values, low, high) for low, high in lets]) if lets else np.zeros(values.shape, np.bool_)
    )


def _between(values: Numbers, low: int | None, high: int | None) -> Truths:
    found: Truths
    if low is None or high is None:
        found = values >= (MISSING if low is None else low) if high is None else values <= high
    else:
        found = values == low if low == high else (values >= low) & (values <= high)
    return found


def _within(span: Span) -> Test:
    first, end = span
    return _in_any([(MISSING + 1 if first is None else first, None if end is None else end - 1)])


def _ever(first: int, zero: bool, more: bool) -> Test:  # noqa: FBT001 - as they come
    def test(values: Numbers) -> Truths:
        if zero == more:
            return np.full(values.shape, zero)
        return values >= first if more else values < first

    return test
