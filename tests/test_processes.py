"""Several processes on one PostgreSQL: whatever befalls them, nothing is lost, doubled or brought out of order."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.pytest_plugin import AiohttpServer

from bot.database import opened
from domain.messages import Address, OutboundMessage, Text
from domain.own_events import DeliveryFailed
from models.customers import Customer
from models.inbox import OWN, InboxEvent
from models.leads import Lead
from models.messages import Message
from models.outbox import OutboxItem
from sandbox import Sandbox, SandboxSettings
from tests.balancer import Balancer
from tests.conftest import KIND
from tests.crowd import ASKED, Chatter, Crowd, Follower, Person
from tests.ports import free_port
from tests.processes import Fleet, ServerProcess
from tests.restarting import OwnPostgres, own_postgres
from tests.servers import PostgresDatabases

pytestmark = [
    pytest.mark.database,
    pytest.mark.skipif(KIND == "sqlite", reason="several processes share a PostgreSQL, never a file"),
]
EVERYTHING_WITHIN = 300.0
TAKEN_OVER_WITHIN = 5.0  # seconds
ASLEEP = 8.0  # seconds: twice as long as it takes until others count a process as gone
TICK = 0.05


class Town:
    """The platforms, a balancer, the servers behind it, and where they keep what they know."""

    def __init__(self, sandbox: Sandbox, fleet: Fleet) -> None:
        self.sandbox = sandbox
        self.fleet = fleet

    def people(self, followers: int, chatters: int) -> list[Person]:
        return [
            *(Follower(self.sandbox, number) for number in range(followers)),
            *(Chatter(self.sandbox, number) for number in range(chatters)),
        ]

    def carried(self) -> Iterator[tuple[str, str]]:
        """The lane of every message that the platforms took from us, and their number for it if they have one."""
        for call in self.sandbox.calls:
            if call.method_or_path == "message/custom/send" and call.answer and call.answer["errcode"] == 0:
                yield f"official:{call.body['touser']}", ""
            if call.method_or_path == "sendMessage" and call.answer and call.answer["ok"]:
                result = call.answer["result"]
                yield f"telegram:{result['chat']['id']}", str(result["message_id"])

    async def drained(self) -> None:
        """Wait until nothing is left to do."""
        await settled(self._is_drained)

    async def _is_drained(self) -> bool:
        waiting = await InboxEvent.filter(state="waiting").exists()
        return not waiting and not await OutboxItem.filter(state__in=["waiting", "sending"]).exists()


@asynccontextmanager
async def town_on(
    database_url: str, folder: Path, aiohttp_server: AiohttpServer, *, telegram: bool = True
) -> AsyncIterator[Town]:
    door, platforms = free_port(), free_port()
    secrets = SandboxSettings(server_url=f"http://127.0.0.1:{door}", base_url=f"http://127.0.0.1:{platforms}")
    sandbox, fleet = Sandbox(secrets), Fleet(folder, secrets, database_url, telegram=telegram)
    sandbox.postman.tries = 1
    balancer = Balancer(fleet.ports)
    await sandbox.start()
    await aiohttp_server(sandbox.app, port=platforms)
    await balancer.start(door)
    try:
        await fleet.start()
        yield Town(sandbox, fleet)
    finally:
        fleet.close()
        await sandbox.close()
        await balancer.close()


@pytest.fixture
async def small_town(postgres: str, tmp_path: Path, aiohttp_server: AiohttpServer) -> AsyncIterator[Town]:
    """With the official account only."""
    async with town_on(postgres, tmp_path, aiohttp_server, telegram=False) as made:
        yield made


@pytest.fixture
async def town(postgres: str, tmp_path: Path, aiohttp_server: AiohttpServer) -> AsyncIterator[Town]:
    async with town_on(postgres, tmp_path, aiohttp_server) as made:
        yield made


@pytest.fixture(scope="module")
def own() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


@pytest.fixture
async def town_of_its_own(own: OwnPostgres, tmp_path: Path, aiohttp_server: AiohttpServer) -> AsyncIterator[Town]:
    database_url = await asyncio.to_thread(lambda: PostgresDatabases(own.url).make())
    async with opened(database_url), town_on(database_url, tmp_path, aiohttp_server) as made:
        yield made


async def test_on_a_calm_day_nearly_every_answer_is_said_by_the_process_that_was_asked(
    small_town: Town,
) -> None:
    crowd = Crowd(small_town.people(10, 0), each=30)
    await crowd.talk()
    await small_town.drained()
    assert len(crowd.answered) >= len(crowd.keys) * 0.95
    assert crowd.misses == {}
    assert await everything_is_as_it_was_said(small_town, crowd) == 0


async def test_a_rolling_restart_under_load_loses_and_doubles_nothing(town: Town) -> None:
    crowd = Crowd(town.people(30, 30), each=20)
    servers = [*town.fleet.workers, *town.fleet.webs]
    async with asyncio.timeout(EVERYTHING_WITHIN), asyncio.TaskGroup() as together:
        together.create_task(crowd.talk())
        for place, server in enumerate(servers):
            await crowd.reaches((place + 1) / (len(servers) + 2))
            assert await asyncio.to_thread(server.stop) == 0
            await server.start()
    await town.drained()
    assert await everything_is_as_it_was_said(town, crowd) == 0


async def test_what_a_killed_worker_was_sending_is_in_doubt_once_and_its_lane_goes_on_soon(small_town: Town) -> None:
    """One row hangs at the platform when its process is killed; the one behind it is sent by the other process."""
    town, (worker, other_worker) = small_town, small_town.fleet.workers
    other_worker.stop()
    town.sandbox.fail("wechat", "message/custom/send", delay=60.0)
    person = Follower(town.sandbox, 1)
    hanging, behind = [await promise(person, text) for text in ("one", "two")]
    await settled(lambda: is_in(hanging, "sending"))
    await other_worker.start()
    worker.kill()
    began = time.monotonic()
    await settled(lambda: is_in(behind, "done"))
    assert time.monotonic() - began < TAKEN_OVER_WITHIN
    assert await is_in(hanging, "unsure")
    assert await each_doubt_was_told_once(await OutboxItem.all()) == {hanging}


async def promise(person: Person, text: str) -> int:
    message = OutboundMessage(Address(person.account, person.id), Text(text))
    return (await OutboxItem.enqueue(message, datetime.now(UTC))).id


async def is_in(item: int, state: str) -> bool:
    return await OutboxItem.exists(id=item, state=state)


async def settled(question: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(EVERYTHING_WITHIN):
        while not await question():
            await asyncio.sleep(TICK)


async def test_five_thousand_callbacks_survive_kills_pauses_and_outages(
    town_of_its_own: Town, own: OwnPostgres
) -> None:
    town, crowd = town_of_its_own, Crowd(town_of_its_own.people(50, 50), each=40)
    town.sandbox.fail("wechat", "message/custom/send", times=10_000, delay=0.2)
    town.sandbox.fail("telegram", "sendMessage", times=10_000, delay=0.2)
    async with asyncio.timeout(EVERYTHING_WITHIN), asyncio.TaskGroup() as together:
        together.create_task(crowd.talk())
        await misfortunes(town, crowd, own)
    assert crowd.asked >= 5000
    await town.drained()
    unsure = await everything_is_as_it_was_said(town, crowd)
    assert unsure < 200, "what was in flight at six strokes is less than that"


async def misfortunes(town: Town, crowd: Crowd, own: OwnPostgres) -> None:
    (web, other_web), (worker, other_worker) = town.fleet.webs, town.fleet.workers
    await crowd.reaches(0.05)
    await killed(worker)
    await crowd.reaches(0.15)
    await asleep(other_worker)
    await crowd.reaches(0.30)
    await killed(web)
    await crowd.reaches(0.40)
    await outage(town, own)
    await crowd.reaches(0.50)
    await asleep(other_web)
    await crowd.reaches(0.65)
    await killed(other_worker)
    await crowd.reaches(0.75)
    await crash(own)
    await crowd.reaches(0.90)
    await killed(worker)


async def killed(server: ServerProcess) -> None:
    server.kill()
    await server.start()


async def asleep(server: ServerProcess) -> None:
    server.pause()
    await asyncio.sleep(ASLEEP)
    server.wake()


async def outage(town: Town, own: OwnPostgres) -> None:
    """While the database is away every callback gets 503."""
    await own.stop("fast")
    late = Chatter(town.sandbox, 999)
    assert [(await late.say(999_999)).status for _ in range(4)] == [503] * 4
    await own.start()


async def crash(own: OwnPostgres) -> None:
    await own.stop("immediate")
    await own.start()


async def everything_is_as_it_was_said(town: Town, crowd: Crowd) -> int:
    """Stored once, handled once, in order, answered once or reported unsure; returns how many are unsure."""
    stored = await InboxEvent.exclude(account=OWN).values_list("key", "state")
    assert Counter(key for key, _ in stored) == Counter(crowd.keys)
    assert {state for _, state in stored} == {"done"}
    assert await Customer.all().count() == await Lead.all().count() == len(crowd.numbers)
    for person, numbers in crowd.numbers.items():
        heard = await Message.filter(direction="in", identity__external_id=person.id).order_by("id")
        assert [message.text for message in heard] == [f"{ASKED} {number}" for number in numbers]
    promised = await OutboxItem.exclude(reply_to="").order_by("id")  # menus of commands answer nobody
    assert Counter(item.reply_to for item in promised) == Counter(crowd.keys)
    assert {(item.state, item.error) for item in promised if item.state not in {"done", "unsure"}} == set()
    assert {item.reply_to for item in promised if item.platform_id == "passive"} == crowd.answered
    doubted = await each_doubt_was_told_once(promised)
    each_call_is_a_row(town, crowd, promised, doubted)
    return sum(item.state == "unsure" for item in promised)


async def each_doubt_was_told_once(promised: list[OutboxItem]) -> set[int]:
    """Those that were ever in doubt: the sender of some was only held up, so that they are done by now."""
    rows = [row.own() for row in await InboxEvent.filter(account=OWN, key__startswith="failed:")]
    told = Counter(event.outbox_id for event in rows if isinstance(event, DeliveryFailed) and event.unsure)
    assert set(told.values()) <= {1}
    assert {item.id for item in promised if item.state == "unsure"} <= set(told)
    return set(told)


def each_call_is_a_row(town: Town, crowd: Crowd, promised: list[OutboxItem], doubted: set[int]) -> None:
    """What the platforms carried is no more than what we know or doubt, and in the order in which it was promised."""
    carried = list(town.carried())
    times = Counter(lane for lane, _ in carried)
    numbers = Counter(number for _, number in carried if number)
    known = [item.platform_id for item in promised if item.account == "telegram" and item.state == "done"]
    assert set(numbers.values()) <= {1}
    assert Counter(known) <= numbers
    for person in crowd.numbers:
        ours = [item for item in promised if item.lane == person.lane and item.platform_id != "passive"]
        sure = [item for item in ours if item.state == "done"]
        assert len(sure) <= times[person.lane] <= len(ours)
        order = [int(item.platform_id) for item in sure if item.platform_id and item.id not in doubted]
        assert order == sorted(order)
