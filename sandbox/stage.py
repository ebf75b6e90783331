"""What all three simulated platforms stand on: settings, time, ids, post, ledger and story."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.ids import Ids
from sandbox.ledger import Ledger
from sandbox.postman import Postman
from sandbox.settings import SandboxSettings
from sandbox.story import By, Entry, Story


@dataclass(slots=True)
class Stage:
    settings: SandboxSettings
    clock: Callable[[], float]
    ids: Ids
    postman: Postman = field(default_factory=Postman)
    ledger: Ledger = field(default_factory=Ledger)
    story: Story = field(default_factory=Story)

    def now(self) -> int:
        return int(self.clock())

    def show(self, chat: str, by: By, content: dict[str, Any], entry_id: str = "") -> str:
        """Put a bubble on a phone; returns its id."""
        shown = entry_id or self.ids.code(size=8)
        self.story.tell(Entry(shown, chat, by, self.clock(), content))
        return shown
