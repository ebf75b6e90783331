"""Here lives how many people are described: shares, ages, and what sets them apart."""

from datetime import date

import pytest

from domain.portraits import Band, Telling, ages, share, telling

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("number", "of", "told"),
    [(0, 0, "0%"), (0, 5, "0%"), (1, 3, "33%"), (2, 3, "67%"), (3, 3, "100%"), (1, 1_000, "<1%"), (999, 1_000, ">99%")],
)
def test_what_is_there_is_never_told_as_nothing(number: int, of: int, told: str) -> None:
    assert share(number, of) == told


def test_whose_birthday_is_tomorrow_is_a_year_younger() -> None:
    assert ages({"2008-03-02": 1, "2008-03-03": 2}, TODAY) == [Band(0, 17, 2), Band(18, 24, 1)]


def test_the_oldest_are_and_older() -> None:
    assert ages({"1930-01-01": 4}, TODAY) == [Band(55, None, 4)]


@pytest.mark.parametrize("day", ["2026-03-03", "1800-01-01", "--05-01", "2025-02-30", ""])
def test_what_is_no_day_of_birth_is_no_age(day: str) -> None:
    assert ages({day: 1}, TODAY) == []


def test_what_these_carry_more_often_than_everybody_comes_first() -> None:
    found = telling({1: 9, 2: 5, 3: 1}, 10, {1: 90, 2: 5, 3: 1}, 100, 2)
    assert found == [Telling(2, 0.5, 0.05), Telling(1, 0.9, 0.9)]


def test_one_alone_carries_nothing_by_chance() -> None:
    assert telling({1: 1}, 1, {}, 0, 3) == [Telling(1, 1.0, 0.0)]
