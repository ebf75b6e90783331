"""The limits of several processes: here several limiters on one database, which know of each other only by its rows."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from bot.database import OUTAGES
from bot.shared_limiter import TIDY, SharedLimiter
from domain.channel import Limits, Rate
from models.limits import RateLimit, Reach
from models.sql import select
from tests.conftest import KIND

pytestmark = pytest.mark.skipif(KIND == "sqlite", reason="a single process has a limiter of its own")
SLOW = Limits(account=(Rate(20, 1.0, 1),))
CHATTY = Limits(recipient=(Rate(1, 60.0, 1),), group=(Rate(20, 60.0, 20),))
REPLY, PUSH = 0, 9


@pytest.fixture
async def limiters(database: str) -> AsyncIterator[list[SharedLimiter]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(SharedLimiter(time.monotonic)) for _ in range(3)]


def turn(limiter: SharedLimiter, priority: int = PUSH, limits: Limits = SLOW, chat: str = "1") -> asyncio.Task[float]:
    return asyncio.create_task(limiter.turn("bot", limits, chat, group=False, priority=priority))


async def taken(rates: tuple[Rate, ...], wanted: int, reach: Reach) -> int:
    return len((await RateLimit.take(rates, {"bot": wanted}, reach))["bot"].windows)


async def test_no_slot_is_given_twice_and_none_is_left_out(database: str) -> None:
    rate, reach = (Rate(1000, 1.0, 1),), Reach(1.0)
    asked = [RateLimit.take(rate, {"bot": number}, reach) for number in (1, 2, 3, 5, 8) * 8]
    slots = sorted(slot.opens for grants in await asyncio.gather(*asked) for slot in grants["bot"].windows)
    assert len(slots) == 19 * 8
    assert all(abs(later - earlier - 0.001) < 1e-5 or later - earlier > 0.001 for earlier, later in pairwise(slots))


async def test_who_takes_for_many_chats_at_once_gets_into_nobodys_way(database: str) -> None:
    rates, keys = (Rate(1000, 1.0, 1), Rate(9000, 9.0, 9)), [f"bot:{number}" for number in range(50)]
    asked = [
        RateLimit.take(rates, dict.fromkeys(keys[start:] + keys[:start], 1), Reach(2.5)) for start in range(0, 50, 2)
    ]
    tidying = [RateLimit.forget() for _ in range(5)]
    answers = await asyncio.gather(*asked, *tidying)
    assert all(len(answer[key].windows) == 1 for answer in answers if answer for key in keys)


async def test_several_processes_together_use_the_rate_and_no_more(limiters: list[SharedLimiter]) -> None:
    limits, sent = Limits(account=(Rate(100, 1.0, 20),)), []

    async def push(limiter: SharedLimiter) -> None:
        await limiter.turn("bot", limits, "1", group=False, priority=PUSH)
        sent.append(time.monotonic())

    start = time.monotonic()
    await asyncio.gather(*(push(limiter) for limiter in limiters for _ in range(50)))
    assert time.monotonic() - start >= 1.25  # 20 at once, 130 at their pace
    for at in sent:
        assert sum(at <= other < at + 1.0 for other in sent) <= 120


async def test_a_reply_overtakes_what_waits_in_other_processes(limiters: list[SharedLimiter]) -> None:
    pushes = [turn(limiter) for limiter in limiters[:2] for _ in range(20)]
    await asyncio.wait(pushes, return_when=asyncio.FIRST_COMPLETED)
    assert await turn(limiters[2], REPLY) == 0
    assert sum(push.done() for push in pushes) < 20
    for push in pushes:
        push.cancel()


async def test_pushes_are_given_little_ahead_and_replies_more(database: str) -> None:
    rate = (Rate(10, 1.0, 1),)
    assert await taken(rate, 40, Reach(0.15)) == 2
    assert await taken(rate, 40, Reach(0.15)) == 0
    assert await taken(rate, 40, Reach(0.15, 1.0, urgent=3)) == 3
    assert 5 <= await taken(rate, 40, Reach(0.15, 1.0, urgent=40)) <= 7


async def test_the_narrowest_of_several_rates_counts_and_all_are_used_up(database: str) -> None:
    rates = (Rate(5, 3600.0, 5), Rate(100, 1.0, 3))
    assert await taken(rates, 40, Reach(0.0)) == 3
    await asyncio.sleep(0.05)  # the database's own clock has no hands to move
    assert await taken(rates, 40, Reach(0.0)) == 2
    assert await taken(rates, 40, Reach(1.0)) == 0


async def test_a_chat_is_left_alone_wherever_its_lane_goes(limiters: list[SharedLimiter]) -> None:
    first, second, _ = limiters
    assert await second.wait("bot", CHATTY, "1", group=False) == 0
    await first.turn("bot", CHATTY, "1", group=False, priority=REPLY)
    assert 59 < await second.wait("bot", CHATTY, "1", group=False) <= 60
    assert await second.wait("bot", CHATTY, "2", group=False) == 0
    assert await second.wait("other", CHATTY, "1", group=False) == 0


async def test_one_chat_that_waits_holds_up_no_other(limiters: list[SharedLimiter]) -> None:
    first, second, _ = limiters
    waiting = [turn(first, limits=CHATTY) for _ in range(3)]
    assert await turn(first, limits=CHATTY, chat="2") == 0
    assert await turn(second, limits=CHATTY, chat="3") == 0
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert sum(task.done() for task in waiting) == 1
    first.close()
    await asyncio.wait(waiting)


async def test_a_chats_next_slot_is_waited_for(limiters: list[SharedLimiter]) -> None:
    limits, start = Limits(recipient=(Rate(5, 1.0, 1),)), time.monotonic()
    await asyncio.gather(*(turn(limiter, limits=limits) for limiter in limiters))
    assert time.monotonic() - start >= 0.4


async def test_groups_have_a_figure_of_their_own(limiters: list[SharedLimiter]) -> None:
    for number in range(20):
        await limiters[number % 3].turn("bot", CHATTY, "-100", group=True, priority=REPLY)
    assert await limiters[0].wait("bot", CHATTY, "-100", group=True) > 0


@pytest.mark.parametrize("limits", [SLOW, CHATTY, Limits()])
async def test_a_pause_of_the_account_is_seen_by_all(limiters: list[SharedLimiter], limits: Limits) -> None:
    first, second, _ = limiters
    await first.pause("bot", 30.0)
    await first.pause("bot", 5.0)
    for limiter in (first, second):
        assert 29 < await limiter.wait("bot", limits, "1", group=False) <= 30
        assert 29 < await turn(limiter, limits=limits) <= 30
        assert await limiter.wait("other", limits, "1", group=False) == 0


async def test_whoever_waits_is_told_of_a_pause_within_a_second(limiters: list[SharedLimiter]) -> None:
    pushes = [turn(limiter) for limiter in limiters for _ in range(40)]
    await asyncio.wait(pushes, return_when=asyncio.FIRST_COMPLETED)
    await limiters[0].pause("bot", 30.0)
    async with asyncio.timeout(1.0):
        assert any([await push > 29 for push in pushes])


async def test_at_the_close_whoever_waits_is_let_go_and_nobody_gets_another_turn(limiters: list[SharedLimiter]) -> None:
    slow = Limits(account=(Rate(1, 600.0, 1),), recipient=(Rate(1, 1.0, 1),))
    assert await turn(limiters[0], limits=slow) == 0
    waiting = [turn(limiters[0], limits=slow, chat=chat) for chat in ("1", "2", "2")]
    await asyncio.sleep(0)
    limiters[0].close()
    waiting.append(turn(limiters[0], limits=slow, chat="3"))
    await asyncio.wait(waiting, timeout=5)
    assert all(task.cancelled() for task in waiting)


async def test_while_the_database_is_away_turns_wait_and_questions_fail(limiters: list[SharedLimiter]) -> None:
    await select("ALTER TABLE rate_limit RENAME TO elsewhere")
    waiting = turn(limiters[0])
    with pytest.raises(OUTAGES):
        await limiters[0].wait("bot", SLOW, "1", group=False)
    assert not waiting.done()
    await select("ALTER TABLE elsewhere RENAME TO rate_limit")
    async with asyncio.timeout(5):
        assert await waiting == 0


async def test_what_says_nothing_any_more_is_taken_away(limiters: list[SharedLimiter]) -> None:
    quick = Limits(recipient=(Rate(1000, 1.0, 1),))
    await turn(limiters[0], limits=quick, chat="gone")
    await turn(limiters[0], limits=CHATTY, chat="kept")
    await limiters[0].pause("paused", 60.0)
    async with asyncio.timeout(5):
        while await RateLimit.exists(key="bot:gone"):
            await RateLimit.forget()
    assert await RateLimit.all().order_by("key").values_list("key", flat=True) == ["bot:kept", "paused"]


async def test_the_limiter_tidies_up_from_time_to_time(database: str) -> None:
    later, quick = 0.0, Limits(recipient=(Rate(1000, 1.0, 1),))
    async with SharedLimiter(lambda: time.monotonic() + later) as limiter:
        await turn(limiter, limits=quick, chat="gone")
        async with asyncio.timeout(5):
            while await RateLimit.exists(key="bot:gone"):
                later += TIDY + 1
                await turn(limiter, limits=quick, chat="next")


async def test_a_database_whose_clock_was_set_back_keeps_nobody_waiting(database: str) -> None:
    rates = (Rate(10, 1.0, 1),)
    await taken(rates, 1, Reach(0.1))
    await select("UPDATE rate_limit SET free_at = ARRAY[free_at[1] + 3600]")
    grant = (await RateLimit.take(rates, {"bot": 1}, Reach(0.1, 1.0)))["bot"]
    assert grant.next - grant.now < 1.2
