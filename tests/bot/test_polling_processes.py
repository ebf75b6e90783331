"""Real servers on one PostgreSQL: one polls; when it is killed, paused or stopped another does, and nothing is lost."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from aiohttp.pytest_plugin import AiohttpServer

from models.cursors import Cursor
from models.inbox import InboxEvent
from models.messages import Message
from sandbox import Sandbox, SandboxSettings
from tests.bot.streams import until
from tests.ports import free_port
from tests.processes import ServerProcess

MIA = 50001
TAKEN_OVER_WITHIN = 10.0
PACE = 0.02  # seconds between two messages


class Ward:
    """The platform, a customer who talks on and on, and the servers."""

    def __init__(self, folder: Path, secrets: SandboxSettings, database: str) -> None:
        self.folder = folder
        self.secrets = secrets
        self.database = database
        self.sandbox = Sandbox(secrets)
        self.sandbox.telegram.polling = True
        self.servers: list[ServerProcess] = []
        self.said = 0

    async def serve(self, roles: str) -> ServerProcess:
        port = free_port()
        file = self.folder / f"{port}.yaml"
        file.write_text(yaml.safe_dump(self._config(port), allow_unicode=True))
        server = ServerProcess(file, f"http://127.0.0.1:{port}", self.folder / f"{port}.log", roles)
        self.servers.append(server)
        await server.start()
        return server

    def _config(self, port: int) -> dict[str, object]:
        bot = {"name": "telegram", "kind": "telegram", "mode": "polling", "token": self.secrets.telegram_token}
        return {
            "server": {"port": port, "public_url": f"http://127.0.0.1:{port}"},
            "database": {"url": self.database},
            "secret_key": base64.b64encode(bytes(32)).decode(),
            "channels": [bot | {"api_base": f"{self.secrets.base_url}/telegram"}],
        }

    async def talk(self) -> None:
        while True:
            self.said += 1
            await self.sandbox.telegram.user_says(MIA, f"line {self.said}", update_id=1000 + self.said)
            await asyncio.sleep(PACE)

    async def goes_on(self) -> None:
        """Until what was said just now, and a little more, is stored."""
        goal = self.said + 5
        await until(lambda: self.stored(goal))

    async def stored(self, count: int) -> bool:
        return await InboxEvent.filter(account="telegram").count() >= count

    def conflicts(self) -> int:
        return sum(call.method_or_path == "getUpdates" and call.answer_status == 409 for call in self.sandbox.calls)

    async def taken_over(self, holder: str) -> float:
        """How long it takes until another has the role."""
        began = time.monotonic()

        async def is_another() -> bool:
            return (await Cursor.get(account="telegram")).holder not in {holder, ""}

        await until(is_another)
        return time.monotonic() - began


@pytest.fixture
async def ward(database: str, tmp_path: Path, aiohttp_server: AiohttpServer) -> AsyncIterator[Ward]:
    if database.startswith("sqlite"):
        pytest.skip("a file has one server")
    port = free_port()
    secrets = SandboxSettings(server_url="http://127.0.0.1:1", base_url=f"http://127.0.0.1:{port}")
    made = Ward(tmp_path, secrets, database)
    await made.sandbox.start()
    await aiohttp_server(made.sandbox.app, port=port)
    yield made
    for server in made.servers:
        if not server.is_dead:
            server.kill()
    await made.sandbox.close()


async def test_over_a_kill_a_pause_and_a_stop_every_message_is_heard_once(ward: Ward) -> None:
    await ward.serve("worker")
    first = await ward.serve("web")
    talking = asyncio.create_task(ward.talk())
    await ward.goes_on()
    second = await ward.serve("web")
    await ward.goes_on()
    assert ward.conflicts() == 0

    holder = (await Cursor.get(account="telegram")).holder
    first.kill()
    assert await ward.taken_over(holder) < TAKEN_OVER_WITHIN
    await ward.goes_on()

    third = await ward.serve("web")
    holder, conflicts = (await Cursor.get(account="telegram")).holder, ward.conflicts()
    second.pause()
    assert await ward.taken_over(holder) < TAKEN_OVER_WITHIN
    await ward.goes_on()
    second.wake()
    await until(second.answers)
    holder = (await Cursor.get(account="telegram")).holder
    await ward.goes_on()
    assert (await Cursor.get(account="telegram")).holder == holder
    assert ward.conflicts() - conflicts <= 2  # the question that was open when it fell asleep, and one on waking

    third.stop()
    assert await ward.taken_over(holder) < TAKEN_OVER_WITHIN / 2
    await ward.goes_on()
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)
    await everything_was_heard_once(ward)


async def everything_was_heard_once(ward: Ward) -> None:
    async def is_heard() -> bool:
        return await Message.filter(direction="in").count() >= ward.said

    await until(is_heard)
    said = [f"line {number}" for number in range(1, ward.said + 1)]
    assert [message.text for message in await Message.filter(direction="in").order_by("id")] == said
    assert await InboxEvent.filter(account="telegram").count() == ward.said
    assert (await Cursor.get(account="telegram")).value.endswith(f":{1000 + ward.said + 1}")
