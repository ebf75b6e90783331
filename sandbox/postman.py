"""The delivery of callbacks to the server under test, repeated as the platforms repeat it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.markup import Fields

NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """One callback as it goes over the wire."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to a callback; status 0 when it did not answer.

    `reply` is the passive reply, decrypted, as the children of its XML; only WeCom and WeChat have one.
    """

    status: int
    text: str
    reply: Fields | None = None

    @property
    def is_taken(self) -> bool:
        return web.HTTPOk.status_code <= self.status < web.HTTPMultipleChoices.status_code


class Postman:
    """`tries` deliveries in all, `pause` seconds between them, `timeout` seconds for an answer; all may be changed."""

    def __init__(self) -> None:
        self.tries = 3
        self.pause = 0.0
        self.timeout = 5.0
        self._session: aiohttp.ClientSession | None = None
        self._errands: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def deliver(self, letter: Letter) -> Answer:
        answer = await self._once(letter)
        for _ in range(self.tries - 1):
            if answer.is_taken:
                break
            await asyncio.sleep(self.pause)
            answer = await self._once(letter)
        return answer

    def send_later(self, errand: Callable[[], Coroutine[Any, Any, Any]], delay: float = 0.0) -> None:
        """Start an errand that nobody waits for, such as a delivery report."""

        async def run() -> None:
            await asyncio.sleep(delay)
            await errand()

        task = asyncio.create_task(run())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _once(self, letter: Letter) -> Answer:
        if self._session is None:
            raise RuntimeError("the sandbox delivers callbacks only between start() and close()")
        try:
            async with self._session.request(
                letter.method,
                letter.url,
                params=letter.params,
                data=letter.body or None,
                headers=letter.headers,
                timeout=aiohttp.ClientTimeout(total=self.timeout),
                allow_redirects=False,
            ) as response:
                return Answer(response.status, await response.text())
        except (aiohttp.ClientError, TimeoutError) as error:
            return Answer(NO_ANSWER, type(error).__name__)
