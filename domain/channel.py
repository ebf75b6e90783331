"""Here lives what every channel can do, whatever its platform."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from domain.contacts import ContactState
from domain.events import InboundEvent
from domain.groups import GroupRead, GroupsAsked, GroupsRead, GroupsUnread
from domain.messages import OutboundMessage
from domain.outgoing import Outgoing
from domain.push_events import PushAsked, PushResultRead, PushUnread
from domain.sync import TagContactsRead, TagLibraryRead, TagsAsked, TagsUnread


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """An HTTP callback as it came; header names are found in lower case."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform is answered once everything is stored."""

    body: bytes = b""
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class RawEvent:
    """Authenticated, not yet understood.

    `key` is the same for every repeat of the event and for no other event of the account;
    events of one `lane` keep their order.
    """

    key: str
    lane: str
    payload: str


@dataclass(frozen=True, slots=True)
class Intake:
    events: tuple[RawEvent, ...]
    answer: Answer = field(default_factory=Answer)


@dataclass(frozen=True, slots=True)
class Page:
    """What one pull brought, and the cursor to be stored in the same transaction."""

    events: tuple[RawEvent, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """`platform_id` is what the platform calls the message, empty where it gives none.

    Of a change of tags: `found` and `failed` as in TagsSettled. Of a group push: `failed` are those of its contacts
    whom the platform would not take, each with the channel's word for why. `moved_to` is the new id of a group chat
    that has one: the message went there.
    """

    platform_id: str = ""
    found: tuple[tuple[int, str], ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    moved_to: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The platform wants us to wait; nothing was done. `whole_account` when the wait is not this chat's alone."""

    until: datetime
    reason: str
    whole_account: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Final: it will not be sent. `state` when the refusal tells that the contact cannot be reached."""

    reason: str
    state: ContactState | None = None


@dataclass(frozen=True, slots=True)
class Unsure:
    """The outcome is unknown: it may have been sent."""

    reason: str


DeliveryResult = Delivered | Deferred | Refused | Unsure


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` in `seconds`, of which at most `burst` at once."""

    count: float
    seconds: float
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows one account to send: in all, to one chat, to one group chat; and to change in tags.

    `group_pushes` are calls that reach many.
    """

    account: tuple[Rate, ...] = ()
    recipient: tuple[Rate, ...] = ()
    group: tuple[Rate, ...] = ()
    tags: tuple[Rate, ...] = ()
    group_pushes: tuple[Rate, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `guanxi check`: what was looked at, whether it is well, and how to mend it (a template key)."""

    what: str
    ok: bool
    detail: str = ""
    remedy: str = ""


class Channel(Protocol):
    """One account on one platform. All methods may be called from many tasks at once."""

    account: str
    kind: str
    limits: Limits

    async def start(self) -> None:
        """Prepare what must be told to the platform at start (such as a webhook); errors are `CallFailed`."""

    async def warm_up(self) -> None:
        """Load what reading and delivering need, while nobody waits for it."""

    async def close(self) -> None:
        """Give up every connection."""

    async def check(self) -> tuple[Finding, ...]:
        """Ask the platform whether this account works; never raises for what the platform answers."""

    async def receive(self, request: CallbackRequest) -> Intake:
        """Authenticate and open a callback; raises NotAuthentic or Malformed."""

    async def read(self, raw: RawEvent) -> InboundEvent | None:
        """Understand a stored event; only look-ups. None for what we do not know; raises Unreadable or CallFailed."""

    def parts(self, outgoing: Outgoing) -> tuple[Outgoing, ...]:
        """What is to be delivered one by one to say it; itself where that is one; too long an end is cut."""

    async def deliver(self, key: str, outgoing: Outgoing) -> DeliveryResult:
        """Carry out one thing; `key` is the same on every attempt."""

    def repeatable(self, outgoing: Outgoing) -> bool:
        """Whether delivering the same key twice does no harm."""

    def is_group(self, chat_id: str) -> bool:
        """Whether this chat counts against the group limit."""


@runtime_checkable
class Pollable(Protocol):
    """A channel that is asked instead of told."""

    account: str

    @property
    def polls(self) -> bool:
        """Whether this account is configured to be polled."""

    async def pull(self, cursor: str) -> Page:
        """Wait for and fetch what is new after `cursor` (empty at first); raises CallFailed."""


@runtime_checkable
class Taggable(Protocol):
    """A channel whose platform keeps tags; its limits are `TAGS` in its limits module."""

    account: str

    async def look(self, asked: TagsAsked) -> TagLibraryRead | TagContactsRead | TagsUnread:
        """Ask the platform; whatever goes wrong is TagsUnread."""


@runtime_checkable
class Reporting(Protocol):
    """A channel whose platform is asked what became of a group push; its media are `MEDIA` in its limits module."""

    account: str

    async def results(self, asked: PushAsked) -> PushResultRead | PushUnread:
        """Ask the platform; whatever goes wrong is PushUnread."""


@runtime_checkable
class GroupDirectory(Protocol):
    """A channel whose platform tells of the group chats that there are."""

    account: str

    async def groups(self, asked: GroupsAsked) -> GroupsRead | GroupRead | GroupsUnread:
        """Ask the platform; whatever goes wrong is GroupsUnread."""


@runtime_checkable
class Answerable(Protocol):
    """A channel whose platform takes a reply in the HTTP answer to a callback."""

    account: str
    passive_seconds: float

    def passive(self, raw: RawEvent, outgoing: OutboundMessage) -> Answer | None:
        """The HTTP answer that says `outgoing` to the sender of `raw`, or None when it cannot be said that way."""
