"""Here lives our server as a process that tests start, kill and start again; or as several of them."""

import asyncio
import base64
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from sandbox import SandboxSettings
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
UP_WITHIN = 90.0


def official_only(folder: Path, secrets: SandboxSettings, database_url: str) -> Path:
    """The config.yaml of a server with one official account, which starts quickly."""
    config = _config(secrets, database_url, int(secrets.server_url.rpartition(":")[2]), [_official(secrets)])
    return _written(folder / "config.yaml", config)


def with_tags(folder: Path, secrets: SandboxSettings, database_url: str) -> Path:
    """The same with WeCom and the official account: both keep tags."""
    port = int(secrets.server_url.rpartition(":")[2])
    config = _config(secrets, database_url, port, [_wecom(secrets), _official(secrets)])
    return _written(folder / "config.yaml", config)


def one_of_several(folder: Path, secrets: SandboxSettings, database_url: str, port: int, *, telegram: bool) -> Path:
    """The same for a server behind a balancer; Telegram, if it is there, sets no limits worth waiting for."""
    config = _config(secrets, database_url, port, [_official(secrets), *([_bot(secrets)] if telegram else [])])
    limits = {"messages_per_second": 2000, "messages_per_chat_second": 500, "chat_burst": 50}
    config["limits"] = {f"telegram.{name}": figure for name, figure in limits.items()}
    return _written(folder / f"{port}.yaml", config)


def _bot(secrets: SandboxSettings) -> dict[str, str]:
    return {
        "name": "telegram",
        "kind": "telegram",
        "token": secrets.telegram_token,
        "webhook_secret": secrets.webhook_secret,
        "api_base": f"{secrets.base_url}/telegram",
    }


def _wecom(secrets: SandboxSettings) -> dict[str, Any]:
    return {
        "name": "wecom",
        "kind": "wecom",
        "corp_id": secrets.corp_id,
        "agent_id": secrets.agent_id,
        "secret": secrets.wecom_secret,
        "token": secrets.wecom_token,
        "aes_key": secrets.wecom_aes_key,
        "api_base": f"{secrets.base_url}/wecom",
    }


def _official(secrets: SandboxSettings) -> dict[str, str]:
    return {
        "name": "official",
        "kind": "wechat",
        "app_id": secrets.app_id,
        "app_secret": secrets.wechat_secret,
        "token": secrets.wechat_token,
        "aes_key": secrets.wechat_aes_key,
        "api_base": f"{secrets.base_url}/wechat",
    }


def _config(secrets: SandboxSettings, database_url: str, port: int, accounts: list[Any]) -> dict[str, Any]:
    return {
        "server": {"port": port, "public_url": secrets.server_url},
        "database": {"url": database_url},
        "secret_key": base64.b64encode(bytes(32)).decode(),
        "channels": accounts,
        "replies": {"keywords": [{"words": ["价格"], "template": "price"}]},
        "push": {"quiet_hours": "00:00-00:00"},  # none: tests run at night, too
    }


def _written(file: Path, config: dict[str, Any]) -> Path:
    file.write_text(yaml.safe_dump(config, allow_unicode=True))
    return file


class ServerProcess:
    """`config` is the file of its settings, `url` where it listens; its log goes to `log`."""

    def __init__(self, config: Path, url: str, log: Path, roles: str = "web,worker,scheduler") -> None:
        self.config = config
        self.url = url
        self.log = log
        self.roles = roles
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self, *, dying_at_line: int = 0, road: Sequence[str] = ()) -> None:
        """Start it and wait until it is ready; or, doomed, until it takes callbacks.

        `road`: the files in which it passes so many lines, from then on.
        """
        serve = ["-m", "bot", "serve", "-c", str(self.config), "--roles", self.roles]
        doomed = ["-m", "tests.dying", str(self.config), str(dying_at_line), *road]
        command = [sys.executable, *(doomed if dying_at_line else serve)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        async with asyncio.timeout(UP_WITHIN):
            while not await self.answers():
                assert self.process.poll() is None, self.log.read_text()[-2000:]
                await asyncio.sleep(0.02)
        if road:
            self.process.send_signal(signal.SIGUSR1)

    async def answers(self) -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def kill(self) -> None:
        """As the power would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def pause(self) -> None:
        """As a machine that sleeps."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)

    @property
    def is_dead(self) -> bool:
        return self.process is None or self.process.poll() is not None


class Fleet:
    """Several servers on one PostgreSQL: web and worker processes, each with a port and a log of its own."""

    def __init__(self, folder: Path, secrets: SandboxSettings, database_url: str, *, telegram: bool = True) -> None:
        def server(role: str) -> ServerProcess:
            port = free_port()
            config = one_of_several(folder, secrets, database_url, port, telegram=telegram)
            return ServerProcess(config, f"http://127.0.0.1:{port}", folder / f"{role}-{port}.log", role)

        self.webs = [server("web"), server("web")]
        self.workers = [server("worker"), server("worker")]
        self.scheduler = server("scheduler")

    @property
    def servers(self) -> list[ServerProcess]:
        return [*self.webs, *self.workers, self.scheduler]

    @property
    def ports(self) -> list[int]:
        """Where callbacks are taken."""
        return [int(web.url.rpartition(":")[2]) for web in self.webs]

    async def start(self) -> None:
        await asyncio.gather(*(server.start() for server in self.servers))

    def close(self) -> None:
        for server in self.servers:
            if not server.is_dead:
                server.kill()
