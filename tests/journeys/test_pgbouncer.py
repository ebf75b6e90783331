"""A real pgbouncer in transaction mode: three servers behind it take, handle, answer and ask as they do without."""

import asyncio
import base64
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import yaml
from aiohttp.pytest_plugin import AiohttpServer
from psycopg.conninfo import conninfo_to_dict

from bot import addresses
from bot.database import DatabaseUnusable, transaction
from bot.passive import PASSIVE
from bot.settings import Database
from domain.messages import Address, OutboundMessage, Priority, Text
from models.cursors import Cursor
from models.inbox import InboxEvent
from models.limits import RateLimit
from models.messages import Message
from models.outbox import OutboxItem
from models.sql import select
from models.tokens import AccessToken
from sandbox import Sandbox, SandboxSettings
from tests.bot.streams import until
from tests.ports import free_port
from tests.processes import ServerProcess

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
NO_POOLER = "no pgbouncer: install it (Debian: apt install pgbouncer)"
CONNECTIONS = 3  # fewer than the servers want, so that each transaction may get another one
FOLLOWERS = 12
RECIPIENTS = 25
PACE = 10.0  # messages in a second
MIA = 50001


class Pooler:
    """pgbouncer in front of one database: `url` leads through it, `direct` past it."""

    def __init__(self, folder: Path, direct: str) -> None:
        self.direct = direct
        self._port = free_port()
        self.url = urlsplit(direct)._replace(netloc=f"postgres@127.0.0.1:{self._port}", query="").geturl()
        file = folder / "pgbouncer.ini"
        file.write_text(self._settings())
        refuses_root = ["-u", "nobody"] if os.geteuid() == 0 else []
        with (folder / "pgbouncer.log").open("wb") as log:
            command = [str(PGBOUNCER), *refuses_root, str(file)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def _settings(self) -> str:
        known = conninfo_to_dict(self.direct)
        named = {name: known[name] for name in ("host", "port", "user", "password") if known.get(name)}
        server = " ".join(f"{name}={value}" for name, value in named.items())
        return (
            f"[databases]\n* = {server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self._port}\n"
            "unix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
            f"default_pool_size = {CONNECTIONS}\nreserve_pool_size = 0\nmax_client_conn = 100\n"
        )

    async def is_up(self) -> bool:
        assert self._process.poll() is None
        try:
            connection = await asyncpg.connect(self.url, timeout=2, statement_cache_size=0)
        except (OSError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


class Quarter:
    """The platforms, the pooler, and the servers of one test."""

    def __init__(self, folder: Path, secrets: SandboxSettings, pooler: Pooler) -> None:
        self.folder = folder
        self.secrets = secrets
        self.pooler = pooler
        self.sandbox = Sandbox(secrets)
        self.sandbox.telegram.polling = True
        self.servers: list[ServerProcess] = []

    async def serve(self, roles: str, port: int = 0) -> ServerProcess:
        port = port or free_port()
        file = self.folder / f"{port}.yaml"
        file.write_text(yaml.safe_dump(self._config(port), allow_unicode=True))
        server = ServerProcess(file, f"http://127.0.0.1:{port}", self.folder / f"{port}.log", roles)
        self.servers.append(server)
        await server.start()
        return server

    def _config(self, port: int) -> dict[str, object]:
        secrets = self.secrets
        official = {
            "name": "official",
            "kind": "wechat",
            "app_id": secrets.app_id,
            "app_secret": secrets.wechat_secret,
            "token": secrets.wechat_token,
            "aes_key": secrets.wechat_aes_key,
            "api_base": f"{secrets.base_url}/wechat",
        }
        bot = {"name": "telegram", "kind": "telegram", "mode": "polling", "token": secrets.telegram_token}
        return {
            "server": {"port": port, "public_url": secrets.server_url},
            "database": {"url": self.pooler.url, "direct_url": self.pooler.direct},
            "secret_key": base64.b64encode(bytes(32)).decode(),
            "channels": [official, bot | {"api_base": f"{secrets.base_url}/telegram"}],
            "limits": {"telegram.messages_per_second": PACE, "telegram.chat_burst": 3},
            "replies": {"keywords": [{"words": ["价格"], "template": "price"}]},
        }

    def asked(self, method: str) -> list[float]:
        """When a method was called with success."""
        return [call.at for call in self.sandbox.calls if call.method_or_path == method and call.answer_status == 200]

    def logs(self) -> str:
        return "".join(server.log.read_text("utf-8") for server in self.servers)


@pytest.fixture
async def pooler(postgres: str, tmp_path: Path) -> AsyncIterator[Pooler]:
    if not PGBOUNCER:
        if os.environ.get("CI") == "true":
            pytest.fail(NO_POOLER)
        pytest.skip(NO_POOLER)
    made = Pooler(tmp_path, postgres)
    await until(made.is_up)
    yield made
    made.stop()


@pytest.fixture
def ports() -> tuple[int, int]:
    """Where the platforms find us, and we them."""
    return free_port(), free_port()


@pytest.fixture
async def quarter(
    pooler: Pooler, tmp_path: Path, aiohttp_server: AiohttpServer, ports: tuple[int, int]
) -> AsyncIterator[Quarter]:
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    made = Quarter(tmp_path, SandboxSettings(server_url=urls[0], base_url=urls[1]), pooler)
    await made.sandbox.start()
    await aiohttp_server(made.sandbox.app, port=ports[1])
    yield made
    for server in made.servers:
        if not server.is_dead:
            server.kill()
    await made.sandbox.close()


async def test_behind_a_pooler_everything_is_as_without(quarter: Quarter, ports: tuple[int, int]) -> None:
    door = await quarter.serve("web", ports[0])
    await quarter.serve("web,worker")
    await quarter.serve("worker,scheduler")
    assert await backends("guanxi line") == 3  # each has a session of its own, and the lanes have theirs
    assert await backends("guanxi") <= CONNECTIONS + 1  # and this test has one

    await followers_are_answered_in_the_answer(quarter)
    await a_push_keeps_the_pace(quarter)
    await who_polls_is_relieved(quarter, door)

    assert "interrupted" not in quarter.logs()
    assert not await OutboxItem.exclude(state="done").exists()


@pytest.mark.parametrize("wrong", ["no direct_url", "direct_url is the pooler", "another database"])
async def test_addresses_that_do_not_fit_keep_a_server_from_starting(pooler: Pooler, wrong: str) -> None:
    url, direct, told = {
        "no direct_url": (pooler.url, "", "database.url is a pooler's"),
        "direct_url is the pooler": (pooler.direct, pooler.url, "database.direct_url is a pooler's"),
        "another database": (pooler.url, urlsplit(pooler.direct)._replace(path="/postgres").geturl(), "two databases"),
    }[wrong]
    with pytest.raises(DatabaseUnusable, match=told):
        await addresses.check(Database(url=url, direct_url=direct))


async def test_a_straight_address_will_do(pooler: Pooler) -> None:
    await addresses.check(Database(url=pooler.direct))
    await addresses.check(Database(url=pooler.url, direct_url=pooler.direct))


async def followers_are_answered_in_the_answer(quarter: Quarter) -> None:
    """The process at the door handles nothing: what it says was decided by another, with one token for all."""
    openids = [f"oPooled{number:021d}" for number in range(FOLLOWERS)]
    await asyncio.gather(*(quarter.sandbox.wechat.follow(openid) for openid in openids))
    answers = await asyncio.gather(*(quarter.sandbox.wechat.user_says(openid, "价格") for openid in openids))
    await until(settled)
    said = await OutboxItem.filter(account="official", platform_id=PASSIVE, reply_to__startswith="m:").count()
    assert 0 < said == sum(bool(answer.reply) for answer in answers)
    assert await InboxEvent.filter(account="official", key__startswith="m:").count() == FOLLOWERS
    assert await OutboxItem.filter(account="official", state="done").count() == 2 * FOLLOWERS
    assert len(quarter.asked("stable_token")) == await AccessToken.all().count() == 1


async def a_push_keeps_the_pace(quarter: Quarter) -> None:
    began = time.time()
    async with transaction():
        for number in range(60_000, 60_000 + RECIPIENTS):
            quarter.sandbox.telegram.person(number, first_name="Somebody").has_started = True
            push = OutboundMessage(Address("telegram", str(number)), Text("News of the week"), Priority.PUSH)
            await OutboxItem.enqueue(push, datetime.now(UTC))
    await until(settled)
    sent = quarter.asked("sendMessage")
    assert len(sent) == RECIPIENTS
    assert max(sent) - began >= (RECIPIENTS - 1) / PACE  # two workers, one pace
    assert await RateLimit.exists(key="telegram")


async def who_polls_is_relieved(quarter: Quarter, holder: ServerProcess) -> None:
    """It was there first; when it is killed the other asks, and every message is heard once."""
    first = (await Cursor.get(account="telegram")).holder
    await says(quarter, range(10))
    holder.kill()
    await says(quarter, range(10, 20))
    assert (await Cursor.get(account="telegram")).holder not in {first, ""}
    heard = Counter(await Message.filter(direction="in", text__startswith="line").values_list("text", flat=True))
    assert heard == Counter(f"line {number}" for number in range(20))


async def says(quarter: Quarter, numbers: range) -> None:
    for number in numbers:
        await quarter.sandbox.telegram.user_says(MIA, f"line {number}", update_id=1000 + number)

    async def is_heard() -> bool:
        return await Message.filter(text=f"line {numbers[-1]}").exists()

    await until(is_heard)
    await until(settled)


async def settled() -> bool:
    waiting = await InboxEvent.filter(state="waiting").exists()
    return not waiting and not await OutboxItem.filter(state__in=["waiting", "sending"]).exists()


async def backends(name: str) -> int:
    """Connections to this database that say they are this."""
    asked = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"
    return int((await select(asked, name))[0]["n"])
