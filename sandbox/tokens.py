"""The access tokens of WeCom and WeChat: issued, expired, revoked, superseded."""

from collections.abc import Callable
from typing import Final

from sandbox.cgi import CgiError, refuse_if

LIFE: Final = 7200
MISSING, INVALID, EXPIRED, NOT_LATEST = 41001, 40014, 42001, 40001


class TokenBook:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}
        self._superseded: dict[str, float] = {}

    def issue(self, token: str, life: float = LIFE) -> str:
        self._until[token] = self._clock() + life
        return token

    def left(self, token: str) -> int:
        """Seconds the token still has; 0 when it is unknown or gone."""
        return max(0, int(self._until.get(token, 0) - self._clock()))

    def check(self, token: str) -> None:
        refuse_if(not token, MISSING)
        dies_at = self._superseded.get(token)
        refuse_if(dies_at is not None and dies_at <= self._clock(), NOT_LATEST)
        if token not in self._until:
            raise CgiError(INVALID)
        refuse_if(self._until[token] <= self._clock(), EXPIRED)

    def supersede(self, token: str, grace: float) -> None:
        """The token dies after `grace` seconds because a newer one exists."""
        self._superseded.setdefault(token, self._clock() + grace)

    def revoke(self) -> None:
        """Forget every token at once, as a platform may do at any time."""
        self._until.clear()
        self._superseded.clear()
