"""Here lives the starting of servers to measure: bare aiohttp, and ours with a config of its own; each a process."""

import asyncio
import base64
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import asyncpg
import yaml

from sandbox import SandboxSettings

BARE = """
import sys, uvloop
from aiohttp import web
async def ok(request):
    await request.read()
    return web.Response(text="ok")
app = web.Application()
app.router.add_route("*", "/{path:.*}", ok)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), loop=uvloop.new_event_loop(), access_log=None, print=None)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(command: list[str], port: int, path: str = "/healthz") -> Iterator[int]:
    """The process's id while it serves; ended afterwards."""
    log = sys.stderr if os.environ.get("BENCH_LOG") else subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}{path}", process)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def bare() -> Iterator[tuple[int, int]]:
    """aiohttp that answers "ok" and does nothing: (port, process id)."""
    port = free_port()
    with started([sys.executable, "-c", BARE, str(port)], port) as pid:
        yield port, pid


@contextmanager
def guanxi(
    folder: Path, database_url: str, *, roles: str, base_url: str = "http://127.0.0.1:9"
) -> Iterator[tuple[int, int]]:
    """Our server with one encrypted official account: (port, process id)."""
    port = free_port()
    file = folder / f"config-{port}.yaml"
    file.write_text(yaml.safe_dump(config(port, database_url, base_url), allow_unicode=True))
    command = [sys.executable, "-m", "bot"]
    subprocess.run([*command, "db", "upgrade", "-c", str(file)], check=True, stdout=subprocess.DEVNULL)
    with started([*command, "serve", "-c", str(file), "--roles", roles], port) as pid:
        yield port, pid


def config(port: int, database_url: str, base_url: str) -> dict[str, object]:
    secrets = SandboxSettings("")
    return {
        "server": {"port": port, "public_url": f"http://127.0.0.1:{port}"},
        "database": {"url": database_url},
        "secret_key": base64.b64encode(bytes(32)).decode(),
        "log": {"level": "warning"},
        "channels": [
            {
                "name": "official",
                "kind": "wechat",
                "app_id": secrets.app_id,
                "app_secret": secrets.wechat_secret,
                "token": secrets.wechat_token,
                "aes_key": secrets.wechat_aes_key,
                "api_base": f"{base_url}/wechat",
            }
        ],
        "replies": {"welcome": {"default": "welcome"}, "keywords": [{"words": ["价格"], "template": "price"}]},
    }


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}; BENCH_LOG=1 shows why")
        try:
            urllib.request.urlopen(url, timeout=1)
        except (URLError, OSError):
            asyncio.run(asyncio.sleep(0.05))
        else:
            return
    raise SystemExit("the server did not come up")


@contextmanager
def postgres_database(server: str) -> Iterator[str]:
    """A fresh database on this server, dropped afterwards: its address."""
    name = f"guanxi_bench_{os.getpid()}"

    async def do(statement: str) -> None:
        connection = await asyncpg.connect(server)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(do(f"CREATE DATABASE {name}"))
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        asyncio.run(do(f"DROP DATABASE {name} WITH (FORCE)"))
