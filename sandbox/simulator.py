"""The whole simulator: three platforms on one stage, behind one web application."""

import time
from collections.abc import Callable
from typing import Unpack

from aiohttp import web

from sandbox.cgi import CgiDoor
from sandbox.guests import Guests
from sandbox.ids import Ids
from sandbox.ledger import Call, How
from sandbox.page import Page, cast
from sandbox.page.play import Play
from sandbox.postman import Postman
from sandbox.settings import SandboxSettings
from sandbox.stage import Stage
from sandbox.telegram import Telegram
from sandbox.telegram.door import TelegramDoor
from sandbox.telegram.methods import table
from sandbox.wechat import WeChat
from sandbox.wechat.calls import CALLS as WECHAT_CALLS
from sandbox.wecom import WeCom
from sandbox.wecom.calls import CALLS as WECOM_CALLS

UPLOAD_BYTES = 64 * 2**20


class Sandbox:
    """`app` can be served alone or mounted under a prefix; callbacks need `start()` before and `close()` after."""

    def __init__(self, settings: SandboxSettings, clock: Callable[[], float] = time.time) -> None:
        self.stage = Stage(settings, clock, Ids(clock()))
        self.wecom = WeCom(self.stage)
        self.wechat = WeChat(self.stage)
        self.telegram = Telegram(self.stage)
        self.app = web.Application(client_max_size=UPLOAD_BYTES)
        cast.enter(self.wecom, self.telegram)
        self._add_routes()
        self.app.on_shutdown.append(self._let_go)

    @property
    def calls(self) -> list[Call]:
        """Every API call received, oldest first."""
        return self.stage.ledger.calls

    @property
    def postman(self) -> Postman:
        """How callbacks are delivered: `tries`, `pause`, `timeout` may be changed."""
        return self.stage.postman

    def fail(self, platform: str, path: str, *, times: int = 1, **how: Unpack[How]) -> None:
        """Let the next `times` calls of a method fail; see `ledger.Failure`.

        `path`: `message/send` for wecom and wechat, `sendMessage` for telegram.
        """
        self.stage.ledger.fail(platform, path, times, **how)

    @property
    def guests(self) -> Guests:
        """Who may be asked to talk first, so that the server has something to show."""
        return Guests(self.wecom, self.wechat, self.telegram)

    def recall(self, account: str, person: str, name: str, heard_at: float) -> None:
        """Know somebody again whom the server knows from an earlier run; `heard_at`: their last message, else 0."""
        if account == self.stage.settings.telegram_name:
            self.telegram.recall(int(person), name)
        elif account == self.stage.settings.wechat_name:
            self.wechat.recall(person, heard_at)

    async def start(self) -> None:
        await self.stage.postman.start()

    async def close(self) -> None:
        await self._let_go(self.app)
        await self.stage.postman.close()

    async def _let_go(self, _app: web.Application) -> None:
        """End the long polls and the event streams, so that a server can stop."""
        self.telegram.updates.mailbox.interrupt("the sandbox is closing")
        self.stage.story.close()

    def _add_routes(self) -> None:
        telegram = TelegramDoor(self.telegram, table(self.telegram.updates))
        routes = self.app.router
        Page(self.stage, Play(self.wecom, self.wechat, self.telegram)).add_routes(routes)
        routes.add_route("*", "/wecom/cgi-bin/{path:.+}", CgiDoor(self.wecom, WECOM_CALLS).handle)
        routes.add_route("*", "/wechat/cgi-bin/{path:.+}", CgiDoor(self.wechat, WECHAT_CALLS).handle)
        routes.add_route("*", "/telegram/bot{token:[^/]+}/{method}", telegram.handle)
        routes.add_get("/telegram/file/bot{token:[^/]+}/{path:.+}", telegram.download)
