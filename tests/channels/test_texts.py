from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.texts import cut, octets, split, units

FAMILY = "👩\u200d👩\u200d👧"
SERBIA, JAPAN = "🇷🇸", "🇯🇵"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
HAN_IN_JAMO = "\u1112\u1161\u11ab"
TEXTS = st.text(st.one_of(st.characters(blacklist_categories=["Cs"]), st.sampled_from("\u200d\u0301🏽🇷🇸👩\n ")))


@pytest.mark.parametrize(
    ("text", "in_units", "in_octets"),
    [("", 0, 0), ("abc", 3, 3), ("关系", 2, 6), ("😀", 2, 4), (SERBIA, 4, 8), (FAMILY, 8, 18)],
)
def test_lengths(text: str, in_units: int, in_octets: int) -> None:
    assert units(text) == in_units == len(text.encode("utf-16-le")) // 2
    assert octets(text) == in_octets


@pytest.mark.parametrize(
    ("text", "limit", "left"),
    [
        ("abcd", 4, "abcd"),
        ("abcde", 4, "abc…"),
        ("客户关系管理", 4, "客户关…"),
        ("ab😀cd", 4, "ab…"),
        ("ab😀cd", 5, "ab😀…"),
        (f"ab{FAMILY}cd", 8, "ab…"),
        (f"{FAMILY}cd", 9, f"{FAMILY}…"),
        ("ab👍🏽cd", 5, "ab…"),
        ("abe\u0301f", 4, "ab…"),
        ("ab❤\ufe0fcd", 4, "ab…"),
        ("ab1\ufe0f\u20e3cd", 5, "ab…"),
        (f"{SERBIA}{JAPAN}ab", 8, f"{SERBIA}…"),
        (f"a{SERBIA}{JAPAN}", 7, f"a{SERBIA}…"),
        (f"a{ENGLAND}b", 14, "a…"),
        (f"a{HAN_IN_JAMO}b", 4, "a…"),
        ("நிநிab", 4, "நி…"),
        ("ab\r\ncd", 4, "ab…"),
        ("\u200d" * 9, 4, "…"),
        ("abc", 0, ""),
    ],
)
def test_what_is_too_long_is_cut_between_visible_characters(text: str, limit: int, left: str) -> None:
    assert cut(text, limit, units) == left


@pytest.mark.parametrize("measure", [units, octets])
@given(text=TEXTS, limit=st.integers(0, 40))
def test_a_cut_text_fits_and_is_a_beginning(measure: Callable[[str], int], text: str, limit: int) -> None:
    left = cut(text, limit, measure)
    assert measure(left) <= limit
    assert left == text or not left or (left.endswith("…") and text.startswith(left[:-1]))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ("",)),
        ("0123456789", ("0123456789",)),
        ("one two three four", ("one two", "three four")),
        ("first line\nand two", ("first line", "and two")),
        ("ab cdefghijklmn", ("ab cdefghi", "jklmn")),
        ("first\n\nsecond\n", ("first", "second")),
        (f"01234567{FAMILY}9", ("01234567", f"{FAMILY}9")),
        ("e" + "\u0301" * 12, ("e" + "\u0301" * 9, "\u0301" * 3)),
        ("x" * 50, ("x" * 10,) * 5),
        ("x" * 51, (*("x" * 10,) * 4, "x" * 9 + "…")),
        (
            "abcdefg abcdefg abcdefg abcdefg abcdefg abcdefg",
            ("abcdefg ab", "cdefg abcd", "efg abcdef", "g abcdefg", "abcdefg"),
        ),
        ("abcdef " * 8, ("abcdef abc", "def abcdef", "abcdef abc", "def abcdef", "abcdef ab…")),
        (f"{'x' * 48}{FAMILY}x", (*("x" * 10,) * 4, "x" * 8 + "…")),
        (" " * 20, ()),
    ],
)
def test_a_long_text_is_split_at_lines_then_words_then_characters(text: str, pieces: tuple[str, ...]) -> None:
    assert split(text, 10, units, 5) == pieces


@pytest.mark.parametrize(
    ("text", "end", "pieces"),
    [
        ("abc", "\n[1]", ("abc\n[1]",)),
        ("x" * 18, "\n[1]", ("x" * 10, "x" * 8, "[1]")),
        ("x" * 31, "\n[1]", ("x" * 10, "x" * 10, "xxxxx…\n[1]")),
        ("x" * 28, "\n[1]", ("x" * 10, "x" * 10, "xxxxx…\n[1]")),
        ("x" * 26, "\n[123456789]", ("x" * 10, "x" * 10, "x" * 6 + "\n[1…")),
        ("", "\n[1]" * 10, ("[1]\n[1]\n[1", "]\n[1]\n[1]", "[1]\n[1]\n[…")),
    ],
)
def test_what_must_be_cut_is_cut_before_the_end(text: str, end: str, pieces: tuple[str, ...]) -> None:
    assert split(text, 10, units, 3, end) == pieces


@pytest.mark.parametrize("measure", [units, octets])
@given(text=TEXTS, end=TEXTS, limit=st.integers(8, 60), most=st.integers(2, 6))
def test_pieces_fit_and_nothing_visible_is_lost_but_in_the_last_cut(
    measure: Callable[[str], int], text: str, end: str, limit: int, most: int
) -> None:
    pieces = split(text, limit, measure, most, end)
    assert len(pieces) <= most
    assert all(measure(piece) <= limit for piece in pieces)
    assert pieces == (text + end,) or all(piece.strip() for piece in pieces)
    shown, everything = (_visible(text) for text in ("".join(pieces), text + end))
    if shown != everything:
        assert len(pieces) >= most - bool(end)
        kept = pieces[-1].removesuffix(end) if measure(end) <= limit // 2 else pieces[-1]
        assert kept.endswith("…")
        assert everything.startswith(_visible("".join(pieces[:-1]) + kept[:-1]))


def _visible(text: str) -> str:
    return "".join(text.split())
