"""Here lives how the pieces of a time that stand next to each other become one phrase: 下周三 + 下午 + 3点."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.chinese_days import CHINESE_DAYS
from domain.clocks import CLOCKS
from domain.english_days import ENGLISH_DAYS
from domain.pieces import Clock, Day, Habit, Lapse, Part, Piece, Scanner, Token

# What may stand between two pieces: 周三(25号) 下午3点, Wed, 25 Nov at 9am, 明天的10点.
GAP = re.compile(r" {0,2}[.,()]? {0,2}(?:(?:on|at|in)(?: the)? |的|@ ?)?", re.IGNORECASE)
SPOKEN_GAP = re.compile(r" {0,2}(?:on )?", re.IGNORECASE)  # 3pm next mon; but not "10点, 周三再约"
RANGE = re.compile(r" ?(?:[-–~到至]|to|until|till) ?", re.IGNORECASE)

SOON = 100  # days

scanner = Scanner((*CHINESE_DAYS, *ENGLISH_DAYS, *CLOCKS))


@dataclass(slots=True)
class Phrase:
    """At most one piece of each kind; a weekday may stand next to the date that it is."""

    start: int
    end: int
    day: Day | None = None
    part: Part | None = None
    clock: Clock | None = None
    lapse: Lapse | None = None
    habit: Habit | None = None

    def takes(self, pieces: tuple[Piece, ...]) -> bool:
        return bool(pieces) and not self.lapse and all(self._takes(piece) for piece in pieces)

    def _takes(self, piece: Piece) -> bool:
        match piece:
            case Day():
                return self._joins(piece) and not self.habit and (self.part is None or self.clock is not None)
            case Part():
                return self.part is None and self.clock is None
            case Clock():
                return self.clock is None and (self.said or not piece.needs_day)
            case Lapse() | Habit():
                return not self.said

    def _joins(self, day: Day) -> bool:
        return self.day is None or (self.day.weekday is None) != (day.weekday is None)

    def add(self, token: Token) -> None:
        for piece in token.pieces:
            match piece:
                case Day():
                    self.day = piece if self.day is None else _both(self.day, piece)
                case Part():
                    self.part = piece
                case Clock():
                    self.clock = piece
                case Lapse():
                    self.lapse = piece
                case Habit():
                    self.habit = piece
        self.end = token.end

    @property
    def said(self) -> bool:
        return any((self.day, self.part, self.clock, self.lapse, self.habit))

    @property
    def means_a_moment(self) -> bool:
        only_part = self.part is not None and not (self.day or self.clock)
        return self.said and not self.habit and not (only_part and self.part and self.part.alone == "never")


def phrases(text: str, today: date) -> Iterator[Phrase]:
    """In the order of the text; of a range (10点到12点) only the beginning."""
    tokens = [token for token in scanner.tokens(text, today) if token.pieces]
    at = 0
    while at < len(tokens):
        phrase = Phrase(tokens[at].start, tokens[at].end)
        first = at
        while at < len(tokens) and phrase.takes(tokens[at].pieces) and (at == first or _near(text, phrase, tokens, at)):
            phrase.add(tokens[at])
            at += 1
        at = max(_after_range(text, phrase, tokens, at), first + 1)
        if phrase.means_a_moment:
            yield phrase


def _near(text: str, phrase: Phrase, tokens: list[Token], at: int) -> bool:
    token = tokens[at]
    is_day_after_clock = phrase.clock is not None and any(isinstance(piece, Day) for piece in token.pieces)
    if not is_day_after_clock:
        return GAP.fullmatch(text, phrase.end, token.start) is not None
    return SPOKEN_GAP.fullmatch(text, phrase.end, token.start) is not None and not _has_its_own_hour(text, tokens, at)


def _has_its_own_hour(text: str, tokens: list[Token], at: int) -> bool:
    """10点 明天3点: the day belongs to the second hour."""
    if at + 1 == len(tokens) or not GAP.fullmatch(text, tokens[at].end, tokens[at + 1].start):
        return False
    return any(isinstance(piece, Clock | Part) for piece in tokens[at + 1].pieces)


def _after_range(text: str, phrase: Phrase, tokens: list[Token], at: int) -> int:
    """Past the end of a range that begins with the phrase."""
    end = phrase.end
    while at < len(tokens) and phrase.said:
        link = RANGE if end == phrase.end else GAP
        if not link.fullmatch(text, end, tokens[at].start) or isinstance(tokens[at].pieces[0], Lapse | Habit):
            break
        end = tokens[at].end
        at += 1
    return at


def _both(one: Day, two: Day) -> Day:
    """The date that is that weekday, if need be of a later month but not year; where none is, either may be meant."""
    named, dated = (one, two) if one.weekday is not None else (two, one)
    if not dated.dates:
        return dated
    soon = dated.dates[0].toordinal() + SOON
    dates = (*dated.dates, *dated.other)
    fitting = tuple(day for day in dates if day.weekday() == named.weekday and day.toordinal() <= soon)
    return Day(fitting) if fitting else Day(dated.dates, other=named.dates)
