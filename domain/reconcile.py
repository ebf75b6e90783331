"""Here lives the comparison of our tag library with a platform's: three ways, from the state both last agreed on.

    ours ── agreed ── theirs        what differs from `agreed` was changed on that side

Pure: `plan` says what is to change here and what is agreed from now on. What is left between ours and agreed is what
the platform has yet to be told (`domain.tags`), so nothing is ever planned twice, and our own edits, read back, plan
nothing. Nothing vanishes here unless a whole listing proves that it is gone there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.tags import Level, Library, Policy, Remote, Shape

GUARD_LEAST = 5  # so many may always vanish at once


@dataclass(frozen=True, slots=True)
class Bound:
    """One of ours on this account: `id` is the binding's, `subject` our tag's or group's.

    `ours` is how the platform should have it, None where it is gone here; its `group` is empty while the platform has
    no such group. `busy`: a change is on its way, or was after the reading began, so what was read proves nothing.
    `retired`: ours has another place there by now, and this one is yet to be deleted. `making` is the name under which
    it is being made there at this moment: whoever is new there by that name may be it. `was` is the name of what we
    deleted there: it is there still, if that is its name; by another name it is somebody else's.
    """

    id: int
    level: Level
    subject: int
    remote: str
    agreed: Shape | None
    ours: Shape | None
    busy: bool = False
    retired: bool = False
    making: str = ""
    was: str = ""

    @property
    def is_over(self) -> bool:
        """Whether we know nothing of it but that it was deleted there."""
        return self.retired and self.agreed is None and not self.busy


@dataclass(frozen=True, slots=True)
class Free:
    """One of ours that has no place on this account; it is the same as theirs where the names are the same.

    `group` is the name of its group, by which a tag is told from others of its name.
    """

    level: Level
    subject: int
    name: str
    group: str = ""
    order: int = 0


@dataclass(frozen=True, slots=True)
class Created:
    """It is new there: ours is to be made like it."""

    remote: Remote


@dataclass(frozen=True, slots=True)
class Matched:
    """It is there and here under the same name: it is one and the same from now on."""

    free: Free
    remote: Remote


@dataclass(frozen=True, slots=True)
class Changed:
    """Ours becomes `ours` (the same where nothing changes here), and `agreed` is what both sides have in common."""

    bound: Bound
    ours: Shape | None
    agreed: Shape


@dataclass(frozen=True, slots=True)
class Disputed:
    """Both sides changed the same thing differently, or one deleted what the other changed: people choose.

    `theirs` is None where it is gone there.
    """

    bound: Bound
    theirs: Shape | None


@dataclass(frozen=True, slots=True)
class Vanished:
    """It was deleted there: ours goes, too."""

    bound: Bound


@dataclass(frozen=True, slots=True)
class Lost:
    """It was deleted there and stays here: it is to be made there anew."""

    bound: Bound


@dataclass(frozen=True, slots=True)
class Ended:
    """It is gone on both sides."""

    bound: Bound


Step = Created | Matched | Changed | Disputed | Vanished | Lost | Ended


def plan(bounds: Sequence[Bound], free: Sequence[Free], library: Library, policy: Policy) -> tuple[Step, ...]:
    """What follows from what the platform told; groups before their tags, and never two steps for one of ours."""
    there = {remote.id: remote for remote in library.items}
    known = {bound.remote for bound in bounds if bound.remote and not _is_anothers(bound, there.get(bound.remote))}
    steps: list[Step] = [
        step for bound in bounds if not bound.busy and (step := _met(bound, there, library, policy)) is not None
    ]
    names = {remote.id: remote.shape.name for remote in library.items if remote.level == "group"}
    alike, making = _alike(free), _being_made(bounds, steps)
    for remote in library.items:
        if remote.id not in known and (remote.level, remote.shape.name) not in making:
            match = alike.pop((remote.level, names.get(remote.shape.group, ""), remote.shape.name), None)
            steps.append(Matched(match, remote) if match else Created(remote))
    return tuple(sorted(steps, key=_groups_first))


def vanishing(steps: Iterable[Step]) -> dict[int, int]:
    """The tags that would go here, by binding."""
    gone = [step.bound for step in steps if isinstance(step, Vanished)]
    return {bound.id: bound.subject for bound in gone if bound.level == "tag"}


def is_too_much(gone: int, tags: int, guard: float) -> bool:
    """Whether more of so many tags would vanish than may without a manager's word."""
    return gone > max(GUARD_LEAST, guard * tags)


def chosen(bound: Bound, theirs: Shape | None, policy: Policy) -> Step:
    """What becomes of a dispute once somebody, or the policy, has chosen."""
    match bound.ours, theirs, policy:
        case None, None, _:
            return Ended(bound)
        case _, None, "platform":
            return Vanished(bound)
        case _, None, _:
            return Lost(bound)
        case None, Shape(), "platform":
            return Changed(bound, theirs, theirs)
        case None, Shape(), _:
            return Changed(bound, None, theirs)
        case Shape() as ours, Shape(), _:
            base = bound.agreed or theirs
            return Changed(bound, merged(base, ours, theirs, policy), theirs)


def merged(base: Shape, ours: Shape, theirs: Shape, policy: Policy) -> Shape:
    """Field by field: whoever changed it since `base`; where both did, whom the policy names."""
    new: dict[str, str | int] = {}
    for name in ("name", "group", "order"):
        was, here, there = (getattr(shape, name) for shape in (base, ours, theirs))
        new[name] = there if here == was or (there != was and policy == "platform") else here
    return Shape(str(new["name"]), str(new["group"]), int(new["order"]))


def _met(bound: Bound, there: Mapping[str, Remote], library: Library, policy: Policy) -> Step | None:
    if not bound.remote:
        return None
    remote = there.get(bound.remote)
    if remote is None:
        return _missing(bound, library, policy)
    theirs = remote.shape
    if bound.is_over:
        return Ended(bound) if _is_anothers(bound, remote) else Changed(bound, None, theirs)
    if bound.ours is None:
        return None if bound.retired or theirs == bound.agreed or policy == "ours" else _disputed(bound, theirs, policy)
    base = bound.agreed or theirs
    if policy == "ask" and _contradict(base, bound.ours, theirs):
        return Disputed(bound, theirs)
    ours = merged(base, bound.ours, theirs, policy)
    return None if (ours, theirs) == (bound.ours, bound.agreed) else Changed(bound, ours, theirs)


def _is_anothers(bound: Bound, remote: Remote | None) -> bool:
    """Whether it is nothing that we deleted: a group goes by itself with its last tag, and stays with any other."""
    return remote is not None and bound.is_over and (bound.level == "group" or remote.shape.name != bound.was)


def _missing(bound: Bound, library: Library, policy: Policy) -> Step | None:
    if not library.complete:
        return None
    if bound.ours is None:
        return Ended(bound)
    if bound.level == "group":  # a group goes with its last tag; whether ours is still needed its tags tell
        return Lost(bound)
    if policy == "ask" and bound.ours != bound.agreed:
        return Disputed(bound, None)
    return Lost(bound) if policy == "ours" else Vanished(bound)


def _disputed(bound: Bound, theirs: Shape, policy: Policy) -> Step:
    """Deleted here, changed there."""
    return Disputed(bound, theirs) if policy == "ask" else Changed(bound, theirs, theirs)


def _contradict(base: Shape, ours: Shape, theirs: Shape) -> bool:
    """Whether both changed one thing differently; of the order nobody need be asked."""
    return any(
        getattr(base, name) != getattr(ours, name) != getattr(theirs, name) != getattr(base, name)
        for name in ("name", "group")
    )


def _being_made(bounds: Sequence[Bound], steps: Sequence[Step]) -> set[tuple[Level, str]]:
    """Names of what is on its way there, was a moment ago, or will be next: whoever has one of them may be that."""
    lost = [step.bound for step in steps if isinstance(step, Lost)]
    shapes = [(bound.level, bound.ours) for bound in (*lost, *(bound for bound in bounds if bound.busy))]
    named = {(level, shape.name) for level, shape in shapes if shape}
    return named | {(bound.level, bound.making) for bound in bounds if bound.making}


def _alike(free: Sequence[Free]) -> dict[tuple[Level, str, str], Free]:
    """By what tells them apart there; one of several of a name is nobody's match."""
    found: dict[tuple[Level, str, str], list[Free]] = {}
    for each in free:
        found.setdefault((each.level, each.group, each.name), []).append(each)
    return {key: same[0] for key, same in found.items() if len(same) == 1}


def _groups_first(step: Step) -> int:
    match step:
        case Created(remote) | Matched(_, remote):
            return 0 if remote.level == "group" else 1
        case _:
            return 0 if step.bound.level == "group" else 1
