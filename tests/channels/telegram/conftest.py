"""Here lives a bot of ours, facing the simulator over real HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels import Tools, open_channel
from channels.telegram import Telegram
from channels.telegram.config import Config
from domain.channel import CallbackRequest
from sandbox import Sandbox, SandboxSettings
from tests.clock import Clock

FIXTURES = Path(__file__).parents[1] / "fixtures" / "telegram"
SETTINGS = SandboxSettings("http://127.0.0.1:1")
SECRET = SETTINGS.webhook_secret
BOT = int(SETTINGS.telegram_token.partition(":")[0])
Serve = Callable[[web.Application], Awaitable[TestServer]]
OpenBot = Callable[..., Telegram]


def post(body: str | bytes, secret: str = SECRET) -> CallbackRequest:
    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return CallbackRequest("POST", {}, {"x-telegram-bot-api-secret-token": secret}, content)


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    sandbox = Sandbox(SETTINGS, clock=lambda: clock().timestamp())
    sandbox.telegram.person(50001, first_name="Mia").has_started = True
    return sandbox


@pytest.fixture
async def api_base(sandbox: Sandbox, aiohttp_server: Serve) -> str:
    return str((await aiohttp_server(sandbox.app)).make_url("/telegram"))


@pytest.fixture
async def tools(clock: Clock) -> AsyncIterator[Tools]:
    async with aiohttp.ClientSession() as session:
        yield Tools(session, clock, "http://127.0.0.1:1", {})


def entry(**changes: Any) -> Config:
    """One entry of config.yaml."""
    given = {"name": "telegram", "kind": "telegram", "token": SETTINGS.telegram_token, "webhook_secret": SECRET}
    return Config(**(given | {"poll_seconds": 1} | changes))


@pytest.fixture
def open_bot(tools: Tools, api_base: str) -> OpenBot:
    """A bot at the simulator, with changes to its entry in config.yaml."""

    def make(**changes: Any) -> Telegram:
        channel = open_channel(entry(**({"api_base": api_base} | changes)), tools)
        assert isinstance(channel, Telegram)
        return channel

    return make


@pytest.fixture
def bot(open_bot: OpenBot) -> Telegram:
    return open_bot()
