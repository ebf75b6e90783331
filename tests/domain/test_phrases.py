"""Here lives what people type for a time, in both languages, and what it means."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.moments import moment_in

SHANGHAI = ZoneInfo("Asia/Shanghai")
SUNDAY = datetime(2026, 11, 22, 11, 0, tzinfo=SHANGHAI)
WEDNESDAY = datetime(2026, 11, 25, 11, 0, tzinfo=SHANGHAI)


def understood(text: str, now: datetime = SUNDAY) -> str | None:
    """The phrase and what it means; a mark where no time of day was given."""
    found = moment_in(text, now, SHANGHAI)
    if found is None:
        return None
    return f"{text[found.start : found.end]} = {found.at:%m-%d %H:%M}{'' if found.timed else ' ?'}"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("周五10点 报价 C1024", "周五10点 = 11-27 10:00"),
        ("已联系 周三回电", "周三 = 11-25 09:00 ?"),
        ("明天10点", "明天10点 = 11-23 10:00"),
        ("3天后", "3天后 = 11-25 09:00 ?"),
        ("三天后下午3点", "三天后下午3点 = 11-25 15:00"),
        ("下周一下午3点半", "下周一下午3点半 = 11-23 15:30"),
        ("11月25日 9:00", "11月25日 9:00 = 11-25 09:00"),
        ("11 月 25 日 下午 3 点", "11 月 25 日 下午 3 点 = 11-25 15:00"),
        ("2026年11月25日（周三）上午10：00", "2026年11月25日（周三）上午10：00 = 11-25 10:00"),
        ("十一月二十五号十点一刻", "十一月二十五号十点一刻 = 11-25 10:15"),
        ("今晚8点", "今晚8点 = 11-22 20:00"),
        ("今晚12点", "今晚12点 = 11-23 00:00"),
        ("晚上1点", "晚上1点 = 11-23 01:00"),
        ("半夜2点", "半夜2点 = 11-23 02:00"),
        ("凌晨12点", "凌晨12点 = 11-23 00:00"),
        ("24点", "24点 = 11-23 00:00"),
        ("半小时后", "半小时后 = 11-22 11:30"),
        ("一个半小时后", "一个半小时后 = 11-22 12:30"),
        ("一刻钟后", "一刻钟后 = 11-22 11:15"),
        ("过两天", "过两天 = 11-24 09:00 ?"),
        ("5 个月后", "5 个月后 = 04-22 09:00 ?"),
        ("半个月后", "半个月后 = 12-07 09:00 ?"),
        ("下个月1号", "下个月1号 = 12-01 09:00 ?"),
        ("下月底", "下月底 = 12-31 09:00 ?"),
        ("月底", "月底 = 11-30 09:00 ?"),
        ("2月底", "2月底 = 02-28 09:00 ?"),
        ("三月初", "三月初 = 03-01 09:00 ?"),
        ("下个月", "下个月 = 12-01 09:00 ?"),
        ("傍晚6点", "傍晚6点 = 11-22 18:00"),
        ("年底", "年底 = 12-31 09:00 ?"),
        ("31号", "31号 = 12-31 09:00 ?"),
        ("大后天", "大后天 = 11-25 09:00 ?"),
        ("明早", "明早 = 11-23 09:00"),
        ("周六晚", "周六晚 = 11-28 20:00"),
        ("中午", "中午 = 11-22 12:00"),
        ("中午12点半", "中午12点半 = 11-22 12:30"),
        ("十点半", "十点半 = 11-23 10:30"),
        ("週三下午兩點半", "週三下午兩點半 = 11-25 14:30"),
        ("明天三点五十", "明天三点五十 = 11-23 15:50"),
        ("明天3点20个人到", "明天3点 = 11-23 15:00"),
        ("周五十点", "周五十点 = 11-27 10:00"),
        ("周三一点", "周三一点 = 11-25 13:00"),
        ("明天早一点来", "明天 = 11-23 09:00 ?"),
        ("联系一下周三", "周三 = 11-25 09:00 ?"),
        ("周六26号", "周六26号 = 12-26 09:00 ?"),
        ("周末", "周末 = 11-28 09:00 ?"),
        ("下周再说", "下周 = 11-23 09:00 ?"),
        ("下下周一", "下下周一 = 11-30 09:00 ?"),
        ("10点到12点培训", "10点 = 11-23 10:00"),
        ("10点 明天3点", "明天3点 = 11-23 15:00"),
        ("改到　明天１０：３０", "明天１０：３０ = 11-23 10:30"),
        ("明\u200b天10\u200b点", "明\u200b天10\u200b点 = 11-23 10:00"),
        ("㏠", "㏠ = 12-01 09:00 ?"),
        ("2月29日", "2月29日 = 02-29 09:00 ?"),
    ],
)
def test_chinese(typed: str, meant: str) -> None:
    assert understood(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("contacted call back wed", "wed = 11-25 09:00 ?"),
        ("fri 10:00 quote C1024", "fri 10:00 = 11-27 10:00"),
        ("tomorrow", "tomorrow = 11-23 09:00 ?"),
        ("in 2 hours", "in 2 hours = 11-22 13:00"),
        ("in half an hour", "in half an hour = 11-22 11:30"),
        ("in 3 days at 10", "in 3 days at 10 = 11-25 10:00"),
        ("two weeks from now", "two weeks from now = 12-06 09:00 ?"),
        ("next mon 3pm", "next mon 3pm = 11-23 15:00"),
        ("3pm next mon", "3pm next mon = 11-23 15:00"),
        ("25 Nov 9am", "25 Nov 9am = 11-25 09:00"),
        ("Wed, 25 Nov at 9am", "Wed, 25 Nov at 9am = 11-25 09:00"),
        ("Nov 28th, 2026 10:30", "Nov 28th, 2026 10:30 = 11-28 10:30"),
        ("2026-11-25 14:30", "2026-11-25 14:30 = 11-25 14:30"),
        ("25.11.2026", "25.11.2026 = 11-25 09:00 ?"),
        ("11/25-11/28", "11/25 = 11-25 09:00 ?"),
        ("25/11", "25/11 = 11-25 09:00 ?"),
        ("11.25 9点 交货", "11.25 9点 = 11-25 09:00"),
        ("11-25 下午3点", "11-25 下午3点 = 11-25 15:00"),
        ("25.11 at 9am", "25.11 at 9am = 11-25 09:00"),
        ("10.50 9点", "9点 = 11-23 09:00"),
        ("报价 11.25 9点发", "9点 = 11-23 09:00"),
        ("end of month", "end of month = 11-30 09:00 ?"),
        ("1st of next month", "1st of next month = 12-01 09:00 ?"),
        ("on the 25th", "the 25th = 11-25 09:00 ?"),
        ("tonight", "tonight = 11-22 20:00"),
        ("tonight at 8", "tonight at 8 = 11-22 20:00"),
        ("tomorrow evening", "tomorrow evening = 11-23 20:00"),
        ("in the morning", "in the morning = 11-23 09:00"),
        ("noon", "noon = 11-22 12:00"),
        ("midnight", "midnight = 11-23 00:00"),
        ("tomorrow 12am", "tomorrow 12am = 11-23 00:00"),
        ("3:30", "3:30 = 11-22 15:30"),
        ("03:30", "03:30 = 11-23 03:30"),
        ("15:00pm", "15:00pm = 11-22 15:00"),
        ("fri 4 o'clock", "fri 4 o'clock = 11-27 16:00"),
        ("next month", "next month = 12-01 09:00 ?"),
        ("next week", "next week = 11-23 09:00 ?"),
        ("end of the year", "end of the year = 12-31 09:00 ?"),
        ("this evening", "this evening = 11-22 20:00"),
        ("wed 11/25", "wed 11/25 = 11-25 09:00 ?"),
        ("wed 13/31", "wed = 11-25 09:00 ?"),
        ("eod", "eod = 11-22 18:00"),
        ("day after tomorrow 9am", "day after tomorrow 9am = 11-24 09:00"),
        ("may 5", "may 5 = 05-05 09:00 ?"),
        ("call sat 3pm", "sat 3pm = 11-28 15:00"),
        ("next weekend", "next weekend = 11-28 09:00 ?"),
    ],
)
def test_english(typed: str, meant: str) -> None:
    assert understood(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        *("", "5", "10.5", "11.30", "13800001234", "C12", "100号", "1000点", "3:1", "20%", "v2026.11.25.1", "24/7"),
        *(
            "sunny",
            "monday.com",
            "they may come",
            "5 may join",
            "the sun",
            "we sat",
            "sat down with them",
            "in ad campaign",
        ),
        *("周三福", "找周三福总", "一周三次", "每周一10点", "每天10点", "every mon 10:00", "mon-fri", "周一到周五"),
        *("便宜一点", "三点建议", "三点五折", "第三点", "25号楼", "中山路12号", "早上好", "good morning", "住一晚"),
        *(
            "超过3天",
            "7日内",
            "x.com/2026-11-25",
            "a@today.com",
            "order 2026-11-25-0001",
            "明年",
            "at 10",
            "1/2 of them",
        ),
    ],
)
def test_no_time_at_all(typed: str) -> None:
    assert moment_in(typed, SUNDAY, SHANGHAI) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("周三", "周三 = 12-02 09:00 ?"),
        ("周三10点", "周三10点 = 12-02 10:00"),
        ("周三13点", "周三13点 = 11-25 13:00"),
        ("这周三下午", "这周三下午 = 11-25 14:00"),
        ("这周五", "这周五 = 11-27 09:00 ?"),
        ("下周三", "下周三 = 12-02 09:00 ?"),
        ("next fri", "next fri = 12-04 09:00 ?"),
        ("25号", "25号 = 11-25 18:00 ?"),
        ("今天", "今天 = 11-25 18:00 ?"),
        ("上午", "上午 = 11-25 11:00"),
    ],
)
def test_what_has_begun_is_not_meant(typed: str, meant: str) -> None:
    assert understood(typed, WEDNESDAY - timedelta(minutes=1)) == meant


def test_today_without_a_time_is_the_next_end_of_something() -> None:
    hours = [understood("today", WEDNESDAY.replace(hour=hour)) for hour in (8, 9, 18)]
    assert hours == [f"today = 11-25 {at} ?" for at in ("09:00", "18:00", "23:59")]


@pytest.mark.parametrize(
    ("note", "meant"),
    [
        ("昨天没接 周三回电", "周三 = 11-25 09:00 ?"),
        ("今天没接 周三回电", "周三 = 11-25 09:00 ?"),
        ("上午10点联系过 周三回电", "周三 = 11-25 09:00 ?"),
        ("called yesterday, ring back in 45 min", "in 45 min = 11-22 11:45"),
        ("昨天打过电话", None),
        ("今天聊过", None),
        ("今天回电", "今天 = 11-22 18:00 ?"),
        ("10点回电", "10点 = 11-23 10:00"),
    ],
)
def test_a_note_may_tell_what_was(note: str, meant: str | None) -> None:
    assert understood(note) == meant
