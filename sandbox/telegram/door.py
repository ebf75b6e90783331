"""The HTTP side of the simulated Bot API: token, arguments, answer, record."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.ledger import Call, Outcome, answer
from sandbox.telegram import args as arguments
from sandbox.telegram.args import Args
from sandbox.telegram.bot import Bot
from sandbox.telegram.errors import TelegramError


@dataclass(frozen=True, slots=True)
class Method:
    """One API method under its documented name."""

    name: str
    run: Callable[[Bot, Args], Any]


@dataclass(frozen=True, slots=True)
class WaitingMethod:
    """A method that may keep its caller waiting: getUpdates."""

    name: str
    run: Callable[[Bot, Args], Awaitable[Any]]


Methods = Mapping[str, Method | WaitingMethod]


class TelegramDoor:
    """`methods` are keyed by their names in lower case: Telegram does not look at the case."""

    def __init__(self, bot: Bot, methods: Methods) -> None:
        self._bot = bot
        self._methods = methods

    async def handle(self, request: web.Request) -> web.Response:
        called = request.match_info["method"]
        method = self._methods.get(called.lower())
        name = method.name if method else called
        args = await _read(request)

        async def deed() -> Outcome:
            return await self._carry_out(request, method, args)

        stage = self._bot.stage
        outcome = await stage.ledger.outcome("telegram", name, deed)
        seen = args.seen() if isinstance(args, Args) else {}
        call = Call("telegram", name, dict(request.query), seen, stage.clock(), outcome.status, outcome.body)
        stage.ledger.calls.append(call)
        return answer(request, outcome)

    async def _carry_out(
        self, request: web.Request, method: Method | WaitingMethod | None, args: Args | TelegramError
    ) -> Outcome:
        try:
            self._check_token(request)
            result = await self._run(method, args)
        except TelegramError as error:
            retry = error.parameters.get("retry_after")
            return Outcome(error.code, error.as_json(), {"Retry-After": str(retry)} if retry else None)
        return Outcome(200, {"ok": True, "result": result})

    async def _run(self, method: Method | WaitingMethod | None, args: Args | TelegramError) -> Any:
        if method is None:
            raise TelegramError(404, "Not Found: method not found")
        if isinstance(args, TelegramError):
            raise args
        match method:
            case Method():
                return method.run(self._bot, args)
            case WaitingMethod():
                return await method.run(self._bot, args)

    def _check_token(self, request: web.Request) -> None:
        given = request.match_info["token"]
        if given == self._bot.stage.settings.telegram_token:
            return
        number, _, secret = given.partition(":")
        well_formed = number.isdecimal() and secret
        raise TelegramError(401, "Unauthorized" if well_formed else "Unauthorized: invalid token specified")

    async def download(self, request: web.Request) -> web.Response:
        """A file under `/file/bot<token>/<file_path>`."""
        path = request.match_info["path"]
        file = next((each for each in self._bot.files.values() if each.path == path), None)
        try:
            self._check_token(request)
        except TelegramError as error:
            return web.json_response(error.as_json(), status=error.code)
        if file is None:
            return web.json_response(TelegramError(404, "Not Found").as_json(), status=404)
        return web.Response(body=file.content, content_type="application/octet-stream")


async def _read(request: web.Request) -> Args | TelegramError:
    try:
        return await arguments.read(request)
    except TelegramError as error:
        return error
