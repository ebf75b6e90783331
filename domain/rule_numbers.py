"""Here lives which whole numbers a condition about a number, a count or an amount lets through."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from domain.money import minor
from domain.rules import Between, Compared, Fact, Moment, OneOf, Op, Value

Interval = tuple[int | None, int | None]  # both included; None: without end


def intervals(rule: Compared | OneOf | Between, moment: Moment) -> list[Interval]:
    """Amounts in minor units; raises Refusal for one that the currency cannot express. `!=` is asked as `=`."""
    match rule:
        case Compared(fact, op, value):
            found = [_compared(op, _number(fact, value, moment))]
        case OneOf(fact, values):
            found = [_compared("=", _number(fact, value, moment)) for value in values]
        case Between(fact, low, high):
            found = [(_up(_number(fact, low, moment)), _down(_number(fact, high, moment)))]
    return [(low, high) for low, high in found if low is None or high is None or low <= high]


def at_all(lets: Sequence[Interval]) -> tuple[bool, bool] | None:
    """Of a count: whether it may be 0, and whether it may be more, however much; None where it depends on how much."""
    zero = any((low is None or low <= 0) and (high is None or high >= 0) for low, high in lets)
    if any((low is None or low <= 1) and high is None for low, high in lets):
        return zero, True
    return (zero, False) if all(high is not None and high < 1 for _, high in lets) else None


def _number(fact: Fact, value: Value, moment: Moment) -> Decimal:
    exact = Decimal(str(value))
    return Decimal(minor(exact, moment.currency)) if fact.name == "amount" else exact


def _compared(op: Op, bound: Decimal) -> Interval:
    match op:
        case "<":
            return None, _up(bound) - 1
        case "<=":
            return None, _down(bound)
        case ">":
            return _down(bound) + 1, None
        case ">=":
            return _up(bound), None
        case _:
            return _up(bound), _down(bound)


def _up(bound: Decimal) -> int:
    return int(bound.to_integral_value(ROUND_CEILING))


def _down(bound: Decimal) -> int:
    return int(bound.to_integral_value(ROUND_FLOOR))
