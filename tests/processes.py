"""Here lives our server as a process that tests start, kill and start again."""

import asyncio
import base64
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import yaml

from sandbox import SandboxSettings

ROOT = Path(__file__).resolve().parent.parent
UP_WITHIN = 30.0


def official_only(folder: Path, secrets: SandboxSettings, database_url: str) -> Path:
    """The config.yaml of a server with one official account, which starts quickly."""
    account = {
        "name": "official",
        "kind": "wechat",
        "app_id": secrets.app_id,
        "app_secret": secrets.wechat_secret,
        "token": secrets.wechat_token,
        "aes_key": secrets.wechat_aes_key,
        "api_base": f"{secrets.base_url}/wechat",
    }
    config = {
        "server": {"port": int(secrets.server_url.rpartition(":")[2]), "public_url": secrets.server_url},
        "database": {"url": database_url},
        "secret_key": base64.b64encode(bytes(32)).decode(),
        "channels": [account],
        "replies": {"keywords": [{"words": ["价格"], "template": "price"}]},
    }
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True))
    return file


class ServerProcess:
    """`config` is the file of its settings, `url` where it listens; its log goes to `log`."""

    def __init__(self, config: Path, url: str, log: Path) -> None:
        self.config = config
        self.url = url
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self, *, dying_at_line: int = 0) -> None:
        """Start it and wait until it is ready; or, doomed, until it takes callbacks."""
        serve = ["-m", "bot", "serve", "-c", str(self.config)]
        doomed = ["-m", "tests.dying", str(self.config), str(dying_at_line)]
        command = [sys.executable, *(doomed if dying_at_line else serve)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        async with asyncio.timeout(UP_WITHIN):
            while not await self.answers():
                assert self.process.poll() is None, self.log.read_text()[-2000:]
                await asyncio.sleep(0.02)

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

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)

    @property
    def is_dead(self) -> bool:
        return self.process is None or self.process.poll() is not None
