"""Whatever is killed and repeated: each event stored once, handled once, answered once or reported unsure, in order."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.pytest_plugin import AiohttpServer

from models.customers import Customer
from models.inbox import InboxEvent
from models.leads import Lead
from models.messages import Message
from models.outbox import OutboxItem
from models.sql import dialect, select
from sandbox import Sandbox, SandboxSettings
from tests.ports import free_port
from tests.processes import ServerProcess, official_only

CALLBACKS = 1000
PEOPLE = 40
KILLS = 5
EVERYTHING_WITHIN = 120.0
TICK = 0.02  # how often another process is asked whether it is there yet


class Ordeal:
    """A server process, the simulated platforms, and what the two have said to each other."""

    def __init__(self, server: ServerProcess, sandbox: Sandbox) -> None:
        self.server = server
        self.sandbox = sandbox
        self.answered: set[str] = set()  # keys of messages whose answer arrived in HTTP

    async def say(self, person: int, number: int) -> bool:
        """One customer asks once; whether the server took it."""
        openid = f"oOrdeal{person:021d}"
        answer = await self.sandbox.wechat.user_says(openid, f"价格 {number}", msg_id=str(number))
        if answer.reply:
            self.answered.add(f"m:{number}")
        return answer.status == 200

    async def insist(self, person: int, number: int) -> None:
        """Ask until it is taken, as a platform does."""
        while not await self.say(person, number):
            await asyncio.sleep(TICK)

    async def busy(self) -> bool:
        waiting = await InboxEvent.filter(state="waiting").exists()
        return waiting or await OutboxItem.filter(state__in=["waiting", "sending"]).exists()

    async def drained(self) -> None:
        """Wait until nothing is left to do."""
        async with asyncio.timeout(EVERYTHING_WITHIN):
            while await self.busy():
                await asyncio.sleep(TICK)

    async def drained_or_dead(self) -> bool:
        """Wait for the one or the other; whether the server died."""
        while await self.busy() and not self.server.is_dead:
            await asyncio.sleep(TICK)
        return self.server.is_dead

    async def kill(self) -> None:
        """It is gone for so long that others go on where it stopped: what is shared waits seconds for a heartbeat."""
        self.server.kill()
        if dialect() == "postgres":
            await select("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' RETURNING id")

    def sent(self, openid: str) -> int:
        """How often the platform carried a message of ours to this customer."""
        calls = (c for c in self.sandbox.calls if c.method_or_path == "message/custom/send" and c.answer)
        return sum(1 for call in calls if call.body["touser"] == openid and call.answer["errcode"] == 0)


@pytest.fixture
async def ordeal(database: str, tmp_path: Path, aiohttp_server: AiohttpServer) -> AsyncIterator[Ordeal]:
    ports = free_port(), free_port()
    secrets = SandboxSettings(server_url=f"http://127.0.0.1:{ports[0]}", base_url=f"http://127.0.0.1:{ports[1]}")
    sandbox = Sandbox(secrets)
    sandbox.stage.postman.tries = 1
    await sandbox.start()
    await aiohttp_server(sandbox.app, port=ports[1])
    server = ServerProcess(official_only(tmp_path, secrets, database), secrets.server_url, tmp_path / "server.log")
    await server.start()
    yield Ordeal(server, sandbox)
    if not server.is_dead:
        server.kill()
    await sandbox.close()


async def test_a_thousand_callbacks_survive_kills_at_any_moment(ordeal: Ordeal) -> None:
    chance = random.Random(20261121)  # noqa: S311 - the same misfortune in every run
    numbers: dict[int, list[int]] = {person: [] for person in range(PEOPLE)}
    for number in range(CALLBACKS):
        numbers[number % PEOPLE].append(number + 1)

    async def talk(person: int) -> None:
        for number in numbers[person]:
            await ordeal.insist(person, number)
            if chance.random() < 0.2:
                await ordeal.say(person, number)

    async def strike() -> None:
        for _ in range(KILLS):
            goal = len(ordeal.sandbox.calls) + len(ordeal.answered) + chance.randrange(20, 150)
            while len(ordeal.sandbox.calls) + len(ordeal.answered) < goal:
                await asyncio.sleep(TICK / 4)
            await ordeal.kill()
            await ordeal.server.start()

    async with asyncio.timeout(EVERYTHING_WITHIN):
        striking = asyncio.create_task(strike())
        await asyncio.gather(*(talk(person) for person in numbers))
        await striking
    await ordeal.drained()

    assert await InboxEvent.filter(account="official").count() == CALLBACKS
    assert await InboxEvent.filter(account="official", state="done").count() == CALLBACKS
    assert await Customer.all().count() == await Lead.all().count() == PEOPLE
    for person, said in numbers.items():
        heard = await Message.filter(direction="in", identity__external_id=f"oOrdeal{person:021d}").order_by("id")
        assert [message.text for message in heard] == [f"价格 {number}" for number in said]
    await each_is_answered_once_or_unsure(ordeal)


LINES = range(6, 240, 18)  # places on the road: from the door to the last settlement one message passes more than 200


async def test_dying_between_any_two_lines_loses_nothing_and_doubles_nothing(ordeal: Ordeal) -> None:
    """Each server dies at another line of its first message; the next one finds what it left behind."""
    ordeal.server.stop()
    died = 0
    for number, line in enumerate(LINES, 1):
        await ordeal.server.start(dying_at_line=line)
        await ordeal.drained()
        taken = await ordeal.say(number, number)
        died += await ordeal.drained_or_dead()
        await ordeal.kill()
        if not taken:
            await ordeal.server.start()
            await ordeal.insist(number, number)
            ordeal.server.stop()
    await ordeal.server.start()
    await ordeal.drained()
    assert died >= len(LINES) - 2, "hardly a line was hit: is the road shorter now?"
    assert await InboxEvent.filter(account="official", state="done").count() == len(LINES)
    assert await Message.filter(direction="in").count() == await Customer.all().count() == len(LINES)
    await each_is_answered_once_or_unsure(ordeal)


async def each_is_answered_once_or_unsure(ordeal: Ordeal) -> None:
    """One promise for each message; what the platform carried is no more than what we know or doubt."""
    promised = await OutboxItem.filter(account="official")
    asked = await InboxEvent.filter(account="official").values_list("key", flat=True)
    assert Counter(item.reply_to for item in promised) == Counter(asked)
    assert {item.state for item in promised} <= {"done", "unsure"}
    assert {item.reply_to for item in promised if item.platform_id == "passive"} <= ordeal.answered
    for lane, items in _by_lane(promised).items():
        by_call = [item for item in items if item.platform_id != "passive"]
        sure = sum(item.state == "done" for item in by_call)
        doubtful = sum(item.state == "unsure" for item in by_call)
        assert sure <= ordeal.sent(lane.partition(":")[2]) <= sure + doubtful


def _by_lane(items: list[OutboxItem]) -> dict[str, list[OutboxItem]]:
    lanes: dict[str, list[OutboxItem]] = {}
    for item in items:
        lanes.setdefault(item.lane, []).append(item)
    return lanes
