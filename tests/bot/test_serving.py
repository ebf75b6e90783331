"""Here lives the proof that the server starts as a process, answers, and stops when it is told to."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.ports import free_port

HOUSE = Path(__file__).parents[2]
Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start `guanxi …` beside a copy of the example settings, in another folder."""
    (tmp_path / "config.yaml").write_text((HOUSE / "config.yaml").read_text("utf-8"), "utf-8")
    started: list[Process] = []

    async def process(*words: object) -> Process:
        argv = [sys.executable, "-m", "bot", *map(str, words), "-c", str(tmp_path / "config.yaml")]
        started.append(await asyncio.create_subprocess_exec(*argv, cwd=HOUSE, stdout=PIPE, stderr=PIPE))
        return started[-1]

    yield process
    for one in started:
        if one.returncode is None:
            one.kill()
        await one.communicate()


async def line(process: Process) -> str:
    """The next line that the process says; waits for it."""
    assert process.stdout
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode().strip()


async def test_the_demo_answers_and_stops_when_told(start: Start, tmp_path: Path) -> None:
    port = free_port()
    server = await start("demo", "--port", port)
    assert await line(server) == f"Open http://127.0.0.1:{port}/sandbox/"
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as browser:
        for path in ("/healthz", "/readyz", "/metrics", "/sandbox/"):
            assert (await browser.get(path)).status == 200, path
        assert (await browser.post("/callbacks/telegram", json={"update_id": 1})).status == 403
        assert (await browser.post("/callbacks/nobody")).status == 404
    assert (tmp_path / "data" / "demo.db").exists()
    server.send_signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        assert await server.wait() == 0


async def test_one_file_has_one_server(start: Start) -> None:
    await line(await start("demo", "--port", free_port()))
    second = await start("demo", "--port", free_port())
    _, err = await second.communicate()
    assert second.returncode == 1
    assert err.decode().startswith("another server is using")
    assert err.count(b"\n") == 1


async def test_a_taken_port_is_told_in_one_line(start: Start) -> None:
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as taken:
        port = taken.sockets[0].getsockname()[1]
        second = await start("demo", "--port", port)
        _, err = await second.communicate()
    assert second.returncode == 1
    assert err.decode().splitlines()[-1].startswith(f"cannot listen on 127.0.0.1 port {port}")
    assert b"Traceback" not in err


async def test_the_sandbox_alone_says_how_to_be_used(start: Start) -> None:
    port = free_port()
    sandbox = await start("sandbox", "--port", port, "--server", "http://127.0.0.1:1")
    assert await line(sandbox) == f"Open http://127.0.0.1:{port}/sandbox/"
    assert await line(sandbox) == f"wecom: api_base: http://127.0.0.1:{port}/sandbox/wecom"
    async with aiohttp.ClientSession() as browser:
        answer = await browser.get(f"http://127.0.0.1:{port}/sandbox/wecom/cgi-bin/gettoken")
        assert answer.status == 200
    sandbox.send_signal(signal.SIGINT)
    async with asyncio.timeout(10):
        assert await sandbox.wait() == 0


async def test_help_does_not_import_what_is_heavy() -> None:
    words = "import sys; from bot.__main__ import run; run(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", words, cwd=HOUSE, stdout=PIPE, stderr=PIPE)
    _, err = await process.communicate()
    for heavy in ("aiogram", "aiohttp", "tortoise", "pydantic", "jinja2", "wechatpy"):
        assert f"'{heavy}'" not in err.decode()
