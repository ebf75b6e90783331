"""Here lives the meeting of a waiting HTTP request and the reply that its event brought forth."""

import asyncio

from models.signals import Answered

PASSIVE = "passive"  # the platform id of what was said in an HTTP answer


class PassiveReplies:
    """Requests wait here by (account, key); what answers their event is told to them after its commit."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], list[asyncio.Future[int]]] = {}

    def expect(self, account: str, key: str) -> "asyncio.Future[int]":
        """A future of the id of the outbox row that answers this event, or 0 when the event has no answer."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault((account, key), []).append(future)
        return future

    def forget(self, account: str, key: str, future: "asyncio.Future[int]") -> None:
        """The request waits no longer."""
        rest = [other for other in self._waiting.pop((account, key), []) if other is not future]
        if rest:
            self._waiting[account, key] = rest

    def hear(self, signal: Answered) -> None:
        """Tell whoever waits for it."""
        for future in self._waiting.pop((signal.account, signal.key), []):
            if not future.done():
                future.set_result(signal.item)
