"""Here lives the proof of how a follow-up is read."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.followups import follow_up
from domain.leads import Stage

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday, 17:00 there


@pytest.mark.parametrize(
    ("typed", "stage", "note", "at", "task"),
    [
        ("已联系 周三回电", Stage.TALKING, "周三回电", "2026-03-04 09:00", "回电"),
        ("已联系周三回电", Stage.TALKING, "周三回电", "2026-03-04 09:00", "回电"),
        ("已联系，周三10点回电", Stage.TALKING, "周三10点回电", "2026-03-04 10:00", "回电"),
        ("contacted call back wed", Stage.TALKING, "call back wed", "2026-03-04 09:00", "call back"),
        ("Interested: quote tomorrow 3pm", Stage.INTERESTED, "quote tomorrow 3pm", "2026-03-03 15:00", "quote"),
        ("有意向", Stage.INTERESTED, "有意向", "", ""),
        ("感兴趣 对价格敏感", Stage.INTERESTED, "对价格敏感", "", ""),
        ("成交", Stage.WON, "成交", "", ""),
        ("赢单 定金已付", Stage.WON, "定金已付", "", ""),
        ("丢单 选了别家", Stage.LOST, "选了别家", "", ""),
        ("无效", Stage.LOST, "无效", "", ""),
        ("不感兴趣", Stage.LOST, "不感兴趣", "", ""),
        ("not interested, too dear", Stage.LOST, "too dear", "", ""),
        ("意向不强，再看看", None, "意向不强，再看看", "", ""),
        ("成交量太小", None, "成交量太小", "", ""),
        ("wonderful talk", None, "wonderful talk", "", ""),
        ("won't buy now", None, "won't buy now", "", ""),
        ("新价格发了", None, "新价格发了", "", ""),
        ("周三回电", None, "周三回电", "2026-03-04 09:00", "回电"),
        ("周三", None, "周三", "2026-03-04 09:00", ""),
        ("客户说明天有空再谈", None, "客户说明天有空再谈", "2026-03-03 09:00", "客户说明天有空再谈"),
        ("昨天聊过，周五回电", None, "昨天聊过，周五回电", "2026-03-06 09:00", "昨天聊过，周五回电"),
        ("昨天聊过", None, "昨天聊过", "", ""),
        ("  ", None, "", "", ""),
        ("", None, "", "", ""),
    ],
)  # fmt: skip
def test_what_is_understood(typed: str, stage: Stage | None, note: str, at: str, task: str) -> None:
    told = follow_up(typed, NOW, ZONE)
    assert (told.stage, told.note, told.task) == (stage, note, task)
    assert (f"{told.at.astimezone(ZONE):%Y-%m-%d %H:%M}" if told.at else "") == at


def test_a_stage_alone_is_its_own_note_but_no_reason() -> None:
    assert (follow_up("已联系", NOW, ZONE).note, follow_up("已联系", NOW, ZONE).reason) == ("已联系", "")
    assert follow_up("沟通中 想加购", NOW, ZONE).reason == "想加购"


def test_a_long_note_is_kept_as_it_is() -> None:
    text = "有意向 第一行\n  第二行“原样”\n\n——完"
    assert follow_up(text, NOW, ZONE).note == "第一行\n  第二行“原样”\n\n——完"


@given(
    st.text(max_size=200) | st.sampled_from(["已联系", "won", "周三"]).flatmap(lambda word: st.text().map(word.__add__))
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        told = follow_up(text, NOW, ZONE)
    except Refusal:
        return
    assert told.note in text
    assert told.at is None or told.at > NOW
