"""What can be seen on the phones: every chat of every person, told as it happens."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

By = Literal["person", "company", "note"]
KEPT = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One bubble. `chat` is `platform:person`; an entry told again under its id replaces the earlier one.

    One that is told aside is on no phone.
    """

    id: str
    chat: str
    by: By
    at: float
    content: dict[str, Any]
    aside: bool = False


News = asyncio.Queue[Entry | None]


class Story:
    """The last thousand entries, and everybody who listens."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._listeners: set[News] = set()
        self._hushed: frozenset[str] = frozenset()
        self.visited = False

    def tell(self, entry: Entry) -> None:
        if entry.chat in self._hushed and not self.visited:
            entry = replace(entry, aside=True)
        self._entries[entry.id] = entry
        if len(self._entries) > KEPT:
            self._entries.popitem(last=False)
        for listener in self._listeners:
            listener.put_nowait(entry)

    def told(self) -> list[Entry]:
        return list(self._entries.values())

    def close(self) -> None:
        """Tell every listener that nothing more will come."""
        for listener in self._listeners:
            listener.put_nowait(None)

    @contextmanager
    def hush(self, chats: frozenset[str]) -> Iterator[None]:
        """Tell aside what happens meanwhile in these chats, unless a visitor has begun to play."""
        self._hushed = chats
        try:
            yield
        finally:
            self._hushed = frozenset()

    @contextmanager
    def listen(self) -> Iterator[News]:
        """A queue that starts with the whole history and ends with None."""
        queue: News = asyncio.Queue()
        for entry in self._entries.values():
            queue.put_nowait(entry)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)


def as_json(entry: Entry) -> dict[str, Any]:
    return asdict(entry)
