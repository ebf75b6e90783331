"""Here lives the arithmetic of trying again, the same for what comes in and for what goes out."""

from datetime import timedelta

TRIES = 8
FIRST = timedelta(seconds=2)
LONGEST = timedelta(minutes=15)


def next_try(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts (1 and up): 2 s, 4 s … 15 min; None when it is to be given up."""
    if attempts >= TRIES:
        return None
    return min(FIRST * (1 << (attempts - 1)), LONGEST)
