"""Here lives what a person means by a stretch of days: 今天, 上周, 本月, 7天, last month, 30d, 11月20日."""

import re
from datetime import date, datetime, timedelta, tzinfo

from domain.days import in_month, instant
from domain.errors import Refusal
from domain.lines import plainly
from domain.phrases import phrases
from domain.pieces import NUMERALS, Day, number

NAMED = re.compile(
    r"(?P<which>上上|上|这|本|下|last|this|next) ?个?(?P<unit>周|星期|礼拜|月|week|month|year)|(?P<year>[去今明])年",
    re.IGNORECASE,
)
LAST_DAYS = re.compile(
    rf"(?:最近|近|过去|(?:the )?last |past )?(?P<n>[0-9]{{1,9}}|[{NUMERALS}百]{{1,5}}) ?(?:天|d|days?)(?:以?内)?",
    re.IGNORECASE,
)
NTH = {"上上": -2, "上": -1, "去": -1, "last": -1, "下": 1, "明": 1, "next": 1}
BACK = (366, 31, 7)  # days in which a date without its year, its month or its week comes again
WEEK = timedelta(days=7)
TOMORROW = timedelta(days=1)


def period(text: str, now: datetime, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """From and until (not included); None when it is something else, or more than that.

    N days are from this hour N days ago to the end of today. Of a date that comes again it is the last that has come.
    Raises Refusal where a date is impossible or ambiguous.
    """
    plain, local = plainly(text).plain.strip(), now.astimezone(zone)
    today = local.date()
    try:
        if found := LAST_DAYS.fullmatch(plain):
            first, minutes = today - timedelta(days=number(found["n"])), local.hour * 60 + local.minute
            return _local(first, zone, minutes), _local(today + TOMORROW, zone)
        days = _named(plain, today) or _date(plain, today)
        return days and (_local(days[0], zone), _local(days[1], zone))
    except (ValueError, OverflowError):
        raise Refusal("refusals/impossible_time", what=text.strip()) from None


def _local(day: date, zone: tzinfo, minutes: int = 0) -> datetime:
    return instant(day, minutes, zone).astimezone(zone)


def _named(plain: str, today: date) -> tuple[date, date] | None:
    found = NAMED.fullmatch(plain)
    if found is None:
        return None
    nth = NTH.get((found["which"] or found["year"]).lower(), 0)
    match (found["unit"] or "year").lower():
        case "year":
            return date(today.year + nth, 1, 1), date(today.year + nth + 1, 1, 1)
        case "月" | "month":
            first, after = (in_month(today, at, 1).dates for at in (nth, nth + 1))
            return first[0], after[0]
        case _:
            monday = today + nth * WEEK - timedelta(days=today.weekday())
            return monday, monday + WEEK


def _date(plain: str, today: date) -> tuple[date, date] | None:
    day = _day(plain, today)
    if day is None:
        return None
    back = BACK if len(day.dates) > 1 else ()
    seen = [day, *filter(None, (_day(plain, today - timedelta(days=days)) for days in back))]
    one = _last([date for day in seen for date in day.dates], today)
    if day.other:
        two = _last([date for day in seen for date in day.other], today)
        raise Refusal("refusals/ambiguous_time", what=plain, choices=sorted({str(one), str(two)}))
    return one, one + TOMORROW


def _last(dates: list[date], today: date) -> date:
    """The last that has come, or the first that will."""
    return max((day for day in dates if day <= today), default=None) or min(dates)


def _day(plain: str, today: date) -> Day | None:
    """The day that the text is, if it is nothing but one."""
    phrase = next(phrases(plain, today), None)
    if phrase is None or phrase.clock or phrase.part or (phrase.start, phrase.end) != (0, len(plain)):
        return None
    return phrase.day
