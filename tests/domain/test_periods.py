"""Here lives which stretch of days is meant by 今天, last week, 7d or a date."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.errors import Refusal
from domain.moments import period, told

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
SUNDAY = datetime(2026, 11, 22, 11, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("typed", "since", "until"),
    [
        *(
            (typed, "2026-11-22 00:00", "2026-11-23 00:00")
            for typed in ("今天", "today", "2026-11-22", "周日", " ２２号 ")
        ),
        *((typed, "2026-11-21 00:00", "2026-11-22 00:00") for typed in ("昨天", "yesterday", "11月21日", "21 Nov")),
        *((typed, "2026-11-16 00:00", "2026-11-23 00:00") for typed in ("本周", "this week")),
        *((typed, "2026-11-09 00:00", "2026-11-16 00:00") for typed in ("上周", "last week", "上个星期")),
        *((typed, "2026-11-01 00:00", "2026-12-01 00:00") for typed in ("本月", "这个月", "this month")),
        *((typed, "2026-10-01 00:00", "2026-11-01 00:00") for typed in ("上个月", "last month")),
        *((typed, "2025-01-01 00:00", "2026-01-01 00:00") for typed in ("去年", "last year")),
        *((typed, "2026-11-15 11:00", "2026-11-23 00:00") for typed in ("7天", "7d", "七天", "近7天", "last 7 days")),
        ("30d", "2026-10-23 11:00", "2026-11-23 00:00"),
        ("25号", "2026-10-25 00:00", "2026-10-26 00:00"),
        ("周三", "2026-11-18 00:00", "2026-11-19 00:00"),
        ("上周三", "2026-11-11 00:00", "2026-11-12 00:00"),
        ("12月1日", "2025-12-01 00:00", "2025-12-02 00:00"),
    ],
)
def test_a_stretch_of_days(typed: str, since: str, until: str) -> None:
    found = period(typed, SUNDAY, SHANGHAI)
    assert found is not None
    assert [told(at, SHANGHAI)[:16] for at in found] == [since, until]


def test_a_day_is_as_long_as_it_is_where_it_is() -> None:
    found = period("2026-03-29", SUNDAY, BERLIN)
    assert found is not None
    assert found[1].astimezone(UTC) - found[0].astimezone(UTC) == timedelta(hours=23)


@pytest.mark.parametrize("typed", ["", "昨天 10点", "今天 和 明天", "foo", "in 2 hours", "晚上", "7", "状态=新"])
def test_no_stretch_of_days(typed: str) -> None:
    assert period(typed, SUNDAY, SHANGHAI) is None


@pytest.mark.parametrize(
    ("typed", "key"), [("2月30日", "impossible"), ("99999999d", "impossible"), ("03/04", "ambiguous")]
)
def test_a_stretch_that_cannot_be(typed: str, key: str) -> None:
    with pytest.raises(Refusal, match=key):
        period(typed, SUNDAY, SHANGHAI)
