"""Here lives what the numbers of a push add up to."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.push_reports import Numbers, Pace, Reason, Span, over_at, pace, span
from domain.pushes import PushRules

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # 17:00 in Shanghai
SHANGHAI = ZoneInfo("Asia/Shanghai")
QUIET = PushRules(quiet_hours=(time(22), time(8)))


@pytest.mark.parametrize(
    ("count", "seconds", "told"),
    [
        (100, 5, Pace("20", "second")),
        (3, 2, Pace("1.5", "second")),
        (20, 60, Pace("20", "minute")),
        (5, 3600, Pace("5", "hour")),
        (1, 86_400, None),
        (0, 5, None),
        (5, 0, None),
    ],
)
def test_how_fast(count: float, seconds: float, told: Pace | None) -> None:
    assert pace(count, seconds) == told


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, (0, 0, 1)), (61, (0, 1, 1)), (3_600, (1, 0, 0)), (90_061, (25, 1, 0))]
)
def test_how_long(seconds: int, told: tuple[int, int, int]) -> None:
    assert span(timedelta(seconds=seconds)) == Span(*told)


@pytest.mark.parametrize(
    ("hours", "over"),
    [(1, timedelta(hours=1)), (5, timedelta(hours=5)), (6, timedelta(hours=16)), (20, timedelta(hours=40))],
)
def test_when_it_is_over_the_quiet_hours_left_out(hours: int, over: timedelta) -> None:
    assert over_at(hours * 3600, 1, NOW, QUIET, SHANGHAI) == NOW + over


def test_in_quiet_hours_it_goes_on_at_their_end() -> None:
    night = NOW + timedelta(hours=6)  # 23:00
    assert over_at(3600, 1, night, QUIET, SHANGHAI) == night + timedelta(hours=10)
    assert over_at(3600, 0, night, QUIET, SHANGHAI) is None
    assert over_at(3600, 1, night, PushRules(), SHANGHAI) == night + timedelta(hours=1)


def test_numbers_add_up() -> None:
    numbers = Numbers({"sent": 5, "delivered": 3, "read": 2, "failed": 1, "waiting": 4, "sending": 1, "awaiting": 4})
    told = numbers.told()
    assert (told["total"], told["sent"], told["delivered"], told["read"]) == (20, 10, 5, 2)
    assert (told["waiting"], told["settled"], told["percent"]) == (5, 15, 75)
    assert Numbers({}).told()["percent"] == 100


def test_of_many_reasons_the_rest_is_one() -> None:
    reasons = [Reason(word, 10 - n) for n, word in enumerate("abcdef")]
    assert Numbers({}, {"failed": reasons}).because("failed") == [*reasons[:4], Reason("", 11)]
