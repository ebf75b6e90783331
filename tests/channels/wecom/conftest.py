"""Here lives a WeCom channel joined to the simulated platform, on a clock that tests move."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from channels import Tools, open_channel
from channels.wecom.config import Config
from domain.channel import Channel
from sandbox import Sandbox
from tests.channels.wecom.sealing import SETTINGS


class HandClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def sandbox(clock: HandClock) -> Sandbox:
    sandbox = Sandbox(SETTINGS, clock=lambda: clock().timestamp())
    sandbox.wecom.add_member("zhangwei", "张伟")
    return sandbox


@pytest.fixture
async def api_base(sandbox: Sandbox, aiohttp_server: Any) -> str:
    server = await aiohttp_server(sandbox.app)
    return str(server.make_url("/wecom"))


@pytest.fixture
def settings(api_base: str) -> dict[str, Any]:
    """One entry of config.yaml."""
    return {
        "name": "wecom",
        "kind": "wecom",
        "corp_id": SETTINGS.corp_id,
        "agent_id": SETTINGS.agent_id,
        "secret": SETTINGS.wecom_secret,
        "token": SETTINGS.wecom_token,
        "aes_key": SETTINGS.wecom_aes_key,
        "api_base": api_base,
    }


@pytest.fixture
async def tools(clock: HandClock) -> AsyncIterator[Tools]:
    async with aiohttp.ClientSession() as session:
        yield Tools(session, clock, "http://127.0.0.1:1", {})


@pytest.fixture
def channel(settings: dict[str, Any], tools: Tools) -> Channel:
    return open_channel(Config(**settings), tools)
