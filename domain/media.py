"""Here live the media by which a push reaches people, and what each of them allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from domain.messages import Content, Link, Notice, Text

Way = Literal["message", "task", "mass", "notice"]
WAYS: Mapping[str, Way] = {
    "消息": "message",
    "客服": "message",
    "客服消息": "message",
    "逐条": "message",
    "message": "message",
    "企业群发": "task",
    "任务": "task",
    "task": "task",
    "群发": "mass",
    "公众号群发": "mass",
    "mass": "mass",
    "模板消息": "notice",
    "notice": "notice",
}


@dataclass(frozen=True, slots=True)
class Medium:
    """One way in which one kind of account reaches people.

    `message`: a message for each person (Telegram; 客服消息; an app's message to who writes to it in WeCom). `task`:
    WeCom's 企业群发, which a member of ours confirms. `mass`: an official account's 群发 to a list. `notice`: its
    template messages (模板消息).

    `longest` is the most a text may have in `unit`, `caption` the most beside a picture or file. `personal`: the words
    may differ from person to person. `window`: only so long after a person's last word. `least` and `most` go into one
    call, or `chats` group chats at most. `monthly` messages at most reach one person in a calendar month (0: as many as
    it has days; None: no limit). `daily` calls at most are made in a day, None: no limit. `per_second` is what the
    account may send at most, None: the platform names no figure. `source`: the platform's page.
    """

    way: Way
    longest: int
    unit: Literal["bytes", "utf16"]
    source: str
    caption: int = 0
    kinds: frozenset[str] = frozenset({"text", "image", "file", "link"})
    personal: bool = True
    window: timedelta | None = None
    least: int = 1
    most: int = 1
    chats: int = 1
    monthly: int | None = None
    daily: int | None = None
    per_second: float | None = None

    def excess(self, content: Content) -> int:
        """How much too long `content` is, in `unit`; 0 where it fits."""
        match content:
            case Text(text=text):
                return max(0, self.measure(text) - self.longest)
            case Link() | Notice():
                return 0
            case _:
                return max(0, self.measure(getattr(content, "caption", "")) - (self.caption or self.longest))

    def measure(self, text: str) -> int:
        return len(text.encode()) if self.unit == "bytes" else len(text.encode("utf-16-le")) // 2
