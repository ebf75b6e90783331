"""Shards: two holders on one PostgreSQL keep every lane's order, keep nobody waiting, and lose nothing in an outage."""

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from bot.lanes import GRACE
from bot.limiter import LocalLimiter
from bot.outbox import OutboxWorker
from bot.shards import SLICE, ProcrastinateLanes
from bot.worker import BATCH, ROUNDS
from domain.channel import Deferred, Delivered, DeliveryResult
from domain.messages import Address, OutboundMessage, Priority, Text
from domain.outgoing import Outgoing
from models.database import transaction
from models.outbox import OutboxItem
from models.signals import Wake, give, shard_of
from models.sql import select
from tests.bot.post_office import PostOffice
from tests.clock import Clock

pytestmark = pytest.mark.usefixtures("postgres")
WITHIN = 20.0
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1"


def now() -> datetime:
    return datetime.now(UTC)


class Office(PostOffice):
    """It takes what is said to `slow` people only when their gate opens; `said` has what each was told, and when."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.slow: set[str] = set()
        self.begun: list[str] = []
        self.said: defaultdict[str, list[str]] = defaultdict(list)
        self.deferred: set[str] = set()

    def parts(self, outgoing: Outgoing) -> tuple[Outgoing, ...]:
        return (outgoing,)

    async def deliver(self, key: str, outgoing: Outgoing) -> DeliveryResult:
        person = outgoing.to.id
        self.begun.append(person)
        if person in self.deferred:
            return Deferred(now() + timedelta(seconds=60), "busy")
        if person in self.slow:
            await self.gates[person].wait()
        assert isinstance(outgoing, OutboundMessage)
        assert isinstance(outgoing.content, Text)
        self.said[person].append(outgoing.content.text)
        return Delivered(key)


@pytest.fixture
def office() -> Office:
    return Office()


class Holder:
    """As a server stops: nothing more is begun, and what is in flight may end."""

    def __init__(self, worker: OutboxWorker, lanes: ProcrastinateLanes) -> None:
        self.worker = worker
        self.lanes = lanes

    async def stop(self) -> None:
        if not self.worker.stopping:
            self.worker.stop()
            await self.lanes.stop()


@asynccontextmanager
async def holding(office: Office, address: str, parallel: int = 40, seconds: float = SLICE) -> AsyncIterator[Holder]:
    """One process's share of the work, until the end of the block or its stop."""
    worker = OutboxWorker({"post": office}, LocalLimiter(lambda: now().timestamp()), now)
    lanes = ProcrastinateLanes({"outbox": worker}, worker, now, address, parallel, seconds)
    holder = Holder(worker, lanes)
    async with worker.settling:
        await lanes.start()
        try:
            yield holder
        finally:
            await holder.stop()


async def promise(person: str, text: str, priority: Priority = Priority.REPLY, wait: float = 0.0) -> OutboxItem:
    message = OutboundMessage(Address("post", person), Text(text), priority)
    return await OutboxItem.enqueue(message, now(), wait=timedelta(seconds=wait))


async def neighbours(count: int) -> list[str]:
    """People whose lanes are in one shard."""
    here = f"{shard_of('lane')} = 7"
    lanes = "(SELECT n, 'post:p' || n AS lane FROM generate_series(1, 100000) AS n) AS lanes"
    found = await select(f"SELECT n FROM {lanes} WHERE {here} ORDER BY n LIMIT $1", count)  # noqa: S608
    return [f"p{row['n']}" for row in found]


async def until(question: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not question():
            await asyncio.sleep(0.01)


async def settled(question: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WITHIN):
        while not await question():
            await asyncio.sleep(0.01)


async def is_all_done() -> bool:
    return not await OutboxItem.exclude(state="done").exists()


async def test_two_holders_keep_every_lane_in_order_and_say_everything_once(postgres: str, office: Office) -> None:
    people = [f"p{number}" for number in range(40)]
    async with holding(office, postgres), holding(office, postgres):
        for number in range(10):
            await asyncio.gather(*(promise(person, str(number)) for person in people))
        await settled(is_all_done)
    assert dict(office.said) == {person: [str(number) for number in range(10)] for person in people}


async def test_a_lane_that_is_slow_or_rests_keeps_no_other_of_its_shard_waiting(postgres: str, office: Office) -> None:
    slow, resting, quick = await neighbours(3)
    office.slow, office.deferred = {slow}, {resting}
    async with holding(office, postgres):
        await promise(slow, "one")
        await promise(resting, "one")
        await until(lambda: {slow, resting} <= set(office.begun))
        for number in range(3):
            await promise(quick, str(number))
            await until(lambda number=number: len(office.said[quick]) == number + 1)  # type: ignore[misc]
        assert not office.said[slow]
        office.gates[slow].set()
        await until(lambda: office.said[slow] == ["one"])


async def test_a_reply_overtakes_the_pushes_of_its_shard(postgres: str, office: Office) -> None:
    *pushed, asking = await neighbours(31)
    office.slow = set(pushed)
    for person in pushed:
        await promise(person, "news", Priority.PUSH)
    async with holding(office, postgres, parallel=8):
        await until(lambda: len(office.begun) == 6)  # of eight, two are kept for those who wait
        await promise(asking, "answer")
        await until(lambda: office.said[asking] == ["answer"])
        assert len(office.begun) == 7
        for person in pushed:
            office.gates[person].set()
        await settled(is_all_done)


async def test_a_long_lane_lets_others_have_its_seat_in_between(postgres: str, office: Office) -> None:
    long, short = await neighbours(2)
    async with transaction():
        await promise(long, "0")
        await promise(short, "one")
        for number in range(1, 2 * BATCH * ROUNDS):
            await promise(long, str(number))
    async with holding(office, postgres, parallel=1):
        await settled(is_all_done)
    assert office.begun.index(short) == BATCH * ROUNDS
    assert office.said[long] == [str(number) for number in range(2 * BATCH * ROUNDS)]


async def test_a_shard_with_work_for_long_comes_round(postgres: str) -> None:
    """Whoever has it gives it up from time to time, so that another process may have the next turn."""
    first, second, numbers = Office(), Office(), itertools.count()
    both = holding(first, postgres, seconds=0.1), holding(second, postgres, seconds=0.1)
    async with asyncio.timeout(3 * WITHIN), both[0], both[1]:
        while not (first.said["p1"] and second.said["p1"]):
            if await OutboxItem.filter(state="waiting").count() < BATCH * ROUNDS:
                async with transaction():
                    for number in itertools.islice(numbers, BATCH * ROUNDS):
                        await promise("p1", str(number))
            await asyncio.sleep(0.01)
        await settled(is_all_done)
    assert sorted(map(int, first.said["p1"] + second.said["p1"])) == list(range(next(numbers)))


async def test_what_is_due_later_is_done_on_time_though_who_stored_it_is_gone(postgres: str, office: Office) -> None:
    later = await promise("p1", "later", wait=2.5)
    async with holding(office, postgres):
        await promise("p1-neighbour", "now")
        await until(lambda: bool(office.said["p1-neighbour"]))
    async with holding(office, postgres):
        await until(lambda: bool(office.said["p1"]))
        assert timedelta() <= now() - later.due_at < timedelta(seconds=1)


async def test_an_outage_in_the_middle_of_a_turn_ends_no_delivery(postgres: str, office: Office) -> None:
    office.slow = {"p1"}
    async with holding(office, postgres), AsyncExitStack() as stack:
        item = await promise("p1", "one")
        await until(lambda: office.begun == ["p1"])
        other = await asyncpg.connect(postgres)
        stack.push_async_callback(other.close)
        await other.fetch(CUT, other.get_server_pid())
        office.gates["p1"].set()
        await settled(lambda: _is(other, item.id, "done"))
        await promise("p2", "after")
        await until(lambda: office.said["p2"] == ["after"])
    assert office.said["p1"] == ["one"]
    assert office.begun.count("p1") == 1


async def _is(connection: asyncpg.Connection, item: int, state: str) -> bool:
    return bool(await connection.fetchval("SELECT state = $2 FROM outbox_item WHERE id = $1", item, state))


async def test_a_stop_lets_a_slow_delivery_end_and_begins_no_other(postgres: str, office: Office) -> None:
    office.slow = {"p1"}
    async with holding(office, postgres) as holder:
        first, second = await promise("p1", "one"), await promise("p1", "two")
        await until(lambda: office.begun == ["p1"])
        stopping = asyncio.create_task(holder.stop())
        await until(lambda: not holder.lanes.running)
        office.gates["p1"].set()
        async with asyncio.timeout(GRACE / 2):
            await stopping
    assert (await OutboxItem.get(id=first.id)).state == "done"
    assert (await OutboxItem.get(id=second.id)).state == "waiting"
    assert office.said["p1"] == ["one"]


async def test_batches_that_wake_the_same_shards_in_other_orders_wait_for_each_other_and_no_more() -> None:
    chance = random.Random(7)  # noqa: S311 - the same in every run

    async def batch() -> None:
        lanes = [f"post:p{number}" for number in range(100)]
        chance.shuffle(lanes)
        async with transaction():
            await give(
                *(Wake(queue, lane, delay) for lane in lanes for queue in ("inbox", "outbox") for delay in (0, 5))
            )

    async with asyncio.timeout(WITHIN):
        await asyncio.gather(*(batch() for _ in range(40)))
    jobs = await select("SELECT count(*) AS jobs, count(DISTINCT queueing_lock) AS locks FROM procrastinate_jobs")
    assert jobs[0]["jobs"] == jobs[0]["locks"]
