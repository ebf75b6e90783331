"""Here lives the proof that a to-do is taken apart as a person meant it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commands import Target
from domain.errors import Refusal
from domain.tasks import HEIGHT, addition, outline, wish

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
ZONE = ZoneInfo("Asia/Shanghai")
PIECES = (
    "周五10点",
    "fri 10:00",
    "报价",
    "quote",
    "C12",
    "l8",
    "前",
    "to",
    "by ",
    "，",
    " ",
    "\n",
    "C",
    "１２",
    "👨‍👩‍👧",
    "“",
)


@pytest.mark.parametrize(
    ("typed", "text", "day"),
    [
        ("周五10点 报价", "报价", 6),
        ("报价 周五10点", "报价", 6),
        ("报价，周五10点", "报价", 6),
        ("报价 周五10点 带合同", "报价 带合同", 6),
        ("周三回电", "回电", 4),
        ("周五前交报价", "周五前交报价", 6),
        ("明天的会议准备", "明天的会议准备", 3),
        ("会议改到明天10点", "会议改到明天10点", 3),
        ("报价", "报价", None),
        ("fri 10:00 quote", "quote", 6),
        ("quote by fri", "quote", 6),
        ("meeting on friday with Bob", "meeting with Bob", 6),
        ("move meeting to fri 10:00", "move meeting to fri 10:00", 6),
        ("fri 10:00-12:00 expo", "fri 10:00-12:00 expo", 6),
        ("第一行\n第二行 明天", "第一行\n第二行", 3),
        ("周五10点", "", 6),
        ("", "", None),
    ],
)
def test_the_time_is_taken_out_where_that_leaves_a_sentence(typed: str, text: str, day: int | None) -> None:
    found = wish(typed, NOW, ZONE)
    assert (found.text, found.at.day if found.at else None) == (text, day)


@pytest.mark.parametrize(
    ("typed", "text", "customer"),
    [
        ("报价 C1024", "报价", Target("C", 1024)),
        ("C1024 报价", "报价", Target("C", 1024)),
        ("报价 c1024 带合同", "报价 带合同", Target("C", 1024)),
        ("给C1024报价", "给C1024报价", Target("C", 1024)),
        ("报价 Ｌ８，带合同", "报价 ，带合同", Target("L", 8)),
        ("报价 C1 C2", "报价 C2", Target("C", 1)),
        ("买 ABC12 电池", "买 ABC12 电池", None),
        ("C1.5 电池", "C1.5 电池", None),
        ("P3 看结果", "P3 看结果", None),
    ],
)
def test_the_customer_may_stand_anywhere(typed: str, text: str, customer: Target | None) -> None:
    found = wish(typed, NOW, ZONE)
    assert (found.text, found.customer, found.at) == (text, customer, None)


@pytest.mark.parametrize(
    ("typed", "rest"),
    [
        ("加 报价", "报价"),
        ("加：报价", "报价"),
        ("add quote", "quote"),
        ("ADD quote", "quote"),
        ("新增\n报价", "报价"),
        ("加", ""),
        ("加周五10点 报价", "周五10点 报价"),
        ("加班申请", None),
        ("addition", None),
        ("报价", None),
    ],
)
def test_what_begins_with_add_is_new(typed: str, rest: str | None) -> None:
    assert addition(typed, NOW, ZONE) == rest


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=12).map("".join))
def test_any_text_is_taken_apart_or_refused(typed: str) -> None:
    try:
        found = wish(typed, NOW, ZONE)
        addition(typed, NOW, ZONE)
    except Refusal:
        return
    assert found.at is None or found.at > NOW
    left = iter("".join(typed.split()))
    assert all(letter in left for letter in "".join(found.text.split()))  # nothing is added, nothing changes places


@given(st.text(max_size=400))
def test_an_outline_fits(text: str) -> None:
    short = outline(text)
    assert len(short) <= 81
    assert len(short.splitlines()) <= HEIGHT


def test_an_outline_says_that_there_is_more() -> None:
    assert outline("一\n\n二\n三") == "一\n二\n三"
    assert outline("一\n二\n三\n四") == "一\n二\n三…"
    assert outline("很长" * 100, 10) == "很长" * 5 + "…"
