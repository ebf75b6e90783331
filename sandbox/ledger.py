"""Every call the simulator has received, and the failures that were ordered for the next ones."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Call:
    """One API call. `method_or_path` is `message/send` for WeCom and WeChat, `sendMessage` for Telegram.

    `answer_status` is 0 and `answer` None when the caller was hung up on.
    """

    platform: str
    method_or_path: str
    params: Mapping[str, str]
    body: Any
    at: float
    answer_status: int
    answer: Any


class How(TypedDict, total=False):
    """How a call fails: see `Failure`."""

    status: int
    body: Any
    delay: float
    hang_up: bool
    after_effect: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """Without a body, a bad status or a hang-up it is only a delay before the ordinary answer.

    `body`: JSON, or a text such as an HTML error page. `after_effect`: carry the call out first, then fail.
    """

    status: int = 200
    body: Any = None
    delay: float = 0.0
    hang_up: bool = False
    after_effect: bool = False

    @property
    def only_delays(self) -> bool:
        return self.body is None and self.status == web.HTTPOk.status_code and not self.hang_up


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulated call comes to: JSON, a text or the bytes of a file."""

    status: int
    body: Any
    headers: Mapping[str, str] | None = None

    def response(self) -> web.Response:
        match self.body:
            case bytes():
                return web.Response(status=self.status, body=self.body, headers=self.headers)
            case str() | None:
                return web.Response(status=self.status, text=self.body or "", content_type="text/html")
            case _:
                return web.json_response(self.body, status=self.status, headers=self.headers)


HUNG_UP = Outcome(0, None)
Deed = Callable[[], Awaitable[Outcome]]


class Ledger:
    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._failures: defaultdict[tuple[str, str], deque[Failure]] = defaultdict(deque)

    def fail(self, platform: str, path: str, times: int = 1, **how: Unpack[How]) -> None:
        self._failures[platform, _plain(path)].extend([Failure(**how)] * times)

    async def outcome(self, platform: str, path: str, deed: Deed) -> Outcome:
        """Carry a call out, or let it fail as ordered."""
        ordered = self._failures[platform, _plain(path)]
        if not ordered:
            return await deed()
        failure = ordered.popleft()
        done = await deed() if failure.after_effect else None
        await asyncio.sleep(failure.delay)
        if failure.hang_up:
            return HUNG_UP
        if failure.only_delays:
            return done or await deed()
        return Outcome(failure.status, failure.body)


def _plain(path: str) -> str:
    """`/cgi-bin/message/send`, `message/send` and `sendmessage` name what they seem to name."""
    return path.strip("/").removeprefix("cgi-bin/").lower()


def answer(request: web.Request, outcome: Outcome) -> web.Response:
    """The HTTP answer to a call; a hang-up closes the socket instead."""
    if outcome is HUNG_UP and request.transport is not None:
        request.transport.close()
        return web.Response()
    return outcome.response()
