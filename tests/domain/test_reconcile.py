from collections.abc import Callable
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.reconcile import (
    Bound,
    Changed,
    Created,
    Disputed,
    Ended,
    Free,
    Lost,
    Matched,
    Step,
    Vanished,
    chosen,
    is_too_much,
    plan,
    vanishing,
)
from domain.tags import Library, Policy, Remote, Shape
from tests.domain.worlds import World

A, B, C = Shape("甲"), Shape("乙"), Shape("丙")


def bound(agreed: Shape | None, ours: Shape | None, **more: bool) -> Bound:
    return Bound(1, "tag", 1, "r1", agreed, ours, **more)


def told(*shapes: Shape, complete: bool = True) -> Library:
    return Library(tuple(Remote("tag", f"r{n}", shape) for n, shape in enumerate(shapes, 1)), complete)


@pytest.mark.parametrize(
    ("agreed", "ours", "theirs", "policy", "step"),
    [
        (A, A, A, "platform", None),
        (A, B, A, "platform", None),  # ours is on its way to be told
        (A, A, B, "platform", Changed(bound(A, A), B, B)),
        (A, A, B, "ours", Changed(bound(A, A), B, B)),  # nobody changed it here: that is no dispute
        (A, B, B, "platform", Changed(bound(A, B), B, B)),
        (A, B, C, "platform", Changed(bound(A, B), C, C)),
        (A, B, C, "ours", Changed(bound(A, B), B, C)),
        (A, B, C, "ask", Disputed(bound(A, B), C)),
        (A, Shape("甲", order=2), Shape("乙"), "ask", Changed(bound(A, Shape("甲", order=2)), Shape("乙", order=2), B)),
        (A, None, A, "platform", None),
        (A, None, B, "platform", Changed(bound(A, None), B, B)),
        (A, None, B, "ours", None),
        (A, None, B, "ask", Disputed(bound(A, None), B)),
        (None, A, A, "platform", Changed(bound(None, A), A, A)),
    ],
)
def test_what_was_changed_on_one_side_or_on_both(
    agreed: Shape | None, ours: Shape | None, theirs: Shape, policy: Policy, step: Step | None
) -> None:
    assert plan([bound(agreed, ours)], [], told(theirs), policy) == ((step,) if step else ())


@pytest.mark.parametrize(
    ("ours", "policy", "step"),
    [
        (A, "platform", Vanished(bound(A, A))),
        (A, "ours", Lost(bound(A, A))),
        (A, "ask", Vanished(bound(A, A))),
        (B, "platform", Vanished(bound(A, B))),
        (B, "ask", Disputed(bound(A, B), None)),
        (None, "platform", Ended(bound(A, None))),
    ],
)
def test_what_was_deleted_there(ours: Shape | None, policy: Policy, step: Step) -> None:
    listed = Library((Remote("tag", "r9", C),), complete=True)
    assert step in plan([bound(A, ours)], [], listed, policy)


@pytest.mark.parametrize("policy", get_args(Policy.__value__ if hasattr(Policy, "__value__") else Policy))
def test_nothing_vanishes_because_of_an_error_or_an_empty_answer(policy: Policy) -> None:
    assert plan([bound(A, A)], [], Library(), policy) == ()
    assert plan([bound(A, A)], [], Library((Remote("tag", "r9", C),), complete=False), policy) == (
        Created(Remote("tag", "r9", C)),
    )


def test_what_is_on_its_way_proves_nothing() -> None:
    assert plan([bound(A, B, busy=True)], [], told(C), "platform") == ()
    assert plan([bound(A, B, busy=True)], [], Library((Remote("tag", "r9", C),), complete=True), "platform") == (
        Created(Remote("tag", "r9", C)),
    )


def test_what_is_being_made_there_is_not_taken_for_somebody_elses() -> None:
    made = Bound(1, "tag", 1, "", None, B, busy=True, making="甲")
    assert plan([made], [], told(A, C), "platform") == (Created(Remote("tag", "r2", C)),)


def test_what_has_another_place_by_now_is_left_to_be_deleted() -> None:
    assert plan([bound(A, None, retired=True)], [], told(B), "platform") == ()
    assert Ended(bound(A, None, retired=True)) in plan(
        [bound(A, None, retired=True)], [], Library((Remote("tag", "r9", C),), complete=True), "platform"
    )


def test_tags_of_one_name_in_two_groups_are_two() -> None:
    library = Library(
        (
            Remote("group", "g1", Shape("意向")),
            Remote("group", "g2", Shape("价格")),
            Remote("tag", "t1", Shape("高", "g1")),
            Remote("tag", "t2", Shape("高", "g2")),
        ),
        complete=True,
    )
    ours = [
        Free("group", 7, "意向"),
        Free("group", 8, "价格"),
        Free("tag", 1, "高", "意向"),
        Free("tag", 2, "高", "价格"),
    ]
    steps = plan([], ours, library, "platform")
    assert {(step.free.subject, step.remote.id) for step in steps if isinstance(step, Matched)} == {
        (7, "g1"),
        (8, "g2"),
        (1, "t1"),
        (2, "t2"),
    }
    assert not any(isinstance(step, Created) for step in steps)


def test_where_there_are_no_groups_two_of_one_name_are_nobodys_match() -> None:
    steps = plan([], [Free("tag", 1, "高"), Free("tag", 2, "高")], told(Shape("高")), "platform")
    assert steps == (Created(Remote("tag", "r1", Shape("高"))),)


def test_groups_come_before_their_tags() -> None:
    library = Library((Remote("tag", "t1", Shape("高", "g1")), Remote("group", "g1", Shape("意向"))), complete=True)
    assert [step.remote.id for step in plan([], [], library, "platform") if isinstance(step, Created)] == ["g1", "t1"]


@pytest.mark.parametrize(("gone", "tags", "held"), [(5, 10, False), (6, 10, True), (10, 100, False), (11, 100, True)])
def test_how_much_may_vanish_unasked(gone: int, tags: int, *, held: bool) -> None:
    bounds = [Bound(n, "tag", n, f"x{n}", A, A) for n in range(gone)]
    steps = plan(bounds, [], told(C), "platform")
    assert len(vanishing(steps)) == gone
    assert is_too_much(len(vanishing(steps)), tags, 0.1) is held


@pytest.mark.parametrize(
    ("ours", "theirs", "policy", "step"),
    [
        (B, C, "ours", Changed(bound(A, B), B, C)),
        (B, C, "platform", Changed(bound(A, B), C, C)),
        (B, None, "ours", Lost(bound(A, B))),
        (B, None, "platform", Vanished(bound(A, B))),
        (None, C, "ours", Changed(bound(A, None), None, C)),
        (None, C, "platform", Changed(bound(A, None), C, C)),
        (None, None, "ours", Ended(bound(A, None))),
    ],
)
def test_a_dispute_that_was_decided(ours: Shape | None, theirs: Shape | None, policy: Policy, step: Step) -> None:
    assert chosen(bound(A, ours), theirs, policy) == step


DEEDS: dict[str, Callable[[World, int, str], object]] = {
    "create here": lambda world, _, name: world.create_here(name),
    "rename here": lambda world, n, name: world.rename_here(_one(world.ours, n), name),
    "delete here": lambda world, n, _: world.delete_here(_one(world.ours, n)),
    "create there": lambda world, _, name: world.create_there(name),
    "rename there": lambda world, n, name: world.there and world.rename_there(_one(world.there, n), name),
    "delete there": lambda world, n, _: world.there and world.delete_there(_one(world.there, n)),
    "send": lambda world, n, _: world.send(_one(world.books, n)),
    "carry out": lambda world, n, _: world.carry_out(_one(world.books, n)),
    "settle": lambda world, n, _: world.settle(_one(world.books, n)),
    "deliver all": lambda world, _, __: world.deliver_all(),
    "lose an answer": lambda world, n, _: world.deliver(_one(world.books, n), answered=False),
    "read": lambda world, _, __: world.read(),
    "hear": lambda world, _, __: world.hear(),
    "die": lambda world, _, __: world.die(),
    "choose": lambda world, n, _: world.choose("ours" if n % 2 else "platform"),
}


def _one(of: dict, n: int) -> object:  # type: ignore[type-arg]
    return list(of)[n % len(of)] if of else -1


def lived(deeds: list[tuple[str, int]], policy: Policy) -> World:
    """Every name is given once, so that both sides can have all of them; the first few may be made on both sides."""
    world = World(policy)
    for number, (deed, n) in enumerate(deeds):
        world.time += 1
        name = f"同名{n}" if "create" in deed and n < 3 else f"名{number}"
        DEEDS[deed](world, n, name)
    return world


histories = st.lists(st.tuples(st.sampled_from(sorted(DEEDS)), st.integers(0, 5)), min_size=30, max_size=80)
policies = st.sampled_from(["platform", "ours", "ask"])


@settings(max_examples=300, deadline=None)
@given(histories, policies)
def test_whatever_happened_both_sides_come_to_the_same(deeds: list[tuple[str, int]], policy: Policy) -> None:
    world = lived(deeds, policy)
    world.there.setdefault("kept", Shape("一直都在"))  # an empty library proves nothing
    world.come_to_rest()
    assert sorted(shape.name for shape in world.ours.values() if shape) == sorted(
        shape.name for shape in world.there.values()
    )
    world.time += 1
    world.read()
    assert world.steps() == ()


@settings(max_examples=300, deadline=None)
@given(histories, policies)
def test_nothing_goes_that_nobody_deleted(deeds: list[tuple[str, int]], policy: Policy) -> None:
    """However long a reading takes, and whatever happens meanwhile."""
    world = lived([each for each in deeds if "delete" not in each[0]], policy)
    world.there.setdefault("kept", Shape("一直都在"))
    remotes = set(world.there)
    world.come_to_rest()
    assert remotes <= set(world.there)
    assert None not in world.ours.values()


@settings(max_examples=300, deadline=None)
@given(histories, policies)
def test_what_is_edited_on_one_side_only_is_what_both_have_at_last(
    deeds: list[tuple[str, int]], policy: Policy
) -> None:
    """A change on its way, found in a listing, is no change of theirs."""
    world = lived([each for each in deeds if "there" not in each[0]], policy)
    wanted = {subject: shape for subject, shape in world.said.items() if shape}
    world.there["kept"] = Shape("一直都在")
    world.come_to_rest()
    assert sorted(shape.name for shape in world.there.values()) == sorted(
        ["一直都在", *(shape.name for shape in wanted.values())]
    )
    assert wanted.items() <= world.ours.items()
