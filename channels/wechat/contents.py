"""Here lives what an official account can say in words, and how much of it."""

from typing import Final

from domain.messages import Card, Content, File, words

LONGEST_TEXT: Final = 2048  # bytes of UTF-8: github.com/MamaShip/Observer issue 77 (measured)
ELLIPSIS: Final = "…"
LEAST: Final = 100  # bytes that buttons leave to the words before them


def text_form(content: Content) -> str:
    """Everything in `content` that can be written, at most 2048 bytes; buttons become what a person types instead.

    No msgmenu: picking one of its items allows us 3 messages within a minute, typing the words 5 within two days.
    """
    match content:
        case Card(buttons=buttons) if buttons:
            choices = "\n" + "".join(f"\n[{button.label}] {button.data}" for button in buttons)
            return cut(cut(words(content), max(LONGEST_TEXT - size(choices), LEAST)) + choices)
        case File(url=url):
            return cut(" ".join(filter(None, (words(content), url))))
        case _:
            return cut(words(content))


def size(text: str) -> int:
    """In bytes of UTF-8."""
    return len(text.encode("utf-8", "ignore"))


def cut(text: str, longest: int = LONGEST_TEXT) -> str:
    """`text` within so many bytes of UTF-8, ended by … where something is missing; never half a character."""
    whole = text.encode("utf-8", "ignore")
    if len(whole) <= longest:
        return whole.decode()
    return whole[: longest - size(ELLIPSIS)].decode("utf-8", "ignore") + ELLIPSIS
