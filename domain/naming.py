"""Here lives how people name tags and groups, and what they ask to be made or changed of them."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, TypeVar

from domain.errors import Refusal
from domain.lines import INVISIBLE, Line, plainly
from domain.nearest import nearest
from domain.pool import accounts_named
from domain.tags import SEPARATOR

KEYS = {
    "name": ("名", "名字", "名称", "新名", "name"),
    "group": ("组", "分组", "标签组", "group"),
    "description": ("说明", "描述", "备注", "note", "desc", "description"),
    "scope": ("渠道", "via", "channel"),
}
NAMED = {word: key for key, words in KEYS.items() for word in words}
EVERYWHERE = ("全部", "所有", "all")
LONGEST_DESCRIPTION = 200
BREAKS = " \t\n,;、"  # between names and pairs, and no part of either
KEY = re.compile(r'"[^"]*"|(?:^|[\s,;、])(\w+)\s*=')
TOKEN = re.compile(r'(?:"[^"]*"|[^\s"])+')
NEAR, COMPARED = 3, 300  # names that are told again, and that are compared


class Listed(Protocol):
    """A tag, as far as it is looked for; its path is its group's name and its own."""

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> str: ...


class Titled(Protocol):
    """A group."""

    @property
    def name(self) -> str: ...


AnyTag = TypeVar("AnyTag", bound=Listed)
AnyGroup = TypeVar("AnyGroup", bound=Titled)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tag that is to be there. Without a group it goes where those without one are; no scope: everywhere."""

    group: str
    name: str
    description: str = ""
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What follows the verb: the tags that are named, as typed, and what is said of them, by the keys of KEYS."""

    names: tuple[str, ...]
    said: Mapping[str, str] = field(default_factory=dict)


def wish(typed: str, command: str) -> Wish:
    """Names first, then key=value; a value goes on until the next key, but for the comma that ends it.

    Raises Refusal for a key that there is not.
    """
    line = plainly(typed)
    keys = [key for key in KEY.finditer(line.plain) if key[1]]
    ends = [key.start() for key in keys[1:]] + [len(line.plain)]
    said: dict[str, str] = {}
    for key, end in zip(keys, ends, strict=False):
        meant = NAMED.get(key[1].lower())
        if meant is None:
            raise Refusal("refusals/bad_argument", command=command, what=line.plain[key.start() : end].strip(BREAKS))
        if meant in said:
            raise Refusal("refusals/given_twice", command=command, what=key[1])
        said[meant] = _typed(line, *_within(line, key.end(), end))
    words = TOKEN.finditer(line.plain, 0, keys[0].start() if keys else len(line.plain))
    names = (_within(line, *word.span()) for word in words if word.group().strip(BREAKS))
    return Wish(tuple(_typed(line, *name) for name in names), said)


def unquoted(typed: str) -> str:
    """One name as it was typed, without the quotation marks."""
    line = plainly(typed)
    return _typed(line, 0, len(line.plain))


def listed(names: Iterable[str]) -> tuple[str, ...]:
    """The same names, where several were joined with 、 taken apart."""
    return tuple(part for name in names for part in name.split("、") if part.strip())


@lru_cache(maxsize=16_384)  # a library or two, by name and path: all are asked for whenever somebody names a tag
def folded(text: str) -> str:
    """Names are the same whatever their width, case, and blanks; signs count: A+ is not A."""
    plain = unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).casefold()
    return re.sub(r"\s*/\s*", SEPARATOR, " ".join(plain.split()))


def tags_named(text: str, tags: Iterable[AnyTag]) -> list[AnyTag]:
    """The tags whose path this is, or else their name alone; those that are written exactly so come before others."""
    everything, key = list(tags), folded(text)
    found = [tag for tag in everything if folded(tag.path) == key] or [
        tag for tag in everything if folded(tag.name) == key
    ]
    return [tag for tag in found if text.strip() in (tag.path, tag.name)] or found


def groups_named(text: str, groups: Iterable[AnyGroup]) -> list[AnyGroup]:
    """The groups of this name, which may end with the separator."""
    key = folded(text).removesuffix(SEPARATOR)
    found = [group for group in groups if folded(group.name) == key]
    exact = [group for group in found if group.name == text.strip().removesuffix(SEPARATOR)]
    return exact[:1] or found


def is_group(text: str) -> bool:
    """Whether a group is meant, and no tag: a name with the separator at its end."""
    return folded(text).endswith(SEPARATOR)


def like(text: str, tags: Iterable[Listed], groups: Iterable[Titled] = ()) -> tuple[str, ...]:
    """What can be typed instead of a name of none: paths of tags, groups with the separator at their end.

    A large library is not all looked at.
    """
    key = folded(text).removesuffix(SEPARATOR)
    spelled: dict[str, str] = {}
    for tag in tags:
        spelled.setdefault(folded(tag.path), tag.path)
        spelled.setdefault(folded(tag.name), tag.path)
    for group in groups:
        spelled.setdefault(folded(group.name), f"{group.name}{SEPARATOR}")
    if len(spelled) > COMPARED:
        alike = sorted(spelled, key=lambda name: (-len(set(name) & set(key)), len(name)))
        spelled = {name: spelled[name] for name in alike[:COMPARED]}
    inside = (name for name in spelled if key and key in name)
    return tuple(dict.fromkeys(spelled[name] for name in (*nearest(key, spelled), *inside)))[:NEAR]


def missing(wanted: Sequence[Wanted], there: Iterable[AnyTag]) -> tuple[tuple[Wanted, ...], tuple[AnyTag, ...]]:
    """What is not there yet, each once, and the tags that are; a name without a group is any tag's of that name."""
    by_path: dict[str, AnyTag] = {}
    by_name: dict[str, AnyTag] = {}
    for each_there in there:
        by_path.setdefault(folded(each_there.path), each_there)
        by_name.setdefault(folded(each_there.name), each_there)
    new: dict[str, Wanted] = {}
    found: dict[str, AnyTag] = {}
    for each in wanted:
        key = folded(f"{each.group}{SEPARATOR}{each.name}")
        if tag := by_path.get(key) if each.group else by_name.get(folded(each.name)):
            found.setdefault(key, tag)
        else:
            new.setdefault(key, each)
    return tuple(new.values()), tuple(found.values())


def described(text: str) -> str:
    """A description as it is kept; raises Refusal for one that is too long."""
    kept = " ".join(text.split())
    if len(kept) > LONGEST_DESCRIPTION:
        raise Refusal("refusals/tag_description_long", most=LONGEST_DESCRIPTION)
    return kept


def scope_in(words: str | Iterable[str], accounts: Mapping[str, str], tagged: Collection[str]) -> tuple[str, ...]:
    """The channels that are named, none for all; `accounts` maps names to kinds, `tagged` are those with tags."""
    parts = re.split("[,，、|]", words) if isinstance(words, str) else list(words)
    named = [part.strip() for part in parts if part.strip()]
    if any(part.lower() in EVERYWHERE for part in named):
        return ()
    return tuple(sorted({account for part in named for account in _accounts(part, accounts, tagged)}))


def _accounts(word: str, accounts: Mapping[str, str], tagged: Collection[str]) -> frozenset[str]:
    found = accounts_named(word, accounts)
    if not found:
        kinds = sorted({accounts[name] for name in tagged if name in accounts})
        raise Refusal("refusals/no_such_channel", what=word, kinds=kinds)
    if not found & set(tagged):
        raise Refusal("refusals/channel_without_tags", what=word)
    return found & set(tagged)


def _within(line: Line, start: int, end: int) -> tuple[int, int]:
    """The same without what stands between names and pairs; in quotation marks it stays."""
    part = line.plain[start:end]
    kept = part.strip(BREAKS)
    begins = start + part.find(kept)
    return begins, begins + len(kept)


def _typed(line: Line, start: int, end: int) -> str:
    """As it was typed, without quotation marks, in one line."""
    origins = (*line.origins, len(line.raw))
    raw = "".join(line.raw[origins[i] : origins[i + 1]] for i in range(start, end) if line.plain[i] != '"')
    return " ".join("".join(c for c in INVISIBLE.sub("", raw) if c.isprintable() or c.isspace()).split())
