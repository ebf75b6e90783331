"""Mass messages to lists of followers: mass/send, mass/get, mass/delete, and the event that tells how each ended.

Sources: https://developers.weixin.qq.com/doc/service/api/notify/message/api_masssend,
https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Batch_Sends_and_Originality_Checks.html
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, found, need, refuse_if, size
from sandbox.ledger import Outcome
from sandbox.wechat.account import BEIJING, Account, Mass, User
from sandbox.wechat.messages import Shown, medium, text

LEAST, MOST = 2, 10_000
A_MINUTE, A_MONTH = 60, 4
MARK_BYTES: Final = 64
DAY: Final = 86_400
HELPER: Final = "mphelper"  # in whose name the platform tells of the end
DELETABLE: Final = ("mpnews", "mpvideo")


def send(account: Account, asked: Asked) -> dict[str, Any] | Outcome:
    """A clientmsgid that was there within a day gets 45065 and the mass message that it was for.

    Without one the platform takes a digest of whom it is for and what it says. Who is no follower is not counted.
    """
    refuse_if(account.account_type == "subscription", 48001)
    openids = asked.need("touser", list, 40130)
    refuse_if(len(openids) < LEAST, 40130)
    refuse_if(len(openids) > MOST, 40032)
    shown = _shown(account, asked)
    mark = str(asked.body.get("clientmsgid") or _digest(asked.body))
    refuse_if(size(mark) > MARK_BYTES, 45067)
    now = account.stage.clock()
    before = account.masses.get(mark)
    if before and before.at > now - DAY:
        return Outcome(200, account.refusal(45065) | {"msg_id": before.id})
    _check_quotas(account, now)
    mass = account.masses[mark] = Mass(int(account.stage.ids.message()), str(asked.body["msgtype"]), now)
    counts = _spread(account, [str(openid) for openid in openids], shown)
    status = account.mass_status
    account.stage.postman.send_later(lambda: _end(account, mass, status, counts), account.mass_seconds)
    return {"errcode": 0, "errmsg": "send job submission success", "msg_id": mass.id, "msg_data_id": mass.id}


def _shown(account: Account, asked: Asked) -> Shown:
    match asked.body.get("msgtype"):
        case "text":
            return text(account, asked.need("text", dict, 44004))
        case "image":
            images = asked.need("images", dict, 44004)
            first, *_ = [
                medium("image")(account, {"media_id": each}) for each in need(images, "media_ids", list, 41006)
            ]
            return first | ({"text": str(images["recommend"])} if images.get("recommend") else {})
        case _:
            return found(None, 40008)


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _check_quotas(account: Account, now: float) -> None:
    """60 calls in a minute (45011), and so many in a day of Beijing (45028)."""
    began = [mass.at for mass in account.masses.values()]
    refuse_if(sum(at > now - A_MINUTE for at in began) >= A_MINUTE, 45011)
    today = (now + BEIJING) // DAY
    refuse_if(sum((at + BEIJING) // DAY == today for at in began) >= account.masses_a_day, 45028)


def _spread(account: Account, openids: list[str], shown: Shown) -> dict[str, int]:
    """Give it to everybody who takes it; what is judged unfit reaches nobody, and nobody is counted."""
    known = [account.users[openid] for openid in dict.fromkeys(openids) if openid in account.users]
    followers = [user for user in known if user.is_follower]
    if account.mass_status.startswith("err"):
        return dict.fromkeys(("TotalCount", "FilterCount", "SentCount", "ErrorCount"), 0)
    month = datetime.fromtimestamp(account.stage.clock() + BEIJING, UTC).strftime("%Y-%m")
    takers = [user for user in followers if not user.refuses and user.masses[month] < A_MONTH]
    sent = [user for user in takers if _is_sent(account, user)]
    for user in sent:
        user.masses[month] += 1
        account.give(user.openid, "mass", shown)
    return {
        "TotalCount": len(followers),
        "FilterCount": len(takers),
        "SentCount": len(sent),
        "ErrorCount": len(takers) - len(sent),
    }


def _is_sent(account: Account, user: User) -> bool:
    return account.mass_status != "send fail" and user.openid not in account.mass_failing


async def _end(account: Account, mass: Mass, status: str, counts: Mapping[str, int]) -> None:
    mass.status = "SEND_SUCCESS" if status.replace(" ", "") == "sendsuccess" else "SEND_FAIL"
    head = {"FromUserName": HELPER, "CreateTime": account.stage.now(), "MsgType": "event"}
    await account.tell(HELPER, head | {"Event": "MASSSENDJOBFINISH", "MsgID": mass.id, "Status": status, **counts})


def get(account: Account, asked: Asked) -> dict[str, Any]:
    mass = _mass(account, asked)
    return {"msg_id": mass.id, "msg_status": mass.status}


def delete(account: Account, asked: Asked) -> dict[str, Any]:
    """Articles and videos only, and only what has been sent."""
    mass = _mass(account, asked)
    refuse_if(mass.kind not in DELETABLE or mass.status != "SEND_SUCCESS", 40059)
    mass.status = "DELETE"
    return {}


def _mass(account: Account, asked: Asked) -> Mass:
    wanted = str(asked.body.get("msg_id"))
    return found(next((mass for mass in account.masses.values() if str(mass.id) == wanted), None), 40059)


CALLS: Final[Mapping[str, CgiCall]] = {
    "message/mass/send": CgiCall("POST", send),
    "message/mass/get": CgiCall("POST", get),
    "message/mass/delete": CgiCall("POST", delete),
}
