"""Here lives where a text may end for a platform that takes only so much of it: never inside a visible character."""

import unicodedata
from collections.abc import Callable
from itertools import takewhile
from typing import Final

Measure = Callable[[str], int]

ELLIPSIS: Final = "…"
EXTENDING: Final = frozenset({"Mn", "Me", "Mc"})
JOINERS: Final = frozenset({"\u200c", "\u200d"})


def octets(text: str) -> int:
    """The length in bytes of UTF-8."""
    return len(text.encode("utf-8", "ignore"))


def units(text: str) -> int:
    """The length in UTF-16 code units: an emoji is two or more."""
    return len(text) + sum(1 for letter in text if letter > "\uffff")


def whole(text: str) -> str:
    """Without halves of surrogate pairs, which no platform takes."""
    return text.encode("utf-8", "ignore").decode()


def cut(text: str, limit: int, measure: Measure) -> str:
    """`text` where it fits into `limit`, else its beginning and `…`; nothing where not even that fits."""
    if measure(text) <= limit:
        return text
    room = limit - measure(ELLIPSIS)
    return text[: _last_edge(text, _room(text, room, measure))] + ELLIPSIS if room >= 0 else ""


def split(text: str, limit: int, measure: Measure, most: int, end: str = "") -> tuple[str, ...]:
    """`text` and `end` in at most so many pieces that fit into `limit`, white space at their edges left out.

    A piece ends with a line or a word where that costs it no more than half of its length; where they would be too
    many then, each is full. What is too much even so is cut off the end of `text` with `…`, and an `end` of no more
    than half a piece follows all the same.
    """
    if measure(text + end) <= limit:
        return (text + end,)
    for gaps in (_last_gap, _no_gap):
        pieces = _pieces(text + end, limit, measure, most, gaps)
        if not pieces or measure(pieces[-1]) <= limit:
            return tuple(pieces)
    kept = end if measure(end) <= limit // 2 else ""
    *pieces, rest = _pieces(text if kept else text + end, limit, measure, most, _no_gap)
    return (*pieces, cut(rest, limit - measure(kept), measure) + kept)


def _pieces(text: str, limit: int, measure: Measure, most: int, gap: Callable[[str, int], int]) -> list[str]:
    """The last of so many is all that is left, however long."""
    pieces: list[str] = []
    text = text.strip()
    while measure(text) > limit and len(pieces) < most - 1:
        room = _room(text, limit, measure)
        end = gap(text, room) or _last_edge(text, room) or max(room, 1)
        pieces.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*pieces, text] if text else pieces


def _room(text: str, limit: int, measure: Measure) -> int:
    """How many code points from the beginning fit."""
    used = 0
    for end, letter in enumerate(text):
        used += measure(letter)
        if used > limit:
            return end
    return len(text)


def _last_gap(text: str, room: int) -> int:
    """The last end of a line within the room, else of a word; 0 when it is too near to the beginning."""
    for gap in ("\n", " "):
        if (found := text.rfind(gap, room // 2, room + 1)) > 0:
            return found
    return 0


def _no_gap(text: str, room: int) -> int:  # noqa: ARG001 - as little as it looks at them
    return 0


def _last_edge(text: str, room: int) -> int:
    while 0 < room < len(text) and _joined(text, room):
        room -= 1
    return room


def _joined(text: str, at: int) -> bool:
    """Whether `at` is inside one visible character: the rules of https://unicode.org/reports/tr29/ that matter here."""
    before, after = text[at - 1], text[at]
    if unicodedata.category(after) in EXTENDING or after in JOINERS or before == "\u200d":
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":  # skin tones, tags of a flag
        return True
    if _regional(before) and _regional(after):  # two letters make a flag
        return sum(1 for _ in takewhile(_regional, reversed(text[:at]))) % 2 == 1
    return (before, after) == ("\r", "\n") or _syllable(before, after)


def _regional(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


def _syllable(before: str, after: str) -> bool:
    """Whether two Hangul letters stand in one block."""
    if "\u1160" <= after <= "\u11ff" or "\ud7b0" <= after <= "\ud7fb":
        return "\u1100" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7fb"
    return "\u1100" <= before <= "\u115f" and ("\u1100" <= after <= "\u115f" or "\uac00" <= after <= "\ud7a3")
