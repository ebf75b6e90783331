"""Here lives what a rule means by a time: the span of milliseconds for which a condition about an instant is true."""

from datetime import UTC, date, datetime, time, timedelta

from domain.rules import Age, Moment, Op, Today, Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000  # milliseconds: ages and windows count hours, whatever the clocks on the wall do

Span = tuple[int | None, int | None]  # from the first on, before the second; None: without end


def milliseconds(at: datetime) -> int:
    """Since 1970, cut off: the precision in which instants are kept and compared."""
    return (at.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)


def since(days: int, moment: Moment) -> int:
    """So many times 24 hours before now, in milliseconds."""
    return milliseconds(moment.now) - days * DAY


def day_asked(value: Value, moment: Moment) -> date:
    """The day that a date or Today stands for, in the house's time zone."""
    if isinstance(value, Today):
        return moment.now.astimezone(moment.timezone).date() + timedelta(days=value.offset)
    if not isinstance(value, date):
        raise TypeError(f"{value} is no day")
    return value


def compared(op: Op, value: Value, moment: Moment) -> Span:
    """When an instant must be so that `instant op value` is true; for != the span in which it is not.

    The smaller age is the later instant: `< 30d` is after that moment.
    """
    if isinstance(value, Age):
        then = since(value.days, moment)
        spans: dict[Op, Span] = {"<": (then + 1, None), "<=": (then, None), ">": (None, then), ">=": (None, then + 1)}
        return spans[op]
    begins, ends = _day(value, moment)
    spans = {"<": (None, begins), "<=": (None, ends), ">": (ends, None), ">=": (begins, None)}
    return spans.get(op, (begins, ends))


def between(low: Value, high: Value, moment: Moment) -> Span:
    """Both days included, or both ages."""
    if isinstance(low, Age) and isinstance(high, Age):
        return since(high.days, moment), since(low.days, moment) + 1
    return _day(low, moment)[0], _day(high, moment)[1]


def _day(value: Value, moment: Moment) -> tuple[int, int]:
    day = day_asked(value, moment)
    begins, ends = (datetime.combine(each, time(), moment.timezone) for each in (day, day + timedelta(days=1)))
    return milliseconds(begins), milliseconds(ends)
