"""Whose value is kept, what is taken over, and what goes back."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.leads import Stage
from domain.merges import FIELDS, advanced, contradictions, filled, has_two_owners, rebased, returned

NOTHING = {"owner_id": None, "attendant_id": None, "consent": "", "score": 0}
PERSON = dict.fromkeys(FIELDS, "") | NOTHING | {"seen_at": 1}
LEAD = {"stage": "new", "first_words": "", "followed_at": None, "owner_id": None, "claimed_at": None}


def person(**told: object) -> dict[str, Any]:
    return PERSON | told


def lead(**told: object) -> dict[str, Any]:
    return LEAD | told


def test_what_the_kept_one_says_stays_and_what_it_does_not_say_is_taken_over() -> None:
    kept, absorbed = person(name="张三", phone=""), person(name="李四", phone="138", seen_at=0)
    assert filled(kept, absorbed) == {"phone": ("", "138")}
    assert contradictions(kept, absorbed) == ("name",)
    assert contradictions(kept, kept) == ()


def test_each_of_the_houses_own_fields_is_a_field() -> None:
    kept = person(score=3) | {"custom.等级": "金", "custom.车": "", "custom.n": 0}
    absorbed = person(score=5) | {"custom.等级": "银", "custom.车": "黑", "custom.n": 2, "custom.x": 1.5}
    assert filled(kept, absorbed) == {"custom.车": ("", "黑"), "custom.x": (None, 1.5)}
    assert contradictions(kept, absorbed) == ("score", "custom.等级", "custom.n")
    assert filled(person(), person(score=5)) == {"score": (0, 5)}


@pytest.mark.parametrize("kept", ["", "granted", "withdrawn"])
@pytest.mark.parametrize("absorbed", ["", "granted", "withdrawn"])
def test_who_does_not_want_to_be_written_to_on_one_account_wants_it_on_none(kept: str, absorbed: str) -> None:
    pairs = filled(person(consent=kept), person(consent=absorbed))
    after = pairs.get("consent", (kept, kept))[1]
    assert after == ("withdrawn" if "withdrawn" in {kept, absorbed} else kept or absorbed)


@pytest.mark.parametrize(
    ("kept", "absorbed", "taken", "contested"),
    [
        ((None, None), (2, 3), {"owner_id": (None, 2), "attendant_id": (None, 3)}, False),
        ((1, None), (2, 3), {}, True),
        ((1, None), (1, 3), {}, False),
        ((1, 4), (None, None), {}, False),
        ((None, None), (None, None), {}, False),
    ],
)
def test_a_customer_stays_with_whoever_has_it(
    kept: tuple[int | None, int | None],
    absorbed: tuple[int | None, int | None],
    taken: dict[str, object],
    *,
    contested: bool,
) -> None:
    one, other = (person(owner_id=owner, attendant_id=attendant) for owner, attendant in (kept, absorbed))
    assert filled(one, other) == taken
    assert has_two_owners(one, other) is contested


@pytest.mark.parametrize(("kept", "absorbed"), list(product(Stage, Stage)))
def test_the_stage_that_is_further_counts_and_lost_is_the_nearest(kept: Stage, absorbed: Stage) -> None:
    ranked = ["lost", "new", "talking", "interested", "won"]
    further = max(kept, absorbed, key=ranked.index)
    pairs = advanced(lead(stage=kept.value), lead(stage=absorbed.value))
    assert pairs.get("stage", (kept, kept))[1] == further


def test_a_lead_takes_over_the_owner_with_the_moment_and_the_last_follow_up() -> None:
    mine, theirs = lead(followed_at=5), lead(owner_id=2, claimed_at=3, followed_at=4, first_words="在吗")
    assert advanced(mine, theirs) == {"owner_id": (None, 2), "claimed_at": (None, 3), "first_words": ("", "在吗")}
    assert advanced(theirs, mine) == {"followed_at": (4, 5)}


TEXTS = st.sampled_from(["", "a", "b"])
PEOPLE = st.fixed_dictionaries(
    dict.fromkeys(FIELDS, TEXTS)
    | {name: st.sampled_from([None, 1, 2]) for name in ("owner_id", "attendant_id")}
    | {
        "seen_at": st.integers(0, 3),
        "score": st.integers(0, 2),
        "consent": st.sampled_from(["", "granted", "withdrawn"]),
    },
    optional={name: st.sampled_from(["a", 0, 1.5]) for name in ("custom.a", "custom.b")},
).map(lambda row: row if row["owner_id"] else row | {"attendant_id": None})


def known(row: dict[str, Any]) -> dict[str, Any]:
    """Without the house's own fields that say nothing."""
    return {name: value for name, value in row.items() if value is not None or not name.startswith("custom.")}


@given(PEOPLE, PEOPLE)
def test_what_was_taken_over_goes_back(kept: dict[str, Any], absorbed: dict[str, Any]) -> None:
    pairs = filled(kept, absorbed)
    after = kept | {name: new for name, (_, new) in pairs.items()}
    assert known(after | returned(pairs, after)) == kept


@given(PEOPLE, PEOPLE, st.sampled_from([1, 2]))
def test_who_is_nobodys_again_has_no_stand_in(kept: dict[str, Any], absorbed: dict[str, Any], since: int) -> None:
    pairs = filled(kept, absorbed)
    after = kept | {name: new for name, (_, new) in pairs.items()}
    after["attendant_id"] = since if after["owner_id"] else None
    before = after | returned(pairs, after)
    assert before["attendant_id"] == (since if kept["owner_id"] else None)


@given(PEOPLE, PEOPLE, st.sampled_from(FIELDS))
def test_what_was_changed_since_stays(kept: dict[str, Any], absorbed: dict[str, Any], field: str) -> None:
    pairs = filled(kept, absorbed)
    after = kept | {name: new for name, (_, new) in pairs.items()} | {field: "changed"}
    assert (after | returned(pairs, after))[field] == "changed"


@given(st.lists(PEOPLE, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_joinings_are_undone_in_any_order(people: list[dict[str, Any]], random: Any) -> None:
    kept, *others = people
    now, undo = kept, []
    for other in others:
        undo.append(filled(now, other))
        now = now | {name: new for name, (_, new) in undo[-1].items()}
    while undo:
        place = random.randrange(len(undo))
        gone = undo.pop(place)
        now = now | returned(gone, now)
        undo[place:] = [rebased(later, gone) for later in undo[place:]]
    assert known(now) == kept
