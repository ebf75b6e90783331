"""Here lives which command was probably meant: by edit distance, by sound, and across the two Chinese scripts."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import OSA

SHORT, MIDDLE = 3, 6
LONGEST = 24  # a longer word is a sentence


def nearest(typed: str, aliases: Iterable[str]) -> tuple[str, ...]:
    """The aliases that `typed` may have meant, best first."""
    plain = simplified(typed.encode(errors="replace").decode()) if len(typed) <= LONGEST else ""
    scored = ((_distance(plain, alias), alias) for alias in aliases)
    return tuple(alias for distance, alias in sorted((d, a) for d, a in scored if d is not None))


def simplified(text: str) -> str:
    """Chinese in simplified characters; anything else as it is."""
    return text if text.isascii() else str(_converter().convert(text))


def _distance(typed: str, alias: str) -> int | None:
    near = [_within(typed, alias, 0 if len(alias) == 1 else _allowed(alias))]
    if not alias.isascii():
        near.append(_within(_sound(typed), _sound(alias), _allowed(_sound(alias))))
    return min((distance for distance in near if distance is not None), default=None)


def _within(typed: str, alias: str, allowed: int) -> int | None:
    distance = OSA.distance(typed, alias, score_cutoff=allowed)
    return distance if distance <= allowed else None


def _allowed(alias: str) -> int:
    if alias.isascii():
        return 0 if len(alias) < SHORT else 1 if len(alias) < MIDDLE else 2
    return 1 if len(alias) <= SHORT else 2


@lru_cache(maxsize=2048)
def _sound(text: str) -> str:
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(text))


@lru_cache(maxsize=1)
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")
