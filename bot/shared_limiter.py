"""Here lives the keeping of rate limits that many processes share; the database counts, and counts by its own clock."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final, Self

from bot.commit import GroupCommit
from bot.limiter import Doors
from bot.slots import Queue
from domain.channel import Limits, Rate
from models.limits import Grant, Held, RateLimit, Reach

CHAT: Final = 2.5  # seconds that a chat is given slots ahead: its lane does not wait longer anyway
AGAIN: Final = 0.06  # seconds until another try when it is given none
TIDY: Final = 10.0  # seconds between two removals of rows that say nothing any more


@dataclass(frozen=True, slots=True)
class Ticket:
    """One wish for a slot of a chat."""

    key: str
    rates: tuple[Rate, ...]


class SharedLimiter(Doors):
    """The limits of every account and chat, kept together by all processes on one PostgreSQL."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__(monotonic)
        self._accounts: dict[str, Queue] = {}
        self._resting: set[asyncio.Future[None]] = set()
        self._looks = GroupCommit(_look)
        self._takes = GroupCommit(_take)
        self._stack = AsyncExitStack()
        self._tidied = monotonic()
        self._closed = False

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._looks)
        await self._stack.enter_async_context(self._takes)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        await self._stack.aclose()

    async def wait(self, account: str, limits: Limits, chat: str, *, group: bool) -> float:
        keys = (_key(account), _key(account, chat)) if _rates(limits, group=group) else (_key(account),)
        held = await self._looks.add(keys)
        if held[0].paused:
            self._account(account, limits).pause(held[0].paused)
        return max(held[0].paused, *(one.taken for one in held[1:]), 0.0)

    async def turn(self, account: str, limits: Limits, chat: str, *, group: bool, priority: int) -> float:
        queue, rates = self._account(account, limits), _rates(limits, group=group)
        if rates and not queue.paused:
            await self._tidy()
            await self._pass(Ticket(_key(account, chat), rates))
        if self._closed:
            raise asyncio.CancelledError
        return await queue.turn(priority)

    async def pause(self, account: str, seconds: float) -> None:
        if account in self._accounts:
            self._accounts[account].pause(seconds)
        await RateLimit.pause(_key(account), seconds)

    def close(self) -> None:
        self._closed = True
        for queue in self._accounts.values():
            queue.close()
        for rest in self._resting:
            rest.cancel()

    async def _pass(self, ticket: Ticket) -> None:
        given = False
        while not given:
            given, seconds = await self._takes.add(ticket)
            await self._rest(seconds)

    async def _rest(self, seconds: float) -> None:
        if self._closed:
            raise asyncio.CancelledError
        if seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        rest: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, rest.set_result, None)
        self._resting.add(rest)
        try:
            await rest
        finally:
            timer.cancel()
            self._resting.discard(rest)

    async def _tidy(self) -> None:
        if self._monotonic() - self._tidied > TIDY:
            self._tidied = self._monotonic()
            await RateLimit.forget()

    def _account(self, account: str, limits: Limits) -> Queue:
        if account not in self._accounts:
            self._accounts[account] = Queue(_key(account), limits.account, self._monotonic)
        return self._accounts[account]


def _key(account: str, chat: str | None = None) -> str:
    return account if chat is None else f"{account}:{chat}"


def _rates(limits: Limits, *, group: bool) -> tuple[Rate, ...]:
    return limits.group if group else limits.recipient


async def _look(wanted: Sequence[tuple[str, ...]]) -> list[list[Held]]:
    known = await RateLimit.look({key for keys in wanted for key in keys})
    return [[known.get(key, Held()) for key in keys] for keys in wanted]


async def _take(tickets: Sequence[Ticket]) -> list[tuple[bool, float]]:
    """Whether each has a slot, and seconds until that (or until it is worth asking again)."""
    by_rates: defaultdict[tuple[Rate, ...], Counter[str]] = defaultdict(Counter)
    for ticket in tickets:
        by_rates[ticket.rates][ticket.key] += 1
    grants: dict[str, Grant] = {}
    for rates, wanted in by_rates.items():
        grants |= await RateLimit.take(rates, wanted, Reach(CHAT))
    return [_slot(grants[ticket.key], number) for ticket, number in _numbered(tickets)]


def _numbered(tickets: Sequence[Ticket]) -> list[tuple[Ticket, int]]:
    """Each with how many of the same chat came before it."""
    seen: Counter[str] = Counter()
    numbered = []
    for ticket in tickets:
        numbered.append((ticket, seen[ticket.key]))
        seen[ticket.key] += 1
    return numbered


def _slot(grant: Grant, number: int) -> tuple[bool, float]:
    if number < len(grant.windows):
        return True, grant.windows[number].opens - grant.now
    return False, max(grant.next - grant.now - CHAT, AGAIN)
