"""Here lives what must hold of fetching: nobody sees an inner network by typing an address of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest

from channels import Tools
from channels.fetching import NotPublic, fetch


class Inside:
    """A server in our own network, and how often somebody came to it."""

    def __init__(self) -> None:
        self.came = 0
        self.port = 0

    async def meet(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        writer.close()


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    there = Inside()
    server = await asyncio.start_server(there.meet, "127.0.0.1", 0)
    there.port = server.sockets[0].getsockname()[1]
    async with server:
        yield there


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    async with aiohttp.ClientSession() as session:
        yield Tools(session, lambda: datetime.now(UTC), "https://crm.example/", {})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_nobody_comes_to_our_own_machine(inside: Inside, tools: Tools, host: str) -> None:
    with pytest.raises(NotPublic):
        await fetch(f"https://{host}:{inside.port}/a.png", tools)
    assert inside.came == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "http://example.com/a.png",
        "ftp://example.com/a.png",
        "https.example",
    ],
)
async def test_nor_to_the_network_around_it(tools: Tools, url: str) -> None:
    with pytest.raises(NotPublic):
        await fetch(url, tools)
