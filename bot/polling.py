"""Here lives the asking of accounts that do not tell: one process asks, and another goes on when it is gone."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import uuid4

import structlog

from bot.database import transaction
from domain.channel import Page, Pollable
from domain.errors import CallFailed
from models.cursors import Cursor
from models.inbox import Arrival, InboxEvent

log = structlog.get_logger()
PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)
BEAT = 2.0  # seconds between two words to the other processes, and for each to be heard: together below the lease
LOOK = 1.0  # seconds between two looks whether the role is free

Arrived = Callable[[Sequence[Arrival], Sequence[bool]], None]


class Poller:
    """Asks one account for ever, whenever no other poller does; `holder` is a name that only this one has.

    `arrived` hears what was stored, and which of it is new.
    """

    def __init__(
        self, channel: Pollable, clock: Callable[[], datetime], arrived: Arrived, holder: str | None = None
    ) -> None:
        self.channel = channel
        self.account = channel.account
        self.holder = holder or uuid4().hex
        self.clock = clock
        self.arrived = arrived
        self._failures = 0

    async def run(self) -> None:
        """Until it is cancelled; whatever fails is tried again."""
        task = asyncio.current_task()
        while True:
            try:
                await self._turn()
            except Exception as error:
                if task and task.cancelling():  # what was cancelled could not even end as it should
                    raise
                await self._failed(error)
            else:
                await asyncio.sleep(LOOK)

    async def _turn(self) -> None:
        """Ask for as long as the role is ours; returns when it is another's."""
        async with asyncio.timeout(BEAT):
            cursor = await Cursor.take(self.account, self.holder)
        if cursor is None:
            return
        log.info("polling", channel=self.account)
        try:
            while cursor is not None:
                cursor = await self._ask_patiently(cursor)
            log.info("another process polls", channel=self.account)
        finally:
            await self._leave()

    async def _ask_patiently(self, cursor: str) -> str | None:
        """A platform that fails is given time to recover, and nobody else asks it meanwhile."""
        try:
            return await self._ask(cursor)
        except CallFailed as error:
            log.warning("poll failed", channel=self.account, error=str(error))
        rest = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        while rest > 0:
            if not await self._kept():
                return None
            await asyncio.sleep(min(rest, BEAT))
            rest -= BEAT
        return cursor

    async def _ask(self, cursor: str) -> str | None:
        """What comes next is stored and the position moved, in one commit; None if the role was lost meanwhile."""
        page = await self._pulled(cursor)
        if page is None:
            return None
        self._failures = 0
        if not page.events and page.cursor == cursor:
            return cursor
        arrivals = [Arrival(self.account, event, self.clock()) for event in page.events]
        async with transaction():
            if not await Cursor.reach(self.account, self.holder, page.cursor):
                return None  # nothing of it was confirmed: who asks now gets it again
            new = await InboxEvent.store(arrivals)
        self.arrived(arrivals, new)
        return page.cursor

    async def _pulled(self, cursor: str) -> Page | None:
        """Wait for a page, and say every now and then that we are still there; None once we are not."""
        if not await self._kept():
            return None
        pulling = asyncio.create_task(self.channel.pull(cursor))
        try:
            while not (await asyncio.wait({pulling}, timeout=BEAT))[0]:
                if not await self._kept():
                    return None
            return await pulling
        finally:
            pulling.cancel()
            await asyncio.gather(pulling, return_exceptions=True)

    async def _kept(self) -> bool:
        """Raises TimeoutError when the database does not answer: then the role may soon be another's."""
        async with asyncio.timeout(BEAT):
            return await Cursor.keep(self.account, self.holder)

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(BEAT):
                await Cursor.leave(self.account, self.holder)
        except Exception as error:  # noqa: BLE001 - the database is away: the role ends by itself
            log.debug("role not given up", channel=self.account, error=type(error).__name__)

    async def _failed(self, error: Exception) -> None:
        """The database is away, and looked for again."""
        log.warning("poll failed", channel=self.account, error=type(error).__name__)
        await asyncio.sleep(BEAT)
