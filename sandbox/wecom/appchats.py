"""Group chats of members that our app has made (应用群聊): appchat/create, get, update, send.

Source: https://developer.work.weixin.qq.com/document/path/90245 and its neighbours
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, found, need, refuse_if
from sandbox.wecom import messages
from sandbox.wecom.corp import AppChat, Corp, Received

NAME: Final = 50
LEAST, MOST = 2, 2000
CHANGES: Final = 500
CHAT_ID: Final = re.compile(r"[0-9A-Za-z]{1,32}")
KINDS: Final[Mapping[str, Callable[[Corp, dict[str, Any]], messages.Shown]]] = {
    kind: make for kind, make in messages.KINDS.items() if kind != "template_card"
}


def create(corp: Corp, asked: Asked) -> dict[str, Any]:
    """Whoever is not known is left out; without an id the platform makes one, without an owner the first is it."""
    named = asked.body.get("chatid") or corp.stage.ids.code(size=16)
    refuse_if(not isinstance(named, str) or not CHAT_ID.fullmatch(named), 86001)
    refuse_if(named in corp.app_chats, 86215)
    people = [each for each in dict.fromkeys(asked.need("userlist", list, 86216)) if each in corp.members]
    refuse_if(not LEAST <= len(people) <= MOST, 86006)
    owner = asked.body.get("owner") or people[0]
    refuse_if(owner not in people, 86207)
    corp.app_chats[named] = AppChat(named, str(asked.body.get("name", ""))[:NAME], owner, people)
    return {"chatid": named}


def get(corp: Corp, asked: Asked) -> dict[str, Any]:
    chat = _chat(corp, asked.params.get("chatid"))
    told = {"chatid": chat.chatid, "name": chat.name, "owner": chat.owner, "userlist": list(chat.userlist)}
    return {"chat_info": told}


def update(corp: Corp, asked: Asked) -> dict[str, Any]:
    chat = _chat(corp, asked.body.get("chatid"))
    added, gone = (asked.body.get(name) or [] for name in ("add_user_list", "del_user_list"))
    refuse_if(len(added) > CHANGES or len(gone) > CHANGES, 86006)
    refuse_if(any(each not in corp.members for each in added) or any(each not in chat.userlist for each in gone), 86216)
    people = [each for each in dict.fromkeys([*chat.userlist, *added]) if each not in gone]
    owner = asked.body.get("owner") or chat.owner
    refuse_if(owner not in people, 86207)
    refuse_if(not LEAST <= len(people) <= MOST, 86006)
    chat.name, chat.owner, chat.userlist = str(asked.body.get("name") or chat.name)[:NAME], owner, people
    return {}


def send(corp: Corp, asked: Asked) -> dict[str, Any]:
    """No id comes back. Source: https://developer.work.weixin.qq.com/document/path/90248."""
    chat = _chat(corp, asked.body.get("chatid"))
    kind = str(asked.body.get("msgtype"))
    make = found(KINDS.get(kind), 40008)
    shown = make(corp, need(asked.body, kind, dict, 44004 if kind in ("text", "markdown") else 40063))
    corp.hand_over(chat.chatid, Received(corp.stage.clock(), "", [shown]), f"wecom-chat:{chat.chatid}")
    return {}


def _chat(corp: Corp, chatid: object) -> AppChat:
    refuse_if(not isinstance(chatid, str) or not chatid, 86001)
    return found(corp.app_chats.get(str(chatid)), 86003)


CALLS: Final[Mapping[str, CgiCall]] = {
    "appchat/create": CgiCall("POST", create),
    "appchat/get": CgiCall("GET", get),
    "appchat/update": CgiCall("POST", update),
    "appchat/send": CgiCall("POST", send),
}
