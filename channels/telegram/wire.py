"""Here lives how aiogram's calls reach Telegram: through the one HTTP call of ours."""

from functools import cache
from typing import Any, cast

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from pydantic import ValidationError

from channels.telegram.api import Api
from channels.telegram.config import Config


class Misfit(Exception):  # noqa: N818 - named for what happened
    """Telegram did what was asked, and told so in a shape that aiogram does not know; `result` is what it told."""

    def __init__(self, result: Any) -> None:
        super().__init__("an answer of unknown shape")
        self.result = result


@cache
def _shape(returning: Any) -> type[Response[Any]]:
    """Kept, because pydantic forgets it, and making it anew costs as much as a whole message."""
    return Response[returning]


class Wire(AiohttpSession):
    """Raises Rejected, CallFailed (both of ours, not aiogram's errors) and Misfit."""

    def __init__(self, api: Api, config: Config) -> None:
        super().__init__(api=TelegramAPIServer.from_base(config.api_base))
        self._calls = api

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ARG002, ASYNC109 - aiogram's signature; ours is the same for all calls
    ) -> TelegramType:
        # We send no files, only their ids and addresses, so everything fits into JSON.
        parameters = self.prepare_value(method.model_dump(warnings=False), bot=bot, files={}, _dumps_json=False)
        result = await self._calls.call(method.__api_method__, parameters)
        shape = _shape(method.__returning__)
        try:
            answer = shape.model_validate({"ok": True, "result": result}, context={"bot": bot})
        except ValidationError as error:
            raise Misfit(result) from error
        if answer.result is None:
            raise Misfit(result)
        return cast("TelegramType", answer.result)
