"""Here lives what Telegram takes in several messages only: long words, long captions, cards with much to say."""

from dataclasses import replace
from typing import Final

from channels import parts
from channels.telegram.texts import CAPTION, TEXT, fitting, wording
from channels.texts import units
from domain.messages import Card, Content, File, Image, words

MOST: Final = 10  # at one a second (limits.py) nobody else in the chat waits longer than that


def pieces(content: Content) -> tuple[Content, ...]:
    """What is to be sent one by one. The last part of a card has its buttons, also where its words are cut."""
    match content:
        case Image(caption=caption) | File(caption=caption):
            if units(caption) <= CAPTION:
                return (content,)
            return (replace(content, caption=""), *parts.texts(caption, TEXT, units, MOST - 1))
        case _ if units(wording(content)) <= TEXT:
            return (content,)
        case Card(buttons=buttons):
            choices = wording(content).removeprefix(words(content))
            said = parts.texts(words(content), TEXT, units, MOST, choices)
            return (*said[:-1], Card(words(said[-1]), "", fitting(buttons))) if said and fitting(buttons) else said
        case _:
            return parts.texts(wording(content), TEXT, units, MOST)
