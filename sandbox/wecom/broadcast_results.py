"""What the company may ask of its group sends, and how it reminds of them and takes them back.

Source: https://developer.work.weixin.qq.com/document/path/93338, https://developer.work.weixin.qq.com/document/path/97610
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, found, refuse_if
from sandbox.wecom.broadcasts import SENT, UNSENT, lay_on_phone
from sandbox.wecom.corp import Broadcast, Corp

PAGE, PAGE_DEFAULT = 1000, 500
LIST_PAGE, LIST_DEFAULT = 100, 50
MONTH: Final = 31 * 86_400
REMINDS, REMIND_WINDOW = 3, 86_400


def get_groupmsg_list_v2(corp: Corp, asked: Asked) -> dict[str, Any]:
    """What an API has made tells no creator, so a creator finds nothing here, nor do personal sends (filter 1)."""
    kind = asked.body.get("chat_type")
    start, end = asked.need("start_time", int, 40058), asked.need("end_time", int, 40058)
    refuse_if(kind not in ("single", "group") or not 0 <= end - start <= MONTH, 40058)
    by_api = not asked.body.get("creator") and asked.body.get("filter_type", 2) != 1
    tasks = [
        task
        for task in corp.broadcasts.values()
        if by_api and task.is_for_groups == (kind == "group") and start <= task.created_at <= end
    ]
    return _page(asked, "group_msg_list", [_listed(task) for task in tasks], LIST_PAGE, LIST_DEFAULT)


def _listed(task: Broadcast) -> dict[str, Any]:
    told: dict[str, Any] = {name: task.body[name] for name in ("text", "attachments") if name in task.body}
    return {"msgid": task.msgid, "create_time": task.created_at, "create_type": 0, **told}


def get_groupmsg_task(corp: Corp, asked: Asked) -> dict[str, Any]:
    """Status 0 not confirmed, 2 sent."""
    task = _task(corp, asked)
    rows = [
        {"userid": userid, "status": 2, "send_time": task.sent_at[userid]}
        if userid in task.sent_at
        else {"userid": userid, "status": 0}
        for userid in task.recipients
    ]
    return _page(asked, "task_list", rows)


def get_groupmsg_send_result(corp: Corp, asked: Asked) -> dict[str, Any]:
    """Status 0 unsent, 1 sent, 2 not a friend, 3 has received another."""
    task, userid = _task(corp, asked), str(asked.body.get("userid"))
    refuse_if(userid not in corp.members, 60111)
    return _page(asked, "send_list", [_result(task, userid, each) for each in task.recipients.get(userid, [])])


def _result(task: Broadcast, userid: str, recipient: str) -> dict[str, Any]:
    named = {"chat_id" if task.is_for_groups else "external_userid": recipient, "userid": userid}
    status = task.results.get(recipient, UNSENT)
    return named | {"status": status} | ({"send_time": task.sent_at[userid]} if status == SENT else {})


def _task(corp: Corp, asked: Asked) -> Broadcast:
    return found(corp.broadcasts.get(str(asked.body.get("msgid"))), 41047)


def _page(
    asked: Asked, name: str, rows: list[dict[str, Any]], most: int = PAGE, default: int = PAGE_DEFAULT
) -> dict[str, Any]:
    limit, cursor = asked.body.get("limit", default), str(asked.body.get("cursor") or "0")
    refuse_if(not isinstance(limit, int) or not 1 <= limit <= most or not cursor.isdecimal(), 40058)
    end = int(cursor) + limit
    return {name: rows[int(cursor) : end], "next_cursor": str(end) if end < len(rows) else ""}


def remind_groupmsg_send(corp: Corp, asked: Asked) -> dict[str, Any]:
    """Three reminders a task in 24 hours."""
    task, now = _task(corp, asked), corp.stage.clock()
    refuse_if(task.is_cancelled, 41093)
    recent = [at for at in task.reminded_at if at > now - REMIND_WINDOW]
    refuse_if(len(recent) >= REMINDS, 41094)
    task.reminded_at = [*recent, now]
    return {}


def cancel_groupmsg_send(corp: Corp, asked: Asked) -> dict[str, Any]:
    task = _task(corp, asked)
    refuse_if(task.is_cancelled, 41093)
    task.is_cancelled = True
    for userid in task.recipients:
        lay_on_phone(corp, task, userid)
    return {}


CALLS: Final[Mapping[str, CgiCall]] = {
    f"externalcontact/{name}": CgiCall("POST", call)
    for name, call in (
        ("get_groupmsg_list_v2", get_groupmsg_list_v2),
        ("get_groupmsg_task", get_groupmsg_task),
        ("get_groupmsg_send_result", get_groupmsg_send_result),
        ("remind_groupmsg_send", remind_groupmsg_send),
        ("cancel_groupmsg_send", cancel_groupmsg_send),
    )
}
