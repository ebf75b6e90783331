"""Here lives how the fields and values of a rule are read: what is asked, over how many days, and held against what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lark import Token

from domain.errors import Refusal
from domain.lines import Line
from domain.phones import kept
from domain.rule_fields import BY_WORD
from domain.rule_grammar import HEAD, Fault
from domain.rule_quotes import tidy, typed, unmarked
from domain.rules import MOST_DAYS, Age, DayOfYear, Fact, Field, Today, Value

PIECE = re.compile(r'\s*[.。]\s*("(?:[^"]|"")*"|[^.。]+)')
DAYS = re.compile(r"([0-9]{1,18})\s*(?:天|日|days?|d)", re.IGNORECASE)
WINDOW = re.compile("[0-9]+")
NUMBER = re.compile(r"([-+]?[0-9]{1,40}(?:\.[0-9]{1,6})?)(?:\s*([千万亿]?)(元|块钱?|次|单|条|分)?)?")
PLAIN = re.compile(
    r"[-+]?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?"
)  # 007 and long ones are numbers of somebody, no amounts
THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
DATE = re.compile(r"([0-9]{4})[-/年]([0-9]{1,2})[-/月]([0-9]{1,2})[日号]?")
DAY_OF_YEAR = re.compile(r"(?:--)?([0-9]{1,2})[-/月]([0-9]{1,2})[日号]?")
TIMES = {"": 1, "千": 10**3, "万": 10**4, "亿": 10**8}
UNITS: Mapping[str, tuple[str, ...]] = {
    "money": ("元", "块", "块钱"),
    "count": ("次", "单", "条"),
    "number": ("分",),
}
TODAYS: Mapping[str, int] = {
    **dict.fromkeys(("今天", "今日", "today"), 0),
    **dict.fromkeys(("昨天", "昨日", "yesterday"), -1),
    **dict.fromkeys(("明天", "明日", "tomorrow"), 1),
}
FIRST_YEAR, LAST_YEAR, LEAP_YEAR = 1900, 2199, 2000
MOST = 10**15
LONGEST_KEY = 64


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the words of one line; every Refusal points to the word that is wrong."""

    line: Line

    def refusal(self, token: Token, key: str, **values: object) -> Refusal:
        return Fault(self.line, token.start_pos or 0).refusal(key, **values)

    def bad(self, field: Field, token: Token, why: str, **values: object) -> Refusal:
        """A value that does not go with the field; `why` says what is wrong with it."""
        return self.refusal(token, "value", field=field.name, kind=field.kind, what=str(token), why=why, **values)

    def fact(self, token: Token, window: Token | None = None) -> tuple[Field, Fact]:
        """`amount.90d`, `event.paid.7d`, `custom.等级`, and what a window in front adds."""
        head = HEAD.match(token)
        field = BY_WORD[head.group().lower() if head else ""]
        pieces = [piece[1].strip() for piece in PIECE.finditer(token)]
        days = [found.group() for found in [WINDOW.search(window or "")] if found]
        if field.windowed and pieces and (found := DAYS.fullmatch(pieces[-1])):
            days.append(found[1])
            pieces.pop()
        elif not field.keyed and pieces and DAYS.fullmatch(pieces[-1]):
            days.append("")
        elif not field.keyed and pieces:
            raise self.refusal(token, "field", what=str(token), near=[])
        return field, Fact(field.name, self._days(field, days, token), self._key(field, pieces, token))

    def _days(self, field: Field, days: list[str], token: Token) -> int | None:
        if not days:
            return None
        if not field.windowed:
            raise self.refusal(token, "window", field=field.name, why="none", most=MOST_DAYS)
        if len(days) > 1:
            raise self.refusal(token, "window", field=field.name, why="twice", most=MOST_DAYS)
        if not 1 <= int(days[0][:18]) <= MOST_DAYS:
            raise self.refusal(token, "window", field=field.name, why="days", most=MOST_DAYS)
        return int(days[0])

    def _key(self, field: Field, pieces: list[str], token: Token) -> str:
        if not field.keyed:
            return ""
        key = tidy(".".join(unmarked(piece) for piece in pieces))
        if not 0 < len(key) <= LONGEST_KEY:
            raise self.refusal(token, "key", field=field.name, most=LONGEST_KEY)
        return key

    def value(self, field: Field, token: Token) -> Value:
        """What a word stands for where `field` is asked."""
        if token.type == "WORD" and THOUSANDS.fullmatch(token):
            raise self.bad(field, token, "thousands", plain=token.replace(",", ""))
        match field.kind:
            case "text":
                said = self.text(field, token)
                return (kept(said) if field.name == "phone" else None) or said
            case "custom":
                is_number = token.type == "WORD" and PLAIN.fullmatch(token)
                return self._number(field, token) if is_number else self.text(field, token)
            case "choice":
                return self._choice(field, token)
            case "staff" | "channel":
                return self._name(field, token)
            case "day" | "instant":
                return self._time(field, token)
            case _:
                return self._number(field, token)

    def text(self, field: Field, token: Token) -> str:
        """As it was typed, in one line; nothing at all is no value."""
        start = token.start_pos or 0
        return self._said(field, token, typed(self.line, start, start + len(token)))

    def _name(self, field: Field, token: Token) -> str:
        return self._said(field, token, name(token))

    def _said(self, field: Field, token: Token, said: str) -> str:
        if not said:
            raise self.bad(field, token, "nothing")
        return said

    def _choice(self, field: Field, token: Token) -> str:
        wanted, choices = name(token).lower(), field.choices or {}
        stored = next((stored for stored, words in choices.items() if wanted in (stored, *words)), None)
        if stored is None:
            raise self.bad(field, token, "choice", choices=list(choices))
        return stored

    def _number(self, field: Field, token: Token) -> int | Decimal:
        found = NUMBER.fullmatch(token) if token.type == "WORD" else None
        if found is None or (found[3] and found[3] not in UNITS.get(field.kind, ())):
            raise self.bad(field, token, "number")
        number = Decimal(found[1]) * TIMES[found[2] or ""]
        if abs(number) > MOST:
            raise self.bad(field, token, "large")
        if field.kind in ("money", "custom"):
            return number
        if number != number.to_integral_value():
            raise self.bad(field, token, "whole")
        return int(number)

    def _time(self, field: Field, token: Token) -> Value:
        word = unmarked(token).strip()
        if (offset := TODAYS.get(word.lower())) is not None:
            return Today(offset)
        if found := DATE.fullmatch(word):
            return self._date(field, token, *(int(part) for part in found.groups()))
        if field.kind == "day" and (found := DAY_OF_YEAR.fullmatch(word)):
            day = self._date(field, token, LEAP_YEAR, int(found[1]), int(found[2]))
            return DayOfYear(day.month, day.day)
        if field.kind == "instant" and (found := DAYS.fullmatch(word)):
            if not 1 <= int(found[1]) <= MOST_DAYS:
                raise self.bad(field, token, "days", most=MOST_DAYS)
            return Age(int(found[1]))
        raise self.bad(field, token, "time")

    def _date(self, field: Field, token: Token, year: int, month: int, day: int) -> date:
        try:
            found = date(year, month, day)
        except ValueError:
            raise self.bad(field, token, "calendar") from None
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise self.bad(field, token, "calendar")
        return found


def name(token: str) -> str:
    """In its plain form, without a sign or marks: `@李雷`, `"Li Lei"`."""
    return tidy(unmarked(token.removeprefix("@")))
