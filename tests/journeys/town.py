"""Here lives the town of the journeys: our server and the simulated platforms, joined by real HTTP only."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from bot.app import Parts
from domain.permissions import Role
from models.staff import Staff
from sandbox import Call, Sandbox

ADMIN = "10001"  # the administrator's Telegram id
BOSS = "admin-userid"  # the administrator's WeCom id

Serve = Callable[[], AbstractAsyncContextManager[tuple[Parts, Context]]]


class Sundial:
    """The real time, moved forward by hand."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def seconds(self) -> float:
        return self().timestamp()

    def monotonic(self) -> float:
        return time.monotonic() + self.offset.total_seconds()

    def forward(self, **duration: float) -> None:
        self.offset += timedelta(**duration)


class Town:
    """`url` is where our server listens while it is open; `http` asks it like a stranger would."""

    parts: Parts
    context: Context

    def __init__(self, serve: Serve, sandbox: Sandbox, clock: Sundial, http: aiohttp.ClientSession) -> None:
        self._serve = serve
        self._life: AbstractAsyncContextManager[tuple[Parts, Context]] | None = None
        self.sandbox = sandbox
        self.clock = clock
        self.http = http
        self.wecom = sandbox.wecom
        self.wechat = sandbox.wechat
        self.telegram = sandbox.telegram
        self.url = sandbox.stage.settings.server_url

    async def open(self) -> None:
        self._life = self._serve()
        self.parts, self.context = await self._life.__aenter__()
        await self.settled()  # the tags of all accounts are compared at start

    async def close(self) -> None:
        life, self._life = self._life, None
        if life:
            await life.__aexit__(None, None, None)

    async def restart(self) -> None:
        await self.close()
        await self.open()

    async def settled(self) -> None:
        """Return when nothing that can be done now is left to do, nor comes of what was done."""
        before: list[list[tuple[str, datetime]]] = []
        while True:
            await self.parts.lanes.idle()
            until = self.clock()
            waiting = [await queue.waiting(until) for queue in (self.parts.inbox, self.parts.outbox)]
            if not any(waiting) or waiting == before:  # what is left waits behind a row that is not due
                return
            await self.looked_around()
            before = waiting

    async def looked_around(self) -> None:
        """Let the lanes find what became due by the clock's jump."""
        await asyncio.get_running_loop().create_task(self.parts.lanes.sweep(), context=self.context)

    async def until(self, question: Callable[[], Awaitable[bool]]) -> None:
        """Wait for something that nobody tells us of; an error when it does not come."""
        async with asyncio.timeout(20):
            while not await question():
                await asyncio.sleep(0.005)

    async def hire(self, name: str, role: Role, **accounts: str) -> Staff:
        """A colleague with chat accounts, whom the platforms know too."""
        if userid := accounts.get("wecom"):
            self.wecom.add_member(userid, name)
        if number := accounts.get("telegram"):
            self.telegram.person(int(number), first_name=name).has_started = True
        return await Staff.appoint(name, role, accounts, self.clock())

    def calls(self, platform: str, method: str) -> list[Call]:
        return [call for call in self.sandbox.calls if (call.platform, call.method_or_path) == (platform, method)]

    def telegram_texts(self, chat: str | int = ADMIN) -> list[str]:
        """What our bot said to one Telegram chat, oldest first."""
        sent = self.calls("telegram", "sendMessage")
        return [
            call.body["text"] for call in sent if str(call.body["chat_id"]) == str(chat) and call.answer_status == 200
        ]

    def wecom_texts(self, userid: str = BOSS) -> list[str]:
        """What our app said to one member, oldest first."""
        sent = [
            call.body for call in self.calls("wecom", "message/send") if call.answer and call.answer["errcode"] == 0
        ]
        return [_words(body) for body in sent if userid in body["touser"].split("|")]

    def wechat_texts(self, openid: str) -> list[str]:
        """What our account said to one follower through the customer-service API, oldest first."""
        sent = [
            call for call in self.calls("wechat", "message/custom/send") if call.answer and call.answer["errcode"] == 0
        ]
        return [call.body["text"]["content"] for call in sent if call.body["touser"] == openid]

    async def staff_says(self, text: str, number: str = ADMIN) -> str:
        """A colleague (the administrator) types in Telegram; returns what they read then."""
        before = len(self.telegram_texts(number))
        await self.telegram.user_says(int(number), text)
        await self.settled()
        return "\n".join(self.telegram_texts(number)[before:])

    async def member_says(self, text: str, userid: str = BOSS) -> str:
        """A colleague (the administrator) types in WeCom; returns what they read then."""
        before = len(self.wecom_texts(userid))
        await self.wecom.member_says(userid, text)
        await self.settled()
        return "\n".join(self.wecom_texts(userid)[before:])


def _words(body: dict[str, Any]) -> str:
    if body["msgtype"] == "template_card":
        card = body["template_card"]
        return "\n".join(
            filter(None, (card["main_title"].get("title"), card["main_title"].get("desc"), card.get("sub_title_text")))
        )
    return str(body[body["msgtype"]]["content"])
