"""Here lives how rules are typed and written: text becomes a rule, and a rule its one canonical text.

`#高意向 且 非 30天内群发` is `#高意向 and not pushed.30d`. Chinese and English words may be mixed. The grammar is in
domain/rules.lark, its fields in domain/rule_fields.py.
"""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from lark import Token, Tree

from domain.lines import plainly
from domain.rule_fields import BY_NAME
from domain.rule_grammar import Node, tree
from domain.rule_quotes import bare_or_marked, marked, tidy, unmarked
from domain.rule_values import Reader, name
from domain.rules import (
    ORDER,
    SAME,
    Age,
    And,
    Between,
    Compared,
    Contains,
    DayOfYear,
    Empty,
    Fact,
    Field,
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
from domain.tags import SEPARATOR

SIGNS: dict[Op, str] = {
    "=": "= == is 是 等于",
    "!=": "!= <> ≠ isnot 不是 不等于",
    ">=": ">= => ≥ 大于等于 不少于 不低于 不小于 至少",
    "<=": "<= =< ≤ 小于等于 不超过 不多于 不高于 不大于 至多 最多",
    ">": "> 大于 多于 高于 超过",
    "<": "< 小于 少于 低于 不到",
}
BY_SIGN: dict[str, Op] = {sign: op for op, signs in SIGNS.items() for sign in signs.split()}
OPERATORS = {"one_of": "in", "between": "between", "contains": "~", "empty": "empty"}
VALUES = {"QUOTED", "NAME", "WORD"}
DENIED = {"NOT", "NOT_IN", "NOT_BETWEEN", "HAS_NOT", "FILLED"}
SAFE = re.compile(r"(?!.*[且或并和到至之])[^\W_]+")
KEY = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
TODAY = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def parse(text: str) -> Rule:
    """The rule that was typed; raises Refusal, which tells where and how it is not one."""
    line = plainly(text)
    return _Typed(Reader(line)).rule(tree(line))


def written(rule: Rule) -> str:
    """In canonical words, the same in every language: read again, it is the same rule."""
    match rule:
        case Or(rules):
            return " or ".join(written(each) for each in rules)
        case And(rules):
            return " and ".join(_within(each, Or) for each in rules)
        case Not(Empty(fact)):
            return f"{_fact(fact)} is not empty"
        case Not(inner):
            return f"not {_within(inner, And, Or)}"
        case _:
            return _condition(rule)


class _Typed:
    """Makes a rule of a tree. `tree` has made sure that it is not too deep for that."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def rule(self, node: Node) -> Rule:
        words = [each for each in node.children if isinstance(each, Token)]
        inner = [self.rule(each) for each in node.children if isinstance(each, Tree)]
        match node.data:
            case "either" | "both":
                return _joined(Or if node.data == "either" else And, inner)
            case "negated" | "bracketed":
                return Not(inner[0]) if node.data == "negated" else inner[0]
            case "tagged":
                return self._tagged(words[0])
            case "member":
                return self._member(words)
            case _:
                rule = self._asked(node.data, words)
                return Not(rule) if any(word.type in DENIED for word in words) else rule

    def _tagged(self, word: Token) -> Rule:
        path = tidy(unmarked(word.removeprefix("#")))
        group, separator, tag = path.partition(SEPARATOR)
        if not path.strip(SEPARATOR).strip():
            raise self.reader.refusal(word, "nameless", sign="#")
        return Tagged(group.strip(), tag.strip()) if separator else Tagged("", path)

    def _member(self, words: list[Token]) -> Rule:
        called = name(words[0])
        if not called:
            raise self.reader.refusal(words[0], "nameless", sign="@")
        return Member(called, tuple(_argument(word) for word in words if word.type == "ARGUMENT"))

    def _asked(self, kind: str, words: list[Token]) -> Rule:
        field, fact, rest = self._field(words)
        sign, values = rest[0] if rest else None, [word for word in rest if word.type in VALUES]
        if sign is None:
            return self._bare(field, fact, words[-1])
        op = BY_SIGN["".join(sign.lower().split())] if sign.type == "SIGN" else OPERATORS[kind]
        if op not in field.operators:
            raise self.reader.refusal(
                sign, "operator", field=field.name, kind=field.kind, what=str(sign), allowed=list(field.operators)
            )
        match kind:
            case "compared":
                return self._compared(field, fact, BY_SIGN["".join(sign.lower().split())], values[0])
            case "one_of":
                read = [self.reader.value(field, value) for value in values]
                return OneOf(fact, tuple(dict.fromkeys(read)))
            case "between":
                return self._between(field, fact, *values)
            case "contains":
                return Contains(fact, self.reader.text(field, values[0]))
            case _:
                return Empty(fact)

    def _field(self, words: list[Token]) -> tuple[Field, Fact, list[Token]]:
        """The field, the fact, and what follows."""
        at = next(place for place, word in enumerate(words) if word.type == "FIELD")
        window = words[0] if words[0].type == "WINDOW" else None
        return *self.reader.fact(words[at], window), words[at + 1 :]

    def _bare(self, field: Field, fact: Fact, word: Token) -> Rule:
        if field.kind != "count":
            raise self.reader.refusal(word, "bare", field=field.name, kind=field.kind, what=str(word))
        return Compared(fact, ">=", 1)

    def _compared(self, field: Field, fact: Fact, op: Op, word: Token) -> Rule:
        value = self.reader.value(field, word)
        if op in SAME and isinstance(value, Age):
            raise self.reader.bad(field, word, "age_same")
        if op in ORDER and (isinstance(value, DayOfYear) or (field.kind == "day" and isinstance(value, Today))):
            raise self.reader.bad(field, word, "yearless")
        if op in ORDER and isinstance(value, str):
            raise self.reader.bad(field, word, "number")
        return Compared(fact, op, value)

    def _between(self, field: Field, fact: Fact, first: Token, second: Token) -> Rule:
        low, high = self.reader.value(field, first), self.reader.value(field, second)
        for value, word in ((low, first), (high, second)):
            if isinstance(value, str):
                raise self.reader.bad(field, word, "number")
            if field.kind == "day" and isinstance(value, Today):
                raise self.reader.bad(field, word, "yearless")
        if not _comparable(field, low, high):
            raise self.reader.bad(field, second, "mixed")
        if type(low) is type(high) and _place(low) > _place(high):
            raise self.reader.bad(field, second, "reversed", first=str(first))
        return Between(fact, low, high)


def _comparable(field: Field, low: Value, high: Value) -> bool:
    if field.kind == "instant":
        return isinstance(low, Age) == isinstance(high, Age)
    return field.kind != "day" or type(low) is type(high)


def _place(value: Value) -> tuple[Any, ...]:
    match value:
        case Age(days):
            return (days,)
        case Today(offset):
            return (offset,)
        case DayOfYear(month, day):
            return (month, day)
        case _:
            return (value,)


def _argument(word: Token) -> tuple[str, str]:
    key, separator, value = word.partition("=")
    return (key.strip(), name(value.strip())) if separator and not key.startswith('"') else ("", name(word))


def _joined(kind: type[And | Or], rules: Iterable[Rule]) -> Rule:
    """Brackets within their like say nothing."""
    flat = [part for rule in rules for part in (rule.rules if isinstance(rule, kind) else (rule,))]
    return kind(tuple(flat)) if len(flat) > 1 else flat[0]


def _within(rule: Rule, *kinds: type) -> str:
    return f"({written(rule)})" if isinstance(rule, kinds) else written(rule)


def _condition(rule: Rule) -> str:
    match rule:
        case Tagged(group, tag):
            path = f"{group}{SEPARATOR}{tag}" if group or not tag or SEPARATOR in tag else tag
            return bare_or_marked(path, "#")
        case Member(called, arguments):
            inner = ", ".join(f"{key}={_word(value)}" if key else _word(value) for key, value in arguments)
            return bare_or_marked(called, "@") + (f"({inner})" if inner else "")
        case Compared(fact) | OneOf(fact) | Between(fact) | Contains(fact) | Empty(fact):
            return f"{_fact(fact)}{_asked(rule)}"
        case _:
            raise TypeError(f"nobody can type {rule}")


def _asked(rule: Compared | OneOf | Between | Contains | Empty) -> str:
    match rule:
        case Compared(fact, ">=", 1) if BY_NAME[fact.name].kind == "count":
            return ""
        case Compared(fact, op, value):
            return f" {op} {_value(fact, value)}"
        case OneOf(fact, values):
            return f" in ({', '.join(_value(fact, value) for value in values)})"
        case Between(fact, low, high):
            return f" between {_value(fact, low)}..{_value(fact, high)}"
        case Contains(_, text):
            return f" ~ {_word(text)}"
        case Empty():
            return " is empty"


def _fact(fact: Fact) -> str:
    key = fact.key if not fact.key or KEY.fullmatch(fact.key) else marked(fact.key)
    return ".".join([fact.name, *filter(None, [key]), *([] if fact.days is None else [f"{fact.days}d"])])


def _value(fact: Fact, value: Value) -> str:
    match value:
        case str():
            return _said(BY_NAME[fact.name], value)
        case Age(days):
            return f"{days}d"
        case Today(offset):
            return TODAY[offset]
        case DayOfYear(month, day):
            return f"{month:02}-{day:02}"
        case Decimal():
            return format(value.normalize(), "f")
        case int() | date():
            return str(value)


def _said(field: Field, text: str) -> str:
    match field.kind:
        case "staff":
            return bare_or_marked(text, "@")
        case "custom":
            return marked(text)
        case _:
            return _word(text)


def _word(text: str) -> str:
    """In marks unless it can be nothing but one word."""
    return text if SAFE.fullmatch(text) and plainly(text).plain == text else marked(text)
