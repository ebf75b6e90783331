"""A clock in our hand, a tiny server that takes callbacks, and a caller of the simulated APIs."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from sandbox import Sandbox


@dataclass
class Clock:
    now: float = 1795219200.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    text: str


@dataclass
class TinyServer:
    """Takes every callback; answers from `answers` (status, text) first, then 200 and nothing."""

    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)
    url: str = ""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def arrival(self) -> None:
        """Wait until something has come."""
        await asyncio.wait_for(self._news.wait(), 5)

    async def handle(self, request: web.Request) -> web.Response:
        text = await request.text()
        self.received.append(Received(request.method, request.path, dict(request.query), dict(request.headers), text))
        self._news.set()
        status, body = self.answers.pop(0) if self.answers else (200, "")
        return web.Response(status=status, text=body)


@dataclass
class Api:
    """Calls the simulated APIs as a program would."""

    session: aiohttp.ClientSession
    url: str
    sandbox: Sandbox
    tokens: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **params: str) -> Any:
        async with self.session.get(f"{self.url}/{path}", params=params) as response:
            return await response.json(content_type=None)

    async def post(self, path: str, body: Any = None, **params: str) -> Any:
        async with self.session.post(f"{self.url}/{path}", params=params, json=body) as response:
            return await response.json(content_type=None)

    async def wecom(self, path: str, body: Any = None, **params: str) -> dict[str, Any]:
        if "wecom" not in self.tokens:
            settings = self.sandbox.stage.settings
            asked = {"corpid": settings.corp_id, "corpsecret": settings.wecom_secret}
            self.tokens["wecom"] = (await self.get("wecom/cgi-bin/gettoken", **asked))["access_token"]
        return await self._cgi("wecom", path, body, params)

    async def wechat(self, path: str, body: Any = None, **params: str) -> dict[str, Any]:
        if "wechat" not in self.tokens:
            settings = self.sandbox.stage.settings
            asked = {"grant_type": "client_credential", "appid": settings.app_id, "secret": settings.wechat_secret}
            answer = await self.post("wechat/cgi-bin/stable_token", asked)
            self.tokens["wechat"] = answer["access_token"]
        return await self._cgi("wechat", path, body, params)

    async def _cgi(self, platform: str, path: str, body: Any, params: dict[str, str]) -> dict[str, Any]:
        url = f"{self.url}/{platform}/cgi-bin/{path}"
        query = {"access_token": self.tokens[platform], **params}
        verb = self.session.get if body is None else self.session.post
        sent = None if body is None else dumped(body)
        async with verb(url, params=query, data=sent) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
            return answer

    async def telegram(self, method: str, **body: Any) -> dict[str, Any]:
        url = f"{self.url}/telegram/bot{self.sandbox.stage.settings.telegram_token}/{method}"
        async with self.session.post(url, json=body) as response:
            answer: dict[str, Any] = await response.json()
            assert answer["ok"] == (response.status == 200)
            return answer


def dumped(body: Any) -> bytes:
    """Raw UTF-8, as WeCom and WeChat ask for."""
    return json.dumps(body, ensure_ascii=False).encode()


def inline(**button: Any) -> dict[str, Any]:
    """A keyboard of one button."""
    return {"inline_keyboard": [[{"text": "ok", **button}]]}
