"""Here lives what a platform tells of a customer: a profile, and who of ours follows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ContactState = Literal["reachable", "unfollowed", "blocked", "deleted", "deactivated"]


@dataclass(frozen=True, slots=True)
class Follow:
    """One staff member's relation to one WeCom customer (`userid` is the member's id there); tags None: not told."""

    userid: str
    remark: str = ""
    description: str = ""
    company: str = ""
    state: str = ""
    phones: tuple[str, ...] = ()
    tags: tuple[str, ...] | None = ()
    added_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a platform tells of a customer; empty means that it does not say.

    `tags` are the platform's ids of all tags on them, where tags belong to no member's relation; None: not told.
    """

    name: str = ""
    unionid: str = ""
    username: str = ""
    language: str = ""
    gender: str = ""
    company: str = ""
    position: str = ""
    follows: tuple[Follow, ...] = ()
    tags: tuple[str, ...] | None = None
