"""Customer contact (客户联系): who follows whom, the details of a customer, remarks.

Source: https://developer.work.weixin.qq.com/document/path/92114 and its neighbours
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, refuse_if
from sandbox.wecom.corp import Contact, Corp, Follow

FOLLOWERS_A_PAGE: Final = 500
BATCH_USERS: Final = 100
BATCH_ROWS: Final = 100
BATCH_DEFAULT: Final = 50
REMARK, DESCRIPTION = 20, 150


def get_follow_user_list(corp: Corp, _asked: Asked) -> dict[str, Any]:
    return {"follow_user": list(corp.members)}


def list_(corp: Corp, asked: Asked) -> dict[str, Any]:
    userid = asked.params.get("userid", "")
    refuse_if(not userid, 41009)
    refuse_if(userid not in corp.members, 60111)
    ids = [contact.external_userid for contact in corp.contacts.values() if userid in contact.follows]
    refuse_if(not ids, 84061)
    return {"external_userid": ids}


def get(corp: Corp, asked: Asked) -> dict[str, Any]:
    refuse_if(not asked.params.get("external_userid"), 41035)
    contact = corp.contact(asked.params["external_userid"])
    refuse_if(not contact.follows, 84061)
    start = _offset(asked.params.get("cursor", ""))
    page = list(contact.follows.values())[start : start + FOLLOWERS_A_PAGE]
    body = {"external_contact": _details(contact), "follow_user": [_follow(corp, each) for each in page]}
    more = start + FOLLOWERS_A_PAGE < len(contact.follows)
    return body | ({"next_cursor": str(start + FOLLOWERS_A_PAGE)} if more else {})


def batch_get_by_user(corp: Corp, asked: Asked) -> dict[str, Any]:
    userids = asked.need("userid_list", list, 41009)
    limit = asked.body.get("limit", BATCH_DEFAULT)
    refuse_if(len(userids) > BATCH_USERS, 40058)
    refuse_if(not isinstance(limit, int) or not 1 <= limit <= BATCH_ROWS, 40058)
    refuse_if(any(userid not in corp.members for userid in userids), 60111)
    start, told = _place(asked.body.get("cursor", ""))
    found = islice(_relations(corp, frozenset(userids), start, told), limit + 1)
    rows = [
        ({"external_contact": _details(contact), "follow_info": _follow_info(each)}, place)
        for contact, each, place in found
    ]
    refuse_if(not rows and not asked.body.get("cursor"), 84061)
    cursor = rows[limit - 1][1] if len(rows) > limit else ""
    return {"external_contact_list": [row for row, _ in rows[:limit]], "next_cursor": cursor}


def _relations(corp: Corp, userids: frozenset[str], start: int, told: int) -> Iterator[tuple[Contact, Follow, str]]:
    """The relations of some members from a place on, each with the place behind it.

    Customers keep their number for good, so nobody is left out when others come and go between two pages.
    """
    for number, contact in enumerate(islice(corp.contacts.values(), start, None), start):
        follows = [follow for follow in contact.follows.values() if follow.userid in userids]
        skipped = told if number == start else 0
        for count, follow in enumerate(follows[skipped:], skipped + 1):
            yield contact, follow, f"{number}.{count}"


def _place(cursor: object) -> tuple[int, int]:
    """How many customers, and how many relations of the next one, were told before."""
    customers, _, relations = str(cursor or "0").partition(".")
    return _offset(customers), _offset(relations)


def remark(corp: Corp, asked: Asked) -> dict[str, Any]:
    """At least one field; `remark_mobiles` overwrites. Source: https://developer.work.weixin.qq.com/document/path/92115."""
    follow = corp.follow_of(asked.body.get("userid"), asked.body.get("external_userid"))
    given = {name: asked.body[name] for name in _REMARKS if name in asked.body}
    refuse_if(not given, 40058)
    refuse_if(any(len(given[name]) > limit for name, limit in _REMARKS.items() if name in given), 40058)
    follow.remark = given.get("remark", follow.remark)
    follow.description = given.get("description", follow.description)
    follow.remark_corp_name = given.get("remark_company", follow.remark_corp_name)
    if "remark_mobiles" in given:
        follow.remark_mobiles = [mobile for mobile in given["remark_mobiles"] if mobile]
    return {}


_REMARKS: Final = {"remark": REMARK, "description": DESCRIPTION, "remark_company": REMARK, "remark_mobiles": REMARK}


def _offset(cursor: object) -> int:
    text = str(cursor or "0")
    refuse_if(not text.isdecimal(), 40058)
    return int(text)


def _details(contact: Contact) -> dict[str, Any]:
    details: dict[str, Any] = {
        "external_userid": contact.external_userid,
        "name": contact.name,
        "type": contact.type,
        "avatar": contact.avatar,
        "gender": contact.gender,
    }
    optional = {"unionid": contact.unionid, "corp_name": contact.corp_name}
    return details | {name: value for name, value in optional.items() if value}


def _follow(corp: Corp, follow: Follow) -> dict[str, Any]:
    held = [corp.tags.find(tag_id) for tag_id in follow.tags]
    corp_tags = [
        {"group_name": group.name, "tag_name": tag.name, "tag_id": tag.id, "type": 1}
        for group, tag in filter(None, held)
    ]
    own = [{"group_name": "", "tag_name": name, "type": 2} for name in follow.personal_tags]
    return {**_common(follow), "tags": corp_tags + own}


def _follow_info(follow: Follow) -> dict[str, Any]:
    return {**_common(follow), "tag_id": list(follow.tags)}


def _common(follow: Follow) -> dict[str, Any]:
    told: dict[str, Any] = {
        "userid": follow.userid,
        "remark": follow.remark,
        "description": follow.description,
        "createtime": follow.createtime,
        "add_way": follow.add_way,
        "oper_userid": follow.userid,
    }
    optional = {
        "state": follow.state,
        "remark_corp_name": follow.remark_corp_name,
        "remark_mobiles": list(follow.remark_mobiles),
    }
    return told | {name: value for name, value in optional.items() if value}


CALLS: Final[Mapping[str, CgiCall]] = {
    "externalcontact/get_follow_user_list": CgiCall("GET", get_follow_user_list),
    "externalcontact/list": CgiCall("GET", list_),
    "externalcontact/get": CgiCall("GET", get),
    "externalcontact/batch/get_by_user": CgiCall("POST", batch_get_by_user),
    "externalcontact/remark": CgiCall("POST", remark),
}
