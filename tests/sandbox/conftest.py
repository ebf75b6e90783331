"""A simulator on a loopback port and the tiny server it posts to."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.pytest_plugin import AiohttpServer

from sandbox import Sandbox, SandboxSettings
from tests.sandbox.tiny import Api, Clock, TinyServer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(aiohttp_server: AiohttpServer) -> TinyServer:
    tiny = TinyServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", tiny.handle)
    running = await aiohttp_server(app)
    tiny.url = str(running.make_url("")).rstrip("/")
    return tiny


@pytest.fixture
async def sandbox(server: TinyServer, clock: Clock) -> AsyncIterator[Sandbox]:
    simulator = Sandbox(SandboxSettings(server_url=server.url), clock)
    await simulator.start()
    yield simulator
    await simulator.close()


@pytest.fixture
async def api(sandbox: Sandbox, aiohttp_server: AiohttpServer) -> AsyncIterator[Api]:
    running = await aiohttp_server(sandbox.app)
    async with aiohttp.ClientSession() as session:
        yield Api(session, str(running.make_url("")).rstrip("/"), sandbox)
