"""Here lives the meeting of a waiting HTTP request and the reply that its event brought forth."""

import asyncio
from collections.abc import Sequence
from typing import Any

from models.outbox import OutboxItem

PASSIVE = "passive"  # the platform id of what was said in an HTTP answer


class PassiveReplies:
    """Requests wait here by (account, key); the first message to say is offered to them, after its commit."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], list[asyncio.Future[OutboxItem | None]]] = {}

    def expect(self, account: str, key: str) -> "asyncio.Future[OutboxItem | None]":
        """A future of the outbox row that answers this event, or None when the event has no answer."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault((account, key), []).append(future)
        return future

    def forget(self, account: str, key: str, future: "asyncio.Future[OutboxItem | None]") -> None:
        """The request waits no longer."""
        rest = [other for other in self._waiting.pop((account, key), []) if other is not future]
        if rest:
            self._waiting[account, key] = rest

    def offer(self, account: str, key: str, items: Sequence[OutboxItem]) -> OutboxItem | None:
        """Hand the first answer over to whoever waits; returns it when somebody did."""
        futures = [future for future in self._waiting.pop((account, key), []) if not future.done()]
        item = next((item for item in items if item.reply_to == key), None)
        for future in futures:
            future.set_result(item)
        return item if futures else None
