"""Here lives the one HTTP call of every platform: with a time-out, a size limit and our own exceptions."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import aiohttp
import orjson

from domain.errors import CallFailed

LARGEST = 20 * 1024 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class Reply(NamedTuple):
    """What came back: the HTTP status, the headers in lower case, and the body (at most 20 MiB)."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object, whatever content type it claims; raises CallFailed when it is none."""
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise CallFailed(f"HTTP {self.status}, not JSON") from None
        if not isinstance(value, dict):
            raise CallFailed(f"HTTP {self.status}, not a JSON object")
        return value


async def call(  # noqa: PLR0913 - the parts of one HTTP request
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    json: object = None,
    form: Callable[[], aiohttp.FormData] | None = None,
    timeout: aiohttp.ClientTimeout = TIMEOUT,  # noqa: ASYNC109 - handed to aiohttp, which counts it itself
) -> Reply:
    """One request, JSON as raw UTF-8. Raises CallFailed, whose words never hold the URL (it carries tokens)."""
    data: bytes | aiohttp.FormData | None = form() if form else orjson.dumps(json) if json is not None else None
    headers = {"Content-Type": "application/json; charset=utf-8"} if json is not None else {}
    try:
        async with session.request(
            method, url, params=params, data=data, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            body = await answer.content.read(LARGEST + 1)
            while not answer.content.at_eof() and len(body) <= LARGEST:
                body += await answer.content.read(LARGEST + 1 - len(body))
            found = {name.lower(): value for name, value in answer.headers.items()}
    except NEVER_SENT as error:
        raise CallFailed(type(error).__name__, sent=False) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CallFailed(type(error).__name__) from None
    if len(body) > LARGEST:
        raise CallFailed("answer over 20 MiB")
    return Reply(answer.status, found, body)
