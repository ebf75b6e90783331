"""Here lives one official account of ours, facing the simulator over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from channels import Tools, open_channel
from channels.wechat.api import Api
from channels.wechat.config import Config
from domain.channel import Answerable, CallbackRequest, Channel, RawEvent
from domain.errors import Malformed, NotAuthentic
from domain.messages import Address, Content, OutboundMessage
from sandbox import Sandbox, SandboxSettings

OPENID = "oSandboxCustomer00000000001"
PICTURE = b"\x89PNG made up"
Serve = Callable[[web.Application], Awaitable[TestServer]]


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def timestamp(self) -> float:
        return self.now.timestamp()

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Stage:
    """Our own server: `door` is where the simulator's callbacks arrive, `say` what it answers in the same breath, if

    anything; `picture` shows what is in `pictures` (status, content type), `fetched` tells which were looked at.
    `news` is when something new is in `raws`.
    """

    sandbox: Sandbox
    channel: Channel
    clock: Clock
    public_url: str
    config: Config
    tools: Tools
    raws: list[RawEvent] = field(default_factory=list)
    say: Content | None = None
    pictures: dict[str, tuple[int, str]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def door(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            intake = await self.channel.receive(
                CallbackRequest(request.method, request.query, headers, await request.read())
            )
        except NotAuthentic:
            return web.Response(status=403)
        except Malformed:
            return web.Response(status=400)
        async with self.news:
            self.raws.extend(intake.events)
            self.news.notify_all()
        answer = intake.answer
        if self.say is not None:
            assert isinstance(self.channel, Answerable)
            answer = self.channel.passive(self.raws[-1], message(self.say)) or answer
        return web.Response(body=answer.body, content_type=answer.content_type)

    async def picture(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.fetched.append(name)
        status, kind = self.pictures.get(name, (404, "text/html"))
        return web.Response(status=status, body=PICTURE, content_type=kind)

    def api(self) -> Api:
        """Another hand at the same account, with no token yet."""
        return Api(self.config, self.tools)

    def calls(self, path: str) -> list[Any]:
        return [call.body for call in self.sandbox.calls if call.method_or_path == path]


def message(content: Content, openid: str = OPENID) -> OutboundMessage:
    return OutboundMessage(Address("official", openid), content)


def config(settings: SandboxSettings, api_base: str) -> Config:
    return Config(
        name=settings.wechat_name,
        kind="wechat",
        app_id=settings.app_id,
        app_secret=SecretStr(settings.wechat_secret),
        token=SecretStr(settings.wechat_token),
        aes_key=SecretStr(settings.wechat_aes_key),
        api_base=api_base,
    )


@pytest.fixture(params=["safe"])
async def stage(request: pytest.FixtureRequest, aiohttp_server: Serve) -> AsyncIterator[Stage]:
    """In safe mode, or as the parameter says: "safe" or "plain"."""
    clock = Clock()
    stages: list[Stage] = []

    async def door(callback: web.Request) -> web.Response:
        return await stages[0].door(callback)

    app = web.Application()

    async def picture(asked: web.Request) -> web.Response:
        return await stages[0].picture(asked)

    app.router.add_route("*", "/callbacks/official", door)
    app.router.add_get("/pictures/{name}", picture)
    public_url = str((await aiohttp_server(app)).make_url("")).rstrip("/")
    safe = SandboxSettings(public_url)
    settings = replace(safe, wechat_aes_key="") if request.param == "plain" else safe
    sandbox = Sandbox(settings, clock.timestamp)
    await sandbox.start()
    base = str((await aiohttp_server(sandbox.app)).make_url("")).rstrip("/")
    async with aiohttp.ClientSession() as session:
        account = config(settings, f"{base}/wechat")
        tools = Tools(session, clock, public_url, {})
        stages.append(Stage(sandbox, open_channel(account, tools), clock, public_url, account, tools))
        yield stages[0]
    await sandbox.close()
