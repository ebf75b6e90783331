"""Here lives a web application while it runs: it listens until it is told to stop, then finishes."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

from aiohttp import web

GRACE = 4.0  # seconds for requests in flight: longer than any waits for its answer


class CannotListen(Exception):  # noqa: N818 - named for what happened
    """The address is taken, or not ours; the message says what to do."""


async def listen(app: web.Application, host: str, port: int, announce: Callable[[int], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is told the port once requests are taken. Raises CannotListen."""
    stop = _told_to_stop()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE)
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            words = f"cannot listen on {host} port {port} ({error.strerror}): choose another one (server.port, --port)"
            raise CannotListen(words) from error
        if announce:
            announce(int(runner.addresses[0][1]))
        await stop.wait()
    finally:
        await runner.cleanup()


def _told_to_stop() -> asyncio.Event:
    stop = asyncio.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # a platform without signals for loops: Ctrl-C raises there
            asyncio.get_running_loop().add_signal_handler(told, stop.set)
    return stop
