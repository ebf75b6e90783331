"""Here lives what an account is to be told of our library: its differences, in an order that works.

Pure. First `rearranged`: what takes another place there; then `edits`: what can be sent now. What has to wait for
something else is in neither, and comes up again when that is settled.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from domain.tags import NAME, Level, Shape

FINAL = frozenset({"not_ours", "too_many_fans"})  # why something cannot be deleted there, now or later


@dataclass(frozen=True, slots=True)
class Place:
    """One of ours on an account. `group` is our group's id of a tag, `ours` how it should be there (None: not at all).

    `sent` is what is on its way, `deleting` that this is its end. `reason`: why the last change failed. `disputed`:
    people must choose. `retired`: `heir`, a tag of ours, has another place there; `free`: and nobody needs this one.
    """

    id: int
    level: Level
    subject: int
    group: int = 0
    remote: str = ""
    agreed: Shape | None = None
    ours: Shape | None = None
    sent: Shape | None = None
    deleting: bool = False
    reason: str = ""
    disputed: bool = False
    retired: bool = False
    heir: int = 0
    free: bool = False

    @property
    def busy(self) -> bool:
        return self.sent is not None or self.deleting

    @property
    def stuck(self) -> bool:
        return bool(self.reason) or self.disputed

    @property
    def differs(self) -> bool:
        """Whether a change would make it as it should be; its group is another question."""
        if self.ours is None or self.agreed is None:
            return self.ours is not self.agreed
        return (self.ours.name, self.ours.order) != (self.agreed.name, self.agreed.order)

    @property
    def stays(self) -> bool:
        """Whether it keeps its name there."""
        if self.busy or self.ours is None:
            return False
        return self.stuck or self.agreed is None or self.ours.name == self.agreed.name


@dataclass(frozen=True, slots=True)
class Forget:
    """It was never there, and is not to be."""

    place: Place


@dataclass(frozen=True, slots=True)
class Revive:
    """What was to be deleted serves the heir, who has nothing there yet."""

    place: Place
    instead: Place


@dataclass(frozen=True, slots=True)
class Move:
    """The platform moves nothing: it is made anew where it belongs, and this one goes at last."""

    place: Place


@dataclass(frozen=True, slots=True)
class Create:
    """Of one group, which is there or is made along; without groups one by one."""

    places: tuple[Place, ...]
    group: Place | None = None


@dataclass(frozen=True, slots=True)
class Alter:
    """`to` is how it is there afterwards."""

    place: Place
    to: Shape


@dataclass(frozen=True, slots=True)
class Delete:
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Fail:
    """It need not be tried."""

    place: Place
    reason: str


Rearrangement = Forget | Revive | Move
Edit = Create | Alter | Delete | Fail


def rearranged(places: Sequence[Place], *, grouped: bool) -> list[Rearrangement]:
    """What is another row's business by now, or nobody's; never two steps for one place."""
    steps: list[Rearrangement] = []
    there = [place for place in places if place.remote and not place.busy and not place.disputed]
    old = [place for place in there if place.retired or (place.level == "group" and place.ours is None)]
    for place in (place for place in places if not place.busy):
        if not place.remote and (place.ours is None or place.retired):
            steps.append(Forget(place))
        elif not place.remote and (elder := _elder(place, old, grouped=grouped)):
            old.remove(elder)
            steps.append(Revive(elder, place))
        elif grouped and _is_elsewhere(place) and not place.stuck:
            steps.append(Move(place))
    return steps


def edits(places: Sequence[Place], *, grouped: bool) -> list[Edit]:
    """What can be sent now, in this order."""
    library = _Library(places, grouped=grouped)
    deleted = tuple(place for place in places if _is_to_go(place))
    return [*([Delete(deleted)] if deleted else []), *library.changes(), *library.creations()]


@dataclass(slots=True)
class _Names:
    """Who has which name there, or is about to."""

    taken: dict[tuple[Level, str, str], list[Place]]

    @classmethod
    def of(cls, places: Iterable[Place]) -> "_Names":
        names = cls({})
        for place in places:
            for shape in {place.agreed if place.remote else None, place.sent} - {None}:
                if shape is not None:
                    names.give(place, shape)
        return names

    def give(self, place: Place, shape: Shape) -> None:
        self.taken.setdefault((place.level, shape.group, shape.name), []).append(place)

    def holder(self, place: Place, shape: Shape) -> Place | None:
        """Who else has the name that `shape` would give to `place`."""
        others = self.taken.get((place.level, shape.group, shape.name), [])
        return next((other for other in others if other.id != place.id), None)


class _Library:
    """One account's side, while it is looked through."""

    def __init__(self, places: Sequence[Place], *, grouped: bool) -> None:
        self.places, self.grouped = places, grouped
        self.names = _Names.of(places)

    @cached_property
    def groups(self) -> Mapping[int, Place]:
        return {place.subject: place for place in self.places if place.level == "group" and not place.retired}

    def changes(self) -> list[Edit]:
        steps: list[Edit] = []
        waiting: dict[int, int] = {}
        changing = [place for place in self.places if _is_to_change(place)]
        for place, ours in ((place, place.ours) for place in changing):
            if ours is None:
                continue
            holder = self.names.holder(place, ours)
            if holder is None:
                self.names.give(replace(place, sent=ours), ours)
                steps.append(Alter(place, ours))
            elif holder.stays:
                steps.append(Fail(place, "name_taken"))
            else:
                waiting[place.id] = holder.id
        by_id = {place.id: place for place in changing}
        return steps + [Alter(by_id[one], _aside(by_id[one])) for one in _rings(waiting)]

    def creations(self) -> list[Edit]:
        steps: list[Edit] = []
        together: dict[int, list[Place]] = {}
        for place in self.places:
            if place.level != "tag" or place.remote or place.busy or place.stuck or place.ours is None or place.retired:
                continue
            holder = self.names.holder(place, place.ours)
            if holder is None or (holder.ours is None and holder.reason in FINAL):
                self.names.give(replace(place, sent=place.ours), place.ours)
                together.setdefault(place.group if self.grouped else -place.id, []).append(place)
            elif holder.stays:
                steps.append(Fail(place, "name_taken"))
        if not self.grouped:
            return steps + [Create(tuple(tags)) for tags in together.values()]
        ready = {group: self.groups[group] for group in together if self._is_ready(self.groups.get(group))}
        return steps + [Create(tuple(together[group]), place) for group, place in ready.items()]

    def _is_ready(self, group: Place | None) -> bool:
        """Whether tags can be made in it: it is there, or can be made along."""
        if group is None or group.ours is None:
            return False
        if group.remote:
            return True
        holder = self.names.holder(group, group.ours)
        return not group.busy and not group.disputed and (holder is None or holder.stays)


def _elder(place: Place, old: Iterable[Place], *, grouped: bool) -> Place | None:
    """What is there already for this tag, in the group where it belongs; for a group, one of its name and gone here."""
    if place.ours is None or place.retired:
        return None
    if place.level == "group":
        return next((elder for elder in old if elder.level == "group" and _is_called(elder, place.ours.name)), None)
    home = place.ours.group
    return next(
        (elder for elder in old if _serves(elder, place.subject) and (not grouped or _is_in(elder, home))), None
    )


def _is_called(place: Place, name: str) -> bool:
    return place.agreed is not None and place.agreed.name == name


def _serves(elder: Place, tag: int) -> bool:
    return elder.level == "tag" and elder.agreed is not None and tag in {elder.heir, elder.subject}


def _is_in(place: Place, group: str) -> bool:
    return bool(group) and place.agreed is not None and place.agreed.group == group


def _is_elsewhere(place: Place) -> bool:
    if place.level != "tag" or not place.remote or place.retired or place.ours is None or place.agreed is None:
        return False
    return bool(place.agreed.group) and place.agreed.group != place.ours.group


def _is_to_go(place: Place) -> bool:
    """Groups go with their last tag."""
    if place.level != "tag" or not place.remote or place.busy or place.disputed or place.reason in FINAL:
        return False
    return place.free if place.retired else place.ours is None


def _is_to_change(place: Place) -> bool:
    """A tag's group never differs here: such a one was moved before."""
    if not place.remote or place.busy or place.stuck or place.retired or place.ours is None:
        return False
    return place.differs


def _aside(place: Place) -> Shape:
    """A name that nobody has, until its own is free."""
    shape = place.agreed or Shape("")
    mark = f"~{place.id}"
    return replace(shape, name=shape.name[: NAME - len(mark)] + mark)


def _rings(waiting: Mapping[int, int]) -> list[int]:
    """One of each ring of places that wait for each other's names."""
    found, done = [], set[int]()
    for start in sorted(waiting):
        path: list[int] = []
        here = start
        while here in waiting and here not in done:
            done.add(here)
            path.append(here)
            here = waiting[here]
        if here in path:
            found.append(here)
    return found
