"""Whatever is killed while rules give and take tags: everybody has what the rules say, once, here and there."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.pytest_plugin import AiohttpServer

from bot.database import transaction
from domain.sweeps import RuleDue
from models import spans
from models.autotags import AutoTag
from models.changes import Change
from models.customers import Customer
from models.database import insert_many
from models.inbox import InboxEvent
from models.staff import Staff
from models.tags import Tag, Tagging
from sandbox import Sandbox, SandboxSettings
from scheduler import jobs
from tests.ports import free_port
from tests.processes import ServerProcess, with_tags
from tests.tag_ordeal import MANY, Ordeal

ROAD = ("handlers/sweeps.py", "handlers/wants.py", "models/standings.py", "models/spans.py", "models/tags.py")
STRANGERS = 300  # whom no platform knows: with them a rule goes through everybody in several transactions


@pytest.fixture
async def ordeal(database: str, tmp_path: Path, aiohttp_server: AiohttpServer) -> AsyncIterator[Ordeal]:
    ports = free_port(), free_port()
    secrets = SandboxSettings(server_url=f"http://127.0.0.1:{ports[0]}", base_url=f"http://127.0.0.1:{ports[1]}")
    sandbox = Sandbox(secrets)
    server = ServerProcess(with_tags(tmp_path, secrets, database), secrets.server_url, tmp_path / "server.log")
    ordeal = Ordeal(server, sandbox)
    await sandbox.start()
    await aiohttp_server(sandbox.app, port=ports[1])
    await ordeal.settle()
    yield ordeal
    if not server.is_dead:
        server.kill()
    await sandbox.close()


async def ruled() -> None:
    """As a manager's yes writes it."""
    now = datetime.now(UTC)
    async with transaction():
        row = await AutoTag.planned(await Tag.get(name="VIP"), now)
        await row.write("score >= 80", removes=True, staff=await Staff.get(), now=now)
        await spans.begin()
        await InboxEvent.remind(RuleDue(now, row.id, row.version), "rule", now, now, lane="rules", priority=9)


async def scored(ordeal: Ordeal, first: int, end: int, score: int) -> None:
    """These customers change at once, and the pulse feels it."""
    await Customer.filter(id__in=[each.id for each in ordeal.people[first:end]]).update(score=score)
    await jobs.apply_rules(datetime.now(UTC))


async def applied(ordeal: Ordeal) -> None:
    """Until the server's own pulse feels nothing any more."""
    while await spans.news() or await ordeal.left():
        await ordeal.drained()


async def test_rules_survive_kills_at_any_moment(ordeal: Ordeal) -> None:
    now = datetime.now(UTC)
    await insert_many(Customer, ("score", "created_at", "seen_at"), [(90, now, now)] * STRANGERS)
    await Customer.filter(id__in=[each.id for each in ordeal.people]).update(score=90)
    ordeal.commands.append("建标签 等级/VIP")
    await ordeal.compared()
    await ordeal.say()
    await ordeal.drained()
    await ordeal.kill()

    await ruled()
    lines = await ordeal.dies_at_line(60, *ROAD)
    lines += await ordeal.dies_at_line(1_500, *ROAD)
    await ordeal.begin()
    await applied(ordeal)
    await ordeal.kill()
    await scored(ordeal, 0, 60, 10)
    lines += await ordeal.dies_at_line(300, *ROAD)
    await ordeal.begin()
    await applied(ordeal)

    assert lines == 3, "hardly a line was hit: is the road shorter now?"
    wanted = {row.id for row in await Customer.filter(score__gte=80)}
    assert len(wanted) == STRANGERS + MANY - 60
    assert Counter(await Tagging.all().values_list("source", flat=True)) == {"rule": len(wanted)}
    assert {row.customer_id for row in await Tagging.all()} == wanted
    told = Counter([(row.customer_id, bool(row.new)) for row in await Change.filter(field="tag")])
    assert set(told.values()) == {1}, "nothing is done twice"
    assert {customer for customer, came in told if not came} == {each.id for each in ordeal.people[:60]}
    there = [["VIP"] if number >= 60 else [] for number in range(MANY)]
    assert (ordeal.in_wecom(), ordeal.on_official()) == (there, there)
    assert await InboxEvent.filter(state="dead").count() == 0
