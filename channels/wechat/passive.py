"""Here lives the reply that an official account gives in the HTTP answer itself (被动回复).

Source: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Passive_user_reply_message.html
"""

from datetime import datetime
from typing import Final

from channels.envelope import cdata, fields
from channels.wechat.contents import text_form
from channels.wechat.parts import pieces
from domain.messages import Content, Image, Link, Notice, OutboundMessage, Video, Voice

HEAD: Final = ("ToUserName", "FromUserName", "MsgType", "Event")
ANSWERED: Final = frozenset({"subscribe", "scan", "click"})


def reply(payload: str, outgoing: OutboundMessage, now: datetime) -> bytes | None:
    """The XML that says `outgoing` to the sender of `payload`; None when that cannot be said in one such reply."""
    asked = fields(payload.encode(), HEAD)
    if asked.get("FromUserName") != outgoing.to.id:
        return None
    if asked.get("MsgType") == "event" and asked.get("Event", "").lower() not in ANSWERED:
        return None
    body = _body(outgoing.content)
    if not body or len(pieces(outgoing.content)) != 1:
        return None
    return (
        f"<xml><ToUserName>{cdata(outgoing.to.id)}</ToUserName>"
        f"<FromUserName>{cdata(asked.get('ToUserName', ''))}</FromUserName>"
        f"<CreateTime>{int(now.timestamp())}</CreateTime>{body}</xml>"
    ).encode()


def _body(content: Content) -> str:
    match content:
        case Image(media=media, caption=caption):
            return _media("image", "Image", media) if media and not caption else ""
        case Voice(media=media):
            return _media("voice", "Voice", media) if media else ""
        case Video(media=media, caption=caption):
            return _media("video", "Video", media, f"<Description>{cdata(caption)}</Description>") if media else ""
        case Link():
            return _news(content)
        case Notice():
            return ""
        case _:
            text = text_form(content)
            return f"<MsgType>{cdata('text')}</MsgType><Content>{cdata(text)}</Content>" if text else ""


def _media(kind: str, element: str, media: str, more: str = "") -> str:
    return f"<MsgType>{cdata(kind)}</MsgType><{element}><MediaId>{cdata(media)}</MediaId>{more}</{element}>"


def _news(link: Link) -> str:
    return (
        f"<MsgType>{cdata('news')}</MsgType><ArticleCount>1</ArticleCount><Articles><item>"
        f"<Title>{cdata(link.title)}</Title><Description>{cdata(link.description)}</Description>"
        f"<PicUrl>{cdata(link.picture)}</PicUrl><Url>{cdata(link.url)}</Url></item></Articles>"
    )
