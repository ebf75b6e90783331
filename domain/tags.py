"""Here lives the vocabulary of tags: groups and tags here and on a platform, and what each platform allows.

The comparison of both sides is in domain/reconcile.py.
"""

from dataclasses import dataclass
from typing import Literal

from domain.commands import target_in
from domain.errors import Refusal

Level = Literal["group", "tag"]
Policy = Literal["platform", "ours", "ask"]
Source = Literal["staff", "rule", "import", "platform", "sync"]  # why a customer carries a tag, or a tag is there

SEPARATOR = "/"  # between the name of a group and the name of a tag
NAME = 30  # characters, as WeCom and official accounts have it


@dataclass(frozen=True, slots=True)
class Shape:
    """What both sides compare of a group or tag. `group` is the platform's id of a tag's group, empty for a group.

    Larger `order` comes first, as in WeCom.
    """

    name: str
    group: str = ""
    order: int = 0


@dataclass(frozen=True, slots=True)
class Remote:
    """A group or tag as a platform has it; `id` is the platform's own."""

    level: Level
    id: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that a platform told of its tags. `complete`: successful, whole, and not empty."""

    items: tuple[Remote, ...] = ()
    complete: bool = False


@dataclass(frozen=True, slots=True)
class TagLimits:
    """What a platform allows: tags of one account, tags on one contact, and contacts in one call that tags them.

    `grouped` is False where tags are in no groups.
    """

    tags: int
    per_contact: int
    batch: int
    name: int = NAME
    grouped: bool = True


@dataclass(frozen=True, slots=True)
class TagRules:
    """How one account's tags are kept in step: its limits, who wins, and how much may vanish at once unasked.

    `guard` is a part of all tags that are on the account, and never fewer than GUARD_LEAST.
    """

    limits: TagLimits
    policy: Policy = "platform"
    guard: float = 0.1


def path(group: str, name: str) -> str:
    """What people call a tag."""
    return f"{group}{SEPARATOR}{name}"


def name_in(text: str, longest: int = NAME) -> str:
    """A name for a group or tag; raises Refusal for an empty or too long one, or one with a separator in it."""
    name = " ".join(text.split())
    if not name or SEPARATOR in name:
        raise Refusal("refusals/tag_name", what=text)
    if len(name) > longest:
        raise Refusal("refusals/tag_name_long", what=name, most=longest)
    return name


def tag_name_in(text: str) -> str:
    """A name for a tag of ours; raises Refusal also for what reads like an id (G12, C3) and is taken for one.

    Q1 may be a tag, the quarter: no command takes both tags and group chats.
    """
    name = name_in(text)
    if (target := target_in(name)) and target.kind != "Q":
        raise Refusal("refusals/tag_name_id", what=name)
    return name


def path_in(text: str) -> tuple[str, str]:
    """The group and the tag that `text` names, in wide letters, too; the group is empty where it names none."""
    group, separator, name = text.replace("／", SEPARATOR).partition(SEPARATOR)
    return (name_in(group), tag_name_in(name)) if separator else ("", tag_name_in(text))
