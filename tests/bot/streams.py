"""Here lives an account that is asked, and processes that ask it, as many as a test begins."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.polling import Poller
from domain.channel import Page, RawEvent
from domain.errors import CallFailed
from models.inbox import Arrival
from tests.clock import Clock


@dataclass
class Platform:
    """What was said, for whoever asks; `asked` has the position of every question, `most` how many at once."""

    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    asking: int = 0
    most: int = 0
    failures: int = 0

    async def say(self, text: str) -> None:
        async with self.news:
            self.said.append(text)
            self.news.notify_all()

    async def answer(self, cursor: str) -> Page:
        position = int(cursor or 0)
        async with self.news:
            await self.news.wait_for(lambda: len(self.said) > position)
        lines = list(enumerate(self.said))[position:]
        return Page(tuple(RawEvent(f"k:{n}", "post:Mia", text) for n, text in lines), str(len(self.said)))


@dataclass
class Stream:
    """One process's way to the platform."""

    platform: Platform
    asking: bool = False
    account: str = "post"
    polls: bool = True

    async def pull(self, cursor: str) -> Page:
        self.platform.asked.append(cursor)
        if self.platform.failures:
            self.platform.failures -= 1
            raise CallFailed("HTTP 502")
        self.asking = True
        self.platform.asking += 1
        self.platform.most = max(self.platform.most, self.platform.asking)
        try:
            return await self.platform.answer(cursor)
        finally:
            self.asking = False
            self.platform.asking -= 1


class Process:
    """A poller that runs, and what it said it had stored."""

    def __init__(self, platform: Platform, clock: Clock, name: str) -> None:
        self.name = name
        self.stream = Stream(platform)
        self.new: list[bool] = []
        self.poller = Poller(self.stream, clock, self.arrived, name)
        self.task = asyncio.create_task(self.poller.run())

    def arrived(self, _: Sequence[Arrival], new: Sequence[bool]) -> None:
        self.new += new

    async def asks(self) -> bool:
        return self.stream.asking

    async def asks_no_more(self) -> bool:
        return not self.stream.asking

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def until(question: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await question():
            await asyncio.sleep(0.01)
