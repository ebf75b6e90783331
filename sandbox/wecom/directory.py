"""Members and departments as a new self-built app may read them: no phone, e-mail or avatar.

Source: https://developer.work.weixin.qq.com/document/path/90196
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, found, refuse_if
from sandbox.wecom.corp import Corp, Department, Member

PAGE: Final = 10_000


def get_user(corp: Corp, asked: Asked) -> dict[str, Any]:
    refuse_if(not asked.params.get("userid"), 41009)
    member = found(corp.members.get(asked.params["userid"]), 60111)
    return {
        "userid": member.userid,
        "name": member.name,
        "department": member.department,
        "order": [0] * len(member.department),
        "position": member.position,
        "is_leader_in_dept": [0] * len(member.department),
        "direct_leader": [],
        "alias": member.alias,
        "main_department": member.department[0],
        "extattr": {"attrs": []},
        "status": 1,
        "telephone": "",
    }


def simplelist(corp: Corp, asked: Asked) -> dict[str, Any]:
    wanted = _below(corp, _department(corp, asked), deep=asked.params.get("fetch_child") == "1")
    return {"userlist": [_brief(member) for member in corp.members.values() if wanted & set(member.department)]}


def _department(corp: Corp, asked: Asked) -> int:
    given = asked.params.get("department_id", "")
    refuse_if(not given.isdecimal() or int(given) not in corp.departments, 60003)
    return int(given)


def _below(corp: Corp, top: int, *, deep: bool) -> set[int]:
    """The department itself, and with `deep` everything under it."""
    reached = {top}
    while deep:
        more = {each.id for each in corp.departments.values() if each.parentid in reached} - reached
        if not more:
            break
        reached |= more
    return reached


def _brief(member: Member) -> dict[str, Any]:
    return {"userid": member.userid, "name": member.name, "department": member.department}


def list_id(corp: Corp, asked: Asked) -> dict[str, Any]:
    """One row for each member and department."""
    limit = asked.body.get("limit", PAGE)
    refuse_if(not isinstance(limit, int) or not 1 <= limit <= PAGE, 40058)
    cursor = str(asked.body.get("cursor") or "0")
    refuse_if(not cursor.isdecimal(), 40058)
    rows = [{"userid": m.userid, "department": each} for m in corp.members.values() for each in m.department]
    end = int(cursor) + limit
    more = {"next_cursor": str(end)} if end < len(rows) else {}
    return {"dept_user": rows[int(cursor) : end], **more}


def list_departments(corp: Corp, asked: Asked) -> dict[str, Any]:
    top = asked.params.get("id", "")
    refuse_if(top and (not top.isdecimal() or int(top) not in corp.departments), 60003)
    wanted = _below(corp, int(top), deep=True) if top else set(corp.departments)
    return {"department": [_as_json(each) for each in corp.departments.values() if each.id in wanted]}


def _as_json(department: Department) -> dict[str, Any]:
    head = {"id": department.id, "name": department.name, "department_leader": []}
    return {**head, "parentid": department.parentid, "order": department.order}


CALLS: Final[Mapping[str, CgiCall]] = {
    "user/get": CgiCall("GET", get_user),
    "user/simplelist": CgiCall("GET", simplelist),
    "user/list_id": CgiCall("POST", list_id),
    "department/list": CgiCall("GET", list_departments),
}
