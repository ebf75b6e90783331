"""Here lives what must hold of the rules of pushes: how they are asked for, when they rest, which are the same."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.messages import Text
from domain.push_wishes import KEYS, PushWish, rate_in, way_named, wish
from domain.pushes import Composition, PushRules, has_changed, lasting

SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = PushRules(quiet_hours=(time(22), time(8)))
SAID = Composition(Text("您好"), rule='#"G1"', audience="#VIP", accounts=("a", "b"))


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", PushWish()),
        (
            "人群=#高意向 渠道=企微 时间=明天10点 限速=20/分 模板=双十一",
            PushWish("#高意向", via=("企微",), at="明天10点", rate="20/分", template="双十一"),
        ),
        (
            'to=#hot via=wecom,tg at="tomorrow 10:00" rate=20/m tpl=d11 AGAIN=yes',
            PushWish("#hot", via=("wecom", "tg"), at="tomorrow 10:00", rate="20/m", template="d11", again=True),
        ),
        ("人群=#高意向 且 非 30天内群发 时间=明天 10点", PushWish("#高意向 且 非 30天内群发", at="明天 10点")),
        ("人群＝“城市=上海 且 渠道=电报” 渠道＝企微、tg", PushWish("城市=上海 且 渠道=电报", via=("企微", "tg"))),
        ("人群=城市=上海 且 渠道=电报 渠道 = 企微", PushWish("城市=上海 且 渠道=电报", via=("企微",))),
        ("人群=(城市=上海 或 渠道=电报) 渠道=tg", PushWish("(城市=上海 或 渠道=电报)", via=("tg",))),
        ("人群=非 渠道=电报 方式=消息", PushWish("非 渠道=电报", way="消息")),
        ("to=labor via=tg", PushWish("labor", via=("tg",))),
        ("老客 模板=周报", PushWish("老客", template="周报")),
        ("到群=#区域A #区域B 模板=周报", PushWish(groups="#区域A #区域B", template="周报")),
        (
            "人群=老客 链接=https://a.example/?x=1&y=2 标题=“你好， 世界！” 商品=X200",
            PushWish("老客", pairs={"链接": "https://a.example/?x=1&y=2", "标题": "你好， 世界！", "商品": "X200"}),
        ),
        ("人群=老客 时间=现在 重复=否", PushWish("老客")),
    ],
)
def test_what_is_asked_for(typed: str, wanted: PushWish) -> None:
    assert wish(typed) == wanted


def test_what_stands_below_is_not_touched() -> None:
    assert wish("人群=老客", "您好 \n\n“再见” ").body == "您好 \n\n“再见” "


def test_an_audience_that_was_asked_for_later() -> None:
    assert wish("渠道=tg to=?", "您好\n\n再见\n城市=上海") == PushWish("城市=上海", via=("tg",), body="您好\n\n再见")


@pytest.mark.parametrize("typed", ["人群=a 人群=b", "to=a 人群=b", "商品=a 商品=b"])
def test_nothing_is_given_twice(typed: str) -> None:
    with pytest.raises(Refusal, match="given_twice"):
        wish(typed)


@given(st.text(), st.text())
def test_whatever_is_typed_is_read_or_refused(typed: str, body: str) -> None:
    try:
        found = wish(typed, body)
    except Refusal as refusal:
        assert refusal.key == "refusals/given_twice"  # noqa: PT017 - the only one there is
    else:
        assert not {word for words in KEYS.values() for word in words} & set(found.pairs)


@pytest.mark.parametrize(
    ("typed", "rate"),
    [
        ("20/分", (20, 60)),
        ("2/秒", (2, 1)),
        ("1000/时", (1000, 3600)),
        ("20/m", (20, 60)),
        ("2/s", (2, 1)),
        ("1000/h", (1000, 3600)),
        ("２０ 条 / 分钟", (20, 60)),
        ("0.5/秒", (0.5, 1)),
        ("30/小时", (30, 3600)),
        ("20/MIN", (20, 60)),
        *((typed, None) for typed in ("", "0/秒", "-1/秒", "20", "20/天", "20分", "1e3/s", "20/分 快")),
    ],
)
def test_rates(typed: str, rate: tuple[float, float] | None) -> None:
    assert rate_in(typed) == rate


def test_ways_have_names_in_both_languages() -> None:
    assert [way_named(word) for word in ("企业群发", "MASS", "模板消息", "飞鸽")] == ["task", "mass", "notice", None]


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (datetime(2026, 11, 21, 13, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 21, 14, 0, tzinfo=UTC), datetime(2026, 11, 22, 0, 0, tzinfo=UTC)),
        (datetime(2026, 11, 21, 23, 59, tzinfo=UTC), datetime(2026, 11, 22, 0, 0, tzinfo=UTC)),
        (datetime(2026, 11, 22, 0, 0, tzinfo=UTC), None),
    ],
)
def test_the_night_ends_in_the_morning(now: datetime, until: datetime | None) -> None:
    assert NIGHT.quiet_until(now, SHANGHAI) == until
    assert PushRules().quiet_until(now, SHANGHAI) is None
    assert PushRules(quiet_hours=(time(8), time(8))).quiet_until(now, SHANGHAI) is None


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (datetime(2026, 10, 25, 0, 10, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 10, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), None),
    ],
)
def test_the_end_of_the_night_is_ahead_when_the_clocks_are_changed(now: datetime, until: datetime | None) -> None:
    night = PushRules(quiet_hours=(time(22), time(2, 30)))
    assert night.quiet_until(now, ZoneInfo("Europe/Berlin")) == until


def test_quiet_hours_within_a_day() -> None:
    noon = PushRules(quiet_hours=(time(12), time(14)))
    assert noon.quiet_until(datetime(2026, 11, 21, 5, 0, tzinfo=UTC), SHANGHAI) == datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert noon.quiet_until(datetime(2026, 11, 21, 6, 0, tzinfo=UTC), SHANGHAI) is None


def test_the_same_words_to_the_same_people_are_alike() -> None:
    assert replace(SAID, audience="VIP", accounts=("b", "a"), pace=(2, 1), again=True).likeness == SAID.likeness
    others = (
        replace(SAID, content=Text("您好！")),
        replace(SAID, rule='#"G2"'),
        replace(SAID, accounts=("a",)),
        replace(SAID, way="mass"),
        replace(SAID, values={"商品": "X200"}),
    )
    assert SAID.likeness not in {each.likeness for each in others}


@pytest.mark.parametrize(
    ("before", "after", "changed"), [(2, 7, False), (2, 8, True), (1000, 1010, False), (9, 3, True)]
)
def test_a_few_more_or_fewer_change_nothing(before: int, after: int, changed: bool) -> None:
    assert has_changed(before, after) is changed


def test_the_slowest_says_how_long_it_takes() -> None:
    assert lasting({"a": 300, "b": 10}, {"a": 30, "b": None}, 0) == 10
    assert lasting({"a": 300, "b": 10}, {"a": 30, "b": None}, 2) == 155
    assert lasting({"b": 10}, {"b": None}, 0) is None


def test_what_goes_out_every_monday_is_one_in_seven_days() -> None:
    monday = datetime(2026, 12, 7, 10, tzinfo=SHANGHAI)
    weekly = PushRules(cap=(1, timedelta(days=7)))
    last = monday - timedelta(days=7) + timedelta(minutes=40)
    assert (weekly.capped_since(monday, SHANGHAI) or last) > last
    assert weekly.capped_since(monday, SHANGHAI) == datetime(2026, 12, 1, tzinfo=SHANGHAI)
    assert PushRules(cap=(2, timedelta(days=1))).capped_since(monday, SHANGHAI) == monday.replace(hour=0)
    assert PushRules(cap=(1, timedelta(hours=36))).capped_since(monday, SHANGHAI) == monday - timedelta(hours=36)
    assert PushRules().capped_since(monday, SHANGHAI) is None
