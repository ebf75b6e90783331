"""Here lives how long a text may be, and where it may be cut."""

import unicodedata
from typing import Final

TEXT: Final = 4096  # https://core.telegram.org/bots/api#sendmessage; counted in UTF-16 units to be safe
CAPTION: Final = 1024  # https://core.telegram.org/bots/api#sendphoto
TOAST: Final = 200  # https://core.telegram.org/bots/api#answercallbackquery
CALLBACK_DATA: Final = 64  # bytes, https://core.telegram.org/bots/api#inlinekeyboardbutton
JOINER: Final = "\u200d"


def units(text: str) -> int:
    """The length in UTF-16 code units: an emoji is two or more."""
    return len(text) + sum(1 for letter in text if letter > "\uffff")


def cut(text: str, limit: int) -> str:
    """`text` where it fits into `limit` UTF-16 units, else its beginning and `…`, no visible character halved."""
    if units(text) <= limit:
        return text
    end, left = 0, limit - 1
    while (left := left - units(text[end])) >= 0:
        end += 1
    while end and _joined(text[end - 1], text[end]):
        end -= 1
    return f"{text[:end]}…"


def _joined(before: str, after: str) -> bool:
    """Whether the two are parts of one visible character."""
    tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    return JOINER in (before, after) or tone or unicodedata.category(after) in {"Mn", "Me", "Mc"}
