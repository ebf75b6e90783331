"""Here live the platforms with several processes of ours before them that share access tokens by the database."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from bot.tokens import SharedTokens
from bot.vault import Vault
from channels import Tools, wechat, wecom
from channels.tokens import Issued, Origin, Token, TokenStore
from channels.wechat.config import Config as WeChatConfig
from channels.wecom.config import Config as WeComConfig
from sandbox import Sandbox
from tests.channels.wecom.sealing import SETTINGS
from tests.clock import Clock

KEY = bytes(range(32))
OPENID = "oSandboxCustomer00000000001"
CREDENTIALS = f"{SETTINGS.corp_id} {SETTINGS.wecom_secret}"


def wecom_at(platform: str, tools: Tools) -> wecom.Api:
    config = WeComConfig(
        name="wecom",
        kind="wecom",
        corp_id=SETTINGS.corp_id,
        agent_id=SETTINGS.agent_id,
        secret=SETTINGS.wecom_secret,
        token=SETTINGS.wecom_token,
        aes_key=SETTINGS.wecom_aes_key,
        api_base=f"{platform}/wecom",
    )
    return wecom.Api(config, tools)


def wechat_at(platform: str, tools: Tools) -> wechat.Api:
    config = WeChatConfig(
        name="official",
        kind="wechat",
        app_id=SETTINGS.app_id,
        app_secret=SETTINGS.wechat_secret,
        token=SETTINGS.wechat_token,
        aes_key=SETTINGS.wechat_aes_key,
        api_base=f"{platform}/wechat",
    )
    return wechat.Api(config, tools)


@dataclass
class Town:
    """The platforms at `url`, and processes of ours that know nothing of each other but the database."""

    sandbox: Sandbox
    url: str
    session: aiohttp.ClientSession
    clock: Clock

    def store(self, key: bytes = KEY, clock: Callable[[], datetime] | None = None) -> SharedTokens:
        return SharedTokens(Vault(key), clock or self.clock)

    def wecom(self, store: TokenStore | None = None) -> wecom.Api:
        return wecom_at(self.url, self.tools(store))

    def wechat(self, store: TokenStore | None = None) -> wechat.Api:
        return wechat_at(self.url, self.tools(store))

    def tools(self, store: TokenStore | None) -> Tools:
        return Tools(self.session, self.clock, "http://127.0.0.1:1", {}, store or self.store())

    def asked(self, path: str = "gettoken") -> int:
        return sum(call.method_or_path == path for call in self.sandbox.calls)


class Slow:
    """A process that has begun to fetch WeCom's token and goes on only when it is let."""

    def __init__(self, town: Town) -> None:
        self._api = town.wecom()
        self._let = asyncio.Event()
        self.begun = asyncio.Event()
        self.token = Token(Origin("wecom", CREDENTIALS, self.fetch), town.store(), town.clock)

    async def fetch(self) -> Issued:
        self.begun.set()
        await self._let.wait()
        return await self._api._gettoken(SETTINGS.wecom_secret)

    def let(self) -> None:
        self._let.set()


class Watched:
    """The clock of a process: who waits for another one's fetch looks at it again and again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looks = 0

    def __call__(self) -> datetime:
        self._looks += 1
        return self._clock()

    async def waiting(self) -> None:
        """Until whoever has this clock has read the row, slept and looked again."""
        async with asyncio.timeout(20):
            while self._looks < 4:
                await asyncio.sleep(0.01)


@dataclass
class Race:
    """One process fetches and does not come to an end, with twenty tasks; twenty of another wait for it."""

    slow: Slow
    ahead: list[asyncio.Task[str]]
    behind: list[asyncio.Task[Any]]


async def begun(town: Town, *, ahead_by: float = 0.0) -> Race:
    slow = Slow(town)
    town.clock.forward(seconds=ahead_by)
    ahead = [asyncio.create_task(slow.token.get()) for _ in range(20)]
    await slow.begun.wait()
    town.clock.forward(seconds=-ahead_by)
    watched = Watched(town.clock)
    api = town.wecom(town.store(clock=watched))
    behind = [asyncio.create_task(api.agent()) for _ in range(20)]
    await watched.waiting()
    assert town.asked() == 0
    return Race(slow, ahead, behind)
