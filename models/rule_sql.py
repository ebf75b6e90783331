"""Here lives how a bound rule becomes a condition in SQL: words of ours, names of our tables, and every value apart.

No part of it is ever NULL. `not` is pushed down to the single conditions, and of several the deepest comes first,
because SQLite's parser keeps no more than 100 words in mind.
"""

# ruff: noqa: S608 - only words of ours and the names of our tables are put together

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from domain.rule_facts import folded, kind
from domain.rule_fields import FIELDS
from domain.rule_numbers import Interval, at_all, intervals
from domain.rule_times import Span, between, compared, day_asked, since
from domain.rules import (
    And,
    Between,
    Carries,
    Compared,
    Contains,
    DayOfYear,
    Empty,
    Fact,
    Moment,
    Not,
    OneOf,
    Op,
    Or,
    Rule,
    Value,
)
from models.rule_words import EVERYBODY, NOBODY, Type, Words, row, sense, when_known, words

Asked = Compared | OneOf | Between
Ask = Callable[[Fact, Op, Value], str]

COLUMNS: Mapping[str, str] = {
    **{each.name: f"c.{each.name}" for each in FIELDS if each.kind in ("text", "choice", "day")},
    "owner": "c.owner_id",
    "attendant": "c.attendant_id",
    "created": "c.created_at",
    "last_seen": "c.seen_at",
    "last_order": "c.last_order_at",
}
SUMS: Mapping[str, str] = {"orders": "c.orders", "amount": "c.amount", "score": "c.score"}
LAST: Mapping[str, str] = {"orders": "c.last_order_at", "pushed": "c.pushed_at", "clicked": "c.clicked_at"}
PAID = "x.state = 'paid'"
LIVING = """x.tag_id IN (SELECT g.id FROM tag AS g JOIN tag AS h ON h.gone_at IS NULL
    AND h.id = CASE WHEN g.gone_at IS NULL THEN g.id ELSE g.merged_into_id END WHERE {chosen})"""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of another table that tell of a customer (each as x), and what is counted of them."""

    table: str
    where: str
    what: str = "COUNT(*)"


@dataclass(slots=True)
class Clause:
    """A condition in the making, about the row `c` of customer; the places of its values begin with $`first`.

    `few`: it is asked of a few customers only, so that what other tables tell is looked up for each of them.
    """

    moment: Moment
    first: int = 1
    few: bool = False
    values: list[object] = field(default_factory=list)
    words: Words = field(default_factory=words)

    def of(self, rule: Rule, *, yes: bool = True) -> str:
        """Whether a rule is true; unless `yes`, whether it is not."""
        match rule:
            case Not(inner):
                return self.of(inner, yes=not yes)
            case And(rules) | Or(rules):
                parts = [self.of(each, yes=yes) for each in sorted(rules, key=_depth, reverse=True)]
                return row("AND" if isinstance(rule, And) is yes else "OR", parts)
            case _:
                return sense(yes, self._single(rule))

    def _single(self, rule: Rule) -> str:
        match rule:
            case Carries(tag_ids):
                return self._any(Rows("tagging", LIVING.format(chosen=self.one_of("h.id", sorted(tag_ids), "bigint"))))
            case Contains(fact, text):
                return self._text(fact, lambda known: self.words.holds.format(known, self.put(folded(text))))
            case Empty(fact):
                return self._empty(fact)
            case Compared(fact, "!=", value):
                return sense(False, self._asked(Compared(fact, "=", value)))  # noqa: FBT003 - the sense of what is said
            case Compared() | OneOf() | Between():
                return self._asked(rule)
            case _:
                raise TypeError(f"not bound: {rule}")

    def _asked(self, rule: Asked) -> str:
        match kind(rule.fact):
            case "number" | "count" | "money":
                return self._number(rule.fact, intervals(rule, self.moment))
            case "instant":
                return self._instant(rule)
            case "day":
                return self._day(rule)
            case "custom":
                return _each(rule, self._custom)
            case _:
                return self._same(rule)

    def _same(self, rule: Asked) -> str:
        """Text, choice, colleague or channel: one of these values."""
        fact = rule.fact
        values = [value for value in _values(rule) if value != ""]
        match kind(fact):
            case "text":
                return self._text(fact, lambda known: self.one_of(known, [folded(str(value)) for value in values]))
            case "channel":
                return self._any(Rows("identity", self.one_of("x.account", values)))
            case "staff":
                return when_known(COLUMNS[fact.name], self.one_of(COLUMNS[fact.name], values, "bigint"))
            case _ if fact.name == "stage":
                return self._any(Rows("lead", self.one_of("x.stage", values)))
            case _:
                return self.one_of(COLUMNS[fact.name], values)

    def _text(self, fact: Fact, asked: Callable[[str], str]) -> str:
        """Something asked of words, in small letters."""
        if fact.name != "custom":
            return asked(self.words.folded.format(COLUMNS[fact.name]))
        key = self.put(fact.key)
        known = self.words.folded.format(self.words.known_text.format(key=key))
        return self.words.text.format(key=key, asked=asked(known))

    def _custom(self, fact: Fact, op: Op, value: Value) -> str:
        if isinstance(value, str):
            return self._text(fact, lambda known: self.one_of(known, [folded(value)])) if value else NOBODY
        key = self.put(fact.key)
        known = self.words.known_number.format(key=key)
        return self.words.number.format(key=key, asked=f"{known} {op} {self.put(repr(float(str(value))), 'real')}")

    def _empty(self, fact: Fact) -> str:
        match kind(fact):
            case "custom":
                return self.words.nothing.format(key=self.put(fact.key))
            case "staff" | "instant":
                return f"{COLUMNS[fact.name]} IS NULL"
            case _ if fact.name == "stage":
                return f"NOT ({self._any(Rows('lead', EVERYBODY))})"
            case _:
                return f"{COLUMNS[fact.name]} = ''"

    def _instant(self, rule: Asked) -> str:
        if isinstance(rule, Between):
            return self._during(COLUMNS[rule.fact.name], between(rule.low, rule.high, self.moment))
        return _each(rule, lambda fact, op, value: self._during(COLUMNS[fact.name], compared(op, value, self.moment)))

    def _during(self, known: str, span: Span) -> str:
        signs = zip((">=", "<"), span, strict=True)
        parts = [f"{known} {sign} {self.put(at, 'bigint')}" for sign, at in signs if at is not None]
        return when_known(known, *parts)

    def _day(self, rule: Asked) -> str:
        match rule:
            case Between(_, DayOfYear() as low, DayOfYear() as high):
                ends = self.words.ordered.format(self.words.ends.format(COLUMNS["birthday"]))
                return f"{ends} BETWEEN {self.put(_of_year(low))} AND {self.put(_of_year(high))}"
            case _:
                return _each(rule, self._birthday)

    def _birthday(self, fact: Fact, op: Op, value: Value) -> str:
        known = COLUMNS[fact.name]
        if not isinstance(value, date):
            day = _of_year(value) if isinstance(value, DayOfYear) else f"{day_asked(value, self.moment):%m-%d}"
            return f"{self.words.ends.format(known)} = {self.put(day)}"
        if op == "=":
            return f"{known} = {self.put(value.isoformat())}"
        ordered = f"{self.words.ordered.format(known)} {op} {self.put(value.isoformat())}"
        return f"({known} <> '' AND {known} NOT LIKE '--%' AND {ordered})"

    def _number(self, fact: Fact, lets: Sequence[Interval]) -> str:
        if not lets:
            return NOBODY
        if fact.days is None and fact.name in SUMS:
            return self._within(SUMS[fact.name], lets)
        if kind(fact) == "count" and (asked := at_all(lets)):
            zero, more = asked
            return sense(more, self._ever(fact)) if zero is not more else EVERYBODY if zero else NOBODY
        return self._many(self._rows(fact), lets)

    def _ever(self, fact: Fact) -> str:
        """Whether it happened at all, in its window; of some things we know when they did last."""
        if (last := LAST.get(fact.name)) is None:
            return self._any(self._rows(fact))
        return self._during(last, (None if fact.days is None else since(fact.days, self.moment), None))

    def _rows(self, fact: Fact) -> Rows:
        within = f" AND x.at >= {self.put(since(fact.days, self.moment), 'bigint')}" if fact.days is not None else ""
        match fact.name:
            case "orders":
                return Rows("purchase", PAID + within)
            case "amount":
                ours = f" AND x.currency = {self.put(self.moment.currency)}"
                return Rows("purchase", PAID + ours + within, "CAST(SUM(x.amount) AS BIGINT)")
            case "messages":
                return Rows("message", f"x.direction = 'in'{within}")
            case name:
                return Rows("behaviour", f"x.name = {self.put(fact.key or name)}{within}")

    def _any(self, rows: Rows) -> str:
        """Whether a customer has such a row."""
        if self.few or not self.words.sets:
            return f"EXISTS (SELECT 1 FROM {rows.table} AS x WHERE x.customer_id = c.id AND {rows.where})"
        return f"c.id IN (SELECT x.customer_id FROM {rows.table} AS x WHERE {rows.where})"

    def _many(self, rows: Rows, lets: Sequence[Interval]) -> str:
        """Whether so many such rows are a customer's. Who has none is in no group: there the contrary is asked."""
        source = f"FROM {rows.table} AS x WHERE {rows.where}"
        if self.few:
            return self._within(f"(SELECT COALESCE({rows.what}, 0) {source} AND x.customer_id = c.id)", lets)
        none_will_do = any((low or 0) <= 0 and (high is None or high >= 0) for low, high in lets)
        having = sense(not none_will_do, self._within(rows.what, lets))
        grouped = f"SELECT x.customer_id AS id {source} GROUP BY x.customer_id HAVING {having}"
        return sense(not none_will_do, self.words.among.format(grouped))

    def _within(self, known: str, lets: Sequence[Interval]) -> str:
        single = [low for low, high in lets if low is not None and low == high]
        parts = [self._between(known, low, high) for low, high in lets if low is None or low != high]
        return row("OR", [self.one_of(known, single, "bigint"), *parts] if single or not parts else parts)

    def _between(self, known: str, low: int | None, high: int | None) -> str:
        ends = [self.put(end, "bigint") for end in (low, high) if end is not None]
        if low is not None and high is not None:
            return f"{known} BETWEEN {' AND '.join(ends)}"
        return f"{known} {'<=' if low is None else '>='} {ends[0]}"

    def one_of(self, known: str, values: Sequence[object], kind: Type = "text") -> str:
        if not values:
            return NOBODY
        if len(values) == 1:
            return f"{known} = {self.put(values[0], kind)}"
        return self.words.lists[kind].format(known, self._place(self.words.listed(values)))

    def put(self, value: object, kind: Type = "text") -> str:
        return self.words.places[kind].format(self._place(value))

    def _place(self, value: object) -> str:
        self.values.append(value)
        return f"${self.first + len(self.values) - 1}"


def _each(rule: Asked, ask: Ask) -> str:
    match rule:
        case OneOf(fact, values):
            return row("OR", [ask(fact, "=", value) for value in values])
        case Between(fact, low, high):
            return row("AND", [ask(fact, ">=", low), ask(fact, "<=", high)])
        case Compared(fact, op, value):
            return ask(fact, op, value)


def _values(rule: Asked) -> Sequence[Value]:
    match rule:
        case OneOf(_, values):
            return values
        case Compared(_, "=", value):
            return (value,)
        case _:
            raise TypeError(f"not bound: {rule}")


def _of_year(day: DayOfYear) -> str:
    return f"{day.month:02}-{day.day:02}"


def _depth(rule: Rule) -> int:
    match rule:
        case Not(inner):
            return _depth(inner)
        case And(rules) | Or(rules):
            return 1 + max(map(_depth, rules))
        case _:
            return 0
