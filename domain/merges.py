"""Here lives what becomes of two customers who are one person, and what goes back when they turn out to be two.

Rows are given as what their columns hold, each of the house's own fields by itself (`custom.等级`). Pairs map each
field that changes to what it was and what it becomes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from domain.edits import CUSTOM
from domain.leads import Stage

FIELDS = ("name", "phone", "company", "position", "email", "city", "gender", "birthday", "language")
RANK = {stage: rank for rank, stage in enumerate((Stage.LOST, *(each for each in Stage if each is not Stage.LOST)))}
CONSENTS = ("", "granted", "withdrawn")  # the last weighs most

Row = Mapping[str, Any]
Pairs = dict[str, tuple[Any, Any]]


def filled(kept: Row, absorbed: Row) -> Pairs:
    """What the kept customer takes over: a field that says nothing, and whoever looks after the other, if nobody does.

    Where both say something the kept one is right, so is its owner. Seen last is seen last. Who does not want to be
    written to on one account wants it on none.
    """
    new = {name: absorbed[name] for name in (*FIELDS, "score") if not kept[name]}
    new |= {name: absorbed[name] for name in _own(absorbed) if _says_nothing(kept, name)}
    new["consent"] = max(kept["consent"], absorbed["consent"], key=CONSENTS.index)
    if kept["owner_id"] is None:
        new |= {name: kept[name] or absorbed[name] for name in ("owner_id", "attendant_id")}
    new["seen_at"] = max(kept["seen_at"], absorbed["seen_at"])
    return _pairs(kept, new)


def advanced(kept: Row, absorbed: Row) -> Pairs:
    """What the kept lead takes over: the stage that is further, the other's owner if it has none, the last follow-up.

    A lost lead is behind every other: who asks again is not lost.
    """
    new = {
        "stage": max(kept["stage"], absorbed["stage"], key=lambda stage: RANK[Stage(stage)]),
        "first_words": kept["first_words"] or absorbed["first_words"],
        "followed_at": max(filter(None, (kept["followed_at"], absorbed["followed_at"])), default=None),
    }
    if kept["owner_id"] is None:
        new |= {name: absorbed[name] for name in ("owner_id", "claimed_at")}
    return _pairs(kept, new)


def contradictions(kept: Row, absorbed: Row) -> tuple[str, ...]:
    """The fields in which both say something, and not the same."""
    both = [name for name in (*FIELDS, "score") if kept[name] and absorbed[name]]
    both += [name for name in _own(absorbed) if not _says_nothing(kept, name) and not _says_nothing(absorbed, name)]
    return tuple(name for name in both if kept[name] != absorbed[name])


def has_two_owners(kept: Row, absorbed: Row) -> bool:
    """Whether somebody would lose a customer."""
    return len({kept["owner_id"], absorbed["owner_id"]} - {None}) > 1


def returned(pairs: Mapping[str, Iterable[Any]], now: Row) -> dict[str, Any]:
    """The values that go back: what nobody changed since. Nobody stands in where there is no owner any more."""
    apart = {name: tuple(pair) for name, pair in pairs.items()}
    back = {name: old for name, (old, new) in apart.items() if now.get(name) == new}
    is_nobodys = "owner_id" in back and back["owner_id"] is None
    return back | {"attendant_id": None} if is_nobodys and now.get("attendant_id") else back


def rebased(later: Mapping[str, Iterable[Any]], undone: Mapping[str, Iterable[Any]]) -> Pairs:
    """A later joining's pairs, as if the one that is undone had never been."""
    gone = {name: tuple(pair) for name, pair in undone.items()}
    pairs = {name: (old, new) for name, (old, new) in later.items()}
    for name, (old, new) in pairs.items():
        if name in gone and gone[name][1] == old:
            pairs[name] = (gone[name][0], new)
    return pairs


def _pairs(row: Row, new: Row) -> Pairs:
    return {name: (row.get(name), value) for name, value in new.items() if row.get(name) != value}


def _own(row: Row) -> Iterable[str]:
    """The house's own fields that somebody filled in."""
    return (name for name in row if name.startswith(CUSTOM))


def _says_nothing(row: Row, name: str) -> bool:
    return row.get(name) in (None, "")
