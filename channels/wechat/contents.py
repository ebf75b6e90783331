"""Here lives what an official account can say in words, and how much of it."""

from typing import Final

from channels.texts import cut, octets, whole
from domain.messages import Button, Card, Content, File, words

LONGEST_TEXT: Final = 2048  # bytes of UTF-8: github.com/MamaShip/Observer issue 77 (measured)
LEAST: Final = 100  # bytes that buttons leave to the words before them


def text_form(content: Content) -> str:
    """Everything in `content` that can be written, at most 2048 bytes; what must be cut is cut before the buttons."""
    choices = choices_of(content)
    said = cut(_said(content), max(LONGEST_TEXT - octets(choices), LEAST), octets) if choices else _said(content)
    return cut(said + choices, LONGEST_TEXT, octets)


def wording(content: Content) -> str:
    """The same, however long."""
    return _said(content) + choices_of(content)


def choices_of(content: Content) -> str:
    """Buttons as what a person types instead.

    No msgmenu: picking one of its items allows us 3 messages within a minute, typing the words 5 within two days.
    """
    buttons = content.buttons if isinstance(content, Card) else ()
    return whole("\n" + "".join(f"\n{_choice(button)}" for button in buttons)) if buttons else ""


def _said(content: Content) -> str:
    url = content.url if isinstance(content, File) else ""
    return whole(" ".join(filter(None, (words(content), url))))


def _choice(button: Button) -> str:
    return button.data if button.label in ("", button.data) else f"[{button.label}] {button.data}"
