"""Here lives how many people are described: in shares of a hundred, by age, and by what sets them apart."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

BOUNDS = (0, 18, 25, 35, 45, 55, 131)  # where a band of ages begins; nobody is older
FEWEST = 2  # who carry a tag that is told of


@dataclass(frozen=True, slots=True)
class Band:
    """People from `low` to `high` years, both included; None: and older."""

    low: int
    high: int | None
    number: int


@dataclass(frozen=True, slots=True)
class Telling:
    """A tag, how many of those described carry it, and its shares among them and among everybody."""

    tag: int
    share: float
    usual: float


def share(number: int, of: int) -> str:
    """In whole hundredths; what is there is never told as nothing, and what is missing never as everything."""
    hundredths = 100 * number / of if of else 0
    if 0 < hundredths < 1:
        return "<1%"
    return ">99%" if 99 < hundredths < 100 else f"{hundredths:.0f}%"  # noqa: PLR2004 - hundredths


def ages(born: Mapping[str, int], today: date) -> list[Band]:
    """`born` maps days of birth (1990-05-01) to how many were born then; bands without anybody are left out."""
    years: Counter[int] = Counter()
    for day, number in born.items():
        if (old := _age(day, today)) is not None:
            years[old] += number
    bands = []
    for low, end in pairwise(BOUNDS):
        number = sum(years[old] for old in range(low, end))
        if number:
            bands.append(Band(low, end - 1 if end != BOUNDS[-1] else None, number))
    return bands


def telling(here: Mapping[int, int], total: int, usual: Mapping[int, int], everybody: int, most: int) -> list[Telling]:
    """The tags that these people carry more often than everybody, the most telling first."""
    found = [
        Telling(tag, number / total, usual.get(tag, 0) / everybody if everybody else 0.0)
        for tag, number in here.items()
        if number >= min(FEWEST, total)
    ]
    return sorted(found, key=lambda each: (each.usual - each.share, -each.share, each.tag))[:most]


def _age(day: str, today: date) -> int | None:
    try:
        then = date.fromisoformat(day)
    except ValueError:
        return None
    old = today.year - then.year - ((today.month, today.day) < (then.month, then.day))
    return old if 0 <= old < BOUNDS[-1] else None
