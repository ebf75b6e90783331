"""Here lives how many recipients go into one call of a platform, and when it is asked what became of them."""

from datetime import datetime, timedelta
from itertools import pairwise

# While a batch is young it is asked about often, because members confirm early or never.
PACES = (
    (timedelta(hours=1), timedelta(minutes=2)),
    (timedelta(days=1), timedelta(minutes=10)),
    (timedelta(days=3), timedelta(hours=1)),
)
JOB = timedelta(hours=1)  # a mass message is reported by itself: only after so long it is asked about


def share(count: int, most: int) -> int:
    """The first of the equal parts, of at most so many, into which `count` falls: no part is left too small."""
    parts = -(-count // most) or 1
    return -(-count // parts)


def parts(count: int, most: int) -> list[tuple[int, int]]:
    """Where each of the equal parts begins and ends."""
    number = -(-count // most)
    return list(pairwise(count * n // number for n in range(number + 1)))


def next_asking(created: datetime, now: datetime, *, job: bool = False) -> datetime | None:
    """When a batch is asked about next, always one of the same moments; None when nobody expects anything any more."""
    age = now - created
    if job and age < JOB:
        return created + JOB
    for until, pace in PACES:
        if age < until:
            return created + min(pace * (age // pace + 1), until)
    return None
