"""Here lives what wechatpy's API classes need in place of its blocking client: their calls go our way.

`wechatpy` takes a tenth of a second to import and brings the whole of a blocking HTTP client along, so it is imported
when one of its classes is first needed, in a thread.
"""

import asyncio
import importlib
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from domain.errors import CallFailed

Ask = Callable[[str, str, Mapping[str, str], object], Awaitable[dict[str, Any]]]


_importing = threading.Lock()


async def api(module: str, name: str, ask: Ask) -> Any:  # wechatpy tells no types
    """One of its classes, whose calls go by `ask`."""
    return getattr(await asyncio.to_thread(_imported, module), name)(Carrier(ask))


def _imported(module: str) -> Any:
    """One at a time: its modules import each other in a ring, where two threads would wait for one another."""
    with _importing:
        return importlib.import_module(module)


class Carrier:
    """What such a class is given as its client; `ask` takes method, path, query and JSON body.

    The methods of those classes return what `get` and `post` return, so they are to be awaited. A few of them look
    into the answer at once: those cannot be used.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def get(
        self,
        path: str,
        params: Mapping[str, object] | None = None,
        result_processor: Callable[[dict[str, Any]], Any] | None = None,
    ) -> Any:
        """Raises what `ask` raises, and CallFailed for an answer without the part that was asked for."""
        query = {name: str(value) for name, value in (params or {}).items() if value is not None}
        return _part(await self._ask("GET", path, query, None), result_processor)

    async def post(
        self,
        path: str,
        data: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        result_processor: Callable[[dict[str, Any]], Any] | None = None,
    ) -> Any:
        """`data` is sent as JSON; raises as `get`."""
        query = {name: str(value) for name, value in (params or {}).items() if value is not None}
        return _part(await self._ask("POST", path, query, dict(data or {})), result_processor)


def _part(answer: dict[str, Any], result_processor: Callable[[dict[str, Any]], Any] | None) -> Any:
    try:
        return result_processor(answer) if result_processor else answer
    except (KeyError, TypeError) as error:
        raise CallFailed("an answer without what was asked for") from error
