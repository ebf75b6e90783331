"""Here lives what an official account says in several messages only: long words, and words beside a picture."""

from dataclasses import replace
from typing import Final

from channels import parts
from channels.texts import octets
from channels.wechat.contents import LONGEST_TEXT, choices_of, wording
from domain.messages import Content, Image, Link, Notice, Video, Voice

MOST: Final = 5  # the platform takes no more until the customer writes again (45047)


def pieces(content: Content) -> tuple[Content, ...]:
    """What is to be sent one by one; choices follow words that are cut."""
    match content:
        case Image(caption=caption) if caption:
            return (replace(content, caption=""), *parts.texts(wording(content), LONGEST_TEXT, octets, MOST - 1))
        case Image() | Voice() | Video() | Link() | Notice():
            return (content,)
        case _ if octets(wording(content)) <= LONGEST_TEXT:
            return (content,)
        case _:
            choices = choices_of(content)
            return parts.texts(wording(content).removesuffix(choices), LONGEST_TEXT, octets, MOST, choices)
