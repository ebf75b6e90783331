"""Here live the words by which a customer wants no more pushes, and by which they want them again."""

import unicodedata

OUT = frozenset({"退订", "td", "t", "取消订阅", "unsubscribe", "stop"})
BACK = frozenset({"订阅", "恢复订阅", "subscribe"})


def wants_out(text: str) -> bool:
    """Whether it is such a word and nothing else, however it is typed: 退订。 TD “/stop”"""
    return _bare(text) in OUT


def wants_back(text: str) -> bool:
    return _bare(text) in BACK


def _bare(text: str) -> str:
    """Without width, case, blanks and marks around it; a longer text is none of these words."""
    plain = unicodedata.normalize("NFKC", text[:64]).casefold() if len(text) <= 64 else ""  # noqa: PLR2004 - plenty
    first, last = 0, len(plain)
    while first < last and not plain[first].isalnum():
        first += 1
    while last > first and not plain[last - 1].isalnum():
        last -= 1
    return plain[first:last]
