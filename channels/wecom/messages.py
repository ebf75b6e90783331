"""Here lives what members write to our app, as contents.

Source: https://developer.work.weixin.qq.com/document/path/90239
"""

import math

from channels.wecom.told import Told
from domain.events import Chat, MessageReceived
from domain.messages import Content, Image, Link, Location, Other, Text, Video, Voice


def message(told: Told) -> MessageReceived:
    """A kind of message that we do not know keeps the platform's word for it."""
    return MessageReceived(
        told.at, told.sender, Chat(told.sender.address), _content(told), message_id=told.get("MsgId")
    )


def _content(told: Told) -> Content:  # noqa: PLR0911 - one line per kind of message
    match told.get("MsgType"):
        case "text":
            return Text(told.get("Content"))
        case "image":
            return Image(media=told.get("MediaId"), url=told.get("PicUrl"))
        case "voice":
            return Voice(told.get("MediaId"))
        case "video":
            return Video(told.get("MediaId"))
        case "location":
            return Location(_degrees(told.get("Location_X")), _degrees(told.get("Location_Y")), told.get("Label"))
        case "link":
            return Link(told.get("Title"), told.get("Url"), told.get("Description"), told.get("PicUrl"))
        case kind:
            return Other(kind)


def _degrees(text: str) -> float:
    try:
        degrees = float(text)
    except ValueError:
        return 0.0
    return degrees if math.isfinite(degrees) else 0.0
