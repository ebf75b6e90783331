"""Here lives what the tests of WeCom's tasks (企业群发) have in common."""

from typing import Any

from domain.messages import Address, Content, Text
from domain.outgoing import GroupPush, GroupPushEdit
from sandbox import Sandbox

TO = Address("wecom", "push:1:7")
MAKE = "externalcontact/add_msg_template"
LISTING = "externalcontact/get_groupmsg_list_v2"
TASK = "externalcontact/get_groupmsg_task"
RESULT = "externalcontact/get_groupmsg_send_result"
REMIND = "externalcontact/remind_groupmsg_send"
CANCEL = "externalcontact/cancel_groupmsg_send"


def push(*contacts: str, content: Content | None = None, member: str = "zhangwei", chats: bool = False) -> GroupPush:
    return GroupPush(TO, 7, contacts, content or Text("周六到店礼🎁"), member, chats)


def edit(task: str, what: str) -> GroupPushEdit:
    return GroupPushEdit(TO, 7, task, what)  # type: ignore[arg-type]


def bodies(sandbox: Sandbox, path: str) -> list[Any]:
    return [call.body for call in sandbox.calls if call.method_or_path == path]


def refuse(sandbox: Sandbox, path: str, code: int, times: int = 1) -> None:
    sandbox.fail("wecom", path, times=times, body={"errcode": code, "errmsg": "no"})
