"""Here lives what we write to Telegram, and how long it may be."""

from collections.abc import Iterator
from typing import Final

from channels.texts import octets
from domain.messages import Button, Card, Content, Link, words

TEXT: Final = 4096  # https://core.telegram.org/bots/api#sendmessage; counted in UTF-16 units to be safe
CAPTION: Final = 1024  # https://core.telegram.org/bots/api#sendphoto
TOAST: Final = 200  # https://core.telegram.org/bots/api#answercallbackquery
CALLBACK_DATA: Final = 64  # bytes, https://core.telegram.org/bots/api#inlinekeyboardbutton


def wording(content: Content) -> str:
    """Everything in `content` that is written, however long."""
    match content:
        case Card(buttons=buttons):
            return "\n".join((words(content), *_written(buttons)))
        case Link():
            return "\n".join(filter(None, (content.title, content.description, content.url)))
        case _:
            return words(content)


def fitting(buttons: tuple[Button, ...]) -> tuple[Button, ...]:
    """The buttons that Telegram can carry."""
    return tuple(button for button in buttons if button.label.strip() and 0 < octets(button.data) <= CALLBACK_DATA)


def _written(buttons: tuple[Button, ...]) -> Iterator[str]:
    for button in buttons:
        if button not in fitting(buttons):
            yield button.data if button.label in ("", button.data) else f"{button.label}: {button.data}"
