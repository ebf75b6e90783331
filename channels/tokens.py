"""Here lives one access token: fetched once for all who wait, kept while it lives, replaced when it is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, and from when on another one is to be asked for."""

    value: str = field(repr=False)
    ends: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one account's token comes from; other `credentials` have another token.

    `fetch` asks the platform. It may raise whatever a call raises.
    """

    account: str
    credentials: str = field(repr=False)
    fetch: Callable[[], Awaitable[Issued]] = field(repr=False)


class TokenStore(Protocol):
    """Where the processes that share an account have their tokens from."""

    async def obtain(self, origin: Origin, refused: str) -> Issued:
        """A token other than `refused`: one that is there already, else a new one, fetched by one process for all.

        Raises what `origin.fetch` raises, and CallFailed where the fetch of another process has failed.
        """


class Alone:
    """For the only process: nobody else has fetched anything."""

    async def obtain(self, origin: Origin, refused: str) -> Issued:  # noqa: ARG002 - the platform knows which one it gave
        return await origin.fetch()


class Token:
    """One for each secret."""

    def __init__(self, origin: Origin, store: TokenStore, clock: Callable[[], datetime]) -> None:
        self._origin = origin
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._issued = Issued("", datetime.min.replace(tzinfo=UTC))
        self._failure: Exception | None = None
        self._renewals = 0

    async def get(self, refused: str = "") -> str:
        """A token other than `refused`, the one that the platform has just turned down.

        Whoever waits for somebody else's fetch shares its end, be it good or bad. A platform that hands out the
        refused token again is asked once more, for all who wait, and then believed.
        """
        seen = self._renewals
        async with self._lock:
            renewed = self._renewals - seen
            if renewed and self._failure:
                raise self._failure.with_traceback(None)
            if not self._serves(refused) and renewed <= 1:  # the first may have begun before ours was refused
                await self._renew(refused)
            return self._issued.value

    def _serves(self, refused: str) -> bool:
        return self._issued.value not in {"", refused} and self._clock() < self._issued.ends

    async def _renew(self, refused: str) -> None:
        """A fetch that is cancelled has no end: the next one who waits begins anew."""
        try:
            self._issued = await self._store.obtain(self._origin, refused)
        except Exception as error:
            self._failure = error
            self._renewals += 1
            raise
        self._failure = None
        self._renewals += 1
