"""Template messages, and the event that tells what became of each.

Source: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, refuse_if
from sandbox.wechat.account import Account, User

REMEMBERED: Final = 600
REFUSED: Final = "failed:user block"


def send(account: Account, asked: Asked) -> dict[str, Any]:
    """To any follower, at any time; TEMPLATESENDJOBFINISH follows.

    The same person and client_msg_id within ten minutes are one message. What is answered then is not documented.
    """
    refuse_if(account.account_type == "subscription", 48001)
    user = account.user(asked.need("touser", str, 40003))
    refuse_if(asked.body.get("template_id") not in account.templates, 40037)
    data = asked.need("data", dict, 47001)
    refuse_if(any(not isinstance(each, dict) or "value" not in each for each in data.values()), 47001)
    refuse_if(not user.is_follower, 43004)
    mark, now = str(asked.body.get("client_msg_id") or ""), account.stage.clock()
    at, msgid = account.notices.get((user.openid, mark), (now - REMEMBERED, 0))
    if not mark or at <= now - REMEMBERED:
        msgid = _send(account, user, data)
        account.notices[user.openid, mark] = (now, msgid)
    return {"errcode": 0, "errmsg": "ok", "msgid": msgid}


def _send(account: Account, user: User, data: dict[str, Any]) -> int:
    msgid = int(account.stage.ids.message())
    status = REFUSED if user.refuses else account.template_status
    if status == "success":
        rows = [[key, str(each["value"])] for key, each in data.items()]
        account.give(user.openid, "notice", {"type": "card", "title": "", "rows": rows, "buttons": []})
    account.stage.postman.send_later(lambda: _report(account, user.openid, msgid, status))
    return msgid


async def _report(account: Account, openid: str, msgid: int, status: str) -> None:
    head = {"FromUserName": openid, "CreateTime": account.stage.now(), "MsgType": "event"}
    await account.tell(openid, head | {"Event": "TEMPLATESENDJOBFINISH", "MsgID": msgid, "Status": status})


CALLS: Final[Mapping[str, CgiCall]] = {"message/template/send": CgiCall("POST", send)}
