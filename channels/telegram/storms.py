"""Here lives when Telegram wants a whole bot to wait, and not only one chat: it does not say which of them it means."""

from datetime import datetime, timedelta
from typing import Final

TOGETHER: Final = timedelta(seconds=1)


class Storms:
    """The chats that were told to wait (429) within the last second."""

    def __init__(self) -> None:
        self._told: dict[int | str, datetime] = {}

    def hits_all(self, chat: int | str, now: datetime) -> bool:
        """Take down that `chat` was told to wait; whether another one was, just before."""
        self._told = {each: at for each, at in self._told.items() if now - at < TOGETHER} | {chat: now}
        return len(self._told) > 1
