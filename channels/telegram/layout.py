"""Here lives how a content looks in Telegram: its words and its buttons."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from channels.telegram.texts import CALLBACK_DATA, TEXT, cut
from domain.messages import Button, Card, Content, Link, words

A_ROW: Final = 2


class Look(NamedTuple):
    text: str
    keyboard: InlineKeyboardMarkup | None = None


def look(content: Content) -> Look:
    """Text and keyboard; empty text for what has no words. A button that Telegram cannot carry is written out."""
    match content:
        case Card(buttons=buttons):
            written = "\n".join((words(content), *_written(buttons)))
            return Look(cut(written, TEXT), _keyboard([button for button in buttons if _fits(button)]))
        case Link():
            return Look(cut("\n".join(filter(None, (content.title, content.description, content.url))), TEXT))
        case _:
            return Look(cut(words(content), TEXT))


def _fits(button: Button) -> bool:
    return 0 < len(button.data.encode()) <= CALLBACK_DATA


def _written(buttons: tuple[Button, ...]) -> Iterator[str]:
    for button in buttons:
        if not _fits(button):
            yield f"{button.label}: {button.data}"


def _keyboard(buttons: list[Button]) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    keys = [InlineKeyboardButton(text=button.label, callback_data=button.data) for button in buttons]
    return InlineKeyboardMarkup(inline_keyboard=[keys[first : first + A_ROW] for first in range(0, len(keys), A_ROW)])
