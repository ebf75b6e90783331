"""Whatever is killed while a push is under way: nobody is lost, nobody gets it twice, and doubts are told as such."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from aiohttp.pytest_plugin import AiohttpServer

from handlers.push_feed import LANES
from sandbox import Sandbox, SandboxSettings
from tests.ports import free_port
from tests.processes import Fleet, ServerProcess, one_of_several
from tests.push_ordeal import PushOrdeal, over, received, settled, the_ledger_is_the_platforms_record

ROUNDS = ("handlers/push_rounds.py", "handlers/push_feed.py", "handlers/push_harvest.py", "models/recipient_feed.py")
SENDING = ("bot/outbox.py", "bot/worker.py", "channels/telegram/sender.py")
SETTLING = ("models/outbox.py", "models/recipient_outcomes.py", "bot/commit.py")
PEOPLE = 300
A_SECOND = 60  # so that one life does not reach everybody


@pytest.fixture
async def ordeal(database: str, tmp_path: Path, aiohttp_server: AiohttpServer) -> AsyncIterator[PushOrdeal]:
    ports = free_port(), free_port()
    secrets = SandboxSettings(server_url=f"http://127.0.0.1:{ports[0]}", base_url=f"http://127.0.0.1:{ports[1]}")
    sandbox = Sandbox(secrets)
    config = one_of_several(tmp_path, secrets, database, ports[0], telegram=True)
    slow = {"limits": {"telegram.messages_per_second": A_SECOND}}
    config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | slow))
    server = ServerProcess(config, secrets.server_url, tmp_path / "server.log")
    ordeal = PushOrdeal(server, sandbox)
    await sandbox.start()
    await aiohttp_server(sandbox.app, port=ports[1])
    await ordeal.settle(PEOPLE)
    yield ordeal
    ordeal.gate.open()
    if not server.is_dead:
        server.kill()
    await sandbox.close()


async def test_a_push_reaches_everybody_once_whatever_is_killed(ordeal: PushOrdeal) -> None:
    roads = ((40, ROUNDS), (900, ROUNDS), (700, SENDING), (400, SETTLING))
    died = [await ordeal.dies_at_line(line, *road) for line, road in roads]
    assert sum(died) >= 3, f"hardly a line was hit: is the road shorter now? {died}"
    await ordeal.dies_before_the_answers(9)
    await ordeal.dies_after(20)
    kills = ordeal.kills
    await ordeal.goes_on_to_the_end()
    unsure = await the_ledger_is_the_platforms_record(ordeal.push, ordeal.sandbox, PEOPLE)
    assert unsure <= kills * LANES[0]


async def test_two_processes_send_it_once(postgres: str, tmp_path: Path, aiohttp_server: AiohttpServer) -> None:
    """One of them is killed under way, another one comes in its place."""
    port = free_port()
    secrets = SandboxSettings(server_url="http://127.0.0.1:9", base_url=f"http://127.0.0.1:{port}")
    sandbox, fleet = Sandbox(secrets), Fleet(tmp_path, secrets, postgres)
    await sandbox.start()
    await aiohttp_server(sandbox.app, port=port)
    sandbox.fail("telegram", "sendMessage", times=PEOPLE * 2, delay=0.2)
    try:
        await asyncio.gather(*(worker.start() for worker in fleet.workers))
        push = await settled(sandbox, PEOPLE * 2)
        async with asyncio.timeout(60):
            while sum(received(sandbox).values()) < PEOPLE:
                await asyncio.sleep(0.01)
        fleet.workers[0].kill()
        await fleet.workers[0].start()
        await over(push)
        unsure = await the_ledger_is_the_platforms_record(push, sandbox, PEOPLE * 2)
        assert unsure <= LANES[1]
    finally:
        fleet.close()
        await sandbox.close()
