"""Here lives what can be said: contents, addresses, and everything that can go out."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Literal


class Priority(IntEnum):
    REPLY = 0
    ALERT = 1
    PUSH = 9


@dataclass(frozen=True, slots=True)
class Address:
    """One person or chat on one configured channel; `id` is the platform's own, as text."""

    account: str
    id: str


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    kind: Literal["text"] = field(default="text", kw_only=True)


@dataclass(frozen=True, slots=True)
class Markdown:
    """WeCom's app shows it formatted to its members; everywhere else the text is shown as it stands."""

    text: str
    kind: Literal["markdown"] = field(default="markdown", kw_only=True)


@dataclass(frozen=True, slots=True)
class Image:
    """`media` is the platform's id of the file, `url` a public address; one of them is enough to send."""

    media: str = ""
    url: str = ""
    caption: str = ""
    kind: Literal["image"] = field(default="image", kw_only=True)


@dataclass(frozen=True, slots=True)
class Voice:
    """`text` is what the platform recognised in it, empty when it does not say."""

    media: str
    text: str = ""
    kind: Literal["voice"] = field(default="voice", kw_only=True)


@dataclass(frozen=True, slots=True)
class Video:
    media: str
    caption: str = ""
    kind: Literal["video"] = field(default="video", kw_only=True)


@dataclass(frozen=True, slots=True)
class File:
    """`size` in bytes, 0 when the platform does not say."""

    media: str = ""
    url: str = ""
    name: str = ""
    caption: str = ""
    size: int = 0
    kind: Literal["file"] = field(default="file", kw_only=True)


@dataclass(frozen=True, slots=True)
class Location:
    """Degrees, as the platform gives them (GCJ-02 in WeChat and WeCom, WGS 84 in Telegram)."""

    latitude: float
    longitude: float
    label: str = ""
    kind: Literal["location"] = field(default="location", kw_only=True)


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str
    description: str = ""
    picture: str = ""
    kind: Literal["link"] = field(default="link", kw_only=True)


@dataclass(frozen=True, slots=True)
class SharedContact:
    """A contact card; `own` only when the platform vouches that it is the sender's own number."""

    phone: str
    name: str = ""
    own: bool = False
    kind: Literal["contact"] = field(default="contact", kw_only=True)


@dataclass(frozen=True, slots=True)
class Other:
    """Something that has no shape here; `label` is the platform's word for it, `text` any words in it."""

    label: str
    text: str = ""
    kind: Literal["other"] = field(default="other", kw_only=True)


@dataclass(frozen=True, slots=True)
class Button:
    """`data` is the text form of the button: what a person would type instead (at most 64 bytes UTF-8)."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    text: str
    buttons: tuple[Button, ...] = ()
    kind: Literal["card"] = field(default="card", kw_only=True)


@dataclass(frozen=True, slots=True)
class Notice:
    """A template message (模板消息) of an official account: `template` is its id there, `data` its fields in order.

    `text` is what a person would read in it, for the conversation and for search.
    """

    template: str
    data: tuple[tuple[str, str], ...]
    url: str = ""
    text: str = ""
    kind: Literal["notice"] = field(default="notice", kw_only=True)


Content = Text | Markdown | Image | Voice | Video | File | Location | Link | SharedContact | Other | Card | Notice


def words(content: Content) -> str:  # noqa: PLR0911 - one line per kind of content
    """Every word a person wrote or a platform recognised in `content`, for search and for reading."""
    match content:
        case Text(text=text) | Markdown(text=text) | Voice(text=text):
            return text
        case Image(caption=caption) | Video(caption=caption):
            return caption
        case File():
            return " ".join(filter(None, (content.name, content.caption)))
        case Location():
            return content.label
        case Link():
            return " ".join(filter(None, (content.title, content.description, content.url)))
        case SharedContact():
            return " ".join(filter(None, (content.name, content.phone)))
        case Other() | Notice():
            return content.text
        case Card():
            return f"{content.title}\n{content.text}" if content.text else content.title


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message to one chat. `reply_to` is the key of the event that it answers, if it answers one."""

    to: Address
    content: Content
    priority: Priority = Priority.REPLY
    expires_at: datetime | None = None
    reply_to: str = ""
    kind: Literal["message"] = field(default="message", kw_only=True)


@dataclass(frozen=True, slots=True)
class Welcome:
    """The one greeting that a platform allows for a welcome code (WeCom: once, within 20 s)."""

    to: Address
    code: str
    content: Content
    expires_at: datetime
    priority: Priority = Priority.REPLY
    kind: Literal["welcome"] = field(default="welcome", kw_only=True)


@dataclass(frozen=True, slots=True)
class MessageEdit:
    """Replace what stands in a message of ours; `message` is its platform id."""

    to: Address
    message: str
    content: Content
    priority: Priority = Priority.REPLY
    expires_at: datetime | None = None
    kind: Literal["edit"] = field(default="edit", kw_only=True)


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Answer a pressed button; `press` is the platform's handle of that press, `label` what the button says now.

    `message` is the message that holds the button, where its buttons are to go away now that one was used.
    """

    to: Address
    press: str
    label: str = ""
    expires_at: datetime | None = None
    priority: Priority = Priority.REPLY
    message: str = ""
    kind: Literal["acknowledge"] = field(default="acknowledge", kw_only=True)


@dataclass(frozen=True, slots=True)
class CommandMenu:
    """The list of commands a platform offers while typing; an empty `to.id` means everybody."""

    to: Address
    language: str
    commands: tuple[tuple[str, str], ...]
    expires_at: datetime | None = None
    priority: Priority = Priority.ALERT
    kind: Literal["menu"] = field(default="menu", kw_only=True)
