"""Here lives how a cadence is said: 每天9点, 每周一、三、五 18:30, 每月最后一天, every mon 10:00, monthly on the 1st.

Without a time of day it is the morning (MORNING). What more than cron can mean is not guessed at: 每两周 is refused.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from domain.cadences import EVEN, LAST, WEEKDAYS, WEEKEND, WORKDAYS, Cadence, cadence_of, checked
from domain.clocks import CLOCKS, DAY, TIMES, minutes_of
from domain.errors import Refusal
from domain.lines import Line, plainly
from domain.moments import MORNING
from domain.pieces import NUMERALS, SIMPLER, Clock, Part, PartOfDay, Scanner, Token, number

CRON = re.compile(r"[0-9*?][0-9*?/,-]*(?: +[0-9a-z*?/,-]+){4}(?!\S)", re.IGNORECASE)
QUOTED = re.compile(r'\s*"([^"]*)"')
ECHO = 32  # characters of what was not understood, told again
NUMBER = rf"(?:[0-9]{{1,2}}|[{NUMERALS}]{{1,3}})"
AND = r"(?: ?[、,&/] ?(?:and )?| and |[和及与]| (?=周|星期|礼拜))"
TO = r" ?(?:到|至|-|–|~|to|through) ?"
NOT_AN_HOUR = r"(?![0-9:点时十]| ?[ap]\.?m\b)"
ZH_WEEK = "(?:周|星期|礼拜)"
ZH_DAY = rf"(?:{ZH_WEEK}[一二三四五六日天]|[一二三四五六日天](?![点时十])|{ZH_WEEK}?[1-7]{NOT_AN_HOUR})"
EN_DAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday|s)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
)
EN_DAYS = rf"{EN_DAY}s?(?![a-z])"
ZH_DATE = (
    rf"(?:最后[一1]?[天日]|月?[底末]|{NUMBER} ?[号日]|{NUMBER}(?=(?: ?[、,] ?|[和及与]){NUMBER} ?[、,和及与号日]))"
)
EN_DATE = rf"(?:last day|end|[0-9]{{1,2}}(?:st|nd|rd|th)|[0-9]{{1,2}}(?=,| and |\s|\Z){NOT_AN_HOUR})"
NTH = r"(?:last day|[0-9]{1,2}(?:st|nd|rd|th))"
PARTS: dict[str, PartOfDay] = {"早": "morning", "晚": "evening", "night": "evening"}
NUMBERS = {"": 1, "other ": 2, "two ": 2, "three ": 3, "four ": 4, "six ": 6, "eight ": 8, "twelve ": 12}
GAP = re.compile(r" {0,2}(?:的|,|at |@ ?)? ?", re.IGNORECASE)
CLOSED = re.compile(r"\s*,?\s*")
HANGING = re.compile(r"到(?!群\s*=)|[至和及与、&~–-]|(?:to|and|at|on)(?=\s)|[0-9]|[点时]", re.IGNORECASE)
TODAY = date.min  # no rule of clocks asks which day it is

scanner = Scanner(CLOCKS)


class Found(NamedTuple):
    """A cadence, and where what follows begins in the text as typed."""

    cadence: Cadence
    end: int


class Day(NamedTuple):
    """On which days, or at which hours, and the part of the day that is said with it."""

    cadence: Cadence
    part: PartOfDay | None = None
    hourly: bool = False


def leading(text: str) -> Found:
    """The cadence that a text begins with, quoted or not; Refusal where it begins with none that can be kept."""
    line = plainly(text)
    if quoted := QUOTED.match(line.plain):
        cadence, end = _read(quoted[1], line)
        if quoted[1][end:].strip():
            raise unclear(quoted[1])
        return Found(cadence, _origin(line, quoted.end()))
    cadence, end = _read(line.plain, line)
    return Found(cadence, _origin(line, end))


def unclear(text: str) -> Refusal:
    what = text.strip()
    return Refusal("refusals/cadence_unclear", what=what if len(what) <= ECHO else f"{what[: ECHO - 1]}…")


def _origin(line: Line, at: int) -> int:
    return line.origins[at] if at < len(line.plain) else len(line.raw)


def _read(plain: str, line: Line) -> tuple[Cadence, int]:
    start = len(plain) - len(plain.lstrip())
    if cron := CRON.match(plain, start):
        return cadence_of(cron.group()), cron.end()
    simpler = plain.translate(SIMPLER)
    if often := OFTEN.match(simpler, start):
        raise Refusal("refusals/cadence_often", what=plain[start : often.end()].strip())
    for pattern, make in RULES:
        if found := pattern.match(simpler, start):
            cadence, end = _timed(make(found), simpler, found.end())
            closed = CLOSED.match(simpler, end)
            if closed and HANGING.match(simpler, closed.end()):
                raise unclear(plain[start:])
            return checked(cadence, plain[start:end].strip()), closed.end() if closed else end
    raise unclear(line.plain)


def _timed(day: Day, text: str, start: int) -> tuple[Cadence, int]:
    """At the times of day that follow; they are at the same minute, because cron has only one."""
    if day.hourly:
        found = MINUTE.match(text, start)
        said = (found["zh"] or found["en"]) if found else "0"
        return replace(day.cadence, minute=_in(int(said), range(60), text)), found.end() if found else start
    part = Part(day.part) if day.part else None
    times: list[int] = []
    end = start
    for token in _clocks(text, start):
        if not (ANOTHER if times else GAP).fullmatch(text, end, token.start):
            break
        for piece in token.pieces:
            match piece:
                case Part():
                    part = piece
                case Clock():
                    times.append(_in(minutes_of(piece, part), range(2 * DAY), text[start : token.end]))
        end = token.end
    return _at(day.cadence, times or [TIMES[part.name][0] if part else MORNING * 60], text[start:end]), end


def _clocks(text: str, start: int) -> Iterator[Token]:
    """What is said of the time of day from there on: the numeral of 周一三点 is no part of the hour."""
    for token in scanner.tokens(f"天{text[start:]}", TODAY):
        if token.pieces:
            yield Token(token.pieces, token.start + start - 1, token.end + start - 1)


def _at(cadence: Cadence, times: Iterable[int], said: str) -> Cadence:
    """What is said to be late in the evening may be in the first hours of the next day."""
    days, minutes = {time // DAY for time in times}, {time % 60 for time in times}
    if len(minutes) > 1:
        raise Refusal("refusals/cadence_minutes", what=said.strip())
    if days != {0} and (cadence.days or len(days) > 1):
        raise Refusal("refusals/impossible_time", what=said.strip())
    hours = tuple(sorted({time % DAY // 60 for time in times}))
    weekdays = tuple(sorted((day + max(days)) % 7 for day in cadence.weekdays))
    return replace(cadence, minute=minutes.pop(), hours=hours, weekdays=weekdays)


def _in(value: int | None, allowed: range, said: str) -> int:
    if value is None or value not in allowed:
        raise Refusal("refusals/impossible_time", what=said.strip())
    return value


def _hours(found: re.Match[str]) -> Day:
    said = (found["n"] or "").lower()
    every = NUMBERS[said] if said in NUMBERS else number(said.strip())
    if every not in EVEN:
        raise Refusal("refusals/cadence_uneven", what=found[0].strip(), hours=EVEN[1:])
    return Day(Cadence(hours=() if every == 1 else tuple(range(0, 24, every))), hourly=True)


def _daily(found: re.Match[str]) -> Day:
    said = (found.groupdict().get("at") or "").lower()
    return Day(Cadence(), PARTS.get(said, said) if said else None)  # type: ignore[arg-type]


def _workdays(_: re.Match[str]) -> Day:
    return Day(Cadence(weekdays=WORKDAYS))


def _weekend(_: re.Match[str]) -> Day:
    return Day(Cadence(weekdays=WEEKEND))


def _weekly(found: re.Match[str]) -> Day:
    """A range goes on to the next week where it has to: 周五到周一."""
    days: list[int] = []
    upto = False
    for said in WEEKLY.finditer(found["days"]):
        if said["to"]:
            upto = True
            continue
        day = _weekday(said["day"].lower())
        days += [(days[-1] + n) % 7 for n in range(1, (day - days[-1]) % 7 + 1)] if upto and days else [day]
        upto = False
    whole = tuple(sorted(set(days)))
    return Day(Cadence(weekdays=() if len(whole) == len(WEEKDAYS) else whole))


def _weekday(said: str) -> int:
    if said.isdigit():
        return int(said) - 1
    return WEEKDAYS.index(said[:3]) if said.isascii() else "一二三四五六日".find(said.replace("天", "日"))


def _monthly(found: re.Match[str]) -> Day:
    days: set[int] = set()
    for said in MONTHLY.finditer(found["dates"]):
        days.add(_in(number(said["n"]), range(1, LAST), found[0]) if said["n"] else 1 if said["first"] else LAST)
    return Day(Cadence(days=tuple(sorted(days))))


def _rule(pattern: str, make: Callable[[re.Match[str]], Day]) -> tuple[re.Pattern[str], Callable[[re.Match[str]], Day]]:
    return re.compile(pattern, re.IGNORECASE), make


WEEKLY = re.compile(rf"(?P<to>到|至|-|–|~|\bto\b|through)|(?P<day>{EN_DAY}|[一二三四五六日天1-7])", re.IGNORECASE)
MONTHLY = re.compile(rf"(?P<last>最后.[天日]?|底|末|last day|end)|(?P<first>初)|(?P<n>{NUMBER})", re.IGNORECASE)
MINUTE = re.compile(r" ?的?第? ?(?P<zh>[0-9]{1,2}) ?分钟?| at :(?P<en>[0-9]{2})", re.IGNORECASE)
ANOTHER = re.compile(r" ?(?:[、,和及与&]|and) ?(?:at )?", re.IGNORECASE)
OFTEN = re.compile(
    rf"每隔?(?:半个?(?:小时|钟头)|{NUMBER}?个?(?:分钟|分|刻钟|秒钟?))"
    r"|(?:every|each) (?:half(?: an)? hour|(?:[0-9]+ ?|few |half )?(?:a )?(?:minutes?|mins?|seconds?|secs?))(?![a-z])",
    re.IGNORECASE,
)
RULES = (
    _rule(rf"每隔?个?(?P<n>{NUMBER})?个?(?:小时|钟头)", _hours),
    _rule(
        rf"(?:every|each) (?P<n>{'|'.join(filter(None, NUMBERS))}|[0-9]{{1,2}} ?|)(?:hours?|hrs?|h)(?![a-z])", _hours
    ),
    _rule(r"(?P<n>)hourly(?![a-z])", _hours),
    _rule(r"每[天日]|天天|每(?P<at>[早晚])上?|(?:every|each) ?day(?![a-z])|daily(?![a-z])", _daily),
    _rule(r"(?:every|each) (?P<at>morning|afternoon|evening|night)(?![a-z])", _daily),
    _rule(r"每?个?工作日|(?:(?:every|each|on) )?(?:week|work|working |business )days?(?![a-z])", _workdays),
    _rule(rf"每?个?(?:{ZH_WEEK}末|双休日)|(?:(?:every|each|on) )?weekends?(?![a-z])", _weekend),
    _rule(rf"每个?(?P<days>(?={ZH_WEEK}){ZH_DAY}(?:(?:{AND}|{TO})?{ZH_DAY})*)", _weekly),
    _rule(rf"(?P<days>(?={ZH_WEEK}){ZH_DAY}{TO}{ZH_DAY})", _weekly),
    _rule(
        rf"(?:(?:every|each) (?:week )?(?:on )?|weekly (?:on )?)(?P<days>{EN_DAYS}(?:(?:{AND}|{TO}){EN_DAYS})*)",
        _weekly,
    ),
    _rule(rf"(?:on )?(?P<days>(?:mon|tues|wednes|thurs|fri|satur|sun)days(?:{AND}{EN_DAYS})*)", _weekly),
    _rule(rf"(?P<days>{EN_DAY}{TO}{EN_DAYS})", _weekly),
    _rule(rf"每个?月的?(?P<dates>{ZH_DATE}(?:{AND}?{ZH_DATE})*)", _monthly),
    _rule(
        rf"(?:(?:every|each) month|monthly)(?:,? on)?(?: the)? (?P<dates>{EN_DATE}(?:{AND}(?:the )?{EN_DATE})*)"
        r"(?: of the month)?",
        _monthly,
    ),
    _rule(rf"(?:on )?(?:the )?(?P<dates>{NTH}(?:{AND}(?:the )?{NTH})*) of (?:every|each|the) month", _monthly),
    _rule(rf"every (?P<dates>{NTH}(?:{AND}(?:the )?{NTH})*)(?![a-z])(?: of the month)?", _monthly),
)
