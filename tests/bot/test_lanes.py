"""Lanes: one holder at a time, order kept, the urgent first, nothing forgotten, an outage outlived."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from bot.lanes import LocalLanes
from tests.clock import Clock


class Work:
    """Rows as (lane, number, due); pushes wait at the gate while that is closed, as they wait for a platform."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.rows: dict[str, list[tuple[int, datetime]]] = defaultdict(list)
        self.done: list[tuple[str, int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.holders: dict[str, int] = defaultdict(int)
        self.most = 0
        self.broken = 0

    def add(self, lane: str, number: int, due: datetime | None = None) -> None:
        self.rows[lane].append((number, due or self.clock()))

    async def drain(self, lane: str) -> datetime | None:
        self.holders[lane] += 1
        self.most = max(self.most, sum(self.holders.values()))
        assert self.holders[lane] == 1
        try:
            if self.broken:
                self.broken -= 1
                raise ConnectionError
            return await self._drain(lane)
        finally:
            self.holders[lane] -= 1

    async def _drain(self, lane: str) -> datetime | None:
        while self.rows[lane]:
            number, due = self.rows[lane][0]
            if due > self.clock():
                return due
            if not lane.startswith("reply"):
                await self.gate.wait()
            await asyncio.sleep(0)
            self.rows[lane].pop(0)
            self.done.append((lane, number))
        return None

    async def waiting(self, until: datetime) -> list[tuple[str, datetime]]:
        return [(lane, rows[0][1]) for lane, rows in self.rows.items() if rows and rows[0][1] <= until]


@pytest.fixture
def work(clock: Clock) -> Work:
    return Work(clock)


@pytest.fixture
async def lanes(work: Work, clock: Clock) -> AsyncIterator[LocalLanes]:
    made = LocalLanes({"queue": work}, clock, parallel=8)
    await made.start()
    yield made
    await made.stop()


async def test_a_lane_keeps_its_order_and_has_one_holder(work: Work, lanes: LocalLanes) -> None:
    for number in range(50):
        work.add("a", number)
        work.add("b", number)
        lanes.wake("queue", "a")
        lanes.wake("queue", "b")
        await asyncio.sleep(0)
    await lanes.idle()
    for lane in "ab":
        assert [number for name, number in work.done if name == lane] == list(range(50))


async def test_what_is_told_while_the_lane_is_held_is_not_forgotten(work: Work, lanes: LocalLanes) -> None:
    work.gate.clear()
    work.add("a", 1)
    lanes.wake("queue", "a")
    await asyncio.sleep(0)
    work.add("a", 2)
    lanes.wake("queue", "a")
    work.gate.set()
    await lanes.idle()
    assert work.done == [("a", 1), ("a", 2)]


async def test_no_more_lanes_at_once_than_there_is_room_for(work: Work, lanes: LocalLanes) -> None:
    for number in range(30):
        work.add(f"lane-{number}", 0)
        lanes.wake("queue", f"lane-{number}")
    await lanes.idle()
    assert len(work.done) == 30
    assert work.most == 6  # of eight, two are kept for the urgent


async def test_the_urgent_has_room_of_its_own_and_goes_first(work: Work, lanes: LocalLanes) -> None:
    work.gate.clear()
    for number in range(30):
        work.add(f"push-{number}", 0)
        lanes.wake("queue", f"push-{number}")
    await asyncio.sleep(0)
    for number in range(4):
        work.add(f"reply-{number}", 0)
        lanes.wake("queue", f"reply-{number}", urgent=True)
    async with asyncio.timeout(5):
        while len(work.done) < 4:
            await asyncio.sleep(0.005)
    assert [lane for lane, _ in work.done] == [f"reply-{number}" for number in range(4)]
    work.gate.set()
    await lanes.idle()
    assert len(work.done) == 34


async def test_a_lane_that_becomes_urgent_leaves_the_line(work: Work, lanes: LocalLanes) -> None:
    work.gate.clear()
    for number in range(30):
        work.add(f"push-{number}", 0)
        lanes.wake("queue", f"push-{number}")
    lanes.wake("queue", "push-29", urgent=True)
    work.gate.set()
    await lanes.idle()
    order = [lane for lane, _ in work.done]
    assert order.index("push-29") < 8
    assert sorted(order) == sorted(set(order))


async def test_a_row_that_is_due_soon_is_done_then(work: Work, lanes: LocalLanes, clock: Clock) -> None:
    work.add("a", 1, clock() + timedelta(milliseconds=30))
    lanes.wake("queue", "a")
    await lanes.idle()
    assert work.done == []
    clock.forward(milliseconds=30)
    async with asyncio.timeout(5):
        while not work.done:
            await asyncio.sleep(0.005)


async def test_what_nobody_handed_over_is_found_at_the_start(work: Work, clock: Clock) -> None:
    work.add("a", 1)
    lanes = LocalLanes({"queue": work}, clock)
    await lanes.start()
    async with asyncio.timeout(5):
        while not work.done:
            await asyncio.sleep(0.005)
    await lanes.stop()
    assert work.done == [("a", 1)]


async def test_an_outage_interrupts_and_is_outlived(work: Work, lanes: LocalLanes, clock: Clock) -> None:
    work.broken = 2
    work.add("a", 1)
    for _ in range(3):
        lanes.wake("queue", "a")
        await lanes.idle()
        clock.forward(seconds=2)
    assert work.done == [("a", 1)]
    assert lanes.running


async def test_nothing_is_taken_after_the_stop_and_what_is_in_flight_is_finished(work: Work, clock: Clock) -> None:
    lanes = LocalLanes({"queue": work}, clock)
    await lanes.start()
    work.gate.clear()
    work.add("a", 1)
    lanes.wake("queue", "a")
    await asyncio.sleep(0)
    stopping = asyncio.create_task(lanes.stop())
    await asyncio.sleep(0)
    assert not lanes.running
    work.add("b", 1)
    lanes.wake("queue", "b")
    work.gate.set()
    await stopping
    assert work.done == [("a", 1)]
