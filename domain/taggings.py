"""Here lives how tags are typed (`C2 C3 +VIP -试用`), which one a name stands for, and what came of it."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.arguments import unquoted
from domain.errors import Refusal
from domain.lines import plainly
from domain.naming import folded, like, tags_named
from domain.tags import path, path_in

SIGNS = re.compile(r"(?:^|(?<=[\s,;、]))([+#\u2212\u2013\u2014-]+)\s*")
DROPS = "-\u2212\u2013\u2014"
BETWEEN = re.compile(r"[\s,;、+]+")
ENDS = " ,;、。\n\t"
NUMBER = re.compile(r"g([0-9]{1,18})", re.ASCII)
PHONE = re.compile(r"\+[0-9(][0-9 ()-]*")
FEW = 5  # customers of whom each is told on a line of their own

Pair = tuple[int, int]  # ids of a customer and of a tag


@dataclass(frozen=True, slots=True)
class Wish:
    """What stands before the first sign, word by word, and the names behind the signs, as they were typed."""

    words: tuple[str, ...]
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A tag of ours, as far as names go."""

    id: int
    group: str
    name: str

    @property
    def path(self) -> str:
        return path(self.group, self.name)


@dataclass(frozen=True, slots=True)
class Meaning:
    """One name behind a sign (+ or -), and the tags that it may stand for: at least one."""

    sign: str
    typed: str
    fits: tuple[Known, ...]

    def chosen(self, tag: Known) -> str:
        """As it can be typed, so that it is this tag and no other."""
        return f"{self.sign}G{tag.id}"

    def __str__(self) -> str:
        return self.chosen(self.fits[0]) if len(self.fits) == 1 else f"{self.sign}{self.typed}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was to be given and taken, and what of it was not so already; `people` and `names` are names by id."""

    people: Mapping[int, str]
    names: Mapping[int, str]
    to_give: Sequence[Pair]
    to_take: Sequence[Pair]
    given: Sequence[Pair]
    taken: Sequence[Pair]

    @property
    def changed(self) -> set[int]:
        """The customers of whom something is not as before."""
        return {customer_id for customer_id, _ in (*self.given, *self.taken)}

    @property
    def told(self) -> dict[str, Any]:
        """Customer by customer where they are few, else how many of each tag."""
        few = len(self.people) <= FEW
        counts = [*self._counts("+", self.to_give, self.given), *self._counts("-", self.to_take, self.taken)]
        return {
            "many": len(self.people),
            "changed": len(self.changed),
            "rows": [self._row(customer_id, name) for customer_id, name in self.people.items()] if few else [],
            "counts": [] if few else counts,
        }

    def _row(self, customer_id: int, name: str) -> dict[str, Any]:
        give, take = ([pair for pair in pairs if pair[0] == customer_id] for pairs in (self.to_give, self.to_take))
        return {
            "id": f"C{customer_id}",
            "name": name,
            "added": self._called(pair for pair in give if pair in self.given),
            "dropped": self._called(pair for pair in take if pair in self.taken),
            "had": self._called(pair for pair in give if pair not in self.given),
            "lacked": self._called(pair for pair in take if pair not in self.taken),
        }

    def _counts(self, sign: str, pairs: Sequence[Pair], done: Sequence[Pair]) -> list[dict[str, Any]]:
        all_of, new = (Counter(tag_id for _, tag_id in each) for each in (pairs, done))
        return [
            {"sign": sign, "name": self.names[tag_id], "done": new[tag_id], "same": number - new[tag_id]}
            for tag_id, number in all_of.items()
        ]

    def _called(self, pairs: Iterable[Pair]) -> list[str]:
        return [self.names[tag_id] for _, tag_id in pairs]


def wish(typed: str) -> Wish:
    """A name goes on until the next sign, so it needs no quotes; of several signs in a row the last one counts."""
    plain = " ".join(plainly(typed).plain.split())
    signs = list(SIGNS.finditer(plain))
    before = plain[: signs[0].start()] if signs else plain
    ends = (*(sign.start() for sign in signs[1:]), len(plain))
    names = [
        (sign[1][-1] in DROPS, unquoted(plain[sign.end() : end].strip(ENDS)).strip())
        for sign, end in zip(signs, ends, strict=False)
    ]
    return Wish(
        tuple(filter(None, re.split(r"[\s,;、。]+", before))),
        tuple(dict.fromkeys(name for drops, name in names if name and not drops)),
        tuple(dict.fromkeys(name for drops, name in names if name and drops)),
    )


def is_signed(word: str) -> bool:
    """Whether it is a tag and no customer; a phone's number begins with a plus, too."""
    return SIGNS.match(word) is not None and not PHONE.fullmatch(word)


def typed_out(wanted: Wish) -> tuple[str, ...]:
    """The tags of a wish as they can be typed."""
    return (*(f"+{name}" for name in wanted.added), *(f"-{name}" for name in wanted.dropped))


def fitting(typed: str, library: Sequence[Known]) -> list[Known]:
    """The tags that `typed` stands for: G and a number is an id and nothing else; group and name, or a name alone."""
    if number := NUMBER.fullmatch(folded(typed)):
        return [tag for tag in library if tag.id == int(number[1])]
    return tags_named(typed, library)


def meanings(wanted: Wish, library: Sequence[Known], carried: Collection[int], *, creates: bool) -> list[Meaning]:
    """Every name that was typed; raises Refusal for the first that no tag has.

    A name that several tags have is, where one is to go, only one that is `carried`. `creates`: who asks may make tags.
    """
    found = [Meaning("+", *each) for name in wanted.added for each in _meant(name, library, creates=creates)]
    for name in wanted.dropped:
        for typed, fits in _meant(name, library, creates=creates, added=False):
            there = tuple(tag for tag in fits if tag.id in carried)
            found.append(Meaning("-", typed, there or fits[:1]))
    return found


def alike(typed: str, library: Sequence[Known]) -> tuple[str, ...]:
    """What the tags are called that may have been meant where none is called so."""
    called, paths = labels(library), {tag.path: tag.id for tag in library}
    return tuple(called[paths[found]] for found in like(typed, library))


def labels(library: Iterable[Known]) -> dict[int, str]:
    """What each tag is called: its name, with its group only where another has such a name or id."""
    known = list(library)
    keys = {tag.id: folded(tag.name) for tag in known}
    times = Counter(keys.values())
    return {tag.id: tag.name if _is_clear(keys[tag.id], times) else tag.path for tag in known}


def _is_clear(key: str, times: Mapping[str, int]) -> bool:
    return times[key] == 1 and not NUMBER.fullmatch(key)


def _meant(
    name: str, library: Sequence[Known], *, creates: bool, added: bool = True
) -> Iterator[tuple[str, tuple[Known, ...]]]:
    """Where nothing is called so, it may be several names behind one sign; what is to go nobody wants to be made."""
    if whole := fitting(name, library):
        yield name, tuple(whole)
        return
    parts = {part: tuple(fitting(part, library)) for part in BETWEEN.split(name) if part}
    unknown = next((part for part, fits in parts.items() if not fits), "")
    if not parts or unknown:
        what = unknown if any(parts.values()) else name
        free = added and creates and _can_be_made(what)
        near = list(alike(what, library))
        raise Refusal("refusals/tagging_unknown", what=what, near=near, free=free, manages=creates or not added)
    yield from parts.items()


def _can_be_made(typed: str) -> bool:
    try:
        path_in(typed)
    except Refusal:
        return False
    return True
