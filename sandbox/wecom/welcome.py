"""Welcome messages to new customers: send_welcome_msg, good for 20 seconds, once.

Source: https://developer.work.weixin.qq.com/document/path/92137
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, found, need, refuse_if, size
from sandbox.wecom.corp import Corp, Welcome

LIFE: Final = 20
TEXT_BYTES: Final = 4000
ATTACHMENTS: Final = 9
ATTACHMENT_KINDS: Final = ("image", "link", "miniprogram", "video", "file")
LINK_BYTES: Final = {"title": 128, "desc": 512, "url": 2048, "picurl": 2048}


def send_welcome_msg(corp: Corp, asked: Asked) -> dict[str, Any]:
    code = asked.need("welcome_code", str, 41049)
    content = check_content(corp, asked.body)
    welcome = found(corp.welcomes.get(code), 41050)
    refuse_if(welcome.is_used, 41096)
    refuse_if(corp.stage.clock() > welcome.born + LIFE, 41050)
    refuse_if(_has_begun(corp, welcome), 41051)
    welcome.is_used = True
    for shown in content:
        corp.stage.show(f"wecom-contact:{welcome.external_userid}", "company", shown)
    return {}


def _has_begun(corp: Corp, welcome: Welcome) -> bool:
    """Another code of the same two people was used: their chat is open."""
    pair = (welcome.userid, welcome.external_userid)
    return any(each.is_used and (each.userid, each.external_userid) == pair for each in corp.welcomes.values())


def check_content(corp: Corp, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The text and attachments of a welcome or a group message, as the phone shows them."""
    text = body.get("text", {}).get("content", "")
    attachments = body.get("attachments", [])
    refuse_if(not text and not attachments, 40063)
    refuse_if(size(text) > TEXT_BYTES, 40058)
    refuse_if(len(attachments) > ATTACHMENTS, 41064)
    shown = [_attachment(corp, attachment) for attachment in attachments]
    return ([{"type": "text", "text": text}] if text else []) + shown


def _attachment(corp: Corp, attachment: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(attachment.get("msgtype"))
    refuse_if(kind not in ATTACHMENT_KINDS, 41065)
    held = need(attachment, kind, dict, 40063)
    match kind:
        case "link":
            need(held, "title", str, 41016)
            need(held, "url", str, 40063)
            refuse_if(any(size(held.get(name, "")) > limit for name, limit in LINK_BYTES.items()), 40058)
            return {"type": "link", "title": held["title"], "description": held.get("desc", ""), "url": held["url"]}
        case "miniprogram":
            return {"type": "link", "title": need(held, "title", str, 41016), "description": "", "url": ""}
        case _ if held.get("pic_url"):
            return {"type": kind, "name": "", "url": held["pic_url"]}
        case _:
            medium = found(corp.media.find(held.get("media_id")), 40007)
            return {"type": kind, "name": medium.filename, "url": f"media/wecom/{medium.id}"}


CALLS: Final[Mapping[str, CgiCall]] = {"externalcontact/send_welcome_msg": CgiCall("POST", send_welcome_msg)}
