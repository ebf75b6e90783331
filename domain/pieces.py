"""Here lives what a time is said in, piece by piece, how a table of rules finds the pieces, and how numbers are said.

A rule is one pattern and a function that makes pieces of what it found, given the present day. No pieces means
"not about time after all"; a piece without any date or hour means "there is no such day or hour".
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

NUMERALS = "零〇一二两三四五六七八九十"
HAN = "[\u4e00-\u9fff]"
LETTERS = "A-Za-z\u00c0-\u024f"
# Where a number or an English word may begin and end; a Chinese number may follow a weekday: 周五十点.
HEAD = rf"(?<![{LETTERS}0-9_.@/#$+])(?<![0-9][-:])(?<![{LETTERS}]-)"
TAIL = rf"(?![{LETTERS}0-9_@]|[-.:'’][{LETTERS}0-9])"
WEEKDAY_BEFORE = "|".join(f"(?<={word}[{NUMERALS}])" for word in ("周", "星期", "礼拜"))
START = rf"(?:{HEAD}(?=[0-9])|(?:{WEEKDAY_BEFORE}|(?<![{NUMERALS}百千万亿第几数0-9]))(?=[{NUMERALS}半]))"

# One to one, so that places in the text stay as they are.
SIMPLER = str.maketrans("點週後號個兩鐘時禮這過裡間內開會約見來請", "点周后号个两钟时礼这过里间内开会约见来请")

PartOfDay = Literal["dawn", "morning", "noon", "afternoon", "dusk", "evening", "night"]
Alone = Literal["never", "today", "next"]


@dataclass(frozen=True, slots=True)
class Day:
    """The dates that may be meant, soonest first; `untimed` are those that may be without a time of day.

    `other` is what it may mean as well (03/04), so that a person has to say.
    """

    dates: tuple[date, ...]
    weekday: int | None = None
    untimed: tuple[date, ...] | None = None
    other: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Clock:
    """`sure` is an hour out of twenty-four; `needs_day` is one that is no time without a day (at 10)."""

    hour: int
    minute: int = 0
    sure: bool = False
    needs_day: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Of a day; said without a day it means nothing, or this day only, or the next that comes."""

    name: PartOfDay
    alone: Alone = "today"


@dataclass(frozen=True, slots=True)
class Lapse:
    """So many minutes from now."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Habit:
    """What recurs or lasts: 每周一, 周一到周五."""


Piece = Day | Clock | Part | Lapse | Habit
Make = Callable[[re.Match[str], date], tuple[Piece, ...]]


class Rule(NamedTuple):
    pattern: str
    make: Make


class Token(NamedTuple):
    pieces: tuple[Piece, ...]
    start: int
    end: int


class Scanner:
    """All rules at once, in one pass; of two that fit at a place the earlier one has it."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = [(_compiled(rule.pattern), rule.make) for rule in rules]
        parts = (f"(?P<r{at}>{_nameless(pattern.pattern)})" for at, (pattern, _) in enumerate(self.rules))
        self.any = _compiled("|".join(parts))

    def tokens(self, text: str, today: date) -> Iterator[Token]:
        simpler = text.translate(SIMPLER)
        for found in self.any.finditer(simpler):
            pattern, make = self.rules[int((found.lastgroup or "r0")[1:])]
            if match := pattern.match(simpler, found.start()):
                yield Token(make(match, today), match.start(), match.end())


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


def _nameless(pattern: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


def number(said: str) -> int:
    """12, 十二, 二十, 两, 一百零五, and digit by digit 二〇二六."""
    if said.isdigit():
        return int(said)
    if not set(said) & set("十百"):
        return int("".join(str(_digit(numeral)) for numeral in said))
    total = digit = 0
    for numeral in said:
        if unit := {"十": 10, "百": 100}.get(numeral):
            total += (digit or 1) * unit
            digit = 0
        else:
            digit = _digit(numeral)
    return total + digit


def _digit(numeral: str) -> int:
    return {"〇": 0, "两": 2}.get(numeral, "零一二三四五六七八九".find(numeral))
