"""Here lives how a day is said in English and in figures: tomorrow, next wed, 25 Nov, 2026-11-25, in 3 days.

Wed is the next one that comes, this wed the one of this week (Monday to Sunday), next wed of the next. Next week alone
is its Monday, next month its first day. 03/04 may be two dates, so a person has to say which; 3/4 alone is a fraction.
May and 5 may are words as often as dates: without more they count only where the clause ends.
"""

import re
from datetime import date

from domain.days import (
    Unit,
    dated,
    end_of_month,
    fixed,
    in_month,
    lapse,
    later,
    monthless,
    weekday,
    yearless,
)
from domain.pieces import HEAD, LETTERS, TAIL, Clock, Day, Habit, Part, Piece, Rule

SHORT_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SMALL = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
MONTHS = {name: at for at, name in enumerate(SHORT_MONTHS, 1)}
WEEKDAYS = {name: at for at, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
NUMBERS = {"a": 1, "an": 1, "half an": 0} | {name: at for at, name in enumerate(SMALL, 1)}
NTH = {"next": 1, "this": 0, "last": -1, "past": -1}
RELATIVE = {"yesterday": -1, "today": 0, "tomorrow": 1, "tomorow": 1, "tmrw": 1, "tmr": 1}
UNITS: dict[str, Unit] = {"m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
CLOSING = Clock(18, sure=True)

ANY_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
LONG_DAY = "mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday|s)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|saturday|sunday"
# The sun, and they sat: short forms count where a time follows, the clause ends, or a word before makes it a day.
SHORT_DAY = (
    r"(?:(?<=\bon )|(?<=\bby )|(?<=\btill )|\A(?!sat (?:down|with|in|there|through|together)))(?:sat|sun)"
    r"|(?<!\bthe )(?<!\bwe )(?<!\bthey )(?:sat|sun)"
    r"(?=\.?(?: ?\Z| ?[,;!?)\n]|\.? (?:at |[0-9]|morning|afternoon|evening|night|noon)))"
)
CLAUSE_ENDS = rf"(?= ?\Z| ?[,.;!?)\n]| (?:at |[0-9]|noon)|[^ {LETTERS}])"
AMOUNT = rf"(?P<n>[0-9]{{1,9}}(?:\.5)?|(?:{'|'.join(NUMBERS)})(?= )) ?"
UNIT = r"(?P<unit>minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|(?<=[0-9])[hd])"
YEAR = r"(?:,? (?P<year>[0-9]{4})(?![0-9:]))?"


def _near(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (fixed(later(today, RELATIVE[found[0].lower()])),)


def _next_but_one(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (fixed(later(today, 2 if found["way"].lower() == "after tomorrow" else -2)),)


def _today(_: re.Match[str], today: date) -> tuple[Day, ...]:
    return (fixed(today),)


def _tonight(_: re.Match[str], today: date) -> tuple[Piece, ...]:
    return (fixed(today), Part("evening"))


def _last_night(_: re.Match[str], today: date) -> tuple[Day, ...]:
    return (fixed(later(today, -1)),)


def _closing(_: re.Match[str], today: date) -> tuple[Piece, ...]:
    return (fixed(today), CLOSING)


def _nth(found: re.Match[str]) -> int | None:
    return NTH.get((found["which"] or "").lower())


def _weekday(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (weekday(today, WEEKDAYS[found["weekday"][:3].lower()], _nth(found)),)


def _weekend(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (weekday(today, WEEKDAYS["sat"], _nth(found)),)


def _week(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (fixed(*weekday(today, 0, _nth(found)).dates),)


def _month(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (in_month(today, _nth(found) or 0, int(found["day"] or 1)),)


def _day_of_month(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (monthless(today, int(found["day"])),)


def _end_of_month(found: re.Match[str], today: date) -> tuple[Day, ...]:
    return (end_of_month(today, _nth(found)),)


def _end_of_year(_: re.Match[str], today: date) -> tuple[Day, ...]:
    return (dated(today.year, 12, 31),)


def _date(found: re.Match[str], today: date) -> tuple[Day, ...]:
    month, day, year = MONTHS[found["month"][:3].lower()], int(found["day"]), found["year"]
    return (dated(int(year), month, day) if year else yearless(today, month, day),)


def _figures(found: re.Match[str], _: date) -> tuple[Day, ...]:
    return (dated(int(found["year"]), int(found["month"]), int(found["day"])),)


def _slashed(found: re.Match[str], today: date) -> tuple[Day, ...]:
    """Month and day in either order; the first reading is 3 April of 04/03, the second 4 March."""
    a, b, year = int(found["a"]), int(found["b"]), found["year"]
    if min(a, b) > 12 or max(a, b) > 31 or not (a and b):  # noqa: PLR2004
        return ()
    both = [dated(int(year), month, day) if year else yearless(today, month, day) for month, day in ((a, b), (b, a))]
    if a == b or max(a, b) > 12:  # noqa: PLR2004
        return (both[a > b],)
    return (Day(both[0].dates, other=both[1].dates),)


def _later(found: re.Match[str], today: date) -> tuple[Piece, ...]:
    return _lapse(found, today, 1)


def _from_now(found: re.Match[str], today: date) -> tuple[Piece, ...]:
    return _lapse(found, today, -1 if found["way"].lower() == "ago" else 1)


def _lapse(found: re.Match[str], today: date, sign: int) -> tuple[Piece, ...]:
    said, unit = found["n"].lower(), found["unit"].lower()
    whole = NUMBERS[said] if said in NUMBERS else int(said.removesuffix(".5"))
    halves = whole * 2 + (said == "half an" or said.endswith(".5"))
    piece = lapse(today, sign * halves, UNITS["mo" if unit.startswith("mo") else unit[0]])
    return (piece,) if piece else ()


def _habit(_: re.Match[str], __: date) -> tuple[Piece, ...]:
    return (Habit(),)


ENGLISH_DAYS: tuple[Rule, ...] = (
    Rule(
        rf"{HEAD}(?:every|each) (?:other )?(?:(?:{LONG_DAY}|sat|sun|morning|afternoon|evening|night|day|week(?:day)?"
        rf"|month|year)s?){TAIL}|{HEAD}(?:daily|weekly|monthly){TAIL}",
        _habit,
    ),
    Rule(rf"{HEAD}(?:{LONG_DAY}|sat|sun) ?(?:-|–|to|through) ?(?:{LONG_DAY}|sat|sun){TAIL}", _habit),
    Rule(rf"{HEAD}(?P<year>[0-9]{{4}})[-/.](?P<month>[0-9]{{1,2}})[-/.](?P<day>[0-9]{{1,2}}){TAIL}", _figures),
    Rule(rf"{HEAD}(?P<day>[0-9]{{1,2}})\.(?P<month>[0-9]{{1,2}})\.(?P<year>[0-9]{{4}}){TAIL}", _figures),
    Rule(
        rf"{HEAD}(?!24/7)(?=[0-9]{{2}}/[0-9]|[0-9]/[0-9]{{2}}|[0-9]/[0-9]/[0-9]"
        r"|\A[0-9]/[0-9]\Z|[0-9]/[0-9] (?:at )?[0-9]{1,2} ?(?:[:点ap]))"
        rf"(?P<a>[0-9]{{1,2}})/(?P<b>[0-9]{{1,2}})(?:/(?P<year>[0-9]{{4}}|[0-9]{{2}}))?(?![/%A-Za-z0-9_@]|[:.][0-9])",
        _slashed,
    ),
    Rule(  # 12.25 9点: with a dot it is a number, unless all begins with it and a time of day follows
        r"\A(?P<a>[0-9]{1,2})[.-](?P<b>[0-9]{1,2})(?![0-9])(?P<year>(?!))?"
        r"(?=(?: (?:at )?| ?(?:[上下]午|早上|晚上|中午) ?)[0-9]{1,2} ?(?:[:点]|[ap]\.?m))",
        _slashed,
    ),
    Rule(rf"{HEAD}(?:in|after) {AMOUNT}{UNIT}{TAIL}", _later),
    Rule(rf"{HEAD}{AMOUNT}{UNIT} (?P<way>later|from now|ago){TAIL}", _from_now),
    Rule(
        rf"{HEAD}(?:the )?(?P<day>[0-9]{{1,2}})(?:(?:st|nd|rd|th)(?: of)?)? ?"
        rf"(?P<month>(?!may)(?:{ANY_MONTH})|may(?:(?=,? [0-9]{{4}})|{CLAUSE_ENDS}))\.?{YEAR}{TAIL}",
        _date,
    ),
    Rule(rf"{HEAD}(?P<month>{ANY_MONTH})\.? (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?![%/]){YEAR}{TAIL}", _date),
    Rule(rf"{HEAD}(?:the )?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th) of (?:the )?(?P<which>next|this) month{TAIL}", _month),
    Rule(
        rf"{HEAD}(?:(?<=\bon )|(?<=\bby )|(?<=\btill )|\A)the "
        rf"(?P<day>[12]?[0-9]|3[01])(?:st|nd|rd|th){CLAUSE_ENDS}{TAIL}",
        _day_of_month,
    ),
    Rule(rf"{HEAD}(?:the )?end of (?:the )?(?:(?P<which>this|next) )?month{TAIL}", _end_of_month),
    Rule(rf"{HEAD}(?:month[- ]end|eom)(?P<which>(?!))?{TAIL}", _end_of_month),
    Rule(rf"{HEAD}(?:the )?end of (?:the |this )?year{TAIL}", _end_of_year),
    Rule(rf"{HEAD}(?:(?:the )?end of (?:the )?day|eod|cob){TAIL}", _closing),
    Rule(rf"{HEAD}(?P<which>this|next|last|the) weekend{TAIL}", _weekend),
    Rule(rf"{HEAD}(?P<which>next|last) week{TAIL}", _week),
    Rule(rf"{HEAD}(?P<which>next|last) month(?P<day>(?!))?{TAIL}", _month),
    Rule(
        rf"{HEAD}(?:(?P<which>next|this|last|past) |coming )(?P<weekday>{LONG_DAY}|sat|sun){TAIL}",
        _weekday,
    ),
    Rule(rf"{HEAD}(?P<which>(?!))?(?P<weekday>{LONG_DAY}|{SHORT_DAY}){TAIL}", _weekday),
    Rule(rf"{HEAD}(?:the )?day (?P<way>after tomorrow|before yesterday){TAIL}", _next_but_one),
    Rule(rf"{HEAD}(?:{'|'.join(RELATIVE)}){TAIL}", _near),
    Rule(rf"{HEAD}this(?= (?:morning|afternoon|evening){TAIL})", _today),
    Rule(rf"{HEAD}tonight{TAIL}", _tonight),
    Rule(rf"{HEAD}last(?= night{TAIL})", _last_night),
)
