"""Where a customer's tag is to be on a platform, and what a reading tells."""

from collections.abc import Sequence

import pytest

from domain.marks import News, State, places, state, surplus, told


@pytest.mark.parametrize(
    ("lasting", "holding", "preferred", "vain", "expected"),
    [
        ("", "", "", "", ""),
        ("abc", "", "", "", "a"),
        ("abc", "", "c", "", "c"),
        ("abc", "", "xc", "", "c"),
        ("abc", "bc", "a", "", "bc"),
        ("ab", "bz", "", "", "b"),
        ("ab", "z", "", "", "a"),
        ("ab", "", "a", "a", "b"),
        ("ab", "", "", "ab", "a"),
        ("ab", "", "b", "ab", "b"),
    ],
)
def test_where_it_is_else_on_one(
    lasting: Sequence[str], holding: str, preferred: Sequence[str], vain: str, expected: str
) -> None:
    assert places(lasting, set(holding), preferred, set(vain)) == frozenset(expected)


@pytest.mark.parametrize(
    ("wanted", "agreed", "sending", "reason", "expected"),
    [
        (True, True, None, "", "synced"),
        (True, True, None, "quota", "synced"),
        (True, False, None, "", "pending"),
        (False, True, None, "", "pending"),
        (True, False, None, "quota", "failed"),
        (True, False, True, "", "sending"),
        (False, False, True, "", "sending"),
        (False, False, None, "", "synced"),
    ],
)
def test_how_far_it_is(*, wanted: bool, agreed: bool, sending: bool | None, reason: str, expected: State) -> None:
    assert state(wanted=wanted, agreed=agreed, sending=sending, reason=reason) == expected


@pytest.mark.parametrize(
    ("agreed", "there", "expected"),
    [(True, True, ""), (False, False, ""), (False, True, "came"), (True, False, "went")],
)
def test_only_their_changes_are_news(*, agreed: bool, there: bool, expected: News) -> None:
    assert told(agreed=agreed, there=there) == expected


def test_the_last_ones_are_too_many() -> None:
    assert surplus([1, 2, 3], 18, 20) == {3}
    assert surplus([1, 2], 25, 20) == {1, 2}
    assert surplus([1, 2], 0, 20) == frozenset()
