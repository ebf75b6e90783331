"""Whatever is killed while an audience is tagged: everybody gets the tag once, here and there, and it is told once."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from aiohttp.pytest_plugin import AiohttpServer

from domain.messages import OutboundMessage, words
from handlers.masses import AT_ONCE
from models.changes import Change
from models.customers import Customer
from models.database import insert_many
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.tags import Tagging
from sandbox import Sandbox, SandboxSettings
from tests.ports import free_port
from tests.processes import ServerProcess, with_tags
from tests.tag_ordeal import MANY, Ordeal

HERE, DOOR = ("handlers/masses.py",), ("bot/inbox.py",)


@pytest.fixture
async def ordeal(database: str, tmp_path: Path, aiohttp_server: AiohttpServer) -> AsyncIterator[Ordeal]:
    """One manager alone may tag as many as they like."""
    ports = free_port(), free_port()
    secrets = SandboxSettings(server_url=f"http://127.0.0.1:{ports[0]}", base_url=f"http://127.0.0.1:{ports[1]}")
    sandbox = Sandbox(secrets)
    config = with_tags(tmp_path, secrets, database)
    config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | {"push": {"approval_over": 10_000}}))
    server = ServerProcess(config, secrets.server_url, tmp_path / "server.log")
    ordeal = Ordeal(server, sandbox)
    await sandbox.start()
    await aiohttp_server(sandbox.app, port=ports[1])
    await ordeal.settle()
    yield ordeal
    ordeal.gate.open()
    if not server.is_dead:
        server.kill()
    await sandbox.close()


async def test_an_audience_is_tagged_whatever_is_killed(ordeal: Ordeal) -> None:
    now = datetime.now(UTC)
    await insert_many(Customer, ("created_at", "seen_at"), [(now, now)] * (4 * AT_ONCE))
    await Customer.all().update(city="上海")
    await ordeal.compared()
    ordeal.commands += ["建标签 活动/双十一", "批量打标 城市=上海 +双十一"]
    await ordeal.say()
    await ordeal.drained()
    [code] = re.findall(r"确认 ([0-9][0-9A-Z]{3})", "\n".join(await said()))
    ordeal.commands.append(f"确认 {code}")
    await ordeal.kill()
    died = [await ordeal.dies_at_line(line, *road) for line, road in ((12, HERE), (50, HERE), (80, HERE), (150, DOOR))]
    assert sum(died) >= 3, f"hardly a line was hit: is the road shorter now? {died}"
    await ordeal.begin()
    await ordeal.drained()

    ids = await Customer.all().order_by("id").values_list("id", flat=True)
    assert await Tagging.all().order_by("customer_id").values_list("customer_id", flat=True) == ids
    assert sorted(change.customer_id for change in await Change.filter(field="tag")) == ids
    assert ordeal.in_wecom() == [["双十一"]] * MANY
    assert ordeal.on_official() == [["双十一"]] * MANY
    assert await InboxEvent.filter(state="dead").count() == 0
    [report] = [told for told in await said() if "批量打标做完了" in told]
    assert f"{len(ids)} 位客户有变化" in report


async def said() -> list[str]:
    """Everything that was promised to be said."""
    sent = [out for row in await OutboxItem.all() if isinstance(out := row.outgoing, OutboundMessage)]
    return [words(out.content) for out in sent]
