"""Here lives the proof of where a lead may go from where, by itself and by hand."""

from itertools import product

import pytest

from domain.errors import Refusal
from domain.leads import OPEN, STAGES, Stage, after_follow_up, after_inbound, after_reply, stage_named

# From each stage, which ones a colleague may move it to.
ALLOWED = {
    (Stage.NEW, Stage.TALKING),
    (Stage.NEW, Stage.INTERESTED),
    (Stage.NEW, Stage.WON),
    (Stage.NEW, Stage.LOST),
    (Stage.TALKING, Stage.INTERESTED),
    (Stage.TALKING, Stage.WON),
    (Stage.TALKING, Stage.LOST),
    (Stage.INTERESTED, Stage.TALKING),
    (Stage.INTERESTED, Stage.WON),
    (Stage.INTERESTED, Stage.LOST),
    (Stage.WON, Stage.TALKING),
    (Stage.LOST, Stage.TALKING),
    (Stage.LOST, Stage.INTERESTED),
    (Stage.LOST, Stage.WON),
}


@pytest.mark.parametrize(("stage", "wanted"), list(product(Stage, Stage)))
def test_every_step_by_hand(stage: Stage, wanted: Stage) -> None:
    if stage is wanted or (stage, wanted) in ALLOWED:
        assert after_follow_up(stage, wanted, "a word why") is wanted
    else:
        with pytest.raises(Refusal, match="refusals/no_such_step"):
            after_follow_up(stage, wanted, "a word why")


@pytest.mark.parametrize("stage", list(Stage))
def test_a_mere_note_moves_nothing(stage: Stage) -> None:
    assert after_follow_up(stage, None, "") is stage


@pytest.mark.parametrize(("stage", "wanted"), sorted(ALLOWED))
def test_only_a_won_lead_needs_a_word_why(stage: Stage, wanted: Stage) -> None:
    if stage is Stage.WON:
        with pytest.raises(Refusal, match="refusals/reason_needed"):
            after_follow_up(stage, wanted, "")
    else:
        assert after_follow_up(stage, wanted, "") is wanted


def test_what_customers_and_answers_do_by_themselves() -> None:
    assert {stage: after_inbound(stage) for stage in Stage if after_inbound(stage) is not stage} == {
        Stage.LOST: Stage.NEW
    }
    assert {stage: after_reply(stage) for stage in Stage if after_reply(stage) is not stage} == {
        Stage.NEW: Stage.TALKING
    }


def test_won_and_lost_are_not_open() -> None:
    assert set(Stage) - set(OPEN) == {Stage.WON, Stage.LOST}


def test_a_word_names_one_stage() -> None:
    words = [word for words in STAGES.values() for word in words]
    assert len(words) == len(set(words))
    assert {stage_named(f" {word.upper()} ") for word in words} == set(Stage)
    assert stage_named("谈") is None
