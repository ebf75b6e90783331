"""Here lives what must hold of every moment: where clocks change, where a text begins with it, in any text."""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.moments import leading, moment_in, period, told
from templates import LANGUAGES, render

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
SUNDAY = datetime(2026, 11, 22, 11, 0, tzinfo=SHANGHAI)
BEFORE_SUMMER_TIME = datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        *(
            (typed, "impossible")
            for typed in ("13月5日", "25点", "10:75", "24:01", "2月30日", "2026-02-29", "31/02", "周三2月30日")
        ),
        *((typed, "impossible") for typed in ("上午14点", "本月31号", "feb 30", "99999天后", "in 999999999 hours")),
        *((typed, "impossible") for typed in ("9999-12-31", "999999999年后", "in 999999999 days")),
        *((typed, "past") for typed in ("昨天", "2020-01-01", "这周三", "今天10点", "3天前", "last friday", "昨晚8点")),
        *(
            (typed, "past")
            for typed in (
                "0分钟后",
                "2 days ago",
                "03/04/2020",
                "last night",
                "day before yesterday",
                "上个月",
                "last week",
            )
        ),
        *((typed, "ambiguous") for typed in ("03/04", "3/4 10:00", "3.4 10点", "周三26号", "wed 26 nov")),
    ],
)
def test_what_cannot_be_meant_is_told_in_both_languages(typed: str, key: str) -> None:
    for read in (moment_in, leading):
        with pytest.raises(Refusal) as refused:
            read(typed, SUNDAY, SHANGHAI)
        assert (refused.value.key, refused.value.values["what"]) == (f"refusals/{key}_time", typed)
        for language in LANGUAGES:
            assert typed in render(f"chat/{language}/{refused.value.key}.txt", **refused.value.values)


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        ("03/04", ["2027-03-04", "2027-04-03"]),
        ("3/4 10:00", ["2027-03-04 10:00", "2027-04-03 10:00"]),
        ("周三26号", ["2026-11-25", "2026-11-26"]),
    ],
)
def test_each_choice_can_be_typed(typed: str, choices: list[str]) -> None:
    with pytest.raises(Refusal) as refused:
        moment_in(typed, SUNDAY, SHANGHAI)
    assert refused.value.values["choices"] == choices
    assert all(leading(choice, SUNDAY, SHANGHAI) for choice in choices)


def test_a_date_of_which_one_reading_has_passed_is_the_other() -> None:
    found = moment_in("03/04/2026", datetime(2026, 3, 20, tzinfo=SHANGHAI), SHANGHAI)
    assert found is not None
    assert told(found.at, SHANGHAI) == "2026-04-03 09:00 (Asia/Shanghai)"


@pytest.mark.parametrize(
    ("typed", "rest"),
    [
        ("周五10点 报价 C1024", " 报价 C1024"),
        ("fri 10:00 quote", " quote"),
        ("on fri at 3pm quote", " quote"),
        ("在周五10点 报价", " 报价"),
        ("明天9:00-10:00 开会", "-10:00 开会"),
        ("2026-11-25 14:30 (Asia/Shanghai) call", " call"),
        ("㏠x", "x"),
    ],
)
def test_a_text_may_begin_with_a_time(typed: str, rest: str) -> None:
    found = leading(typed, SUNDAY, SHANGHAI)
    assert found is not None
    assert (found.start, typed[found.end :]) == (0, rest)


@pytest.mark.parametrize("typed", ["报价 周五10点", "quote fri", "每周一 10点 报价", "at 10 people", "", "周三福 明天"])
def test_a_text_may_begin_with_something_else(typed: str) -> None:
    assert leading(typed, SUNDAY, SHANGHAI) is None


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("tomorrow 02:30", "2026-03-29T01:30"),  # is left out, so 03:30 in summer time
        ("tomorrow 03:00", "2026-03-29T01:00"),
        ("tomorrow 12:00", "2026-03-29T10:00"),
        ("1天后 12:00", "2026-03-29T10:00"),
        ("in 24 hours", "2026-03-29T11:00"),
        ("明天24点", "2026-03-29T22:00"),
    ],
)
def test_an_hour_that_is_left_out(typed: str, at: str) -> None:
    found = moment_in(typed, BEFORE_SUMMER_TIME, BERLIN)
    assert found is not None
    assert found.at.astimezone(UTC) == datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert found.at.tzinfo is BERLIN


@pytest.mark.parametrize(
    ("now", "typed", "at"),
    [
        ("2026-10-25T00:15", "02:30", "2026-10-25T00:30"),
        ("2026-10-25T00:45", "02:30", "2026-10-25T01:30"),
        ("2026-10-25T00:45", "in 1 hour", "2026-10-25T01:45"),
        ("2026-10-25T01:45", "02:30", "2026-10-26T01:30"),
    ],
)
def test_an_hour_that_comes_twice(now: str, typed: str, at: str) -> None:
    found = moment_in(typed, datetime.fromisoformat(now).replace(tzinfo=UTC), BERLIN)
    assert found is not None
    assert found.at.astimezone(UTC) == datetime.fromisoformat(at).replace(tzinfo=UTC)


PIECES = (
    *"今明昨后天晚早周月日号点半时分年底下上一二三十两零百个过每前后 :/-.,()@在到的0123456789",
    *(
        "周三",
        "下周",
        "3天后",
        "小时后",
        "下午",
        "10点",
        "2026-",
        "11/25",
        "in ",
        "fri",
        "may ",
        "3pm",
        "half an ",
        "next ",
    ),
    *(
        "\u200f",
        "\u202e",
        "👨‍👩‍👧",
        "㏠",
        "５",
        "：",
        "\n",
        "é",
        "ı",
        "ſ",
        "٣",
        "99999999",
        "week",
        "month",
        "ago",
        "mon",
    ),
)
phraselike = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from([SHANGHAI, BERLIN, UTC, ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe")])


@settings(max_examples=400, deadline=None)
@example("9999年12月31日", SUNDAY, BERLIN)
@given(st.one_of(phraselike, st.text()), moments, zones)
def test_nothing_but_a_refusal_and_never_the_past(text: str, now: datetime, zone: ZoneInfo) -> None:
    for read in (moment_in, leading):
        try:
            found = read(text, now, zone)
        except Refusal:
            continue
        if found:
            assert 0 <= found.start < found.end <= len(text)
            assert found.at.tzinfo is zone
            assert found.at.astimezone(UTC) > now
    try:
        found_period = period(text, now, zone)
    except Refusal:
        return
    assert found_period is None or found_period[0] < found_period[1]


@given(moments, st.timedeltas(timedelta(minutes=1), timedelta(days=30_000)), zones)
def test_what_is_told_is_understood(now: datetime, ahead: timedelta, zone: ZoneInfo) -> None:
    at = (now + ahead).replace(second=0, microsecond=0)
    wall = at.astimezone(zone)
    if at <= now or wall.fold:
        return
    text = told(at, zone)
    found = moment_in(f"回电 {text} C12", now, zone)
    assert found is not None
    assert (found.at.astimezone(UTC), found.start, found.end) == (at, 3, 3 + len(text))


@pytest.mark.parametrize(
    "pair", ["明天", "1 ", "一十", "昨天 ", "10:", "3/4 ", "下上", "2026-", "in a", "the on ", "éa", "\u0301", "🙂"]
)
def test_a_long_text_takes_no_longer_than_it_is_long(pair: str) -> None:
    """Twenty times the length of a message; what looks back and forth over the text would take minutes."""
    text = (pair * 80_000)[:80_000]
    started = time.process_time()
    for read in (moment_in, leading, period):
        with suppress(Refusal):
            read(text, SUNDAY, SHANGHAI)
    assert time.process_time() - started < 10
