"""Here lives how a machine asks after us: alive, ready, and the numbers."""

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

import structlog
from aiohttp import web

from bot import metrics

log = structlog.get_logger()
PATIENCE = 60.0  # seconds that the oldest waiting event may have been due
ANSWER_WITHIN = 5.0  # seconds that the database may take
FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")


class Vitals(NamedTuple):
    """What is asked: the backlog of each queue (`QueueRow.backlog`), and of each worker whether it runs.

    `tags` is how far each account's tags are in step (`Sync.counts`).
    """

    backlogs: Mapping[str, Callable[[], Awaitable[metrics.Backlog]]]
    workers: Mapping[str, Callable[[], bool]]
    clock: Callable[[], datetime]
    tags: Mapping[str, Callable[[], Awaitable[metrics.Drift]]] = MappingProxyType({})


class Health:
    """The three pages; `token` opens the numbers to other machines, without one they are for loopback only."""

    def __init__(self, vitals: Vitals, token: str = "") -> None:
        self.vitals = vitals
        self.token = token

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.numbers),
        ]

    async def alive(self, _: web.Request) -> web.Response:
        """`GET /healthz`: 200 as long as the process answers at all."""
        return web.json_response({"status": "ok"})

    async def ready(self, _: web.Request) -> web.Response:
        """`GET /readyz`: 200, or 503 naming `database`, `workers` or `inbox`."""
        failing = await self._failing()
        if failing:
            return web.json_response({"status": "failing", "failing": failing}, status=503)
        return web.json_response({"status": "ok"})

    async def numbers(self, request: web.Request) -> web.Response:
        """`GET /metrics`: Prometheus text; 403 for a stranger."""
        if not self._may_read(request):
            return web.Response(status=403, text="from loopback, or with the token metrics.token\n")
        if await self._backlogs() is None:
            log.warning("metrics without queues")
        else:
            await self._watch_tags()
        return web.Response(body=metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def _failing(self) -> dict[str, str]:
        stopped = [name for name, runs in self.vitals.workers.items() if not runs()]
        failing = {"workers": f"not running: {', '.join(stopped)}"} if stopped else {}
        backlogs = await self._backlogs()
        if backlogs is None:
            return failing | {"database": "does not answer"}
        late = metrics.overdue(backlogs.get("inbox", {}), self.vitals.clock())
        if late >= PATIENCE:
            failing["inbox"] = f"the oldest waiting event has been due for {late:.0f} s"
        return failing

    async def _backlogs(self) -> dict[str, metrics.Backlog] | None:
        """Every queue's, counted; None when the database does not answer."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                found = {name: await ask() for name, ask in self.vitals.backlogs.items()}
        except Exception as error:  # noqa: BLE001 - whatever keeps it from answering, it does not answer
            log.warning("database does not answer", error=type(error).__name__)
            return None
        for name, backlog in found.items():
            metrics.watch(name, backlog, self.vitals.clock())
        return found

    async def _watch_tags(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                for account, ask in self.vitals.tags.items():
                    metrics.watch_tags(account, await ask())
        except Exception as error:  # noqa: BLE001 - the other numbers are told all the same
            log.warning("metrics without tags", error=type(error).__name__)

    def _may_read(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if self.token and hmac.compare_digest(given, self.token.encode()):
            return True
        return _is_loopback(request.remote) and not any(name in request.headers for name in FORWARDED)


def _is_loopback(remote: str | None) -> bool:
    try:
        return ipaddress.ip_address(remote or "").is_loopback
    except ValueError:
        return False
