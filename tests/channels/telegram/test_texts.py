import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.telegram.texts import cut, units

FAMILY = "👩\u200d👩\u200d👧"


@pytest.mark.parametrize(("text", "count"), [("", 0), ("abc", 3), ("关系", 2), ("😀", 2), ("🇷🇸", 4), (FAMILY, 8)])
def test_length_is_counted_in_utf_16(text: str, count: int) -> None:
    assert units(text) == count == len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("text", "limit", "left"),
    [
        ("abcd", 4, "abcd"),
        ("abcde", 4, "abc…"),
        ("客户关系管理", 4, "客户关…"),
        ("ab😀cd", 4, "ab…"),
        ("ab😀cd", 5, "ab😀…"),
        (f"ab{FAMILY}cd", 8, "ab…"),
        ("ab👍🏽cd", 5, "ab…"),
        ("abe\u0301f", 4, "ab…"),
        ("\u200d" * 9, 4, "…"),
    ],
)
def test_what_is_too_long_is_cut_between_characters(text: str, limit: int, left: str) -> None:
    assert cut(text, limit) == left


@given(st.text(), st.integers(1, 40))
def test_a_cut_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    left = cut(text, limit)
    assert units(left) <= limit
    assert left == text or (left.endswith("…") and text.startswith(left[:-1]))
