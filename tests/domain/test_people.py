"""Here lives the proof of which colleague is meant by a few letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.people import meant

NAMES = ("李雷", "韩梅梅", "李蕾", "Emma Li", "Lucy", "曾强")


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("@李雷", ["李雷"]),
        ("李雷", ["李雷"]),
        ("@lilei", ["李雷", "李蕾"]),
        ("@hanmeimei", ["韩梅梅"]),
        ("@Han Meimei", ["韩梅梅"]),
        ("hmm", ["韩梅梅"]),
        ("@韩", ["韩梅梅"]),
        ("@han", ["韩梅梅"]),
        ("@zengq", ["曾强"]),
        ("梅梅", ["韩梅梅"]),
        ("@emma", ["Emma Li"]),
        ("@EMMA LI", ["Emma Li"]),
        ("＠ｌｕｃｙ", ["Lucy"]),
        ("@李", ["李雷", "李蕾"]),
        ("@赵六", []),
        ("@", []),
        ("", []),
        ("@mm", []),
    ],
)
def test_who_is_meant(typed: str, names: list[str]) -> None:
    assert meant(typed, NAMES) == names


def test_a_whole_name_is_not_mistaken_for_the_beginning_of_another() -> None:
    assert meant("@李雷", ["李雷", "李雷雷"]) == ["李雷"]


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=5), st.text(max_size=20))
def test_any_text_means_some_of_those_who_are_there(names: list[str], typed: str) -> None:
    assert set(meant(typed, names)) <= set(names)
