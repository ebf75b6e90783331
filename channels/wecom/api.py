"""Here live WeCom's API calls, one method each; all answers are JSON with an errcode."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final, Literal

import aiohttp

from channels import Tools
from channels.http import call
from channels.tokens import Issued, Origin, Token
from channels.wecom.config import Config
from domain.errors import CallFailed

STALE: Final = frozenset({40014, 42001, 41001})  # invalid, expired, lost on the way
USUAL_LIFE: Final = 7200
ADDRESS: Final = re.compile(r"from ip: ([0-9a-fA-F.:]+)")

Json = dict[str, Any]
Form = Callable[[], aiohttp.FormData]


class CallRefused(Exception):  # noqa: N818 - named for what happened
    """WeCom answered with an error: its `code`, and our address as WeCom sees it where the answer says so.

    Source: https://developer.work.weixin.qq.com/document/path/90313
    """

    def __init__(self, code: int, address: str = "") -> None:
        super().__init__(f"errcode {code}")
        self.code = code
        self.address = address


class Api:
    """For one app of one company. Every call raises CallRefused (an errcode) or CallFailed (no usable answer)."""

    def __init__(self, config: Config, tools: Tools) -> None:
        self._session: aiohttp.ClientSession = tools.session
        self._base = f"{config.api_base}/cgi-bin/"
        self._corp_id = config.corp_id
        self._agent_id = config.agent_id
        self._clock = tools.clock
        self._app = self._token(config, config.secret.get_secret_value(), tools)
        contact_secret = config.contact_secret.get_secret_value()
        self._contacts = self._token(config, contact_secret, tools) if contact_secret else self._app

    def _token(self, config: Config, secret: str, tools: Tools) -> Token:
        async def fetch() -> Issued:
            return await self._gettoken(secret)

        return Token(Origin(config.name, f"{config.corp_id} {secret}", fetch), tools.tokens, tools.clock)

    async def _gettoken(self, secret: str) -> Issued:
        """Usually lives for 7200 s; not renewed ahead of time, because while it lives the same one is given again.

        https://developer.work.weixin.qq.com/document/path/91039
        """
        asked_at = self._clock()
        try:
            answer = _succeeded(await self._once("GET", "gettoken", {"corpid": self._corp_id, "corpsecret": secret}))
            life = timedelta(seconds=int(answer.get("expires_in", USUAL_LIFE)))
            return Issued(str(answer["access_token"]), asked_at + life)
        except CallFailed as error:
            raise CallFailed(f"gettoken: {error}", sent=False) from error
        except (KeyError, TypeError, ValueError) as error:
            raise CallFailed("gettoken: no token in the answer", sent=False) from error

    async def _once(
        self, method: str, path: str, params: Mapping[str, str], json: Json | None = None, form: Form | None = None
    ) -> Json:
        reply = await call(self._session, method, self._base + path, params=params, json=json, form=form)
        if reply.status != HTTPStatus.OK:
            raise CallFailed(f"HTTP {reply.status}", sent=reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR)
        return reply.json()

    async def _ask(
        self,
        token: Token,
        path: str,
        params: Mapping[str, str] | None = None,
        json: Json | None = None,
        form: Form | None = None,
    ) -> Json:
        """GET, or POST where there is a body; once more with a new token when ours is turned down."""
        method = "GET" if json is None and form is None else "POST"
        value = await token.get()
        answer = await self._once(method, path, {**(params or {}), "access_token": value}, json, form)
        if answer.get("errcode") in STALE:
            value = await token.get(refused=value)
            answer = await self._once(method, path, {**(params or {}), "access_token": value}, json, form)
        return _succeeded(answer)

    async def agent(self) -> Json:
        """What the app is. https://developer.work.weixin.qq.com/document/path/90227."""
        return await self._ask(self._app, "agent/get", {"agentid": str(self._agent_id)})

    async def user(self, userid: str) -> Json:
        """A member: name, status (1 active, 2 disabled, 4 not yet active, 5 left) and more, none of it private.

        https://developer.work.weixin.qq.com/document/path/90196
        """
        return await self._ask(self._app, "user/get", {"userid": userid})

    async def follow_users(self) -> Json:
        """`follow_user`: ids of the members who may have customers. https://developer.work.weixin.qq.com/document/path/92571."""
        return await self._ask(self._contacts, "externalcontact/get_follow_user_list")

    async def relations(self, members: Sequence[str], cursor: str = "") -> Json:
        """Up to 100 relations of up to 100 members to their customers, the next ones by `next_cursor`.

        https://developer.work.weixin.qq.com/document/path/92994
        """
        body = {"userid_list": list(members), "cursor": cursor, "limit": 100}
        return await self._ask(self._contacts, "externalcontact/batch/get_by_user", json=body)

    async def ask(self, _method: str, path: str, params: Mapping[str, str], json: Any) -> Json:
        """A call about customers that somebody else has put together."""
        return await self._ask(self._contacts, path, params, json)

    async def external_contact(self, external_userid: str, cursor: str = "") -> Json:
        """A customer and up to 500 `follow_user` relations; the next ones by `next_cursor`.

        https://developer.work.weixin.qq.com/document/path/92114
        """
        params = {"external_userid": external_userid} | ({"cursor": cursor} if cursor else {})
        return await self._ask(self._contacts, "externalcontact/get", params)

    async def send(self, userid: str, message: Json) -> Json:
        """One app message (`msgtype` and its object) to one member; `msgid`, `invaliduser` joined by a bar.

        https://developer.work.weixin.qq.com/document/path/90236
        """
        return await self._ask(self._app, "message/send", json={"touser": userid, "agentid": self._agent_id, **message})

    async def say(self, chat: str, message: Json) -> Json:
        """One app message to a group chat that this app has made (应用群聊); there is no id of it in the answer.

        https://developer.work.weixin.qq.com/document/path/90248
        """
        return await self._ask(self._app, "appchat/send", json={"chatid": chat, **message})

    async def chat(self, chat: str) -> Json:
        """`chat_info` of such a chat: name, owner, userlist. https://developer.work.weixin.qq.com/document/path/90247."""
        return await self._ask(self._app, "appchat/get", {"chatid": chat})

    async def upload(self, kind: Literal["image", "file"], content: bytes, filename: str) -> str:
        """The media id, good for three days and for every app of the company: an image of 10 MB, a file of 20 MB.

        https://developer.work.weixin.qq.com/document/path/90253
        """

        def form() -> aiohttp.FormData:
            data = aiohttp.FormData(quote_fields=False)  # a name in Chinese is sent as it is
            data.add_field("media", BytesIO(content), filename=filename, content_type="application/octet-stream")
            return data

        answer = await self._ask(self._app, "media/upload", {"type": kind}, form=form)
        media = answer.get("media_id")
        if not isinstance(media, str) or not media:
            raise CallFailed("no media id in the answer")
        return media

    async def replace_button(self, userid: str, response_code: str, label: str) -> Json:
        """Grey the pressed card of one member out; a response code serves once, for 24 hours.

        https://developer.work.weixin.qq.com/document/path/94888
        """
        body = {
            "userids": [userid],
            "agentid": self._agent_id,
            "response_code": response_code,
            "button": {"replace_name": label},
        }
        return await self._ask(self._app, "message/update_template_card", json=body)

    async def welcome(self, code: str, message: Json) -> Json:
        """Greet a new customer, once, within 20 s of the code; text of 4000 bytes and up to 9 attachments.

        https://developer.work.weixin.qq.com/document/path/92137
        """
        return await self._ask(
            self._contacts, "externalcontact/send_welcome_msg", json={"welcome_code": code, **message}
        )


def _succeeded(answer: Json) -> Json:
    code = answer.get("errcode", 0)
    if not isinstance(code, int):
        raise CallFailed("errcode is not a number")
    if code:
        named = ADDRESS.search(str(answer.get("errmsg", "")))
        raise CallRefused(code, named[1] if named else "")
    return answer
