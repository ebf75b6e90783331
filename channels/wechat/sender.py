"""Here lives how something is said by an official account, and what its answer means."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from channels import Clock
from channels.parts import is_shown
from channels.wechat.api import STALE, Api, Rejected
from channels.wechat.contents import text_form
from channels.wechat.parts import pieces
from channels.wechat.pictures import NoPicture, Pictures
from domain.channel import Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.errors import CallFailed
from domain.messages import Content, Image, Link, OutboundMessage, Video, Voice
from domain.outgoing import Outgoing

Message = Mapping[str, Any]

SOON: Final = timedelta(seconds=5)
MINUTE: Final = timedelta(minutes=1)
BEIJING: Final = timezone(timedelta(hours=8))


class Sender:
    """Speaks by customer-service messages (客服消息), the only ones that need no template."""

    def __init__(self, api: Api, pictures: Pictures, clock: Clock) -> None:
        self._api = api
        self._pictures = pictures
        self._clock = clock

    async def deliver(self, outgoing: Outgoing) -> DeliveryResult:
        if not isinstance(outgoing, OutboundMessage):
            return Refused("unsupported")
        if not is_shown(outgoing.content, pieces(outgoing.content)):
            return Refused("too_long")
        try:
            messages = await self._messages(outgoing.content)
        except NoPicture:
            return Refused("media")
        except Rejected as error:
            return meaning(error, self._clock())
        except CallFailed:
            return Deferred(self._clock() + SOON, "unreachable")
        return await self._send_all(outgoing.to.id, messages) if messages else Refused("unsupported")

    async def _send_all(self, openid: str, messages: tuple[Message, ...]) -> DeliveryResult:
        """In order; once one has arrived, a later failure cannot be told as if nothing had been said."""
        for sent, message in enumerate(messages):
            result = await self._send({"touser": openid, **message})
            if not isinstance(result, Delivered):
                return Unsure("partly_sent") if sent else result
        return Delivered()

    async def _send(self, message: Message) -> DeliveryResult:
        try:
            await self._api.send(message)
        except Rejected as error:
            return meaning(error, self._clock())
        except CallFailed as error:
            return Unsure("no_answer") if error.sent else Deferred(self._clock() + SOON, "unreachable")
        return Delivered()

    async def _messages(self, content: Content) -> tuple[Message, ...]:
        """What says `content`; nothing when it cannot be said here."""
        match content:
            case Image():
                media = content.media or await self._pictures.media_id(content.url)
                return _media("image", media), *_text(text_form(content))
            case Voice(media=media) if media:
                return (_media("voice", media),)
            case Video(media=media, caption=caption) if media:
                return (_media("video", media, description=caption),)
            case Link():
                return (_news(content),)
            case _:
                return _text(text_form(content))


def _text(text: str) -> tuple[Message, ...]:
    return ({"msgtype": "text", "text": {"content": text}},) if text else ()


def _media(kind: str, media: str, **more: str) -> Message:
    return {"msgtype": kind, kind: {"media_id": media, **more}}


def _news(link: Link) -> Message:
    article = {"title": link.title, "description": link.description, "url": link.url, "picurl": link.picture}
    return {"msgtype": "news", "news": {"articles": [article]}}


def meaning(error: Rejected, now: datetime) -> DeliveryResult:  # noqa: PLR0911 - one line per meaning
    """What an error code of custom/send says about the message.

    Codes: binarywang/WxJava WxMpErrorMsgEnum, and for the windows
    https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Customer_Service_Messages.html
    """
    match error.code:
        case -1:  # busy
            return Deferred(now + SOON, "busy")
        case 45011:  # too many calls in this minute
            return Deferred(now + MINUTE, "minute_quota", whole_account=True)
        case 45009:  # too many calls today
            return Deferred(midnight(now), "day_quota", whole_account=True)
        case code if error.about_token or code in STALE:  # our settings are wrong, the message is not
            return Deferred(now + MINUTE, f"token_{code}", whole_account=True)
        case 45015:  # 48 hours over, or not following
            return Refused("window_closed")
        case 45047:  # 5 messages since the person's last
            return Refused("quota_used")
        case 48002:  # the person switched our messages off
            return Refused("messages_off")
        case 43019:  # on our own blacklist
            return Refused("blacklisted")
        case 43004 | 43005 | 46004 | 50005:  # not a follower, or nobody
            return Refused("unfollowed", state="unfollowed")
        case code:
            return Refused(str(code))


def midnight(now: datetime) -> datetime:
    """When the day's quota begins anew: the next 00:00 in Beijing."""
    tomorrow = now.astimezone(BEIJING) + timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
