"""Here lives one access token: fetched once for all who wait, kept while it lives, replaced when it is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from channels import Clock


class Fresh(NamedTuple):
    value: str
    life: timedelta


class Token:
    """One for each secret. `fetch` may raise whatever a call raises.

    Not renewed ahead of time: while a token lives the platform hands out the same one again.
    Source: https://developer.work.weixin.qq.com/document/path/91039
    """

    def __init__(self, fetch: Callable[[], Awaitable[Fresh]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value = ""
        self._ends = datetime.min.replace(tzinfo=UTC)

    async def get(self, refused: str = "") -> str:
        """A token other than `refused`, the one that the platform has just turned down."""
        async with self._lock:
            if self._value in ("", refused) or self._clock() >= self._ends:
                asked = self._clock()
                self._value, life = await self._fetch()
                self._ends = asked + life
            return self._value
