"""Group sends to customers (企业群发): a task that every member confirms, and its results.

Source: https://developer.work.weixin.qq.com/document/path/92135, https://developer.work.weixin.qq.com/document/path/93338
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, found, refuse_if
from sandbox.wecom.corp import Broadcast, Corp
from sandbox.wecom.welcome import check_content

CUSTOMERS: Final = 10_000
PAGE, PAGE_DEFAULT = 1000, 500
REMINDS, REMIND_WINDOW = 3, 86_400
UNSENT, SENT, NOT_A_FRIEND, HAD_ENOUGH = 0, 1, 2, 3


def add_msg_template(corp: Corp, asked: Asked) -> dict[str, Any]:
    body = asked.body
    chosen = body.get("external_userid") or []
    refuse_if(not isinstance(chosen, list) or len(chosen) > CUSTOMERS, 40058)
    refuse_if(body.get("chat_type", "single") != "single", 40058)
    refuse_if(not chosen and not body.get("sender"), 40058)
    content = check_content(corp, body)
    recipients, failed = _split(corp, chosen, body)
    refuse_if(not recipients, 41048)
    task = Broadcast(corp.stage.ids.code("msg", 15), corp.stage.now(), body, content, recipients)
    corp.broadcasts[task.msgid] = task
    return {"fail_list": failed, "msgid": task.msgid}


def _split(corp: Corp, chosen: list[str], body: Mapping[str, Any]) -> tuple[dict[str, list[str]], list[str]]:
    """The customers of each member who will be asked to send, and those nobody can reach."""
    sender, groups = body.get("sender"), body.get("tag_filter", {}).get("group_list", [])
    recipients: dict[str, list[str]] = {}
    failed = []
    for external_userid in chosen or list(corp.contacts):
        contact = corp.contacts.get(external_userid)
        follows = [each for each in contact.follows.values() if sender in (None, "", each.userid)] if contact else []
        follows = [each for each in follows if all(set(group["tag_list"]) & set(each.tags) for group in groups)]
        if follows:
            recipients.setdefault(follows[-1].userid, []).append(external_userid)
        elif chosen:
            failed.append(external_userid)
    return recipients, failed


def confirm(corp: Corp, msgid: str, userid: str) -> None:
    """A member presses send: the message reaches his customers."""
    task = corp.broadcasts[msgid]
    if task.is_cancelled or userid in task.sent_at:
        return
    task.sent_at[userid] = corp.stage.now()
    for external_userid in task.recipients[userid]:
        if _status(corp, task, userid, external_userid) == SENT:
            for shown in task.content:
                corp.stage.show(f"wecom-contact:{external_userid}", "company", shown)


def _status(corp: Corp, task: Broadcast, userid: str, external_userid: str) -> int:
    if userid not in task.sent_at:
        return UNSENT
    if userid not in corp.contacts[external_userid].follows:
        return NOT_A_FRIEND
    return HAD_ENOUGH if external_userid in task.capped else SENT


def _task(corp: Corp, asked: Asked) -> Broadcast:
    return found(corp.broadcasts.get(str(asked.body.get("msgid"))), 41047)


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
    rows = [_result(corp, task, userid, external_userid) for external_userid in task.recipients.get(userid, [])]
    return _page(asked, "send_list", rows)


def _result(corp: Corp, task: Broadcast, userid: str, external_userid: str) -> dict[str, Any]:
    row = {"external_userid": external_userid, "userid": userid}
    status = _status(corp, task, userid, external_userid)
    return row | {"status": status} | ({"send_time": task.sent_at[userid]} if status == SENT else {})


def _page(asked: Asked, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    limit, cursor = asked.body.get("limit", PAGE_DEFAULT), str(asked.body.get("cursor") or "0")
    refuse_if(not isinstance(limit, int) or not 1 <= limit <= PAGE or not cursor.isdecimal(), 40058)
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
    return {}


CALLS: Final[Mapping[str, CgiCall]] = {
    "externalcontact/add_msg_template": CgiCall("POST", add_msg_template),
    "externalcontact/get_groupmsg_task": CgiCall("POST", get_groupmsg_task),
    "externalcontact/get_groupmsg_send_result": CgiCall("POST", get_groupmsg_send_result),
    "externalcontact/remind_groupmsg_send": CgiCall("POST", remind_groupmsg_send),
    "externalcontact/cancel_groupmsg_send": CgiCall("POST", cancel_groupmsg_send),
}
