"""Customer groups (客户群): what their members do, each a real callback, and what the company may ask.

Source: https://developer.work.weixin.qq.com/document/path/92120, https://developer.work.weixin.qq.com/document/path/92122
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, refuse_if
from sandbox.wecom.corp import Corp, CustomerGroup, GroupMember

PAGE: Final = 1000
PAGE_DEFAULT: Final = 100
OWNERS: Final = 100
EVERYBODY: Final = 1000  # so many people may be asked about without being named
STAFF, CUSTOMER = 1, 2
BY_CODE: Final = 3

Tell = Callable[[str, dict[str, Any]], Awaitable[Any]]


class Groups:
    """With `told=False` the server is not told, as if it were down."""

    def __init__(self, corp: Corp, tell: Tell) -> None:
        """`tell` sends a system event: its name and its fields."""
        self._corp = corp
        self._tell = tell

    async def create(self, name: str, owner: str, *members: str, told: bool = True) -> CustomerGroup:
        """`members` beside the owner: userids of the company, external_userids of customers."""
        chat_id = self._corp.stage.ids.code("wr", 15)
        group = CustomerGroup(chat_id, name, owner, self._corp.stage.now())
        self._corp.customer_groups[chat_id] = group
        self._let_in(group, (owner, *members))
        await self._say(group, {"ChangeType": "create"}, told=told)
        return group

    async def join(self, chat_id: str, *members: str, scene: int = BY_CODE, state: str = "", told: bool = True) -> None:
        """`scene` 1 invited, 2 by a link, 3 by a QR code whose parameter is `state`."""
        group = self._corp.customer_groups[chat_id]
        before = self._let_in(group, members, scene, state)
        await self._say_members(group, "add_member", {"JoinScene": scene}, members, before, told=told)

    async def leave(self, chat_id: str, *members: str, removed: bool = False, told: bool = True) -> None:
        group, before = self._corp.customer_groups[chat_id], self._corp.customer_groups[chat_id].version
        for member in members:
            del group.members[member]
        group.version = self._corp.stage.ids.code(size=16)
        await self._say_members(group, "del_member", {"QuitScene": int(removed)}, members, before, told=told)

    async def rename(self, chat_id: str, name: str, *, told: bool = True) -> None:
        self._corp.customer_groups[chat_id].name = name
        await self._update(chat_id, "change_name", told=told)

    async def hand_over(self, chat_id: str, owner: str, *, told: bool = True) -> None:
        """Another member of the group is its owner now."""
        self._corp.customer_groups[chat_id].owner = owner
        await self._update(chat_id, "change_owner", told=told)

    async def dismiss(self, chat_id: str, *, told: bool = True) -> None:
        group = self._corp.customer_groups[chat_id]
        group.is_dismissed = True
        await self._say(group, {"ChangeType": "dismiss"}, told=told)

    def _let_in(self, group: CustomerGroup, members: Sequence[str], scene: int = 1, state: str = "") -> str:
        """Returns the version that the list of members had before."""
        for each in members:
            person = self._corp.members.get(each) or self._corp.contacts.get(each)
            kind, name = (STAFF if each in self._corp.members else CUSTOMER), person.name if person else ""
            group.members[each] = GroupMember(each, kind, self._corp.stage.now(), scene, state, name)
        before, group.version = group.version, self._corp.stage.ids.code(size=16)
        return before

    async def _say_members(
        self,
        group: CustomerGroup,
        detail: str,
        scene: dict[str, int],
        members: Sequence[str],
        before: str,
        *,
        told: bool,
    ) -> None:
        change = {"MemChangeCnt": len(members), "MemChangeList": {"Item": list(members)}}
        versions = {"LastMemVer": before, "CurMemVer": group.version}
        fields = {"ChangeType": "update", "UpdateDetail": detail} | scene | change | versions
        await self._say(group, fields, told=told)

    async def _update(self, chat_id: str, detail: str, *, told: bool) -> None:
        group = self._corp.customer_groups[chat_id]
        await self._say(group, {"ChangeType": "update", "UpdateDetail": detail}, told=told)

    async def _say(self, group: CustomerGroup, fields: dict[str, Any], *, told: bool) -> None:
        if told:
            await self._tell("change_external_chat", {"ChatId": group.chat_id} | fields)


def list_(corp: Corp, asked: Asked) -> dict[str, Any]:
    """Those that are dismissed are not told. Where more than a thousand people could own groups, owners are named."""
    owners = (asked.body.get("owner_filter") or {}).get("userid_list") or []
    limit, cursor = asked.body.get("limit", PAGE_DEFAULT), str(asked.body.get("cursor") or "0")
    refuse_if(not isinstance(limit, int) or not 1 <= limit <= PAGE or not cursor.isdecimal(), 40058)
    refuse_if(len(owners) > OWNERS, 40058)
    refuse_if(not owners and len(corp.members) > EVERYBODY, 81017)
    groups = [each for each in corp.customer_groups.values() if not each.is_dismissed]
    rows = [{"chat_id": each.chat_id, "status": 0} for each in groups if not owners or each.owner in owners]
    end = int(cursor) + limit
    return {"group_chat_list": rows[int(cursor) : end], "next_cursor": str(end) if end < len(rows) else ""}


def get(corp: Corp, asked: Asked) -> dict[str, Any]:
    group = corp.customer_groups.get(asked.need("chat_id", str, 86001))
    if group is None:
        refuse_if(asked.body["chat_id"] in corp.app_chats, 90501)
    refuse_if(group is None, 40050)
    refuse_if(group and group.is_dismissed, 49008)
    return {"group_chat": _as_json(group, named=asked.body.get("need_name") == 1)} if group else {}


def _as_json(group: CustomerGroup, *, named: bool) -> dict[str, Any]:
    return {
        "chat_id": group.chat_id,
        "name": group.name,
        "owner": group.owner,
        "create_time": group.create_time,
        "member_list": [_member(group, each, named=named) for each in group.members.values()],
        "admin_list": [],
        "member_version": group.version,
    }


def _member(group: CustomerGroup, member: GroupMember, *, named: bool) -> dict[str, Any]:
    told = {
        "userid": member.userid,
        "type": member.type,
        "join_time": member.join_time,
        "join_scene": member.scene,
        "group_nickname": "",
    }
    invitor = {"invitor": {"userid": group.owner}} if member.scene == 1 else {}
    return told | invitor | ({"state": member.state} if member.state else {}) | ({"name": member.name} if named else {})


CALLS: Final[Mapping[str, CgiCall]] = {
    "externalcontact/groupchat/list": CgiCall("POST", list_),
    "externalcontact/groupchat/get": CgiCall("POST", get),
}
