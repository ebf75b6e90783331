"""Here lives what happens between our tags and a platform's: what was asked, read, and changed there.

Events like those of domain/events.py, which lists them.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from domain.contacts import Profile
from domain.messages import Address
from domain.tags import Library


@dataclass(frozen=True, slots=True)
class TagLibraryChanged:
    at: datetime
    account: str
    change: str
    tag: str = ""
    level: Literal["tag", "group", "library"] = "tag"


@dataclass(frozen=True, slots=True)
class TagsSettled:
    """Ours: a change of tags was carried out; `found` maps our bindings to the platform's ids of what was made.

    `failed` are the contacts for whom it was not, each with the channel's word for why.
    """

    at: datetime
    account: str
    outbox_id: int
    found: tuple[tuple[int, str], ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    kind: Literal["tags_settled"] = field(default="tags_settled", kw_only=True)


@dataclass(frozen=True, slots=True)
class TagsDue:
    """Ours: changes of tags wait to be sent to an account, more than one transaction should promise.

    `tags` are those of ours which may be new there, and have to reach whoever carries them.
    """

    at: datetime
    account: str
    round: int = 0
    tags: tuple[int, ...] = ()
    kind: Literal["tags_due"] = field(default="tags_due", kw_only=True)


@dataclass(frozen=True, slots=True)
class TagsGone:
    """Ours: tags of ours are gone, and more customers carried one than one transaction should take it from.

    By whom (`staff`, 0: nobody) and because of what they are gone is told in the trail.
    """

    at: datetime
    tags: tuple[int, ...]
    staff: int
    cause: str
    round: int = 0
    kind: Literal["tags_gone"] = field(default="tags_gone", kw_only=True)


@dataclass(frozen=True, slots=True)
class TagsMet:
    """Ours: a contact carries tags that were unknown when they were read (`at`); the library is read meanwhile.

    `tags` are the platform's ids, `member` is whose relation to the contact it is; `round` counts the tries.
    """

    at: datetime
    contact: Address
    member: str
    tags: tuple[str, ...]
    round: int = 0
    kind: Literal["tags_met"] = field(default="tags_met", kw_only=True)


@dataclass(frozen=True, slots=True)
class SyncDue:
    """Ours: the tags of all accounts are to be compared, as every night."""

    at: datetime
    kind: Literal["sync_due"] = field(default="sync_due", kw_only=True)


@dataclass(frozen=True, slots=True)
class TagsAsked:
    """Ours: an account is to be asked for its tags; the look-up turns it into one of the three events below.

    `run` is the comparison that wants to know, 0 for the library alone. `part`: first the library, then page by page
    from `cursor` who carries which tag. `dry`: only to tell what would change. `contacts`: what these carry, before
    it goes on from `cursor`; whoever is not in the answer is no contact any more.
    """

    at: datetime
    account: str
    run: int
    part: Literal["library", "contacts"] = "library"
    cursor: str = ""
    dry: bool = False
    contacts: tuple[str, ...] = ()
    kind: Literal["tags_asked"] = field(default="tags_asked", kw_only=True)


@dataclass(frozen=True, slots=True)
class TagLibraryRead:
    """`at` is when the reading began, by our clock."""

    at: datetime
    asked: TagsAsked
    library: Library


@dataclass(frozen=True, slots=True)
class ContactRead:
    """One contact with the tags that the platform tells; of a member's relation (`member`) all of its tags.

    None: it tells nothing of tags.
    """

    id: str
    tags: tuple[str, ...] | None
    member: str = ""
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class TagContactsRead:
    """One page of who carries which tag; an empty `cursor` is the end of all.

    Where `tag` is given the page tells of that tag alone: who has it. `whole`: with this page everything is told of
    that tag, or of the relations of all `members` that the pages since the last whole one were about.
    A long page is handled in parts, which are events of our own: `before` are the parts before this one, and `more`
    says that it is not the last.
    """

    at: datetime
    asked: TagsAsked
    contacts: tuple[ContactRead, ...]
    cursor: str
    tag: str = ""
    members: tuple[str, ...] = ()
    whole: bool = False
    before: int = 0
    more: bool = False
    kind: Literal["tag_contacts_read"] = field(default="tag_contacts_read", kw_only=True)


@dataclass(frozen=True, slots=True)
class TagsUnread:
    """An account could not be asked; `wait` is how long it wants to be left alone."""

    at: datetime
    asked: TagsAsked
    reason: str
    wait: timedelta
