"""Here lives how the processes of one database share access tokens: one fetches, the others wait for its row."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.database import OUTAGES
from bot.vault import Vault
from channels.tokens import Issued, Origin
from domain.errors import CallFailed
from models.tokens import AccessToken

log = structlog.get_logger()
LEASE: Final = timedelta(seconds=16)  # a little longer than a call may take
PAUSE: Final = 0.05  # seconds between two looks at the row of somebody who fetches
LONGEST_PAUSE: Final = 0.4


class SharedTokens:
    """A `channels.tokens.TokenStore`. During the call to the platform only a lease is held, which ends by itself."""

    def __init__(self, vault: Vault, clock: Callable[[], datetime]) -> None:
        self._vault = vault
        self._clock = clock

    async def obtain(self, origin: Origin, refused: str) -> Issued:
        """Without the database everybody fetches alone, which does no harm: the platform gives all the same token."""
        name = f"{origin.account}:{self._vault.mark(origin.credentials)}"
        try:
            found = await self._found_or_leased(name, refused)
        except OUTAGES as error:
            log.warning("tokens not shared", channel=origin.account, error=type(error).__name__)
            return await origin.fetch()
        return found if isinstance(found, Issued) else await self._fetched(found, origin)

    async def _found_or_leased(self, name: str, refused: str) -> Issued | AccessToken:
        """A token that is there, or the row once it is ours to fetch one; CallFailed when somebody else could not."""
        while True:
            row = await AccessToken.named(name)
            issued = self._opened(row)
            if issued and issued.value != refused and self._clock() < issued.ends:
                return issued
            if not await self._has_written(row) and await row.lease(self._clock() + LEASE):
                return row

    async def _has_written(self, row: AccessToken) -> bool:
        """Wait for who holds the lease of a row; False where nobody does, or whoever did is dead."""
        dead_at = min(row.leased_until, self._clock() + LEASE)  # the clock of another machine may be ahead
        pause = PAUSE
        while self._clock() < dead_at:
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            later = await AccessToken.named(row.id)
            if later.error:
                raise CallFailed(f"token: {later.error}", sent=False)
            if later.version != row.version:
                return True
        return False

    def _opened(self, row: AccessToken) -> Issued | None:
        value = self._vault.open(row.sealed, _place(row))
        return None if value is None else Issued(value, row.ends_at)

    async def _fetched(self, row: AccessToken, origin: Origin) -> Issued:
        """The lease ends with the fetch, and where the database is away by itself."""
        try:
            issued = await origin.fetch()
        except BaseException as error:
            with suppress(*OUTAGES):
                await row.release(_reason(error))
            raise
        with suppress(*OUTAGES):
            await row.keep(self._vault.seal(issued.value, _place(row)), issued.ends)
        return issued


def _place(row: AccessToken) -> str:
    return f"access_token.sealed:{row.id}"


def _reason(error: BaseException) -> str:
    """Only the words of CallFailed are known to hold no secret; who is cancelled has not failed."""
    match error:
        case CallFailed():
            return str(error)
        case Exception():
            return type(error).__name__
        case _:
            return ""
