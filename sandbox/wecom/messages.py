"""App messages to members: message/send and its limits.

Source: https://developer.work.weixin.qq.com/document/path/90236
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, CgiError, found, need, refuse_if, size
from sandbox.wecom import cards
from sandbox.wecom.corp import Corp

TEXT_BYTES: Final = 2048
TITLE_BYTES: Final = 128
DESCRIPTION_BYTES: Final = 512
URL_BYTES: Final = 2048
BUTTON_CHARACTERS: Final = 4
ARTICLES: Final = 8
RECEIVERS: Final = 1000
PARTIES: Final = 100
REPEAT_DEFAULT: Final = 1800
REPEAT_MOST: Final = 14_400
PER_MINUTE: Final = (30, 60)
PER_HOUR: Final = (1000, 3600)

Shown = dict[str, Any]


def text(_corp: Corp, message: dict[str, Any]) -> Shown:
    content = need(message, "content", str, 44004)
    refuse_if(size(content) > TEXT_BYTES, 45002)
    return {"type": "text", "text": content}


def markdown(corp: Corp, message: dict[str, Any]) -> Shown:
    return {**text(corp, message), "type": "markdown"}


def medium(corp: Corp, message: dict[str, Any], kind: str) -> Shown:
    media_id = need(message, "media_id", str, 41006)
    held = found(corp.media.find(media_id), 40007)
    refuse_if(held.kind != kind, 40007)
    return {"type": kind, "name": held.filename, "url": f"media/wecom/{media_id}"}


def textcard(_corp: Corp, message: dict[str, Any]) -> Shown:
    _check_link(message)
    refuse_if(len(str(message.get("btntxt", ""))) > BUTTON_CHARACTERS, 40058)
    return _link(message)


def news(_corp: Corp, message: dict[str, Any]) -> Shown:
    articles = need(message, "articles", list, 40063)
    refuse_if(len(articles) > ARTICLES, 45008)
    for article in articles:
        _check_link({"description": "-", "url": "-", **article})
    return {"type": "news", "items": [_link(article) for article in articles]}


def _check_link(link: Mapping[str, Any]) -> None:
    refuse_if(size(need(link, "title", str, 41016)) > TITLE_BYTES, 40058)
    refuse_if(size(need(link, "description", str, 41033)) > DESCRIPTION_BYTES, 40058)
    refuse_if(size(need(link, "url", str, 40063)) > URL_BYTES, 40058)


def _link(link: Mapping[str, Any]) -> Shown:
    return {"type": "link", **{name: link.get(name, "") for name in ("title", "description", "url")}}


def image(corp: Corp, message: dict[str, Any]) -> Shown:
    return medium(corp, message, "image")


def file(corp: Corp, message: dict[str, Any]) -> Shown:
    return medium(corp, message, "file")


def template_card(corp: Corp, message: dict[str, Any]) -> Shown:
    cards.check(corp, message)
    return cards.shown(message)


KINDS: Final[Mapping[str, Callable[[Corp, dict[str, Any]], Shown]]] = {
    "text": text,
    "markdown": markdown,
    "image": image,
    "file": file,
    "textcard": textcard,
    "news": news,
    "template_card": template_card,
}


def send(corp: Corp, asked: Asked) -> dict[str, Any]:
    corp.check_agent(asked.body.get("agentid"))
    known, unknown = _receivers(corp, asked.body)
    kind = asked.body.get("msgtype")
    make = found(KINDS.get(str(kind)), 40008)
    message = need(asked.body, str(kind), dict, 44004 if kind in ("text", "markdown") else 40063)
    shown = make(corp, message)
    refuse_if(not known, 81013)
    is_repeat = _is_repeat(corp, asked.body)
    entries = {each: _show(corp, each, shown) for each in known if not is_repeat and _may_get_more(corp, each)}
    answer = {
        "invaliduser": "|".join(unknown),
        "invalidparty": "",
        "invalidtag": "",
        "msgid": corp.stage.ids.code("msg"),
    }
    if kind == "template_card" and message["card_type"] in cards.INTERACTIVE:
        answer["response_code"] = cards.hand_out(corp, message, entries)
    return answer


def _is_repeat(corp: Corp, body: Mapping[str, Any]) -> bool:
    """With `enable_duplicate_check` the same message is not delivered again within the interval."""
    if body.get("enable_duplicate_check") != 1:
        return False
    interval = body.get("duplicate_check_interval", REPEAT_DEFAULT)
    refuse_if(not isinstance(interval, int) or not 0 < interval <= REPEAT_MOST, 40058)
    key, now = json.dumps(body, sort_keys=True), corp.stage.clock()
    is_repeat = now < corp.checked_until.get(key, 0)
    if not is_repeat:
        corp.checked_until[key] = now + interval
    return is_repeat


def _show(corp: Corp, userid: str, shown: Shown) -> str:
    return corp.stage.show(f"wecom:{userid}", "company", shown)


def _receivers(corp: Corp, body: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The members meant, and the names that are no members."""
    users, parties, tags = (body.get(name, "") for name in ("touser", "toparty", "totag"))
    if not all(isinstance(names, str) for names in (users, parties, tags)):
        raise CgiError(40058)
    refuse_if(not (users or parties or tags), 82001)
    refuse_if(parties.count("|") >= PARTIES, 82002)
    refuse_if(tags.count("|") >= PARTIES, 82003)
    if users == "@all":
        return list(corp.members), []
    names = [name for name in dict.fromkeys(users.split("|")) if name]
    refuse_if(len(names) > RECEIVERS, 40032)
    names += [m.userid for m in corp.members.values() if {str(d) for d in m.department} & set(parties.split("|"))]
    return [n for n in names if n in corp.members], [n for n in names if n not in corp.members]


def _may_get_more(corp: Corp, userid: str) -> bool:
    """The surplus over 30 a minute or 1000 an hour is dropped without an error.

    Source: https://developer.work.weixin.qq.com/document/path/90454
    """
    now = corp.stage.clock()
    sent = [at for at in corp.sent_to.get(userid, []) if at > now - PER_HOUR[1]]
    is_full = len(sent) >= PER_HOUR[0] or sum(at > now - PER_MINUTE[1] for at in sent) >= PER_MINUTE[0]
    if corp.limits_on and is_full:
        return False
    corp.sent_to[userid] = [*sent[-PER_HOUR[0] :], now] if corp.limits_on else []
    return True


CALLS: Final[Mapping[str, CgiCall]] = {
    "message/send": CgiCall("POST", send),
    "message/update_template_card": CgiCall("POST", cards.update),
}
