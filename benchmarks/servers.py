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

ROOT = Path(__file__).parent.parent
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
SERVE = """
import sys
from pathlib import Path
from bot.commands import frame, serve
settings = frame.settings_of(Path(sys.argv[1]))
serve._configure_logs(settings)
serve._run(serve._serve(settings, tuple(sys.argv[2].split(",")), settings.server.port))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(command: list[str], port: int, path: str = "/healthz") -> Iterator[int]:
    """The process's id while it serves; ended afterwards."""
    with launched([command]) as (process,):
        _wait(f"http://127.0.0.1:{port}{path}", process)
        yield process.pid


@contextmanager
def launched(commands: list[list[str]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many processes; ended afterwards."""
    log = sys.stderr if os.environ.get("BENCH_LOG") else subprocess.DEVNULL
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, cwd=ROOT) for command in commands]
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
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
    """Our server with an encrypted official account and a WeCom app: (port, process id)."""
    with guanxis(folder, database_url, 1, roles=roles, base_url=base_url) as (server,):
        yield server


@contextmanager
def guanxis(
    folder: Path, database_url: str, count: int, *, roles: str, base_url: str = "http://127.0.0.1:9"
) -> Iterator[list[tuple[int, int]]]:
    """So many of them on one database; on SQLite too, any roles can be measured alone."""
    ports = [free_port() for _ in range(count)]
    files = [configured(folder, port, database_url, base_url) for port in ports]
    upgrade(files[0])
    with launched([[sys.executable, "-c", SERVE, str(file), roles] for file in files]) as processes:
        for port, process in zip(ports, processes, strict=True):
            _wait(f"http://127.0.0.1:{port}/healthz", process)
        yield [(port, process.pid) for port, process in zip(ports, processes, strict=True)]


def upgrade(config: Path) -> None:
    """Make the tables."""
    command = [sys.executable, "-m", "bot", "db", "upgrade", "-c", str(config)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)


def configured(folder: Path, port: int, database_url: str, base_url: str = "http://127.0.0.1:9") -> Path:
    """The config of one server, written."""
    file = folder / f"config-{port}.yaml"
    file.write_text(yaml.safe_dump(config(port, database_url, base_url), allow_unicode=True))
    return file


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
            },
            {
                "name": "wecom",
                "kind": "wecom",
                "corp_id": secrets.corp_id,
                "agent_id": secrets.agent_id,
                "secret": secrets.wecom_secret,
                "token": secrets.wecom_token,
                "aes_key": secrets.wecom_aes_key,
                "api_base": f"{base_url}/wecom",
            },
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
