"""The slots' clock: whatever the way to the database takes, no slot is used early, and none late."""

from hypothesis import given
from hypothesis import strategies as st

from bot.slots import GRAIN, Hands
from models.limits import Window

WAYS = st.lists(st.tuples(st.floats(0, 0.2), st.floats(0, 0.2)), min_size=1, max_size=10)


@given(WAYS, st.floats(-1e6, 1e6))
def test_no_slot_is_used_before_or_after_its_time(ways: list[tuple[float, float]], difference: float) -> None:
    hands, now = Hands(), 1000.0
    for there, back in ways:
        hands.learn(now + there + difference, now, now + there + back)
        now += 1
    window = hands.here(Window(now + difference, now + difference + 0.1))
    assert window.opens >= now - 1e-6
    assert window.closes <= max(now + 0.1, window.opens + GRAIN) + 1e-6


def test_a_quick_answer_makes_up_for_slow_ones() -> None:
    hands = Hands()
    hands.learn(500.0, 0.0, 0.4)
    hands.learn(501.0, 1.0, 1.001)
    assert abs(hands.here(Window(502.0, 503.0)).opens - 2.001) < 1e-6


def test_a_clock_that_was_set_is_believed() -> None:
    hands = Hands()
    hands.learn(500.0, 0.0, 0.01)
    hands.learn(5000.0, 1.0, 1.01)
    assert abs(hands.here(Window(5001.0, 5002.0)).opens - 2.01) < 1e-6


def test_a_slot_that_was_saved_up_all_day_is_still_good() -> None:
    hands, now = Hands(), 90_000.0
    hands.learn(now, now, now)
    day = hands.here(Window(now - 86_400, now + 20))
    assert day.opens <= now < day.closes
