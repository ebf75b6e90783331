"""Here lives what must hold of a line made plain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lines import plainly


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("查　张三", "查 张三"),
        ("／查 张三", "/查 张三"),
        ("！帮助", "!帮助"),
        ("看 Ｃ１２", "看 C12"),
        ("查\u200b 张\ufeff三", "查 张三"),
        ("查 “张 三” 「李四」『王五』", '查 "张 三" "李四""王五"'),
        ("群发 ——预览 －－预览", "群发 --预览 --预览"),
        ("回复 C1：您好", "回复 C1:您好"),
        ("cafe\u0301", "café"),
        ("查 张—三", "查 张—三"),
    ],
)
def test_the_first_line_is_made_plain(typed: str, plain: str) -> None:
    assert plainly(typed).plain == plain


@given(st.text())
def test_every_plain_character_knows_where_it_was_typed(raw: str) -> None:
    line = plainly(raw)
    assert len(line.origins) == len(line.plain)
    assert list(line.origins) == sorted(line.origins)
    assert all(0 <= origin < len(raw) for origin in line.origins)


@given(st.text(alphabet="abc 张三，。！（）１２", max_size=20))
def test_what_was_typed_comes_back_as_it_was_typed(raw: str) -> None:
    assert plainly(raw).typed_from(0) == raw.strip()
