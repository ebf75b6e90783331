"""Here lives every call that we make to an official account."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import aiohttp

from channels import Tools
from channels.http import call
from channels.tokens import Issued, Origin, Token
from channels.wechat.config import Config
from domain.errors import CallFailed

MARGIN: Final = timedelta(seconds=60)
# wxjava WxMpErrorMsgEnum: not the latest, invalid, expired, missing
STALE: Final = frozenset({40001, 40014, 42001, 41001})


class Rejected(Exception):  # noqa: N818 - named for what happened
    """The platform answered with an error code; `about_token` when it would not even give a token.

    `answer` is all of it: some codes come with more than their words.
    """

    def __init__(
        self, code: int, message: str = "", answer: Mapping[str, Any] | None = None, *, about_token: bool = False
    ) -> None:
        super().__init__(f"errcode {code}")
        self.code = code
        self.message = message
        self.answer = answer or {}
        self.about_token = about_token


class Request(NamedTuple):
    method: str
    path: str
    params: Mapping[str, str] = {}
    json: object = None
    form: Callable[[], aiohttp.FormData] | None = None


class Api:
    """One account's calls. All raise Rejected (an error code) or CallFailed (no usable answer)."""

    def __init__(self, config: Config, tools: Tools) -> None:
        self._config = config
        self._session: aiohttp.ClientSession = tools.session
        self._clock = tools.clock
        secret = config.app_secret.get_secret_value()
        origin = Origin(config.name, f"{config.app_id} {secret}", self._stable_token)
        self.token = Token(origin, tools.tokens, tools.clock)

    async def _stable_token(self) -> Issued:
        """In normal mode a fetch does no harm to other processes of this account: it gives all of them the same token.

        A new one is given from five minutes before the end, while the old one still lives.
        https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
        """
        asked_at = self._clock()
        body = {
            "grant_type": "client_credential",
            "appid": self._config.app_id,
            "secret": self._config.app_secret.get_secret_value(),
            "force_refresh": False,
        }
        try:
            answer = await self._ask(Request("POST", "stable_token", json=body))
            life = timedelta(seconds=int(answer["expires_in"]))
            return Issued(str(answer["access_token"]), asked_at + life - MARGIN)
        except Rejected as error:
            raise Rejected(error.code, error.message, about_token=True) from error
        except CallFailed as error:
            raise CallFailed(str(error), sent=False) from error  # what the token was for has not been sent
        except (KeyError, TypeError, ValueError) as error:
            raise CallFailed("a token answer without a token", sent=False) from error

    async def send(self, message: Mapping[str, Any]) -> None:
        """A customer-service message (客服消息): `touser`, `msgtype` and the part of that name.

        https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Customer_Service_Messages.html
        """
        await self._call(Request("POST", "message/custom/send", json=message))

    async def user(self, openid: str) -> dict[str, Any]:
        """What the platform still tells of a follower: `subscribe`, `unionid`, `language`, `subscribe_scene` …

        https://developers.weixin.qq.com/doc/offiaccount/User_Management/Get_users_basic_information_UnionID.html
        """
        return await self._call(Request("GET", "user/info", {"openid": openid, "lang": "zh_CN"}))

    async def upload_image(self, image: bytes, media_type: str) -> str:
        """The media id, good for three days, of an image of at most 10 MB.

        https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
        """

        def form() -> aiohttp.FormData:
            name = f"image.{media_type.rpartition('/')[2]}"
            data = aiohttp.FormData()
            data.add_field("media", image, filename=name, content_type=media_type)
            return data

        answer = await self._call(Request("POST", "media/upload", {"type": "image"}, form=form))
        return str(answer.get("media_id", ""))

    async def ask(self, method: str, path: str, params: Mapping[str, str], body: object) -> dict[str, Any]:
        """Any other call, for classes that know paths and bodies themselves."""
        return await self._call(Request(method, path, params, body))

    async def _call(self, request: Request) -> dict[str, Any]:
        """With a token; where that one turns out to be stale, once more with the next."""
        token = await self.token.get()
        try:
            return await self._ask(request, token)
        except Rejected as error:
            if error.code not in STALE:
                raise
        return await self._ask(request, await self.token.get(refused=token))

    async def _ask(self, request: Request, token: str = "") -> dict[str, Any]:
        url = f"{self._config.api_base}/cgi-bin/{request.path}"
        params = {**request.params, "access_token": token} if token else request.params
        reply = await call(self._session, request.method, url, params=params, json=request.json, form=request.form)
        if reply.status != HTTPStatus.OK:  # the platform's own answers all have it; a 4xx on the way did nothing
            raise CallFailed(f"HTTP {reply.status}", sent=reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR)
        answer = reply.json()
        code = answer.get("errcode", 0)
        if not isinstance(code, int):
            raise CallFailed("an error code that is no number")
        if code:
            raise Rejected(code, str(answer.get("errmsg", "")), answer)
        return answer
