"""Here lives how one promise becomes several: each is sent, paced, repeated and told of by itself."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from channels.texts import Measure, split, whole
from domain.messages import Content, OutboundMessage, Text, words
from domain.outgoing import Outgoing


def divided(outgoing: Outgoing, pieces: Callable[[Content], tuple[Content, ...]]) -> tuple[Outgoing, ...]:
    """The messages that say it, in their order; itself where it is one. The end of what is too long is cut off."""
    match outgoing:
        case OutboundMessage(content=content):
            return tuple(replace(outgoing, content=piece) for piece in pieces(content)) or (outgoing,)
        case _:
            return (outgoing,)


def texts(text: str, limit: int, measure: Measure, most: int, end: str = "") -> tuple[Content, ...]:
    """`text` and `end` in as few messages as hold them; where even `most` do not, `text` is cut before its end."""
    return tuple(Text(piece) for piece in split(text, limit, measure, most, end))


def is_said(outgoing: Outgoing, parts: Sequence[Outgoing]) -> bool:
    """Whether these messages say all of it."""
    match outgoing:
        case OutboundMessage(content=content):
            return is_shown(content, [part.content for part in parts if isinstance(part, OutboundMessage)])
        case _:
            return True


def is_shown(content: Content, pieces: Sequence[Content]) -> bool:
    """Whether every visible character of it is in these pieces."""
    return len(pieces) == 1 or _visible(content) in "".join(map(_visible, pieces))


def _visible(content: Content) -> str:
    return "".join(whole(words(content)).split())
