"""Here lives what a rule says, in pieces for a template to put into words (templates/chat/*/rules/explained.txt)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from domain.people import meant
from domain.pool import KINDS
from domain.rule_facts import kind
from domain.rule_names import Names, named
from domain.rules import (
    Age,
    And,
    Between,
    Carries,
    Compared,
    Contains,
    DayOfYear,
    Empty,
    Fact,
    Member,
    Not,
    OneOf,
    Op,
    Or,
    Rule,
    Tagged,
    Today,
    Value,
)

Piece = dict[str, Any]
OTHERWISE: dict[Op, Op] = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
KNOWN = ("count", "money", "number")  # nobody is without one, so that the contrary of less is more
FEW = 5


def said(rule: Rule, names: Names) -> list[Piece]:
    """Typed, kept or bound: `is` says what each piece is, one of and, or, not, open, close, and conditions.

    `denied` conditions are those that must not be so.
    """
    return list(_pieces(named(rule, names), names, denied=False, alone=True))


def _pieces(rule: Rule, names: Names, *, denied: bool, alone: bool = False) -> Iterator[Piece]:
    match rule:
        case Not(inner):
            yield from _pieces(inner, names, denied=not denied, alone=alone)
        case And(rules) | Or(rules):
            bracketed = denied or not alone
            yield from [{"is": "not"}] * denied + [{"is": "open"}] * bracketed
            for place, each in enumerate(rules):
                yield from [{"is": "and" if isinstance(rule, And) else "or"}] * (place > 0)
                yield from _pieces(each, names, denied=False)
            yield from [{"is": "close"}] * bracketed
        case _:
            yield {**_condition(rule, names, denied=denied)}


def _condition(rule: Rule, names: Names, *, denied: bool) -> Piece:
    match rule:
        case Tagged(group, name):
            return {"is": "tag" if name else "group", "name": name or group, "group": group, "denied": denied}
        case Carries(tag_ids):
            paths = [tag.path for tag in names.tags if tag.id in tag_ids]
            return {"is": "tags", "names": paths[:FEW], "more": len(tag_ids) - len(paths[:FEW]), "denied": denied}
        case Member(name, arguments):
            return {"is": "audience", "name": name, "arguments": list(arguments), "denied": denied}
        case Compared() | OneOf() | Between() | Contains() | Empty():
            return _asked(rule, names, denied=denied)
        case _:
            raise TypeError(f"no condition: {rule}")


def _asked(rule: Compared | OneOf | Between | Contains | Empty, names: Names, *, denied: bool) -> Piece:
    match rule:
        case Compared(fact, op, value):
            if denied and (op in ("=", "!=") or kind(fact) in KNOWN):
                op, denied = OTHERWISE[op], False
            frequency = _frequency(op, value) if kind(fact) == "count" else None
            return _piece(fact, frequency or op, [value], names, denied=denied)
        case OneOf(fact, values):
            return _piece(fact, "in", list(values), names, denied=denied)
        case Between(fact, low, high):
            return _piece(fact, "between", [low, high], names, denied=denied)
        case Contains(fact, text):
            return _piece(fact, "~", [text], names, denied=denied)
        case Empty(fact):
            return _piece(fact, "empty", [], names, denied=denied)


def _frequency(op: Op, value: Value) -> str | None:
    """Ever or never, where that is what it comes to."""
    if (op, value) in ((">=", 1), (">", 0), ("!=", 0)):
        return "ever"
    return "never" if (op, value) in (("<", 1), ("<=", 0), ("=", 0)) else None


def _piece(fact: Fact, op: str, values: list[Value], names: Names, *, denied: bool) -> Piece:
    return {
        "is": "fact",
        "kind": kind(fact),
        "field": fact.name,
        "key": fact.key,
        "days": fact.days,
        "op": op,
        "against": [_value(fact, value, names) for value in values],
        "denied": denied,
        "currency": names.currency,
    }


def _value(fact: Fact, value: Value, names: Names) -> Piece:
    """What kind of value it `is`, and the value as it can be shown."""
    match value:
        case Age(days):
            return {"is": "age", "value": days}
        case Today(offset):
            return {"is": "today", "value": offset}
        case DayOfYear(month, day):
            return {"is": "day_of_year", "value": [month, day]}
        case Decimal():
            return {"is": "number", "value": f"{value.normalize():f}"}
        case date():
            return {"is": "day", "value": value.isoformat()}
        case _:
            return {"is": _named_by(fact, value), "value": _shown(fact, value, names)}


def _named_by(fact: Fact, value: str | int) -> str:
    match kind(fact):
        case "choice":
            return fact.name
        case "staff":
            return "person"
        case "channel":
            return "channel"
        case _:
            return "text" if isinstance(value, str) else "number"


def _shown(fact: Fact, value: str | int, names: Names) -> str | int:
    """A colleague by their whole name, a channel by its kind where a word for that was typed."""
    match kind(fact), value:
        case "staff", int():
            return names.staff.get(value, value)
        case "staff", str():
            found = meant(value, names.staff.values())
            return found[0] if len(found) == 1 else value
        case "channel", str() if value not in names.accounts:
            return next((each for each, words in KINDS.items() if value.lower() in words), value)
        case _:
            return value
