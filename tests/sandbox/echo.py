"""A tiny server that answers every callback over the simulated APIs, so that the page has somebody to talk to."""

import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from sandbox import SandboxSettings, markup
from sandbox.crypto import Envelope

BUTTONS = {
    "inline_keyboard": [[{"text": "领取", "callback_data": "claim"}, {"text": "Site", "url": "https://example.com"}]]
}
PHONE_KEY = {"keyboard": [[{"text": "分享手机号", "request_contact": True}]]}


@dataclass
class EchoServer:
    """`url` is where the sandbox's APIs are; set once it runs."""

    settings: SandboxSettings
    session: aiohttp.ClientSession
    url: str = ""
    is_down: bool = False
    cards: int = 0
    presses: list[dict[str, Any]] = field(default_factory=list)
    token: dict[str, str] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/callbacks/wecom", self.wecom)
        app.router.add_post("/callbacks/official", self.official)
        app.router.add_post("/callbacks/telegram", self.telegram)
        return app

    async def official(self, request: web.Request) -> web.Response:
        self._check_up()
        envelope = Envelope(self.settings.wechat_token, self.settings.wechat_aes_key, self.settings.app_id)
        event = markup.read(envelope.open(markup.read(await request.text())["Encrypt"]))
        if event["MsgType"] != "text":
            return web.Response(text="success")
        sealed = envelope.seal(markup.write({"MsgType": "text", "Content": f"收到：{event['Content']}"}), b"0" * 16)
        signature = envelope.sign("1", "n", sealed)
        reply = {"Encrypt": sealed, "MsgSignature": signature, "TimeStamp": 1, "Nonce": "n"}
        return web.Response(text=markup.write(reply))

    async def telegram(self, request: web.Request) -> web.Response:
        self._check_up()
        update = await request.json()
        match update:
            case {"callback_query": {"id": query_id, "message": {"chat": {"id": chat}, "message_id": number}}}:
                await self._bot("answerCallbackQuery", callback_query_id=query_id, text="好的")
                await self._bot("editMessageText", chat_id=chat, message_id=number, text="已领取 ✅")
            case {"message": {"chat": {"id": chat}, "text": text}}:
                markup_of = PHONE_KEY if text.startswith("/start") else BUTTONS
                await self._bot("sendMessage", chat_id=chat, text=f"收到：{text}", reply_markup=markup_of)
            case {"message": {"chat": {"id": chat}, "contact": {"phone_number": number}}}:
                remove = {"remove_keyboard": True}
                await self._bot("sendMessage", chat_id=chat, text=f"号码 {number}", reply_markup=remove)
        return web.Response()

    async def wecom(self, request: web.Request) -> web.Response:
        self._check_up()
        envelope = Envelope(self.settings.wecom_token, self.settings.wecom_aes_key, self.settings.corp_id)
        event = markup.read(envelope.open(markup.read(await request.text())["Encrypt"]))
        match event:
            case {"WelcomeCode": code}:
                text = {"content": f"您好，我是王芳。来源：{event.get('State', '直接添加')}"}
                await self._corp("externalcontact/send_welcome_msg", {"welcome_code": code, "text": text})
            case {"Event": "template_card_event", "FromUserName": userid, "ResponseCode": code}:
                self.presses.append(event)
                change = {"userids": [userid], "response_code": code, "button": {"replace_name": "已领取"}}
                await self._corp("message/update_template_card", change)
            case {"MsgType": "text", "FromUserName": userid, "Content": content}:
                card = {"touser": userid, "msgtype": "template_card", "template_card": self._card(content)}
                await self._corp("message/send", card)
        return web.Response()

    def _card(self, content: str) -> dict[str, Any]:
        self.cards += 1
        return {
            "card_type": "button_interaction",
            "main_title": {"title": "新线索 L1", "desc": content},
            "horizontal_content_list": [{"keyname": "渠道", "value": "公众号"}, {"keyname": "阶段", "value": "新"}],
            "task_id": f"lead_{self.cards}",
            "button_list": [{"text": "领取", "key": "claim"}, {"text": f"忽略 {content}", "key": "skip"}],
        }

    async def _bot(self, method: str, **body: Any) -> None:
        async with self.session.post(f"{self.url}/telegram/bot{self.settings.telegram_token}/{method}", json=body):
            pass

    async def _corp(self, path: str, body: dict[str, Any]) -> None:
        if not self.token:
            asked = {"corpid": self.settings.corp_id, "corpsecret": self.settings.wecom_secret}
            async with self.session.get(f"{self.url}/wecom/cgi-bin/gettoken", params=asked) as response:
                self.token["access_token"] = (await response.json())["access_token"]
        sent = json.dumps({**body, "agentid": self.settings.agent_id}, ensure_ascii=False).encode()
        async with self.session.post(f"{self.url}/wecom/cgi-bin/{path}", params=self.token, data=sent):
            pass

    def _check_up(self) -> None:
        if self.is_down:
            raise web.HTTPServiceUnavailable
