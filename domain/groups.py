"""Here lives what platforms tell of group chats: which there are, who is in them, and that somebody is to ask.

Events like those of domain/events.py and domain/own_events.py, which list them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from domain.messages import Address

GroupKind = Literal["customer", "app", "group", "channel"]  # 客户群, 应用群聊; Telegram's


@dataclass(frozen=True, slots=True)
class GroupsAsked:
    """Ours: an account is to be asked for its group chats, page by page from `cursor`, or for one of them (`chat`).

    `at` is when the whole asking began. `told`: where somebody is told what came of it, in `language`; None: nowhere.
    """

    at: datetime
    account: str
    cursor: str = ""
    chat: str = ""
    told: Address | None = None
    language: str = ""
    kind: Literal["groups_asked"] = field(default="groups_asked", kw_only=True)


@dataclass(frozen=True, slots=True)
class GroupsDue:
    """Ours: all accounts are to be asked for their group chats, as every night."""

    at: datetime
    kind: Literal["groups_due"] = field(default="groups_due", kw_only=True)


@dataclass(frozen=True, slots=True)
class GroupMember:
    """`id` is the platform's; `staff` where it is a member of ours (WeCom) and no customer. `joined_at` as told."""

    id: str
    name: str = ""
    staff: bool = False
    joined_at: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class GroupsRead:
    """One page of the group chats that there are; an empty `cursor` is the end. `at` is when the reading began."""

    at: datetime
    asked: GroupsAsked
    chats: tuple[str, ...]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class GroupRead:
    """One group chat as it is now: `owner` is the member of ours who may send to it; None in `members`: not told."""

    at: datetime
    asked: GroupsAsked
    title: str
    owner: str = ""
    members: tuple[GroupMember, ...] | None = None
    gone: bool = False
    group: GroupKind = "customer"


@dataclass(frozen=True, slots=True)
class GroupsUnread:
    """The platform did not answer `asked`; ask again at `again`."""

    at: datetime
    asked: GroupsAsked
    reason: str
    again: datetime
