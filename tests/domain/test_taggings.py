"""How tags are typed, which one a name stands for, and what they are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.taggings import Known, Wish, alike, fitting, labels, wish

HIGH, VIP, TRIAL = Known(1, "意向", "高"), Known(2, "等级", "VIP"), Known(3, "来源", "试用")
DANGER, SPACED, SLASHED = Known(4, "风险", "高"), Known(5, "等级", "老 客户"), Known(6, "意向", "A/B")
LIBRARY = (HIGH, VIP, TRIAL, DANGER, SPACED, SLASHED)


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("+VIP -试用", Wish((), ("VIP",), ("试用",))),
        ("＋VIP　－试用", Wish((), ("VIP",), ("试用",))),
        ("+ VIP - 试用", Wish((), ("VIP",), ("试用",))),
        ("−试用 –老客 —新客", Wish((), (), ("试用", "老客", "新客"))),
        ("#VIP", Wish((), ("VIP",))),
        ("C2, C3、C4 +VIP", Wish(("C2", "C3", "C4"), ("VIP",))),
        ("C2\n+VIP\n-试用", Wish(("C2",), ("VIP",), ("试用",))),
        ("+老 客户 -试用", Wish((), ("老 客户",), ("试用",))),
        ('+"老 客户"，-试用。', Wish((), ("老 客户",), ("试用",))),
        ("+意向/高 +90-后 +A+", Wish((), ("意向/高", "90-后", "A+"))),
        ("+VIP +VIP", Wish((), ("VIP",))),
        ("++VIP +-试用", Wish((), ("VIP",), ("试用",))),
        ("+", Wish(())),
        ("", Wish(())),
        ("VIP", Wish(("VIP",))),
    ],
)
def test_what_is_typed(typed: str, understood: Wish) -> None:
    assert wish(typed) == understood


@given(st.text())
def test_whatever_is_typed_is_taken_apart(typed: str) -> None:
    found = wish(typed)
    assert all(found.added + found.dropped + found.words)


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("意向/高", [HIGH]),
        ("意向 ／ 高", [HIGH]),
        ("高", [HIGH, DANGER]),
        ("vip", [VIP]),
        ("ＶＩＰ", [VIP]),
        ("等级/vip", [VIP]),
        ("老  客户", [SPACED]),
        ("A/B", [SLASHED]),
        ("意向/a/b", [SLASHED]),
        ("G4", [DANGER]),
        ("g6", [SLASHED]),
        ("G9", []),
        ("VP", []),
        ("", []),
    ],
)
def test_which_tag_is_meant(typed: str, tags: list[Known]) -> None:
    assert fitting(typed, LIBRARY) == tags


def test_as_it_is_written_comes_before_any_case() -> None:
    small = Known(7, "等级", "vip")
    assert fitting("vip", (*LIBRARY, small)) == [small]
    assert fitting("Vip", (*LIBRARY, small)) == [VIP, small]


def test_what_reads_like_an_id_is_one_and_a_tag_that_is_called_so_has_its_group() -> None:
    named = Known(8, "型号", "G4")
    assert fitting("g4", (*LIBRARY, named)) == [DANGER]
    assert fitting("G9", (*LIBRARY, Known(8, "型号", "G9"))) == []
    assert fitting("型号/g4", (*LIBRARY, named)) == [named]
    assert labels((*LIBRARY, named))[8] == "型号/G4"


def test_what_is_called_the_same_in_two_groups_is_told_with_its_group() -> None:
    assert labels(LIBRARY) == {1: "意向/高", 2: "VIP", 3: "试用", 4: "风险/高", 5: "老 客户", 6: "A/B"}


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("VPI", ("VIP",)),
        ("试佣", ("试用",)),
        ("客户", ("老 客户",)),
        ("等级", ("VIP", "老 客户")),
        ("火星", ()),
        ("", ()),
    ],
)
def test_what_may_have_been_meant(typed: str, near: tuple[str, ...]) -> None:
    assert alike(typed, LIBRARY) == near
