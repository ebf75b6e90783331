"""Template messages, and the event that tells what became of each.

Source: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, refuse_if
from sandbox.wechat.account import Account


def send(account: Account, asked: Asked) -> dict[str, Any]:
    """To any follower, at any time; TEMPLATESENDJOBFINISH follows."""
    user = account.user(asked.need("touser", str, 40003))
    refuse_if(asked.body.get("template_id") not in account.templates, 40037)
    data = asked.need("data", dict, 47001)
    refuse_if(any(not isinstance(each, dict) or "value" not in each for each in data.values()), 47001)
    refuse_if(not user.is_follower, 43004)
    msgid = int(account.stage.ids.message())
    rows = [[key, str(each["value"])] for key, each in data.items()]
    account.stage.show(f"wechat:{user.openid}", "company", {"type": "card", "title": "", "rows": rows, "buttons": []})
    account.stage.postman.send_later(lambda: _report(account, user.openid, msgid))
    return {"errcode": 0, "errmsg": "ok", "msgid": msgid}


async def _report(account: Account, openid: str, msgid: int) -> None:
    head = {"FromUserName": openid, "CreateTime": account.stage.now(), "MsgType": "event"}
    result = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": msgid, "Status": account.template_status}
    await account.tell(openid, head | result)


CALLS: Final[Mapping[str, CgiCall]] = {"message/template/send": CgiCall("POST", send)}
