from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.errors import Refusal
from domain.rule_numbers import Interval, at_all, intervals
from domain.rules import Between, Compared, Fact, Moment, OneOf

MOMENT = Moment(datetime(2026, 3, 2, tzinfo=UTC), UTC, "CNY")
SCORE, AMOUNT = Fact("score"), Fact("amount")


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (Compared(SCORE, "=", 3), [(3, 3)]),
        (Compared(SCORE, "=", Decimal("2.5")), []),
        (Compared(SCORE, "<", 3), [(None, 2)]),
        (Compared(SCORE, "<", Decimal("2.5")), [(None, 2)]),
        (Compared(SCORE, "<=", Decimal("2.5")), [(None, 2)]),
        (Compared(SCORE, ">", Decimal("2.5")), [(3, None)]),
        (Compared(SCORE, ">", 2), [(3, None)]),
        (Compared(SCORE, ">=", Decimal("-2.5")), [(-2, None)]),
        (OneOf(SCORE, (1, Decimal("1.5"), 7)), [(1, 1), (7, 7)]),
        (Between(SCORE, Decimal("0.5"), Decimal("2.5")), [(1, 2)]),
        (Between(SCORE, 3, 2), []),
        (Compared(AMOUNT, ">=", Decimal("50.5")), [(5050, None)]),
        (Between(AMOUNT, Decimal(0), Decimal("0.01")), [(0, 1)]),
    ],
)
def test_a_condition_lets_whole_numbers_through(rule: Compared | OneOf | Between, found: list[Interval]) -> None:
    assert intervals(rule, MOMENT) == found


@pytest.mark.parametrize("amount", ["0.001", "1e14", "1e999999"])
def test_an_amount_that_its_currency_does_not_have_is_refused(amount: str) -> None:
    with pytest.raises(Refusal):
        intervals(Compared(AMOUNT, ">", Decimal(amount)), MOMENT)


@pytest.mark.parametrize(
    ("lets", "known"),
    [
        ([(1, None)], (False, True)),
        ([(None, 0)], (True, False)),
        ([(0, 0)], (True, False)),
        ([(0, None)], (True, True)),
        ([(None, -1)], (False, False)),
        ([], (False, False)),
        ([(2, None)], None),
        ([(1, 1)], None),
        ([(0, 0), (2, 2)], None),
        ([(0, 0), (1, None)], (True, True)),
    ],
)
def test_of_some_counts_it_is_enough_whether_there_is_anything(
    lets: list[Interval], known: tuple[bool, bool] | None
) -> None:
    assert at_all(lets) == known
