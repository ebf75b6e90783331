"""Here lives the directory of group chats: the customer groups (客户群) that there are, and who is in one.

Group chats that our app has made (应用群聊) are told one by one only; `chat:` stands before their ids.

Sources: https://developer.work.weixin.qq.com/document/path/92120 (list), 92122 (one), 90247 (of the app)
"""

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import orjson
from pydantic import TypeAdapter, ValidationError

from channels import Clock
from channels.wechatpy_api import api
from channels.wecom.api import Api, CallRefused, Json
from channels.wecom.outcomes import chat_outcome, left_alone
from domain.channel import Refused
from domain.errors import CallFailed
from domain.groups import GroupKind, GroupMember, GroupRead, GroupsAsked, GroupsRead, GroupsUnread

WECHATPY: Final = "wechatpy.work.client.api.external_contact_group_chat", "WeChatExternalContactGroupChat"
APP: Final = "chat:"
ONE: Final = "externalcontact/groupchat/get"
PAGE: Final = 1000
OWNERS: Final = 100  # in one call
TOO_MANY: Final = 81017  # more than a thousand people could own groups: they are to be named
BAD_CURSOR: Final = frozenset({40058, 50100})
STAFF: Final = 1
SOON: Final = timedelta(seconds=30)


class Calls(Protocol):
    """What we use of `WeChatExternalContactGroupChat`, with the types that our transport gives it."""

    def list(
        self, status_filter: int, owner_userid_list: list[str], cursor: str | None, limit: int
    ) -> Awaitable[Json]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where the listing is, as our cursor tells it: at WeCom's own cursor `page` in the groups of `owners`.

    `by_owner`: they must be named; without any, before the first one after `after`. `last`: nobody comes after these.
    """

    page: str = ""
    by_owner: bool = False
    after: str = ""
    owners: tuple[str, ...] = ()
    last: bool = True


PLACE: Final = TypeAdapter(Place)


class Groups:
    """For one account."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._calls: Calls | None = None

    async def look(self, asked: GroupsAsked) -> GroupsRead | GroupRead | GroupsUnread:
        at = self._clock()
        try:
            if not asked.chat:
                return await self._page(asked, _place(asked.cursor), at)
            if asked.chat.startswith(APP):
                return await self._app_chat(asked, at)
            return await self._group(asked, at)
        except CallRefused as error:
            if asked.chat and chat_outcome(error.code, at) == Refused("gone"):
                return GroupRead(at, asked, "", gone=True, group=_kind(asked))
            reason, wait = left_alone(error.code, at, chat_outcome)
            return GroupsUnread(at, asked, reason, at + wait)
        except CallFailed:
            return GroupsUnread(at, asked, "unreachable", at + SOON)

    async def _page(self, asked: GroupsAsked, place: Place, at: datetime) -> GroupsRead:
        """Of all groups, or where there are too many people for that, of a hundred owners; then of the next hundred."""
        place = await self._owners(place)
        if place.by_owner and not place.owners:
            return GroupsRead(at, asked, ())
        try:
            answer = await (await self._opened()).list(0, list(place.owners), place.page or None, PAGE)
        except CallRefused as error:
            if error.code == TOO_MANY and not place.by_owner:
                return await self._page(asked, Place(by_owner=True), at)
            if error.code in BAD_CURSOR and place.page:  # it serves no longer: from its beginning
                return await self._page(asked, replace(place, page=""), at)
            raise
        return GroupsRead(at, asked, _chats(answer), _cursor(place, _next(answer, place.page)))

    async def _owners(self, place: Place) -> Place:
        if not place.by_owner or place.owners:
            return place
        told = (await self._api.follow_users()).get("follow_user")
        if not isinstance(told, list):
            raise CallFailed("no members in the answer")
        owners = sorted({each for each in told if isinstance(each, str) and each > place.after})
        return replace(place, owners=tuple(owners[:OWNERS]), last=len(owners) <= OWNERS)

    async def _group(self, asked: GroupsAsked, at: datetime) -> GroupRead:
        """With names; wechatpy's call has no word for that."""
        answer = await self._api.ask("POST", ONE, {}, {"chat_id": asked.chat, "need_name": 1})
        group = _told(answer, "group_chat")
        told = group.get("member_list")
        members = tuple(filter(None, map(_member, told))) if isinstance(told, list) else None
        return GroupRead(at, asked, _text(group, "name"), _text(group, "owner"), members)

    async def _app_chat(self, asked: GroupsAsked, at: datetime) -> GroupRead:
        chat = _told(await self._api.chat(asked.chat.removeprefix(APP)), "chat_info")
        told = chat.get("userlist")
        people = [each for each in told if isinstance(each, str) and each] if isinstance(told, list) else None
        members = None if people is None else tuple(GroupMember(each, staff=True) for each in people)
        return GroupRead(at, asked, _text(chat, "name"), _text(chat, "owner"), members, group="app")

    async def _opened(self) -> Calls:
        if self._calls is None:
            self._calls = await api(*WECHATPY, self._api.ask)
        return self._calls


def _kind(asked: GroupsAsked) -> GroupKind:
    return "app" if asked.chat.startswith(APP) else "customer"


def _chats(answer: Json) -> tuple[str, ...]:
    told = answer.get("group_chat_list")
    if not isinstance(told, list):
        raise CallFailed("no groups in the answer")
    return tuple(filter(None, (_text(_object(row), "chat_id") for row in told)))


def _member(told: object) -> GroupMember | None:
    """`state` is how a customer came: the parameter of the way that they joined by."""
    row = _object(told)
    member = _text(row, "userid")
    if not member:
        return None
    name = _text(row, "name") or _text(row, "group_nickname")
    return GroupMember(member, name, row.get("type") == STAFF, _moment(row.get("join_time")), _text(row, "state"))


def _next(answer: Json, page: str) -> str:
    following = answer.get("next_cursor") or ""
    if not isinstance(following, str) or (following and following == page):
        raise CallFailed("a cursor that leads nowhere")
    return following


def _cursor(place: Place, page: str) -> str:
    if page:
        return orjson.dumps(replace(place, page=page)).decode()
    return "" if place.last else orjson.dumps(Place(by_owner=True, after=place.owners[-1])).decode()


def _place(cursor: str) -> Place:
    """What is not a cursor of ours is the beginning."""
    try:
        return PLACE.validate_json(cursor) if cursor else Place()
    except ValidationError:
        return Place()


def _told(answer: Json, name: str) -> Json:
    value = answer.get(name)
    if not isinstance(value, dict):
        raise CallFailed("no group in the answer")
    return value


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(source: Json, name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else ""


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and 0 < seconds < 1 << 35 else None
