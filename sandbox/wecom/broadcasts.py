"""Group sends to customers and to their groups (企业群发): a task that every member confirms.

Source: https://developer.work.weixin.qq.com/document/path/92135
"""

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, refuse_if
from sandbox.wecom.corp import Broadcast, Corp, Received
from sandbox.wecom.welcome import check_content

CUSTOMERS: Final = 10_000
GROUPS: Final = 2000
UNSENT, SENT, NOT_A_FRIEND, HAD_ENOUGH = 0, 1, 2, 3
BEIJING: Final = timezone(timedelta(hours=8))

Recipients = dict[str, list[str]]


def add_msg_template(corp: Corp, asked: Asked) -> dict[str, Any]:
    body = asked.body
    kind, sender = body.get("chat_type", "single"), body.get("sender")
    refuse_if(kind not in ("single", "group"), 40058)
    refuse_if(sender and sender not in corp.members, 60111)
    content = check_content(corp, body)
    recipients, failed = _of_groups(corp, body) if kind == "group" else _of_customers(corp, body)
    refuse_if(not recipients, 41048)
    task = Broadcast(corp.stage.ids.code("msg", 15), corp.stage.now(), body, content, recipients)
    corp.broadcasts[task.msgid] = task
    for userid in recipients:
        lay_on_phone(corp, task, userid)
    return {"fail_list": failed, "msgid": task.msgid}


def _of_customers(corp: Corp, body: Mapping[str, Any]) -> tuple[Recipients, list[str]]:
    """The customers of each member who will be asked to send, and those nobody can reach."""
    chosen, sender = _chosen(body, "external_userid", CUSTOMERS), body.get("sender")
    refuse_if(not chosen and not sender, 40058)
    tags = body.get("tag_filter", {}).get("group_list", [])
    recipients: Recipients = {}
    failed = []
    for external_userid in chosen or list(corp.contacts):
        contact = corp.contacts.get(external_userid)
        follows = [each for each in contact.follows.values() if sender in (None, "", each.userid)] if contact else []
        follows = [each for each in follows if all(set(group["tag_list"]) & set(each.tags) for group in tags)]
        if follows:
            recipients.setdefault(follows[-1].userid, []).append(external_userid)
        elif chosen:
            failed.append(external_userid)
    return recipients, failed


def _of_groups(corp: Corp, body: Mapping[str, Any]) -> tuple[Recipients, list[str]]:
    """The groups that the sender owns, and those that are not theirs or nobody's."""
    chosen, sender = _chosen(body, "chat_id_list", GROUPS), body.get("sender")
    refuse_if(not sender, 40058)
    own = [each.chat_id for each in corp.customer_groups.values() if each.owner == sender and not each.is_dismissed]
    reached = [each for each in own if not chosen or each in chosen]
    return ({str(sender): reached} if reached else {}), [each for each in chosen if each not in own]


def _chosen(body: Mapping[str, Any], name: str, most: int) -> list[str]:
    chosen = body.get(name) or []
    refuse_if(not isinstance(chosen, list) or len(chosen) > most, 40058)
    return list(chosen)


def confirm(corp: Corp, msgid: str, userid: str) -> None:
    """A member presses send: the message reaches their customers or groups, as far as it may."""
    task = corp.broadcasts[msgid]
    if task.is_cancelled or userid in task.sent_at:
        return
    task.sent_at[userid] = corp.stage.now()
    chat = "wecom-group" if task.is_for_groups else "wecom-contact"
    for recipient in task.recipients[userid]:
        task.results[recipient] = _outcome(corp, task, userid, recipient)
        if task.results[recipient] == SENT:
            corp.hand_over(recipient, Received(corp.stage.clock(), msgid, task.content), f"{chat}:{recipient}")
    lay_on_phone(corp, task, userid)


def _outcome(corp: Corp, task: Broadcast, userid: str, recipient: str) -> int:
    if recipient in task.capped or _has_had_enough(corp, recipient):
        return HAD_ENOUGH
    if task.is_for_groups:
        return SENT if corp.customer_groups[recipient].owner == userid else NOT_A_FRIEND
    return SENT if userid in corp.contacts[recipient].follows else NOT_A_FRIEND


def _has_had_enough(corp: Corp, recipient: str) -> bool:
    """As many in a calendar month as it has days, unless the company has set another figure."""
    today = datetime.fromtimestamp(corp.stage.clock(), UTC).astimezone(BEIJING)
    began = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    most = corp.monthly_sends or calendar.monthrange(today.year, today.month)[1]
    return sum(1 for letter in corp.received(recipient) if letter.by and letter.at >= began) >= most


def lay_on_phone(corp: Corp, task: Broadcast, userid: str) -> None:
    """The task as the member's phone shows it, with a button while it waits; told again, it replaces itself."""
    state = "sent" if userid in task.sent_at else "cancelled" if task.is_cancelled else "waiting"
    member = corp.members[userid]
    shown = {
        "type": "task",
        "msgid": task.msgid,
        "userid": userid,
        "name": member.name,
        "count": len(task.recipients[userid]),
        "groups": task.is_for_groups,
        "state": state,
        "content": task.content,
    }
    entry_id = task.entry_ids.get(userid, "")
    task.entry_ids[userid] = corp.stage.show(f"wecom-task:{userid}", "company", shown, entry_id)


CALLS: Final[Mapping[str, CgiCall]] = {"externalcontact/add_msg_template": CgiCall("POST", add_msg_template)}
