"""Here lives everything that can have happened, named as past participles.

`at` is when it happened by the platform's clock, aware and in UTC. A platform's reader makes these
from raw callbacks; handlers register for them. `kind` is the name under which our own are stored.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.contacts import ContactState, Profile
from domain.groups import GroupKind, GroupRead, GroupsRead, GroupsUnread
from domain.messages import Address, Content
from domain.own_events import OwnEvent
from domain.push_events import PushResultRead, PushUnread
from domain.sync import TagLibraryChanged, TagLibraryRead, TagsUnread

ChatKind = Literal["private", "group", "channel"]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who did it, as far as the callback itself says; `language` is an IETF tag or empty."""

    address: Address
    name: str = ""
    username: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """Where it happened: answers go to `address`, which in a private chat is the sender's own."""

    address: Address
    kind: ChatKind = "private"
    title: str = ""


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """`mentioned` is True when a group message names our bot (its name is already cut out of the text)."""

    at: datetime
    sender: Sender
    chat: Chat
    content: Content
    message_id: str = ""
    mentioned: bool = False


@dataclass(frozen=True, slots=True)
class MessageEdited:
    at: datetime
    sender: Sender
    chat: Chat
    content: Content
    message_id: str


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """`data` is the text form of the button; `press` is the platform's handle for acknowledging it."""

    at: datetime
    sender: Sender
    chat: Chat
    data: str
    press: str
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class MenuClicked:
    at: datetime
    sender: Sender
    key: str


@dataclass(frozen=True, slots=True)
class AppEntered:
    """A member opened our app in WeCom."""

    at: datetime
    sender: Sender


@dataclass(frozen=True, slots=True)
class ContactAdded:
    """A person followed, started or was added; `owner` is the member that added them, `source` where from."""

    at: datetime
    contact: Address
    profile: Profile
    source: str = ""
    owner: str = ""
    welcome_code: str = ""


@dataclass(frozen=True, slots=True)
class ContactUpdated:
    at: datetime
    contact: Address
    profile: Profile


@dataclass(frozen=True, slots=True)
class ContactRemoved:
    """`owner` is the member whose relation ended, empty where the whole account lost the contact."""

    at: datetime
    contact: Address
    state: ContactState
    owner: str = ""


@dataclass(frozen=True, slots=True)
class ContactReturned:
    at: datetime
    contact: Address


@dataclass(frozen=True, slots=True)
class SourceScanned:
    """Somebody who is a contact already came by one more source (QR scene, deep link)."""

    at: datetime
    contact: Address
    source: str


@dataclass(frozen=True, slots=True)
class AuthorizationRevoked:
    at: datetime
    contact: Address


@dataclass(frozen=True, slots=True)
class TransferFailed:
    at: datetime
    contact: Address
    owner: str
    reason: str


@dataclass(frozen=True, slots=True)
class StaffChanged:
    """`member` is the member's id on `account`; `new_id` when it was renamed; `active` False when left or disabled."""

    at: datetime
    member: Address
    change: Literal["created", "updated", "deleted"]
    name: str = ""
    new_id: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """A group chat was created, changed or dissolved; `members` are those who joined or left.

    `kind` is what kind of chat it is, `writable` whether we may write there; empty and None where that is not told.
    """

    at: datetime
    group: Address
    change: str
    detail: str = ""
    title: str = ""
    members: tuple[str, ...] = ()
    kind: GroupKind | Literal[""] = ""
    writable: bool | None = None


@dataclass(frozen=True, slots=True)
class ChatMigrated:
    """A Telegram group got a new id."""

    at: datetime
    old: Address
    new: Address


@dataclass(frozen=True, slots=True)
class SendingReported:
    """A platform tells how something that we sent ended (template message, mass job).

    `detail` is in its words, `reason` in ours where it is not `ok`. Of those it was for, `sent` have it, `failed` could
    not be given it, and `filtered` the platform left out by itself (who wants none, or had the month's fill).
    """

    at: datetime
    account: str
    platform_id: str
    ok: bool
    detail: str = ""
    sent: int = 0
    failed: int = 0
    reason: str = ""
    filtered: int = 0


@dataclass(frozen=True, slots=True)
class Noticed:
    """Known to us, of no consequence yet: `what` is the platform's own name of it."""

    at: datetime
    account: str
    what: str


InboundEvent = (
    MessageReceived
    | MessageEdited
    | ButtonPressed
    | MenuClicked
    | AppEntered
    | ContactAdded
    | ContactUpdated
    | ContactRemoved
    | ContactReturned
    | SourceScanned
    | AuthorizationRevoked
    | TransferFailed
    | StaffChanged
    | GroupChanged
    | ChatMigrated
    | TagLibraryChanged
    | SendingReported
    | Noticed
    | TagLibraryRead
    | TagsUnread
    | PushResultRead
    | PushUnread
    | GroupsRead
    | GroupRead
    | GroupsUnread
    | OwnEvent
)
