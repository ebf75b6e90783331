"""How often something recurs: said in two languages or in five fields, and the moments that come of it."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cadence_words import leading
from domain.cadences import LAST, Cadence, cadence_of, following, latest, moments
from domain.errors import Refusal
from templates import render

SHANGHAI = ZoneInfo("Asia/Shanghai")

SAID = {
    "每天9点": "0 9 * * *",
    "每日９点": "0 9 * * *",
    "每天09:30": "30 9 * * *",
    "每天": "0 9 * * *",
    "每天晚上8点半": "30 20 * * *",
    "每晚8点": "0 20 * * *",
    "每天3点": "0 15 * * *",
    "每天03:00": "0 3 * * *",
    "每天晚上12点": "0 0 * * *",
    "每天9点和18点": "0 9,18 * * *",
    "每周一10点": "0 10 * * mon",
    "每周一三五 18:30": "30 18 * * mon,wed,fri",
    "每周一、三、五": "0 9 * * mon,wed,fri",
    "每周1、3 9点": "0 9 * * mon,wed",
    "每周一和周四9点": "0 9 * * mon,thu",
    "每周五十点": "0 10 * * fri",
    "每周一三点": "0 15 * * mon",
    "每周日晚上12点": "0 0 * * mon",
    "每星期天上午10点": "0 10 * * sun",
    "周一到周五9点": "0 9 * * mon,tue,wed,thu,fri",
    "每周五到周一": "0 9 * * mon,fri,sat,sun",
    "工作日9点": "0 9 * * mon,tue,wed,thu,fri",
    "周末": "0 9 * * sat,sun",
    "每月1日9点": "0 9 1 * *",
    "每月十五号": "0 9 15 * *",
    "每月1号和15号": "0 9 1,15 * *",
    "每月1、15号 10点": "0 10 1,15 * *",
    "每月最后一天": "0 9 last * *",
    "每個月最後一天": "0 9 last * *",
    "每月底18点": "0 18 last * *",
    "每小时": "0 * * * *",
    "每小时的第5分": "5 * * * *",
    "每2小时": "0 */2 * * *",
    "每隔两个小时": "0 */2 * * *",
    "every day 9:00": "0 9 * * *",
    "daily at 9pm": "0 21 * * *",
    "every morning": "0 9 * * *",
    "every mon 10:00": "0 10 * * mon",
    "Every Monday at noon": "0 12 * * mon",
    "every mon,wed 9am": "0 9 * * mon,wed",
    "every tue, thu and sat at 9:00": "0 9 * * tue,thu,sat",
    "mondays and fridays at noon": "0 12 * * mon,fri",
    "mon-fri 9:00": "0 9 * * mon,tue,wed,thu,fri",
    "weekdays 9:00": "0 9 * * mon,tue,wed,thu,fri",
    "every weekend": "0 9 * * sat,sun",
    "every month 1st 9:00": "0 9 1 * *",
    "monthly on the 1st and the 15th 9am": "0 9 1,15 * *",
    "every 2nd of the month": "0 9 2 * *",
    "the last day of every month 18:00": "0 18 last * *",
    "monthly on the last day": "0 9 last * *",
    "every hour": "0 * * * *",
    "hourly": "0 * * * *",
    "every 2 hours at :05": "5 */2 * * *",
    "0 9 * * *": "0 9 * * *",
    "45 9 * * 0": "45 9 * * sun",
    "0 9 * * 7": "0 9 * * sun",
    "0 9 * * 1-5": "0 9 * * mon,tue,wed,thu,fri",
    "0 9 * * fri-mon": "0 9 * * mon,fri,sat,sun",
    "0 9 * * */2": "0 9 * * tue,thu,sat,sun",
    "0 9,12,13,14,18 1 jan-mar ?": "0 9,12-14,18 1 1-3 *",
    "0 9 L * *": "0 9 last * *",
    "0 9 1-31 * *": "0 9 * * *",
}


@pytest.mark.parametrize(("said", "cron"), SAID.items())
def test_what_is_said_becomes_five_fields(said: str, cron: str) -> None:
    behind = ("人群=#老客", "到群=#区域A", "groups=#north")
    for text, rest in ((said, ""), (f'"{said}" to=#old', "to=#old"), *((f"  {said} {each}", each) for each in behind)):
        found = leading(text)
        assert (found.cadence.cron, text[found.end :].strip()) == (cron, rest), text
    assert cadence_of(cron).cron == cron


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("", "unclear"),
        ("hello", "unclear"),
        ("周一10点", "unclear"),
        ("每周 9点", "unclear"),
        ("每月 9点", "unclear"),
        ("每两周", "unclear"),
        ("每2天", "unclear"),
        ("每月1号到5号", "unclear"),
        ("every other day", "unclear"),
        ("every week 9:00", "unclear"),
        ("every mon 10", "unclear"),
        ('"every mon 10:00 please" to=#old', "unclear"),
        ("0 24 * * *", "unclear"),
        ("0 9 0 * *", "unclear"),
        ("0 9 32 * *", "unclear"),
        ("0 9 * 13 *", "unclear"),
        ("0 9 * * 8", "unclear"),
        ("60 9 * * *", "unclear"),
        ("0 9 5-2 * *", "unclear"),
        ("0 9 * * *-fri", "unclear"),
        ("0 1,3,5,7,9,11,13,15,17 1,3,5,7,9,11,13,15,17,19,21 1,3,5,7 mon,wed", "unclear"),
        ("* * * * *", "often"),
        ("*/5 * * * *", "often"),
        ("0,30 9 * * *", "often"),
        ("每分钟", "often"),
        ("每30分钟", "often"),
        ("每半小时", "often"),
        ("every 5 minutes", "often"),
        ("every half hour", "often"),
        ("每5小时", "uneven"),
        ("every 7 hours", "uneven"),
        ("0 9 30 2 *", "never"),
        ("0 9 31 4,6 *", "never"),
        ("every day 9:00 and 18:30", "minutes"),
    ],
)
def test_what_cannot_be_kept_is_refused(said: str, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        leading(said)
    assert refused.value.key == f"refusals/cadence_{key}"
    assert all(
        render(f"chat/{language}/{refused.value.key}.txt", **refused.value.values) for language in ("zh-CN", "en")
    )


@pytest.mark.parametrize("said", ["每月32号", "每天25点", "每月1号晚上12点", "每小时的第60分"])
def test_a_time_that_does_not_exist_is_refused(said: str) -> None:
    with pytest.raises(Refusal, match="impossible_time"):
        leading(said)


some_hours = st.sampled_from([(), *(tuple(range(0, 24, every)) for every in (2, 3, 4, 6, 8, 12))])
times_of_day = st.sets(st.integers(0, 23), min_size=1, max_size=4)
days_of_month = st.sets(st.integers(1, LAST), max_size=4)
days_of_week = st.sets(st.integers(0, 6), max_size=6)


def ordered(values: set[int]) -> tuple[int, ...]:
    return tuple(sorted(values))


cadences = st.one_of(
    st.builds(Cadence, st.integers(0, 59), some_hours),
    st.builds(Cadence, st.integers(0, 59), times_of_day.map(ordered), days_of_month.map(ordered)),
    st.builds(Cadence, st.integers(0, 59), times_of_day.map(ordered), weekdays=days_of_week.map(ordered)),
)


@given(cadences)
def test_what_is_told_can_be_said_again(cadence: Cadence) -> None:
    assert cadence_of(cadence.cron) == cadence
    for language in ("zh-CN", "en"):
        told = render(f"chat/{language}/schedules/cadence.txt", shape=cadence.shape)
        assert leading(told).cadence == cadence, told


def walls(cron: str, zone: str, after: datetime, count: int) -> list[str]:
    there = ZoneInfo(zone)
    found = islice(moments(cadence_of(cron), after.replace(tzinfo=there), there), count)
    return [f"{at.astimezone(there):%d %H:%M%z}" for at in found]


@pytest.mark.parametrize(
    ("cron", "zone", "after", "told"),
    [
        ("30 2 * * *", "Europe/Berlin", (2026, 3, 28), ["28 02:30+0100", "29 03:30+0200", "30 02:30+0200"]),
        ("30 2 * * *", "Europe/Berlin", (2026, 10, 24), ["24 02:30+0200", "25 02:30+0200", "26 02:30+0100"]),
        ("30 2 * * *", "America/New_York", (2026, 3, 7), ["07 02:30-0500", "08 03:30-0400", "09 02:30-0400"]),
        ("30 1 * * *", "America/New_York", (2026, 10, 31), ["31 01:30-0400", "01 01:30-0400", "02 01:30-0500"]),
        ("15 2 * * *", "Australia/Lord_Howe", (2026, 10, 3), ["03 02:15+1030", "04 02:45+1100", "05 02:15+1100"]),
        ("45 1 * * *", "Australia/Lord_Howe", (2026, 4, 4), ["04 01:45+1100", "05 01:45+1100", "06 01:45+1030"]),
        ("0 9 last * *", "Asia/Shanghai", (2026, 1, 31, 10), ["28 09:00+0800", "31 09:00+0800", "30 09:00+0800"]),
        ("0 9 31 * *", "Asia/Shanghai", (2026, 1, 31, 10), ["31 09:00+0800", "31 09:00+0800", "31 09:00+0800"]),
        ("0 9 13 * fri", "Asia/Shanghai", (2026, 3, 2), ["06 09:00+0800", "13 09:00+0800", "20 09:00+0800"]),
    ],
)
def test_moments_are_the_wall_clocks(cron: str, zone: str, after: tuple[int, ...], told: list[str]) -> None:
    """An hour that is left out comes later, one that comes twice counts once; days of both kinds: either will do."""
    assert walls(cron, zone, datetime(*after), 3) == told  # type: ignore[arg-type]  # noqa: DTZ001


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("cron", ["30 2 * * *", "15 * * * *", "45 1 * * sun", "0 3 last * *"])
def test_whoever_looks_from_wherever_sees_the_same_moments(cron: str, zone: str) -> None:
    """Looked for one after the other, or all at once: none twice, none left out, as many as there are days."""
    there, cadence = ZoneInfo(zone), cadence_of(cron)
    start, end = datetime(2026, 1, 1, tzinfo=there), datetime(2027, 1, 1, tzinfo=there)
    found = [at for at in islice(moments(cadence, start, there), 9_000) if at < end]
    assert all(one < two for one, two in pairwise(found))
    for one, two in pairwise(found):
        assert following(cadence, one, there) == following(cadence, two - timedelta(milliseconds=1), there) == two
    days = {at.astimezone(there).date() for at in found}
    assert len(days) == {"*": {"*": 365, "last": 12}[cron.split()[2]], "sun": 52}[cron.split()[4]]
    if cron != "15 * * * *":
        assert len(found) == len(days)


def test_the_last_moment_is_found_however_long_ago_the_first_was() -> None:
    first, now = datetime(2020, 2, 29, 1, tzinfo=UTC), datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    for cron, at in {
        "0 * * * *": (2026, 3, 2, 17),
        "0 9 * * *": (2026, 3, 2, 9),
        "0 9 * * sun": (2026, 3, 1, 9),
        "0 9 1 3 *": (2026, 3, 1, 9),
        "0 9 29 2 *": (2020, 2, 29, 9),
    }.items():
        assert latest(cadence_of(cron), first, now, SHANGHAI) == datetime(*at, tzinfo=SHANGHAI), cron  # type: ignore[misc]
    assert latest(cadence_of("0 9 * * *"), now + timedelta(days=1), now, SHANGHAI) == now + timedelta(days=1)
