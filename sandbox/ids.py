"""The numbers and codes that the simulated platforms hand out."""

import secrets
from collections.abc import Callable
from itertools import count

EPOCH = 1_767_225_600  # 2026-01-01: keeps update ids inside 31 bits
STEPS_PER_SECOND = 20


class Ids:
    """Never the same id twice, also after a restart: every counter starts at the time of the start.

    `random`: n random bytes; handed in so that a test can fix them.
    """

    def __init__(self, now: float, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self.random = random
        self._messages = count(int(now * 1000) * 1_000_000)
        self._small = count(max(1, int(now - EPOCH) * STEPS_PER_SECOND % 2**31))

    def message(self) -> str:
        """A 64-bit MsgId, as text."""
        return str(next(self._messages))

    def small(self) -> int:
        """A positive number below 2**31, growing: update ids, Telegram message ids."""
        return next(self._small)

    def code(self, prefix: str = "", size: int = 24) -> str:
        """An unguessable code such as a token, a media id or a welcome code."""
        return prefix + self.random(size).hex()
