"""Customer-service messages: message/custom/send within 48 hours and five per message of the user.

Source: https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Customer_Service_Messages.html
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, found, need, refuse_if, size
from sandbox.wechat.account import Account

TEXT_BYTES: Final = 2048
Shown = dict[str, Any]


def text(_account: Account, message: dict[str, Any]) -> Shown:
    content = need(message, "content", str, 44004)
    refuse_if(size(content) > TEXT_BYTES, 45002)
    return {"type": "text", "text": content}


def medium(kind: str) -> Callable[[Account, dict[str, Any]], Shown]:
    def check(account: Account, message: dict[str, Any]) -> Shown:
        held = found(account.media.find(need(message, "media_id", str, 41006)), 40007)
        refuse_if(held.kind != kind, 40007)
        return {"type": kind, "name": held.filename, "url": f"media/wechat/{held.id}"}

    return check


def news(_account: Account, message: dict[str, Any]) -> Shown:
    """Exactly one article."""
    articles = need(message, "articles", list, 44004)
    refuse_if(len(articles) != 1, 45008)
    article = articles[0]
    return {"type": "link", **{name: str(article.get(name, "")) for name in ("title", "description", "url")}}


def msgmenu(_account: Account, message: dict[str, Any]) -> Shown:
    items = need(message, "list", list, 44004)
    lines = [message.get("head_content", ""), *(f"· {item['content']}" for item in items), message.get("tail_content")]
    return {"type": "text", "text": "\n".join(line for line in lines if line)}


KINDS: Final[Mapping[str, Callable[[Account, dict[str, Any]], Shown]]] = {
    "text": text,
    "image": medium("image"),
    "voice": medium("voice"),
    "video": medium("video"),
    "news": news,
    "msgmenu": msgmenu,
}


def send(account: Account, asked: Asked) -> dict[str, Any]:
    user = account.user(asked.need("touser", str, 40003))
    kind = str(asked.body.get("msgtype"))
    shown = found(KINDS.get(kind), 40008)(account, asked.need(kind, dict, 44004))
    user.may_be_told(account.stage.clock())
    account.give(user.openid, "message", shown)
    return {}


def typing(account: Account, asked: Asked) -> dict[str, Any]:
    account.user(asked.need("touser", str, 40003))
    refuse_if(asked.body.get("command") not in ("Typing", "CancelTyping"), 40035)
    return {}


CALLS: Final[Mapping[str, CgiCall]] = {
    "message/custom/send": CgiCall("POST", send),
    "message/custom/typing": CgiCall("POST", typing),
}
