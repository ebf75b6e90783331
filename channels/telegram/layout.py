"""Here lives how a content looks in Telegram: its words and its buttons."""

from typing import Final, NamedTuple
from unicodedata import east_asian_width

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from channels.telegram.texts import TEXT, fitting, wording
from channels.texts import cut, units
from domain.messages import Button, Card, Content

A_ROW: Final = 2
SHORT: Final = 18  # columns that a phone shows of each of two buttons in a row


class Look(NamedTuple):
    text: str
    keyboard: InlineKeyboardMarkup | None = None


def look(content: Content) -> Look:
    """Text and keyboard; empty text for what has no words. A button that Telegram cannot carry is written out."""
    text = cut(wording(content), TEXT, units)
    return Look(text, _keyboard(fitting(content.buttons)) if isinstance(content, Card) else None)


def _keyboard(buttons: tuple[Button, ...]) -> InlineKeyboardMarkup | None:
    """Two short ones share a row; a long one has a row of its own."""
    rows: list[list[InlineKeyboardButton]] = []
    room = 0
    for button in buttons:
        taken = 1 if _columns(button.label) <= SHORT else A_ROW
        if taken > room:
            rows.append([])
            room = A_ROW
        rows[-1].append(InlineKeyboardButton(text=button.label, callback_data=button.data))
        room -= taken
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _columns(label: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in label)
