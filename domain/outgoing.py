"""Here lives everything that can go out: messages, and what else a platform can be told to do."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from domain.messages import Acknowledge, Address, CommandMenu, Content, MessageEdit, OutboundMessage, Priority, Welcome


@dataclass(frozen=True, slots=True)
class NewTag:
    """A tag to be made on a platform; `binding` is ours, by which the platform's id of it is told back."""

    binding: int
    name: str
    order: int = 0


@dataclass(frozen=True, slots=True)
class TagEdit:
    """One change of an account's tag library; doing it twice is the same as once.

    create: `tags`, all in one group, which is `remote` there or else made with `name` and `order` (`binding` is the
    group's); an account without groups ignores it. change: the group or tag `remote` gets `name` and `order`, where
    they are given. delete: `remotes`, tags only: a group goes with its last tag. `bindings` are ours of what is changed
    or deleted.
    """

    to: Address
    edit: Literal["create", "change", "delete"]
    remote: str = ""
    name: str | None = None
    order: int | None = None
    binding: int = 0
    tags: tuple[NewTag, ...] = ()
    remotes: tuple[str, ...] = ()
    bindings: tuple[int, ...] = ()
    priority: Priority = Priority.ALERT
    expires_at: datetime | None = None
    kind: Literal["tag_edit"] = field(default="tag_edit", kw_only=True)


@dataclass(frozen=True, slots=True)
class TagChange:
    """Give tags to contacts and take tags from them; doing it twice is the same as once.

    `contacts` are the platform's ids, `add` and `drop` its tags'. `member` is whose relation to the one contact it
    is, where tags belong to relations (WeCom); elsewhere it is one tag, for as many contacts as one call takes.
    """

    to: Address
    contacts: tuple[str, ...]
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    member: str = ""
    priority: Priority = Priority.PUSH
    expires_at: datetime | None = None
    kind: Literal["tag_change"] = field(default="tag_change", kw_only=True)


@dataclass(frozen=True, slots=True)
class GroupPush:
    """One call that reaches many people or chats: WeCom's 企业群发, which `member` confirms, or a mass message (群发).

    `to.id` names its lane, `batch` our row of it; `contacts` are the platform's ids of people, or of customer groups
    where `chats`. One of them that cannot be reached fails alone.
    """

    to: Address
    batch: int
    contacts: tuple[str, ...]
    content: Content
    member: str = ""
    chats: bool = False
    priority: Priority = Priority.PUSH
    expires_at: datetime | None = None
    kind: Literal["group_push"] = field(default="group_push", kw_only=True)


@dataclass(frozen=True, slots=True)
class GroupPushEdit:
    """Remind the member who has yet to confirm a task of WeCom's 企业群发, or take it back; `task` is its msgid."""

    to: Address
    batch: int
    task: str
    edit: Literal["remind", "cancel"]
    priority: Priority = Priority.ALERT
    expires_at: datetime | None = None
    kind: Literal["group_push_edit"] = field(default="group_push_edit", kw_only=True)


Outgoing = (
    OutboundMessage
    | Welcome
    | MessageEdit
    | Acknowledge
    | CommandMenu
    | TagEdit
    | TagChange
    | GroupPush
    | GroupPushEdit
)
