"""Here lives how an official account sends template messages (模板消息), and what becomes of that.

Source: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from channels import Clock
from channels.wechat.api import Api, Rejected
from channels.wechat.mass_messages import mark
from channels.wechat.sender import MINUTE, SOON, meaning
from domain.channel import Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.errors import CallFailed
from domain.messages import Notice


class Notices:
    """The platform's answer says that it has the message; a callback (TEMPLATESENDJOBFINISH) says what came of it."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def deliver(self, key: str, openid: str, notice: Notice) -> DeliveryResult:
        """Of one person and client_msg_id the platform takes one message, in ten minutes: later it may take another.

        So what got no answer is tried once more here and now, and never by anybody who comes later. What the platform
        says to a repeat is not documented: a refusal of it tells nothing of the first.
        """
        body = {
            "touser": openid,
            "template_id": notice.template,
            **({"url": notice.url} if notice.url else {}),
            "client_msg_id": mark(key),
            "data": {name: {"value": value} for name, value in notice.data},
        }
        try:
            return await self._send(body)
        except Rejected as error:
            return notice_meaning(error, self._clock())
        except CallFailed as error:
            if not error.sent:
                return Deferred(self._clock() + SOON, "unreachable")
        try:
            return await self._send(body)
        except (Rejected, CallFailed):
            return Unsure("no_answer")

    async def _send(self, body: Mapping[str, Any]) -> Delivered:
        answer = await self._api.ask("POST", "message/template/send", {}, body)
        return Delivered(str(answer.get("msgid") or ""))


def notice_meaning(error: Rejected, now: datetime) -> DeliveryResult:
    """What an error code says about a template message. Its quotas are its own: nobody else has to wait for them.

    Codes: binarywang/WxJava WxMpErrorMsgEnum, and the page above.
    """
    match error.code:
        case 40037:
            return Refused("bad_template")
        case 47001 | 47003:  # a field that the template lacks, or one that it does not like
            return Refused("bad_fields")
        case 45009:
            return Refused("day_quota")
        case 45011:
            return Deferred(now + MINUTE, "minute_quota")
        case 48001 | 48008 | 50001:
            return Refused("no_right")
        case _:
            return meaning(error, now)
