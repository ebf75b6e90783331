"""Here lives the vocabulary of rules: what can be asked of a customer, and the conditions built from it, as values.

How a rule is typed is in domain/rule_text.py, what its names stand for in domain/rule_names.py. A rule whose names
are known is `bound`: two evaluators answer it, domain/rule_facts.py over plain objects and models/rules.py in SQL.

Every condition is true or false of every customer: one about something unknown is false, and `not` turns that round.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

Op = Literal["=", "!=", "<", "<=", ">", ">="]
Kind = Literal["text", "choice", "staff", "channel", "day", "instant", "number", "count", "money", "custom"]

SAME, ORDER = ("=", "!="), ("<", "<=", ">", ">=")
OPERATORS: Mapping[Kind, tuple[str, ...]] = {
    "text": (*SAME, "in", "~", "empty"),
    "choice": (*SAME, "in", "empty"),
    "staff": (*SAME, "in", "empty"),
    "channel": (*SAME, "in"),
    "day": (*SAME, *ORDER, "between", "empty"),
    "instant": (*SAME, *ORDER, "between", "empty"),
    "number": (*SAME, *ORDER, "in", "between"),
    "count": (*SAME, *ORDER, "in", "between"),
    "money": (*SAME, *ORDER, "in", "between"),
    "custom": (*SAME, *ORDER, "in", "between", "~", "empty"),
}

LONGEST = 4_000  # characters of a rule
DEEPEST = 50  # brackets, nots and audiences within each other
MOST_DAYS = 36_500  # of an age or a window


@dataclass(frozen=True, slots=True)
class Age:
    """So many days before now. `last_order < 30d` is true of an instant within the last 30 days."""

    days: int


@dataclass(frozen=True, slots=True)
class Today:
    """The day of the house on which the rule is asked; `offset` days later (-1: yesterday)."""

    offset: int = 0


@dataclass(frozen=True, slots=True)
class DayOfYear:
    """A day of any year, for birthdays."""

    month: int
    day: int


Value = str | int | Decimal | date | Age | Today | DayOfYear


@dataclass(frozen=True, slots=True)
class Field:
    """What can be asked of a customer: `kind` says which values and operators fit.

    text       any words. Latin letters of either case are the same (A–Z only, so that both databases agree).
    choice     one of `choices`, which map each stored value to the words that people use for it.
    staff      a colleague, by name; bound: their id.
    channel    an account by its name, or a kind of channel; bound: names of accounts. A customer may be on several.
    day        a birthday: a date, Today or a DayOfYear. `=` without a year compares month and day.
    instant    a moment: compared with a day of the house, or with an Age.
    number     a whole number that is always known.
    count      how often something happened, with `windowed` within the last `days`; alone it means: at least once.
    money      the sum of paid orders in the house's currency, typed in its major unit.
    custom     the house's own field `key`: text or number, whichever the value is.
    """

    name: str
    kind: Kind
    zh: tuple[str, ...]
    en: tuple[str, ...] = ()
    windowed: bool = False
    keyed: bool = False
    choices: Mapping[str, tuple[str, ...]] | None = None

    @property
    def operators(self) -> tuple[str, ...]:
        """`empty` stands for `is empty`, `~` for "contains"."""
        return OPERATORS[self.kind]


@dataclass(frozen=True, slots=True)
class Fact:
    """One field as a rule asks for it: `days` is its window (None: ever), `key` what follows `event.` or `custom.`."""

    name: str
    days: int | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Tagged:
    """Carries the tag `name`, of whichever group where `group` is empty; any tag of the group where `name` is.

    `name` may be a tag's id: G12.
    """

    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Carries:
    """Bound: carries one of these tags, or one that was merged into one of them."""

    tag_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Compared:
    fact: Fact
    op: Op
    value: Value


@dataclass(frozen=True, slots=True)
class OneOf:
    fact: Fact
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """From `low` to `high`, both included; ages and days as in comparisons."""

    fact: Fact
    low: Value
    high: Value


@dataclass(frozen=True, slots=True)
class Contains:
    fact: Fact
    text: str


@dataclass(frozen=True, slots=True)
class Empty:
    fact: Fact


@dataclass(frozen=True, slots=True)
class Member:
    """Belongs to a saved audience, or to a template with these arguments; bound, it is replaced by that rule.

    An argument whose name is empty is for the next parameter in order.
    """

    name: str
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    rule: "Rule"


@dataclass(frozen=True, slots=True)
class And:
    """At least two."""

    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least two."""

    rules: tuple["Rule", ...]


Condition = Tagged | Carries | Compared | OneOf | Between | Contains | Empty | Member
Rule = Condition | Not | And | Or


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where a rule is asked: it decides what "today", "30d" and an amount of money mean."""

    now: datetime
    timezone: tzinfo
    currency: str = "CNY"
