"""Here lives the plain evaluator of rules: it asks one person's facts, condition by condition, in no hurry.

The one in SQL (models/rules.py) must agree with it, which tests prove.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from operator import eq, ge, gt, le, lt
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from domain.money import minor
from domain.rule_fields import BY_NAME
from domain.rule_times import Span, between, compared, day_asked, milliseconds, since
from domain.rules import (
    And,
    Between,
    Carries,
    Compared,
    Contains,
    DayOfYear,
    Empty,
    Fact,
    Kind,
    Moment,
    Not,
    OneOf,
    Op,
    Or,
    Rule,
    Today,
    Value,
)

FOLDED = str.maketrans(ascii_uppercase, ascii_lowercase)
ASKS: Mapping[Op, Callable[[Any, Any], bool]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Purchase:
    """`amount` in minor units of `currency`; only paid ones count."""

    at: datetime
    amount: int
    currency: str
    paid: bool = True


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a person did, or a push that reached them: a behaviour's name and when."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that rules can ask of one customer; whoever was merged into another belongs to no audience.

    `texts` maps the fields of kind text, choice and day to what is stored, "" where nothing is; `stage` is None
    without a lead; `tags` are the ids that count, heirs included; `channels` are names of accounts; `messages` are
    when they wrote to us.
    """

    id: int
    created: datetime
    last_seen: datetime
    texts: Mapping[str, str] = field(default_factory=dict)
    stage: str | None = None
    owner_id: int | None = None
    attendant_id: int | None = None
    score: int = 0
    tags: frozenset[int] = frozenset()
    channels: frozenset[str] = frozenset()
    purchases: tuple[Purchase, ...] = ()
    deeds: tuple[Deed, ...] = ()
    messages: tuple[datetime, ...] = ()
    custom: Mapping[str, str | int | float] = field(default_factory=dict)
    merged: bool = False

    @property
    def last_order(self) -> datetime | None:
        return max((each.at for each in self.purchases if each.paid), key=milliseconds, default=None)


def holds(rule: Rule, person: Person, moment: Moment) -> bool:
    """Whether a bound rule is true of a person; of nobody who was merged into another one, not even `not …`."""
    return not person.merged and _holds(rule, person, moment)


def folded(text: str) -> str:
    """Latin capitals made small: A–Z and no other letters."""
    return text.translate(FOLDED)


def kind(fact: Fact) -> Kind:
    """Of `attendant`, who stands in for the owner, only we ourselves ask: no field of that name can be typed."""
    return "staff" if fact.name == "attendant" else BY_NAME[fact.name].kind


def _holds(rule: Rule, person: Person, moment: Moment) -> bool:
    match rule:
        case Not(inner):
            return not _holds(inner, person, moment)
        case And(rules):
            return all(_holds(each, person, moment) for each in rules)
        case Or(rules):
            return any(_holds(each, person, moment) for each in rules)
        case Carries(tag_ids):
            return not tag_ids.isdisjoint(person.tags)
        case _:
            return _asked(rule, person, moment)


def _asked(rule: Rule, person: Person, moment: Moment) -> bool:
    match rule:
        case Empty(fact):
            return _known(fact, person) in (None, "")
        case Contains(fact, text):
            known = _known(fact, person)
            return isinstance(known, str) and folded(text) in folded(known)
        case OneOf(fact, values):
            return any(_compared(fact, "=", value, person, moment) for value in values)
        case Between(fact, low, high):
            return _between(fact, low, high, person, moment)
        case Compared(fact, op, value):
            return _compared(fact, op, value, person, moment)
        case _:
            raise TypeError(f"not bound: {rule}")


def _compared(fact: Fact, op: Op, value: Value, person: Person, moment: Moment) -> bool:
    if op == "!=":
        return not _compared(fact, "=", value, person, moment)
    match kind(fact):
        case "instant":
            return _within(_known(fact, person), compared(op, value, moment))
        case "day":
            return _birthday(_known(fact, person), op, value, moment)
        case "count" | "money" | "number":
            return ASKS[op](_number(fact, person, moment), _bound(fact, value, moment))
        case _:
            return _same(fact, op, value, person)


def _between(fact: Fact, low: Value, high: Value, person: Person, moment: Moment) -> bool:
    if kind(fact) == "instant":
        return _within(_known(fact, person), between(low, high, moment))
    if isinstance(low, DayOfYear) and isinstance(high, DayOfYear):
        return _day_of_year(low) <= str(_known(fact, person))[-5:] <= _day_of_year(high)
    return _compared(fact, ">=", low, person, moment) and _compared(fact, "<=", high, person, moment)


def _same(fact: Fact, op: Op, value: Value, person: Person) -> bool:
    known = _known(fact, person)
    match kind(fact):
        case "channel":
            return value in person.channels
        case "custom" if not isinstance(value, str):
            number = isinstance(known, int | float) and not isinstance(known, bool)
            return number and ASKS[op](float(known), float(str(value)))
        case "text" | "custom":
            return isinstance(known, str) and known != "" and folded(known) == folded(str(value))
        case _:
            return known not in (None, "") and known == value


def _known(fact: Fact, person: Person) -> Any:
    """What is known of one thing; None or "" where nothing is."""
    match fact.name:
        case "stage" | "created" | "last_seen" | "last_order":
            return getattr(person, fact.name)
        case "owner" | "attendant":
            return getattr(person, f"{fact.name}_id")
        case "custom":
            return person.custom.get(fact.key)
        case name:
            return person.texts.get(name, "")


def _number(fact: Fact, person: Person, moment: Moment) -> int:
    """A count, an amount in minor units, or the score."""
    paid = [each for each in person.purchases if each.paid]
    match fact.name:
        case "score":
            return person.score
        case "amount":
            ours = (each for each in paid if each.currency == moment.currency)
            return sum(each.amount for each in ours if _recent(each.at, fact, moment))
        case "orders":
            return _many((each.at for each in paid), fact, moment)
        case "messages":
            return _many(person.messages, fact, moment)
        case name:
            wanted = fact.key or name
            return _many((each.at for each in person.deeds if each.name == wanted), fact, moment)


def _many(instants: Iterable[datetime], fact: Fact, moment: Moment) -> int:
    return sum(_recent(at, fact, moment) for at in instants)


def _recent(at: datetime, fact: Fact, moment: Moment) -> bool:
    return fact.days is None or milliseconds(at) >= since(fact.days, moment)


def _bound(fact: Fact, value: Value, moment: Moment) -> Any:
    return minor(Decimal(str(value)), moment.currency) if kind(fact) == "money" else value


def _within(known: datetime | None, span: Span) -> bool:
    first, end = span
    at = None if known is None else milliseconds(known)
    return at is not None and (first is None or at >= first) and (end is None or at < end)


def _birthday(known: str, op: Op, value: Value, moment: Moment) -> bool:
    """`known` is 1990-05-01, or --05-01 without a year, which is neither before nor after a day."""
    match value:
        case DayOfYear():
            return known[-5:] == _day_of_year(value)
        case Today():
            return known[-5:] == day_asked(value, moment).isoformat()[-5:]
        case date() if known and (op == "=" or not known.startswith("--")):
            return ASKS[op](known, value.isoformat())
        case _:
            return False


def _day_of_year(value: DayOfYear) -> str:
    return f"{value.month:02}-{value.day:02}"
