"""Tags of the official account: create, get, update, delete, batchtagging, batchuntagging, getidlist, user/tag/get.

Source: https://developers.weixin.qq.com/doc/offiaccount/User_Management/User_Tag_Management.html
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, need, refuse_if
from sandbox.wechat.account import Account, User

ALL: Final = 100
PER_FAN: Final = 20
BATCH: Final = 50
NAME: Final = 30
SYSTEM: Final = (0, 1, 2)
UNDELETABLE: Final = 100_000
PAGE: Final = 10_000


def create(account: Account, asked: Asked) -> dict[str, Any]:
    name = _name(account, asked.need("tag", dict, 45157))
    refuse_if(len(account.tags) - 1 >= ALL, 45056)
    return {"tag": {"id": account.make_tag(name), "name": name}}


def _name(account: Account, tag: Mapping[str, Any]) -> str:
    name = need(tag, "name", str, 45157)
    refuse_if(len(name) > NAME, 45158)
    refuse_if(any(name == other and tag.get("id") != tag_id for tag_id, other in account.tags.items()), 45157)
    return name


def get(account: Account, _asked: Asked) -> dict[str, Any]:
    counts = Counter(tag_id for user in account.users.values() for tag_id in user.tags)
    return {"tags": [{"id": each, "name": name, "count": counts[each]} for each, name in account.tags.items()]}


def update(account: Account, asked: Asked) -> dict[str, Any]:
    tag = asked.need("tag", dict, 45159)
    tag_id = _own(account, tag.get("id"))
    account.rename_tag(tag_id, _name(account, tag))
    return {}


def delete(account: Account, asked: Asked) -> dict[str, Any]:
    tag_id = _own(account, asked.need("tag", dict, 45159).get("id"))
    refuse_if(sum(tag_id in user.tags for user in account.users.values()) > UNDELETABLE, 45057)
    account.delete_tag(tag_id)
    return {}


def _own(account: Account, tag_id: Any) -> int:
    refuse_if(tag_id in SYSTEM, 45058)
    return _known(account, tag_id)


def _known(account: Account, tag_id: Any) -> int:
    refuse_if(not isinstance(tag_id, int) or tag_id not in account.tags, 45159)
    return int(tag_id)


def batchtagging(account: Account, asked: Asked) -> dict[str, Any]:
    tag_id, users = _known(account, asked.body.get("tagid")), _users(account, asked)
    refuse_if(any(tag_id not in user.tags and len(user.tags) >= PER_FAN for user in users), 45059)
    for user in users:
        user.tag(tag_id)
    return {}


def batchuntagging(account: Account, asked: Asked) -> dict[str, Any]:
    tag_id = _known(account, asked.body.get("tagid"))
    for user in _users(account, asked):
        user.untag(tag_id)
    return {}


def _users(account: Account, asked: Asked) -> list[User]:
    openids = asked.need("openid_list", list, 40032)
    refuse_if(len(openids) > BATCH, 40032)
    users = [account.user(openid) for openid in openids]
    refuse_if(any(not user.is_follower for user in users), 50005)
    return users


def getidlist(account: Account, asked: Asked) -> dict[str, Any]:
    return {"tagid_list": list(account.user(asked.body.get("openid")).tags)}


def fans(account: Account, asked: Asked) -> dict[str, Any]:
    """Pages of 10 000, each after `next_openid`; the last page has no `data`."""
    tag_id, after = _known(account, asked.body.get("tagid")), asked.body.get("next_openid") or ""
    openids = [user.openid for user in account.users.values() if tag_id in user.tags]
    refuse_if(after and after not in openids, 40003)
    start = openids.index(after) + 1 if after else 0
    page = openids[start : start + PAGE]
    data = {"data": {"openid": page}} if page else {}
    return {"count": len(page), **data, "next_openid": page[-1] if page else ""}


CALLS: Final[Mapping[str, CgiCall]] = {
    "tags/create": CgiCall("POST", create),
    "tags/get": CgiCall("GET", get),
    "tags/update": CgiCall("POST", update),
    "tags/delete": CgiCall("POST", delete),
    "tags/members/batchtagging": CgiCall("POST", batchtagging),
    "tags/members/batchuntagging": CgiCall("POST", batchuntagging),
    "tags/getidlist": CgiCall("POST", getidlist),
    "user/tag/get": CgiCall("POST", fans),
}
