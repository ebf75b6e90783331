"""The limiter: never above a platform's figure by more than the burst, never a slot lost, replies first."""

import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from bot.limiter import Bucket, Gate, LocalLimiter
from domain.channel import Limits, Rate


def grants(bucket: Bucket, lateness: list[float], until: float) -> list[float]:
    """When tokens are taken by somebody who wants one all the time and wakes up late each time."""
    now, taken, turn = 0.0, [], 0
    while now < until:
        wait = bucket.wait(now)
        if wait > 0:
            now += wait + lateness[turn % len(lateness)]
            turn += 1
            continue
        bucket.take()
        taken.append(now)
    return taken


FIGURES = [(30, 1.0, 3), (20, 60.0, 5), (1, 1.0, 1)]


@given(st.lists(st.floats(0, 0.05), min_size=1, max_size=20), st.sampled_from(FIGURES))
def test_no_window_is_above_the_rate_by_more_than_the_burst(
    lateness: list[float], figures: tuple[int, float, int]
) -> None:
    count, seconds, burst = figures
    taken = grants(Bucket(Rate(count, seconds, burst), 0.0), lateness, 10 * seconds)
    for i, start in enumerate(taken):
        inside = sum(1 for at in taken[i:] if at < start + seconds)
        assert inside <= count + burst


def test_waking_up_late_loses_no_slot() -> None:
    taken = grants(Bucket(Rate(30, 1.0, 3), 0.0), [0.02, 0.001, 0.04], 100.0)
    assert len(taken) >= 0.98 * 3000


async def test_how_long_a_chat_must_be_left_alone_is_known_beforehand() -> None:
    limiter = LocalLimiter(time.monotonic)
    limits = Limits(recipient=(Rate(1, 60.0, 1),))
    assert await limiter.wait("bot", limits, "1", group=False) == 0
    await limiter.turn("bot", limits, "1", group=False, priority=0)
    assert 59 < await limiter.wait("bot", limits, "1", group=False) <= 60
    assert await limiter.wait("bot", limits, "2", group=False) == 0


async def test_replies_overtake_a_push() -> None:
    gate = Gate([Rate(200, 1.0, 1)], time.monotonic)
    order: list[str] = []

    async def send(what: str, priority: int) -> None:
        await gate.turn(priority)
        order.append(what)

    pushes = [asyncio.create_task(send("push", 9)) for _ in range(5)]
    await asyncio.sleep(0)
    await asyncio.gather(send("reply", 0), *pushes)
    assert order.index("reply") == 1  # the first push had its turn before the reply came


async def test_a_cancelled_waiter_takes_no_slot() -> None:
    gate = Gate([Rate(100, 1.0, 1)], time.monotonic)
    await gate.turn(0)
    waiting = asyncio.create_task(gate.turn(0))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(gate.turn(0), 1.0)
    assert gate._queue == []


async def test_one_chat_that_waits_holds_up_no_other() -> None:
    limiter = LocalLimiter(time.monotonic)
    limits = Limits(account=(Rate(1000, 1.0, 100),), recipient=(Rate(1, 60.0, 1),))
    await limiter.turn("bot", limits, "slow", group=False, priority=0)
    stuck = asyncio.create_task(limiter.turn("bot", limits, "slow", group=False, priority=0))
    await asyncio.wait_for(limiter.turn("bot", limits, "quick", group=False, priority=0), 1.0)
    assert not stuck.done()
    stuck.cancel()


async def test_at_the_close_whoever_waits_is_let_go_and_nobody_gets_another_turn() -> None:
    limiter = LocalLimiter(time.monotonic)
    limits = Limits(account=(Rate(1, 600.0, 1),), recipient=(Rate(1, 600.0, 1),))
    await limiter.turn("bot", limits, "one", group=False, priority=0)
    waiting = [asyncio.create_task(limiter.turn("bot", limits, who, group=False, priority=0)) for who in ("one", "two")]
    await asyncio.sleep(0)
    limiter.close()
    waiting.append(asyncio.create_task(limiter.turn("bot", limits, "three", group=False, priority=0)))
    done, _ = await asyncio.wait(waiting, timeout=5)
    assert len(done) == 3
    assert all(task.cancelled() for task in done)


async def test_groups_have_a_figure_of_their_own() -> None:
    limiter = LocalLimiter(time.monotonic)
    limits = Limits(recipient=(Rate(1, 60.0, 1),), group=(Rate(20, 60.0, 20),))
    for _ in range(20):
        await asyncio.wait_for(limiter.turn("bot", limits, "-100", group=True, priority=0), 1.0)
    assert await limiter.wait("bot", limits, "-100", group=True) > 0


async def test_a_paused_account_is_left_alone_and_uses_nothing_up() -> None:
    now = 100.0
    limiter = LocalLimiter(lambda: now)
    limits = Limits(recipient=(Rate(1, 60.0, 1),))
    await limiter.pause("bot", 30.0)
    await limiter.pause("bot", 10.0)
    assert await limiter.wait("bot", limits, "1", group=False) == 30
    assert await limiter.turn("bot", limits, "1", group=False, priority=0) == 30
    assert await limiter.wait("other", limits, "1", group=False) == 0
    now += 30
    assert await limiter.wait("bot", limits, "1", group=False) == 0
    assert await limiter.turn("bot", limits, "1", group=False, priority=0) == 0


async def test_a_pause_that_comes_while_one_waits_is_told() -> None:
    limits = Limits(account=(Rate(20, 1.0, 1),))
    async with LocalLimiter(time.monotonic) as limiter:
        await limiter.turn("bot", limits, "1", group=False, priority=0)
        waiting = asyncio.create_task(limiter.turn("bot", limits, "2", group=False, priority=0))
        await asyncio.sleep(0)
        await limiter.pause("bot", 30.0)
        assert 29 < await waiting < 30


async def test_who_was_held_up_on_the_way_leaves_evenly() -> None:
    """A commit that took long lets many go on at once; what is counted by the day is no matter of milliseconds."""
    limiter = LocalLimiter(time.monotonic)
    limits = Limits(account=(Rate(100, 1.0, 1), Rate(1, 86_400.0, 1)))
    began, order = time.monotonic(), []

    async def go(what: str, priority: int) -> None:
        await limiter.leave("bot", limits, priority=priority)
        order.append(what)

    await asyncio.gather(*(go("push", 9) for _ in range(6)), go("reply", 0))
    assert time.monotonic() - began >= 0.055
    assert order.index("reply") == 1


async def test_at_the_close_what_is_in_flight_leaves() -> None:
    limits = Limits(account=(Rate(100, 1.0, 1),))
    limiter = LocalLimiter(time.monotonic)
    leaving = [asyncio.create_task(limiter.leave("bot", limits, priority=9)) for _ in range(3)]
    await asyncio.sleep(0)
    limiter.close()
    gone, held_up = await asyncio.wait(leaving, timeout=1.0)
    assert (len(gone), held_up) == (3, set())
    assert [task.exception() for task in gone] == [None] * 3
