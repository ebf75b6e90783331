"""Here lives the queue before the slots that all processes share: they are taken in the database a moment ahead."""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from itertools import count
from math import inf
from typing import Final, NamedTuple

import structlog

from domain.channel import Rate
from domain.messages import Priority
from models.limits import Grant, RateLimit, Reach, Window

NEAR: Final = 0.1  # seconds that pushes are given slots ahead: what a reply elsewhere may have to wait for
FAR: Final = 1.0  # the same for replies, which so are before all pushes of all processes
AGAIN: Final = 0.06  # seconds until another try when others have everything
GRAIN: Final = 0.015  # a slot is not given up for less: timers and the way to the database are no better
SAFE: Final = 0.7  # of the time for which a slot is good; the rest is for what comes between here and the platform
ON_THE_WAY: Final = 5.0  # seconds at most that this rest is: a slot of a daily rate is good for a day
PATIENCE: Final = 5.0  # seconds for one statement
AWAY: Final = 0.5  # seconds between tries while the database is away
log = structlog.get_logger()


class Turn(NamedTuple):
    """One who waits; the result is 0, or the seconds of a pause."""

    priority: int
    order: int
    done: asyncio.Future[float]

    @property
    def urgent(self) -> bool:
        return self.priority < Priority.PUSH


class Hands:
    """The database's clock as seen from here: every answer narrows down by how much the two differ.

    It was read after the question was sent and before the answer came, so the difference lies between the two.
    """

    def __init__(self) -> None:
        self._least, self._most = -inf, inf

    def learn(self, read: float, sent: float, came: float) -> None:
        least, most = max(self._least, read - came), min(self._most, read - sent)
        self._least, self._most = (least, most) if least <= most else (read - came, read - sent)

    def here(self, window: Window) -> Window:
        """The same window by our own clock, with the doubt taken off at both ends; never less than a grain."""
        opens = window.opens - self._least
        rest = min((1 - SAFE) * (window.closes - window.opens), ON_THE_WAY)
        safe = window.closes - rest - self._most
        return Window(opens, max(safe, opens + GRAIN))


class Queue:
    """Those who wait for one account in this process, and the slots taken for them; the lowest number goes first."""

    def __init__(self, key: str, rates: tuple[Rate, ...], monotonic: Callable[[], float]) -> None:
        self._key = key
        self._rates = rates
        self._monotonic = monotonic
        self._waiting: list[Turn] = []
        self._order = count()
        self._slots: deque[Window] = deque()
        self._not_before = {True: 0.0, False: 0.0}  # when to ask again for the urgent ones, and for all
        self._asking: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._paused_until = 0.0
        self._hands = Hands()

    async def turn(self, priority: int) -> float:
        """0 when it is there, else the seconds of a pause."""
        if self.paused or not self._rates:
            return self.paused
        turn = Turn(priority, next(self._order), asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        self._serve()
        return await turn.done

    @property
    def paused(self) -> float:
        """Seconds, as far as is known here."""
        return max(self._paused_until - self._monotonic(), 0.0)

    def close(self) -> None:
        """Cancel whoever waits."""
        for turn in self._waiting:
            turn.done.cancel()
        self._serve()

    def pause(self, seconds: float) -> None:
        """Let everybody go away with the news; what was taken lapses."""
        self._paused_until = self._monotonic() + seconds
        self._slots.clear()
        for turn in self._waiting:
            if not turn.done.done():
                turn.done.set_result(seconds)
        self._serve()

    def _serve(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        now = self._monotonic()
        self._waiting = sorted(turn for turn in self._waiting if not turn.done.done())
        self._hand_out(now)
        if self._waiting and (at := self._next(now)) is not None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, at - now), self._serve)

    def _hand_out(self, now: float) -> None:
        while self._slots and self._slots[0].closes <= now:
            self._slots.popleft()
        served = 0
        while served < len(self._waiting) and self._slots and self._slots[0].opens <= now:
            self._slots.popleft()
            self._waiting[served].done.set_result(0.0)
            served += 1
        del self._waiting[:served]

    def _next(self, now: float) -> float | None:
        """Ask for what is lacking; when to look again, unless the answer will tell."""
        moments = [slot.opens for slot in list(self._slots)[:1]]
        urgent = max(sum(turn.urgent for turn in self._waiting) - len(self._slots), 0)
        wanted = len(self._waiting) - len(self._slots)
        asks = [self._not_before[True]] if urgent else []
        if wanted > 0 and wanted >= len(self._slots):  # one question for many, while there still are some
            asks.append(self._not_before[False])
        if asks and not self._asking:
            if min(asks) <= now:
                self._asking = asyncio.create_task(self._ask(urgent, wanted))
            else:
                moments.append(min(asks))
        return min(moments, default=None)

    async def _ask(self, urgent: int, wanted: int) -> None:
        sent = self._monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                grants = await RateLimit.take(self._rates, {self._key: wanted}, Reach(NEAR, FAR, urgent))
        except Exception as error:  # noqa: BLE001 - the database is away: whoever waits goes on waiting
            log.warning("limits not reached", error=type(error).__name__)
            self._not_before = dict.fromkeys(self._not_before, self._monotonic() + AWAY)
        else:
            self._take(grants[self._key], urgent, wanted, sent)
        finally:
            self._asking = None
            self._serve()

    def _take(self, grant: Grant, urgent: int, wanted: int, sent: float) -> None:
        now, given, next_in = self._monotonic(), len(grant.windows), grant.next - grant.now
        self._hands.learn(grant.now, sent, now)
        self._slots.extend(self._hands.here(window) for window in grant.windows)
        again = AGAIN * (0.5 + random.random())  # noqa: S311 - so that processes do not ask in step
        self._not_before[True] = now if given >= urgent else now + max(again, next_in - FAR)
        self._not_before[False] = now if given >= wanted else now + max(again, next_in - NEAR)
        if grant.paused_until > grant.now:
            self.pause(grant.paused_until - grant.now)
