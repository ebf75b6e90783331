"""Here lives how an official account speaks to many at once (群发), and what becomes of that.

Sources: https://developers.weixin.qq.com/doc/service/api/notify/message/api_masssend,
https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Batch_Sends_and_Originality_Checks.html
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from channels import Clock
from channels.texts import octets
from channels.wechat.api import Api, Rejected
from channels.wechat.contents import LONGEST_TEXT, wording
from channels.wechat.pictures import NoPicture, Pictures
from channels.wechat.sender import MINUTE, SOON, Message, meaning, midnight
from channels.wechat.tag_calls import ASKED
from domain.channel import Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.errors import CallFailed
from domain.messages import Card, Content, Image, Link, Markdown, Text
from domain.outgoing import GroupPush
from domain.push_events import PushAsked, PushResult, PushResultRead, PushUnread

LEAST: Final = 2
LONGEST_MARK: Final = 64  # bytes of a clientmsgid
THERE_ALREADY: Final = 45065
NOBODY: Final = 40003
AGAIN: Final = timedelta(minutes=5)
STATES: Final[Mapping[str, Literal["waiting", "sent", "failed"]]] = {
    "SENDING": "waiting",
    "SEND_SUCCESS": "sent",
    "SEND_FAIL": "failed",
    "DELETE": "sent",  # taken away from the page after it had been sent
}

Told = Callable[[Sequence[str]], Awaitable[Mapping[str, object]]]


class Mass:
    """`told` are those of at most 100 people who follow the account."""

    def __init__(self, api: Api, pictures: Pictures, told: Told, clock: Clock) -> None:
        self._api = api
        self._pictures = pictures
        self._told = told
        self._clock = clock

    async def deliver(self, key: str, push: GroupPush) -> DeliveryResult:
        """Once for each `key`, however often it is tried within a day: that long the platform remembers a clientmsgid.

        Those of the list who do not follow it passes over; nothing says that one of them could fail the others.
        Should it call one nobody all the same, the others get the message without them.
        """
        try:
            return await self._carry_out(key, push)
        except NoPicture:
            return Refused("media")
        except Rejected as error:
            return mass_meaning(error, self._clock())
        except CallFailed:
            return Deferred(self._clock() + SOON, "unreachable")

    async def results(self, asked: PushAsked) -> PushResultRead | PushUnread:
        """Of all together, whether it is under way, sent or failed; counts come with the callback at its end only."""
        now = self._clock()
        try:
            answer = await self._api.ask("POST", "message/mass/get", {}, {"msg_id": asked.task})
        except Rejected as error:
            result = mass_meaning(error, now)
            again = result.until if isinstance(result, Deferred) else now + AGAIN
            return PushUnread(now, asked, getattr(result, "reason", ""), again)
        except CallFailed:
            return PushUnread(now, asked, "unreachable", now + SOON)
        state = STATES.get(str(answer.get("msg_status")))
        if state is None:
            return PushUnread(now, asked, "unknown_answer", now + AGAIN)
        everybody = PushResult("", state, "send_failed" if state == "failed" else "")
        return PushResultRead(now, asked, (everybody,))

    async def _carry_out(self, key: str, push: GroupPush) -> DeliveryResult:
        if len(push.contacts) < LEAST:
            return Refused("too_few")
        message = await self._message(push.content)
        if isinstance(message, Refused):
            return message
        try:
            return await self._send(key, push.contacts, message)
        except Rejected as error:
            if error.code != NOBODY:
                raise
        return await self._to_followers(key, push.contacts, message)

    async def _message(self, content: Content) -> Message | Refused:
        match content:
            case Image(caption=caption):
                media = content.media or await self._pictures.media_id(content.url)
                images = {"media_ids": [media], "need_open_comment": 0, "only_fans_can_comment": 0}
                return {"msgtype": "image", "images": images | ({"recommend": caption} if caption else {})}
            case Link():
                return _text("\n".join(filter(None, (content.title, content.description, content.url))))
            case Text() | Markdown() | Card():
                return _text(wording(content))
            case _:
                return Refused("unsupported")

    async def _send(self, key: str, openids: Sequence[str], message: Message) -> DeliveryResult:
        """Raises Rejected; what it raises otherwise never reached the platform."""
        body = {"touser": list(openids), **message, "clientmsgid": mark(key)}
        answer: Mapping[str, Any]
        try:
            answer = await self._api.ask("POST", "message/mass/send", {}, body)
        except Rejected as error:
            if error.code != THERE_ALREADY:
                raise
            answer = error.answer
        except CallFailed as error:
            if not error.sent:
                raise
            return Unsure("no_answer")
        return Delivered(str(answer.get("msg_id") or answer.get("msgid") or ""))

    async def _to_followers(self, key: str, openids: Sequence[str], message: Message) -> DeliveryResult:
        """The same on every attempt, but for who has left meanwhile."""
        told: set[str] = set()
        for at in range(0, len(openids), ASKED):
            told.update(await self._told(openids[at : at + ASKED]))
        here = [openid for openid in openids if openid in told]
        failed = tuple((openid, "unfollowed") for openid in openids if openid not in told)
        if not failed:
            return Refused(str(NOBODY))
        if len(here) < LEAST:
            return Delivered(failed=(*failed, *((openid, "too_few") for openid in here)))
        result = await self._send(f"{key}/followers", here, message)
        return replace(result, failed=failed) if isinstance(result, Delivered) else result


def mark(key: str) -> str:
    """By what the platform knows an attempt again."""
    return key if octets(key) <= LONGEST_MARK else hashlib.sha256(key.encode()).hexdigest()


def _text(text: str) -> Message | Refused:
    """Never cut: nobody has seen what would be left of it."""
    if not text.strip():
        return Refused("empty")
    fits = octets(text) <= LONGEST_TEXT
    return {"msgtype": "text", "text": {"content": text}} if fits else Refused("too_long")


def mass_meaning(error: Rejected, now: datetime) -> DeliveryResult:  # noqa: PLR0911 - one line per meaning
    """What an error code says about a mass message. Its quotas are its own: nobody else has to wait for them.

    Codes: binarywang/WxJava WxMpErrorMsgEnum; 42010 ("masssend fast, retry again") and 9500002 ("masssend task too
    much") as people have met them: https://developers.weixin.qq.com/community/personal/oCJUswztc2Dw3NpTfAAFRPPt0TxE/answer
    """
    match error.code:
        case 45066:  # the same once more within a minute
            return Deferred(now + MINUTE, "too_fast")
        case 42010 | 45011 | 9500002:
            return Deferred(now + MINUTE, "minute_quota")
        case 45009:
            return Deferred(midnight(now), "day_quota")
        case 45028:  # a person decides whether it is worth waiting for
            return Refused("day_quota")
        case 40130:
            return Refused("too_few")
        case 40032:
            return Refused("too_many")
        case 45002:
            return Refused("too_long")
        case 40007 | 40118:
            return Refused("media")
        case 48001 | 48008 | 50001:
            return Refused("no_right")
        case _:
            return meaning(error, now)
