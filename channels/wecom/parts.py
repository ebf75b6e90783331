"""Here lives what WeCom takes in several messages only: long words, words beside a medium, cards with much to say."""

from dataclasses import replace
from typing import Final

from channels import parts
from channels.texts import cut, octets, whole
from channels.wecom.contents import CARD_TITLE, TEXT, can_be_pressed, caption_of, has_buttons, written
from domain.messages import (
    Card,
    Content,
    File,
    Image,
    Link,
    Markdown,
    MessageEdit,
    OutboundMessage,
    Video,
    Voice,
    words,
)
from domain.outgoing import Outgoing

MOST: Final = 10  # a member's burst (limits.py), so all go out at once; what Telegram's longest message becomes is 7


def divided(outgoing: Outgoing) -> tuple[Outgoing, ...]:
    """An edit is said anew here, so it may become several as well."""
    if isinstance(outgoing, MessageEdit):
        anew = OutboundMessage(outgoing.to, outgoing.content, outgoing.priority, outgoing.expires_at)
        said = parts.divided(anew, pieces)
        return said if len(said) > 1 else (outgoing,)
    return parts.divided(outgoing, pieces)


def pieces(content: Content) -> tuple[Content, ...]:
    """What is to be sent one by one; buttons follow words that are cut."""
    match content:
        case Card():
            return _card(content)
        case Image() | File() | Video() if caption := caption_of(content):
            return (replace(content, caption=""), *parts.texts(caption, TEXT, octets, MOST - 1))
        case Image() | File() | Video() | Voice() | Link():
            return (content,)
        case Markdown(text=text):
            return tuple(Markdown(words(piece)) for piece in parts.texts(text, TEXT, octets, MOST))
        case _ if octets(words(content)) <= TEXT:
            return (content,)
        case _:
            return parts.texts(words(content), TEXT, octets, MOST)


def _card(card: Card) -> tuple[Content, ...]:
    """Where one card would not show everything: all its words as text, and then a small card with the buttons."""
    title = next(filter(None, map(str.strip, words(card).splitlines())), "")
    if has_buttons(card) or (not card.buttons and octets(words(card)) <= TEXT):
        return (card,)
    if title and can_be_pressed(card.buttons):
        said = parts.texts(words(card), TEXT, octets, MOST - 1)
        return (*said, Card(cut(title, CARD_TITLE, len), "", card.buttons))
    text = whole(words(card))
    return parts.texts(text, TEXT, octets, MOST, written(card).removeprefix(text))
