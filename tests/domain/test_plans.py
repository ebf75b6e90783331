"""Here lives what must hold of the codes of dangerous commands, and of how far a plan has come."""

from itertools import product
from random import Random, SystemRandom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import SHAPE as BINDING
from domain.commands import target_in
from domain.plans import Stage, code_in, draw, sealed, stage, without_code
from tests.domain.test_commands import TABLE


@given(st.randoms(use_true_random=False))
def test_a_code_is_no_word_no_number_no_short_id_and_no_binding_code(random: Random) -> None:
    code = draw(random)
    assert len(code) == 4
    assert code == code_in(code.lower()) == code_in(f" {code}\n")
    assert not code.isalpha()
    assert not code.isdecimal()
    assert target_in(code) is None
    assert not BINDING.fullmatch(code)
    assert code.lower() not in TABLE.by_alias
    assert not set(code) & set("01ILO")


def test_codes_differ() -> None:
    assert len({draw(SystemRandom()) for _ in range(200)}) > 190


@pytest.mark.parametrize("typed", ["", "是", "yes", "7K3", "7K3FF", "K73F", "2345", "7K 3F", "七K3F", "M345", "7k3f!"])
def test_what_is_no_code(typed: str) -> None:
    assert code_in(typed) is None


def test_a_code_typed_in_wide_letters() -> None:
    assert code_in("７ｋ３Ｆ") == "7K3F"


def test_a_code_is_worth_nothing_for_another_plan() -> None:
    assert sealed("M3", "7K3F") != sealed("M4", "7K3F")
    assert "7K3F" not in sealed("M3", "7K3F")


@pytest.mark.parametrize(
    ("confirmed", "needs_approval", "approved", "expected"),
    [
        (False, False, False, Stage.PREVIEWED),
        (False, True, False, Stage.PREVIEWED),
        (True, True, False, Stage.AWAITING_APPROVAL),
        (False, True, True, Stage.APPROVED),
        (True, True, True, Stage.CONFIRMED),
        (True, False, False, Stage.CONFIRMED),
    ],
)
def test_the_stages_of_an_open_plan(*, confirmed: bool, needs_approval: bool, approved: bool, expected: Stage) -> None:
    told = {"confirmed": confirmed, "needs_approval": needs_approval, "approved": approved}
    assert stage("open", **told, expired=False) is expected
    assert stage("open", **told, expired=True) is Stage.EXPIRED


@pytest.mark.parametrize("state", ["done", "cancelled", "rejected"])
def test_an_end_stays_an_end(state: str) -> None:
    for confirmed, needs_approval, approved, expired in product((True, False), repeat=4):
        told = {"confirmed": confirmed, "needs_approval": needs_approval, "approved": approved, "expired": expired}
        assert stage(state, **told) is Stage(state)


def test_an_approver_reads_all_but_the_code() -> None:
    preview = "M3：C2 并入 C1\n对话 3 条\n发 确认 7K3F 执行\n10 分钟内有效"
    assert without_code(preview, "7K3F") == "M3：C2 并入 C1\n对话 3 条\n10 分钟内有效"
