"""Here lives how many go into one call, and when it is asked what became of them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.push_batches import next_asking, parts, share

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COUNTS = st.integers(1, 100_000)


@given(COUNTS, st.integers(2, 10_000))
def test_parts_are_equal_and_hold_everybody(count: int, most: int) -> None:
    found = parts(count, most)
    sizes = [end - start for start, end in found]
    assert (found[0][0], found[-1][1], sum(sizes)) == (0, count, count)
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1
    assert len(sizes) == -(-count // most)


@given(COUNTS, st.integers(2, 20_000))
def test_what_is_left_by_a_share_is_no_less_than_half_of_it(count: int, most: int) -> None:
    first = share(count, most)
    assert first <= most
    assert first == count or 2 * (count - first) >= first


@given(st.integers(0, 4 * 24 * 3600))
def test_a_batch_is_asked_about_always_at_the_same_moments_for_three_days(seconds: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    later = next_asking(NOW, now)
    if seconds >= 3 * 24 * 3600:
        assert later is None
        return
    assert later
    assert now < later <= NOW + timedelta(days=3)
    assert next_asking(NOW, later - timedelta(seconds=1)) == later
    assert (later - now) <= timedelta(hours=1)


def test_a_mass_message_is_left_alone_for_an_hour() -> None:
    assert next_asking(NOW, NOW, job=True) == NOW + timedelta(hours=1)
    assert next_asking(NOW, NOW + timedelta(hours=1), job=True) == NOW + timedelta(hours=1, minutes=10)
