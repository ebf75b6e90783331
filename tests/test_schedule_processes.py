"""Several schedulers and workers on one PostgreSQL: each moment makes one push, whoever is killed meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from aiohttp.pytest_plugin import AiohttpServer

from domain.permissions import Role
from models.customers import Customer, Identity
from models.digests import Digest
from models.inbox import OWN, InboxEvent
from models.outbox import OutboxItem
from models.pushes import Push
from models.recipients import Recipient
from models.schedules import Schedule
from models.staff import Staff, StaffAccount
from sandbox import Sandbox, SandboxSettings
from tests.conftest import KIND
from tests.ports import free_port
from tests.processes import Fleet, ServerProcess

pytestmark = [
    pytest.mark.database,
    pytest.mark.skipif(KIND == "sqlite", reason="several processes share a PostgreSQL, never a file"),
]
SCHEDULES, CUSTOMERS = 8, 5
SHANGHAI = ZoneInfo("Asia/Shanghai")
WITHIN = 120.0


class Crew:
    """Two schedulers and two workers, and a bot's platform that remembers what everybody received."""

    def __init__(self, fleet: Fleet, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.workers = fleet.workers
        first = fleet.scheduler
        second = ServerProcess(fleet.webs[0].config, fleet.webs[0].url, first.log.with_name("second.log"), "scheduler")
        self.schedulers = [first, second]
        for server in (*self.workers, *self.schedulers):
            config = yaml.safe_load(server.config.read_text())
            config["push"] = {"quiet_hours": "", "per_customer": ""}
            server.config.write_text(yaml.safe_dump(config, allow_unicode=True))

    def close(self) -> None:
        for server in (*self.workers, *self.schedulers):
            if not server.is_dead:
                server.kill()

    def received(self, chat: int) -> list[str]:
        """The words that came to this phone."""
        return sorted(str(message["text"]) for message in self.sandbox.telegram.arrived.get(chat, []))


@pytest.fixture
async def crew(postgres: str, tmp_path: Path, aiohttp_server: AiohttpServer) -> AsyncIterator[Crew]:
    port = free_port()
    secrets = SandboxSettings(server_url="http://127.0.0.1:1", base_url=f"http://127.0.0.1:{port}")
    sandbox = Sandbox(secrets)
    await sandbox.start()
    await aiohttp_server(sandbox.app, port=port)
    made = Crew(Fleet(tmp_path, secrets, postgres), sandbox)
    yield made
    made.close()
    await sandbox.close()


async def populated(crew: Crew, moment: datetime) -> None:
    """A manager whose schedules are all due at once, each with words of its own, for the same few customers."""
    staff = await Staff.create(name="韩梅梅", role=Role.MANAGER, created_at=moment)
    await StaffAccount.create(staff=staff, account="telegram", external_id="20001", used_at=moment)
    for chat in [20001, *customers()]:
        crew.sandbox.telegram.person(chat, first_name=f"客人{chat}").has_started = True
    for chat in customers():
        customer = await Customer.create(name=f"客人{chat}", city="上海", created_at=moment, seen_at=moment)
        known = {"account": "telegram", "external_id": str(chat), "state_at": moment, "added_at": moment}
        await Identity.create(customer=customer, heard_at=moment, **known)
    here = moment.astimezone(SHANGHAI)
    for number in range(1, SCHEDULES + 1):
        await Schedule.create(
            staff=staff,
            account="telegram",
            chat="20001",
            language="zh-CN",
            cron=f"{here.minute} {here.hour} * * *",
            zone="Asia/Shanghai",
            words="人群=城市=上海 渠道=电报",
            body=f"第{number}个",
            state="active",
            next_at=moment,
            created_at=moment,
        )


def customers() -> range:
    return range(50001, 50001 + CUSTOMERS)


def minute() -> datetime:
    """The one that it is."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


async def until(question: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WITHIN):
        while not await question():
            await asyncio.sleep(0.05)


async def are_stored() -> bool:
    return await InboxEvent.filter(account=OWN, key__startswith="schedule:").count() >= SCHEDULES


async def are_sent() -> bool:
    return await Push.filter(fire_key__isnull=False, state="done").count() >= SCHEDULES


async def are_quiet() -> bool:
    waiting = await InboxEvent.filter(state="waiting", due_at__lt=datetime.now(UTC) + timedelta(minutes=5)).exists()
    return not waiting and not await OutboxItem.filter(state__in=["waiting", "sending"]).exists()


async def test_each_moment_makes_one_push_whoever_looks_and_whoever_is_killed(crew: Crew) -> None:
    """Both schedulers store it; they die before anybody handles it; then one worker of two dies in the middle."""
    moment = minute()
    await populated(crew, moment)
    await asyncio.gather(*(server.start() for server in crew.schedulers))
    await until(are_stored)
    for server in crew.schedulers:
        server.kill()
    await asyncio.gather(*(server.start() for server in (*crew.workers, crew.schedulers[0])))
    await until(has_begun)
    crew.workers[0].kill()
    await crew.workers[0].start()
    await until(are_sent)
    await Schedule.all().update(next_at=moment)  # as if the clock had been set back after the firing
    await InboxEvent.filter(account=OWN, key__startswith="schedule:").delete()
    await until(are_stored)
    await until(are_quiet)
    mark = int(moment.timestamp() * 1000)
    fired = await Push.exclude(fire_key=None).order_by("schedule_id").values_list("schedule_id", "fire_key")
    assert list(fired) == [(number, f"S{number}:{mark}") for number in range(1, SCHEDULES + 1)]
    assert await Recipient.filter(state="unsure").count() <= CUSTOMERS * SCHEDULES // 2, "only what was in flight"
    for chat in customers():
        words = crew.received(chat)
        assert len(words) == len(set(words)), words
        sure = await Recipient.filter(address=str(chat), state="sent").count()
        doubtful = await Recipient.filter(address=str(chat), state="unsure").count()
        assert sure <= len(words) <= sure + doubtful
        assert sure + doubtful == SCHEDULES


async def has_begun() -> bool:
    return await Push.filter(fire_key__isnull=False).count() >= 1


async def test_a_report_comes_once_from_two_schedulers_and_two_workers(crew: Crew) -> None:
    moment = minute()
    await populated(crew, moment - timedelta(days=2))
    await Schedule.all().delete()
    here = moment.astimezone(SHANGHAI)
    staff, place = await Staff.get(), {"account": "telegram", "chat": "20001", "language": "zh-CN"}
    late = moment - timedelta(days=4)
    await Digest.create(staff=staff, **place, minutes=here.hour * 60 + here.minute, next_at=late)
    await asyncio.gather(*(server.start() for server in (*crew.workers, *crew.schedulers)))

    async def has_come() -> bool:
        return bool(crew.received(20001))

    await until(has_come)
    await until(are_quiet)
    (told,) = crew.received(20001)
    assert told.startswith("日报 ")
    assert (await Digest.get()).next_at > datetime.now(UTC)
