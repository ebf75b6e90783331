"""Here lives the waiting that platforms' rate limits ask for: replies first, and never a slot lost to a late sleep.

Limiter is what the outbox needs of it, LocalLimiter the one of a single process; bot/shared_limiter.py has the other.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterable
from typing import Protocol, Self

from domain.channel import Limits, Rate

FORGET_ABOVE = 10_000
NOTHING = 1e-6  # seconds that are the rounding of floats and no wait
LATE = 0.4  # of a token that is kept for who wakes up late: a window of whole tokens never holds one more for it
LEAVING = 0.2  # the same at the door, behind which a few milliseconds more must not make one too many
A_MOMENT = 1.0  # seconds: what a platform counts in so short a time must leave us evenly, too


class Limiter(Protocol):
    """Keeps every account within its `Limits`; used inside `async with`."""

    async def wait(self, account: str, limits: Limits, chat: str, *, group: bool) -> float:
        """Seconds that `chat`, or the whole account while it is paused, must still be left alone."""

    async def turn(self, account: str, limits: Limits, chat: str, *, group: bool, priority: int) -> float:
        """Wait until one more message to `chat` is within the limits; the lowest priority number goes first.

        0 when it may go; else the account was paused meanwhile, for so many seconds. Cancelled by the close.
        """

    async def leave(self, account: str, limits: Limits, *, priority: int) -> None:
        """The last wait of one who had a turn: those who were held up on their way do not go all at once."""

    async def pause(self, account: str, seconds: float) -> None:
        """The platform wants the whole account to wait."""

    def close(self) -> None:
        """Nobody gets another turn: what waits for one is not in flight, and stays for the next start."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


class Bucket:
    """Tokens that grow with time up to the burst; taking more than there is means waiting for the rest."""

    def __init__(self, rate: Rate, now: float, late: float = LATE) -> None:
        self.pace = rate.count / rate.seconds
        self.size = max(1, rate.burst) + late
        self.level = float(max(1, rate.burst))
        self.at = now

    def wait(self, now: float) -> float:
        """Seconds until one token is there (0 when it is); time passed is counted exactly, however late we come."""
        if now > self.at:
            self.level = min(self.size, self.level + (now - self.at) * self.pace)
            self.at = now
        wait = max(0.0, (1.0 - self.level) / self.pace) + (self.at - now)
        return wait if wait > NOTHING else 0.0

    def take(self) -> None:
        self.level -= 1.0


class Gate:
    """The buckets of one account and the queue before them: the lowest priority number goes first."""

    def __init__(self, rates: Iterable[Rate], monotonic: Callable[[], float], late: float = LATE) -> None:
        self._buckets = [Bucket(rate, monotonic(), late) for rate in rates]
        self._monotonic = monotonic
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, priority: int) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (priority, next(self._order), future))
        self._serve()
        await future

    def wait(self) -> float:
        """Seconds until the next turn, were nobody else in the queue."""
        return max((bucket.wait(self._monotonic()) for bucket in self._buckets), default=0.0)

    def close(self) -> None:
        """Cancel whoever waits."""
        for _, _, future in self._queue:
            future.cancel()
        self._serve()

    def full(self) -> bool:
        """Whether forgetting this gate would change nothing."""
        now = self._monotonic()
        return not self._queue and all(
            bucket.wait(now) == 0 and bucket.level >= bucket.size for bucket in self._buckets
        )

    def _serve(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            future = self._queue[0][2]
            if not future.done():
                if (wait := self.wait()) > 0:
                    self._timer = asyncio.get_running_loop().call_later(wait, self._serve)
                    return
                for bucket in self._buckets:
                    bucket.take()
                future.set_result(None)
            heapq.heappop(self._queue)


class Doors:
    """One gate for each account through which everything leaves this process; it is never closed."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._gates: dict[str, Gate] = {}

    async def leave(self, account: str, limits: Limits, *, priority: int) -> None:
        if account not in self._gates:
            rates = [rate for rate in limits.account if rate.seconds <= A_MOMENT]
            self._gates[account] = Gate(rates, self._monotonic, LEAVING)
        await self._gates[account].turn(priority)


class LocalLimiter(Doors):
    """One gate per account and one per chat where the platform counts them; all in this process."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__(monotonic)
        self._accounts: dict[str, Gate] = {}
        self._chats: dict[tuple[str, str], Gate] = {}
        self._paused: dict[str, float] = {}
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def wait(self, account: str, limits: Limits, chat: str, *, group: bool) -> float:
        rates = limits.group if group else limits.recipient
        return max(self._pause(account), self._chat(account, chat, rates).wait() if rates else 0.0)

    async def turn(self, account: str, limits: Limits, chat: str, *, group: bool, priority: int) -> float:
        rates = limits.group if group else limits.recipient
        if pause := self._pause(account):
            return pause
        gates = [self._chat(account, chat, rates)] if rates else []
        for gate in (*gates, self._account(account, limits)):
            if self._closed:
                raise asyncio.CancelledError
            await gate.turn(priority)
        return self._pause(account)

    async def pause(self, account: str, seconds: float) -> None:
        self._paused[account] = max(self._paused.get(account, 0.0), self._monotonic() + seconds)

    def close(self) -> None:
        self._closed = True
        for gate in (*self._accounts.values(), *self._chats.values()):
            gate.close()

    def _pause(self, account: str) -> float:
        wait = self._paused.get(account, 0.0) - self._monotonic()
        return wait if wait > NOTHING else 0.0

    def _account(self, account: str, limits: Limits) -> Gate:
        if account not in self._accounts:
            self._accounts[account] = Gate(limits.account, self._monotonic)
        return self._accounts[account]

    def _chat(self, account: str, chat: str, rates: tuple[Rate, ...]) -> Gate:
        if len(self._chats) > FORGET_ABOVE:
            self._chats = {key: gate for key, gate in self._chats.items() if not gate.full()}
        return self._chats.setdefault((account, chat), Gate(rates, self._monotonic))
