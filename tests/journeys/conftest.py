"""Here lives how a town is built for one journey, on the database of the run, and how its log is read afterwards."""

import asyncio
import base64
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
import yaml
from aiohttp import web
from aiohttp.pytest_plugin import AiohttpServer

import channels.telegram.reader
import channels.telegram.sender  # noqa: F401 - aiogram takes seconds to import: not in the middle of a journey
from bot import logs
from bot.app import SERVER, Parts, build_app
from bot.configuration import load
from bot.settings import Settings
from sandbox import Sandbox, SandboxSettings
from tests.journeys.discretion import check
from tests.journeys.town import ADMIN, BOSS, Sundial, Town
from tests.ports import free_port

Build = Callable[..., Awaitable[Town]]

# Journeys are not about pace: those that are say so with `limits=`.
FAST = {
    "telegram.messages_per_second": 10_000,
    "telegram.messages_per_chat_second": 10_000,
    "telegram.chat_burst": 10_000,
    "wecom.messages_per_second": 10_000,
    "wecom.messages_per_member_minute": 600_000,
    "wecom.messages_per_member_hour": 6_000_000,
}


def configured(folder: Path, secrets: SandboxSettings, database_url: str, **changes: Any) -> Settings:
    """The settings of a server that runs against the sandbox, read from a real config.yaml."""
    telegram = {
        "name": "telegram",
        "kind": "telegram",
        "token": secrets.telegram_token,
        "webhook_secret": secrets.webhook_secret,
        "api_base": f"{secrets.base_url}/telegram",
    }
    config: dict[str, Any] = {
        "server": {"public_url": secrets.server_url},
        "database": {"url": database_url},
        "secret_key": base64.b64encode(bytes(32)).decode(),
        "channels": [
            {
                "name": "wecom",
                "kind": "wecom",
                "corp_id": secrets.corp_id,
                "agent_id": secrets.agent_id,
                "secret": secrets.wecom_secret,
                "token": secrets.wecom_token,
                "aes_key": secrets.wecom_aes_key,
                "api_base": f"{secrets.base_url}/wecom",
            },
            {
                "name": "official",
                "kind": "wechat",
                "app_id": secrets.app_id,
                "app_secret": secrets.wechat_secret,
                "token": secrets.wechat_token,
                "aes_key": secrets.wechat_aes_key,
                "api_base": f"{secrets.base_url}/wechat",
            },
            telegram | changes.pop("telegram", {}),
        ],
        "staff": [{"name": "管理员", "role": "admin", "accounts": {"wecom": BOSS, "telegram": ADMIN}}],
        "replies": {
            "welcome": {"default": "welcome"},
            "keywords": [{"words": ["价格", "多少钱", "price"], "template": "price"}],
        },
        "limits": FAST,
    }
    config.update(changes)
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True))
    return load(file, {})


@pytest.fixture
def sundial() -> Sundial:
    return Sundial()


@asynccontextmanager
async def served(app: web.Application, port: int) -> AsyncIterator[tuple[Parts, Context]]:
    """Our server in a task of its own, as a process would run it; the context in which its database is open."""
    ready: asyncio.Future[Context] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
        ready.set_result(copy_context())
        await stop.wait()
        await runner.cleanup()

    task = asyncio.create_task(serve())
    await asyncio.wait([ready, task], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    yield app[SERVER].parts, ready.result()
    stop.set()
    await task


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged in a journey, as a server logs it at its most talkative."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure("debug", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
async def build(
    database: str, tmp_path: Path, aiohttp_server: AiohttpServer, sundial: Sundial, logged: io.StringIO
) -> AsyncIterator[Build]:
    """Makes a town; the test looks at the same database through a connection of its own."""
    stack = AsyncExitStack()
    towns: list[Town] = []

    async def make(*, secrets: dict[str, Any] | None = None, opened: bool = True, **changes: Any) -> Town:
        ports = free_port(), free_port()
        settings = SandboxSettings(
            server_url=f"http://127.0.0.1:{ports[0]}", base_url=f"http://127.0.0.1:{ports[1]}", **(secrets or {})
        )
        sandbox = Sandbox(settings, sundial.seconds)
        await sandbox.start()
        stack.push_async_callback(sandbox.close)
        await aiohttp_server(sandbox.app, port=ports[1])
        ours = configured(tmp_path, settings, database, **changes)
        http = await stack.enter_async_context(aiohttp.ClientSession())

        def serve() -> Any:
            return served(build_app(ours, clock=sundial, monotonic=sundial.monotonic), ports[0])

        town = Town(serve, sandbox, sundial, http)
        towns.append(town)
        stack.push_async_callback(town.close)
        if opened:
            await town.open()
        return town

    async with stack:
        yield make
    for town in towns:
        check(logged.getvalue(), town.sandbox)


@pytest.fixture
async def town(build: Build) -> Town:
    return await build()
