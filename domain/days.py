"""Here lives which dates a named day may be, counted from the present one, whatever language it was said in.

A week is from Monday to Sunday. A date that the calendar does not have, or cannot hold, is a Day without dates.
"""

import calendar
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Literal

from domain.pieces import Day, Lapse

WEEK, MONTHS = 7, 12
CENTURY = 2000
LEAPS = 9  # years within which there is a 29 February, also around 2100

Unit = Literal["minute", "hour", "day", "week", "month", "year"]


def fixed(*dates: date | None) -> Day:
    return Day(tuple(day for day in dates if day))


def later(today: date, days: int) -> date | None:
    try:
        return today + timedelta(days=days)
    except OverflowError:
        return None


def day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def months_later(today: date, months: int, day: int | None = None) -> date | None:
    """The same day of another month, or its last where it is shorter; or the `day` that is asked for, if it has one."""
    year, month = divmod(today.year * MONTHS + today.month - 1 + months, MONTHS)
    if not MINYEAR <= year <= MAXYEAR:
        return None
    last = calendar.monthrange(year, month + 1)[1]
    return day_of(year, month + 1, day or min(today.day, last))


def month_end(first: date | None) -> date | None:
    return first and first.replace(day=calendar.monthrange(first.year, first.month)[1])


def weekday(today: date, place: int, nth: int | None = None) -> Day:
    """0 is Monday; in the nth week from this one, or the next that comes: today only if a time is given that comes."""
    start = later(today, -today.weekday())
    if nth is not None:
        return Day(fixed(start and later(start, WEEK * nth + place)).dates, weekday=place)
    ahead = (place - today.weekday()) % WEEK
    dates = fixed(later(today, ahead), later(today, ahead + WEEK)).dates
    return Day(dates, weekday=place, untimed=dates[ahead == 0 :])


def dated(year: int, month: int, day: int) -> Day:
    """With its year, which may have only two figures."""
    return fixed(day_of(year + CENTURY if year < 100 else year, month, day))  # noqa: PLR2004


def yearless(today: date, month: int, day: int) -> Day:
    found = (day_of(today.year + years, month, day) for years in range(LEAPS))
    return fixed(*islice((one for one in found if one and one >= today), 2))


def monthless(today: date, day: int) -> Day:
    found = (months_later(today, months, day) for months in range(4))
    return fixed(*islice((one for one in found if one and one >= today), 2))


def in_month(today: date, nth: int, day: int) -> Day:
    return fixed(months_later(today, nth, day))


def end_of_month(today: date, nth: int | None = None) -> Day:
    """Of the nth from this one, or the next that comes."""
    months = (0, 1) if nth is None else (nth,)
    return fixed(*(month_end(months_later(today, months, 1)) for months in months))


def end_of_named_month(today: date, month: int) -> Day:
    return fixed(*(month_end(first) for year in (0, 1) if (first := day_of(today.year + year, month, 1))))


def lapse(today: date, halves: int, unit: Unit) -> Day | Lapse | None:
    """Half units from today: hours and minutes are exact, the others counted on the calendar; half a month is 15 days.

    None where nobody says so: half a day, half a week.
    """
    match unit:
        case "minute":
            return Lapse(halves // 2)
        case "hour":
            return Lapse(halves * 30)
        case "month":
            whole = months_later(today, halves // 2 if halves > 0 else -(-halves // 2))
            return fixed(whole and later(whole, 15 * (halves % 2) * (1 if halves > 0 else -1)))
        case "year":
            return fixed(months_later(today, halves * 6))
        case "day" | "week":
            return None if halves % 2 else fixed(later(today, halves // 2 * (WEEK if unit == "week" else 1)))


def instant(day: date, minutes: int, zone: tzinfo, now: datetime | None = None) -> datetime:
    """So many minutes on the wall clock after the day began, in UTC; what a change of clocks leaves out moves forward.

    Of an hour that comes twice it is the first, or the second once the first has passed.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return second if now and first <= now < second else first
