"""The followers as the API shows them: user/info, user/info/batchget, user/get, updateremark.

Source: https://developers.weixin.qq.com/doc/offiaccount/User_Management/Get_users_basic_information_UnionID.html
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, found, refuse_if
from sandbox.wechat.account import Account, User

PAGE: Final = 10_000
BATCH: Final = 100
REMARK: Final = 30


def info(account: Account, asked: Asked) -> dict[str, Any]:
    return _details(account.user(asked.params.get("openid")))


def batchget(account: Account, asked: Asked) -> dict[str, Any]:
    wanted = asked.need("user_list", list, 40035)
    refuse_if(len(wanted) > BATCH, 40032)
    return {"user_info_list": [_details(account.user(each.get("openid"))) for each in wanted]}


def get(account: Account, asked: Asked) -> dict[str, Any]:
    """Pages of 10 000; the last page has no `data`."""
    openids = [user.openid for user in account.users.values() if user.is_follower]
    after = asked.params.get("next_openid", "")
    refuse_if(after and after not in openids, 40003)
    start = openids.index(after) + 1 if after else 0
    page = openids[start : start + PAGE]
    head = {"total": len(openids), "count": len(page)}
    return head | ({"data": {"openid": page}} if page else {}) | {"next_openid": page[-1] if page else ""}


def updateremark(account: Account, asked: Asked) -> dict[str, Any]:
    user = account.user(asked.body.get("openid"))
    remark = found(asked.body.get("remark"), 40035)
    refuse_if(len(remark) >= REMARK, 40035)
    user.remark = remark
    return {}


def _details(user: User) -> dict[str, Any]:
    if not user.is_follower:
        return {"subscribe": 0, "openid": user.openid}
    details = {
        "subscribe": 1,
        "openid": user.openid,
        "nickname": "",
        "sex": 0,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": user.subscribed_at,
        "remark": user.remark,
        "groupid": 0,
        "tagid_list": list(user.tags),
        "subscribe_scene": "ADD_SCENE_QR_CODE" if user.scene else "ADD_SCENE_SEARCH",
        "qr_scene": int(user.scene) if user.scene.isdecimal() else 0,
        "qr_scene_str": "" if user.scene.isdecimal() else user.scene,
    }
    return details | ({"unionid": user.unionid} if user.unionid else {})


CALLS: Final[Mapping[str, CgiCall]] = {
    "user/info": CgiCall("GET", info),
    "user/info/batchget": CgiCall("POST", batchget),
    "user/get": CgiCall("GET", get),
    "user/info/updateremark": CgiCall("POST", updateremark),
}
