"""What an account is to be told of our library, and in which order."""

import pytest

from domain.bindings import Alter, Create, Delete, Edit, Fail, Forget, Move, Place, Revive, edits, rearranged
from domain.tags import Shape

GROUP = Place(1, "group", 1, remote="g1", agreed=Shape("意向"), ours=Shape("意向"))
NEW_GROUP = Place(2, "group", 2, ours=Shape("等级"))


def tag(number: int, was: str = "", now: str = "", **more: object) -> Place:
    """In the first group; `was` is its name there, `now` its name here, empty where it is not."""
    told = {
        "remote": f"t{number}" if was else "",
        "agreed": Shape(was, "g1") if was else None,
        "ours": Shape(now, "g1") if now else None,
    }
    return Place(number, "tag", number, **{"group": 1} | told | more)  # type: ignore[arg-type]


A, B, C = tag(11, "a", "a"), tag(12, "b", "b"), tag(13, "c", "c")


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([GROUP, A], []),
        ([GROUP, new := tag(21, now="x")], [Create((new,), GROUP)]),
        ([GROUP, new, also := tag(22, now="y")], [Create((new, also), GROUP)]),
        ([GROUP, tag(21, now="x", sent=Shape("x"))], []),
        ([GROUP, tag(21, now="x", reason="library_full")], []),
        ([GROUP, tag(21, now="x", disputed=True)], []),
        ([NEW_GROUP], []),
        ([NEW_GROUP, first := tag(21, now="x", group=2)], [Create((first,), NEW_GROUP)]),
        ([Place(2, "group", 2, ours=Shape("等级"), sent=Shape("等级")), tag(22, now="y", group=2)], []),
        ([GROUP, longer := tag(11, "a", "aa")], [Alter(longer, Shape("aa", "g1"))]),
        ([GROUP, tag(11, "a", "aa", sent=Shape("a"))], []),
        ([GROUP, tag(11, "a", "aa", reason="not_ours")], []),
        ([GROUP, gone := tag(11, "a"), also := tag(12, "b")], [Delete((gone, also))]),
        ([GROUP, tag(11, "a", deleting=True)], []),
        ([GROUP, tag(11, "a", reason="not_ours")], []),
        ([GROUP, tag(11, "a", disputed=True)], []),
        ([GROUP, failed := tag(11, "a", reason="name_taken")], [Delete((failed,))]),
        ([GROUP, tag(11, "a", retired=True, heir=12), B], []),
        ([GROUP, free := tag(11, "a", retired=True, heir=12, free=True), B], [Delete((free,))]),
        ([Place(1, "group", 1, remote="g1", agreed=Shape("意向"))], []),
    ],
)
def test_what_differs_is_told_once(places: list[Place], expected: list[Edit]) -> None:
    assert edits(places, grouped=True) == expected


def test_a_name_is_given_away_only_when_it_is_free() -> None:
    chain = [GROUP, tag(11, "a", "b"), moving := tag(12, "b", "c")]
    assert edits(chain, grouped=True) == [Alter(moving, Shape("c", "g1"))]
    assert edits([GROUP, tag(11, "a", "b"), tag(12, "b", "c", sent=Shape("c", "g1"))], grouped=True) == []
    assert edits([GROUP, first := tag(11, "a", "b"), B], grouped=True) == [Fail(first, "name_taken")]
    stuck = tag(12, "b", "c", reason="not_ours")
    assert edits([GROUP, first, stuck], grouped=True) == [Fail(first, "name_taken")]


def test_in_a_ring_one_steps_aside() -> None:
    ring = [GROUP, tag(11, "a", "b"), tag(12, "b", "c"), tag(13, "c", "a")]
    assert edits(ring, grouped=True) == [Alter(ring[1], Shape("a~11", "g1"))]
    long = [GROUP, tag(11, "长" * 30, "b"), tag(12, "b", "长" * 30)]
    [step] = edits(long, grouped=True)
    assert isinstance(step, Alter)
    assert (len(step.to.name), step.to.name[-3:]) == (30, "~11")


def test_a_name_in_another_group_is_another_name() -> None:
    other = Place(12, "tag", 12, 2, remote="t12", agreed=Shape("b", "g2"), ours=Shape("b", "g2"))
    assert edits([GROUP, first := tag(11, "a", "b"), other], grouped=True) == [Alter(first, Shape("b", "g1"))]


def test_a_new_tag_waits_for_a_name_that_is_about_to_be_free() -> None:
    new = tag(21, now="a")
    assert edits([GROUP, going := tag(11, "a"), new], grouped=True) == [Delete((going,))]
    assert edits([GROUP, leaving := tag(11, "a", "z"), new], grouped=True) == [Alter(leaving, Shape("z", "g1"))]
    assert edits([GROUP, A, new], grouped=True) == [Fail(new, "name_taken")]
    assert edits([GROUP, tag(11, "a", reason="not_ours"), new], grouped=True) == [Create((new,), GROUP)]


def test_without_groups_tags_are_made_one_by_one() -> None:
    new = [Place(n, "tag", n, n, ours=Shape(name)) for n, name in ((1, "x"), (2, "y"))]
    assert edits(new, grouped=False) == [Create((new[0],)), Create((new[1],))]


def test_what_is_nowhere_is_forgotten() -> None:
    assert rearranged([GROUP, never := tag(21), A], grouped=True) == [Forget(never)]
    assert rearranged([over := tag(21, retired=True)], grouped=True) == [Forget(over)]
    assert rearranged([tag(21, sent=Shape("x"))], grouped=True) == []


def test_a_tag_of_another_group_moves_unless_it_cannot_be_deleted() -> None:
    def elsewhere(reason: str = "", sent: Shape | None = None) -> Place:
        return tag(11, "a", ours=Shape("a", "g2"), reason=reason, sent=sent)

    assert rearranged([place := elsewhere()], grouped=True) == [Move(place)]
    assert rearranged([place], grouped=False) == []
    assert rearranged([elsewhere("not_ours")], grouped=True) == []
    assert rearranged([elsewhere(sent=Shape("a"))], grouped=True) == []


def test_what_was_to_be_deleted_serves_its_heir() -> None:
    elder, heir = tag(11, "a", retired=True, heir=21), tag(21, now="x", reason="name_taken")
    assert rearranged([elder, heir], grouped=True) == [Revive(elder, heir)]
    far = tag(21, ours=Shape("x", "g2"))
    assert rearranged([elder, far], grouped=True) == []
    assert rearranged([elder, far], grouped=False) == [Revive(elder, far)]
    assert rearranged([tag(11, "a", retired=True, heir=21, deleting=True), heir], grouped=True) == []
