"""Here lives the company's tag library (企业客户标签库): the calls that change and tell it, made by wechatpy.

Sources: https://developer.work.weixin.qq.com/document/path/92117, and 92118 for the tags of a customer
"""

from collections.abc import Awaitable, Iterator, Sequence
from typing import Any, Final, Protocol

from channels.wechatpy_api import api
from channels.wecom.api import Api, Json
from domain.errors import CallFailed
from domain.outgoing import NewTag, TagEdit
from domain.tags import Level, Library, Remote, Shape

WECHATPY: Final = "wechatpy.work.client.api.external_contact", "WeChatExternalContact"


class Calls(Protocol):
    """What we use of `WeChatExternalContact`, with the types that our transport gives it."""

    def get_corp_tag_list(self) -> Awaitable[Json]: ...
    def add_corp_tag(
        self, group_id: str | None, group_name: str | None, order: int | None, tags: list[Json]
    ) -> Awaitable[Json]: ...
    def edit_corp_tag(self, id: str, name: str | None, order: int | None) -> Awaitable[Json]: ...  # noqa: A002 - theirs
    def del_corp_tag(self, tag_id: list[str]) -> Awaitable[Json]: ...
    def mark_tag(
        self, userid: str, external_userid: str, add_tag: list[str], remove_tag: list[str]
    ) -> Awaitable[Json]: ...


class CorpTags:
    """For one account. Every call raises CallRefused and CallFailed."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._calls: Calls | None = None

    async def listing(self) -> Library:
        """All groups and tags, in one call."""
        answer = await (await self._opened()).get_corp_tag_list()
        return library(answer.get("tag_group"))

    async def add(self, edit: TagEdit, tags: Sequence[NewTag]) -> Library:
        """Tags in the group `edit.remote`, else in the one named so; what comes back is what was made."""
        wanted: list[Json] = [{"name": tag.name, "order": tag.order} for tag in tags]
        name, order = (None, None) if edit.remote else (edit.name, edit.order)
        answer = await (await self._opened()).add_corp_tag(edit.remote or None, name, order, wanted)
        return library([answer.get("tag_group")])

    async def edit(self, remote: str, name: str | None, order: int | None) -> None:
        """A group or a tag; what is None stays."""
        await (await self._opened()).edit_corp_tag(remote, name, order)

    async def delete(self, remotes: Sequence[str]) -> None:
        """Tags; a group goes with its last one."""
        await (await self._opened()).del_corp_tag(list(remotes))

    async def mark(self, member: str, contact: str, add: Sequence[str], drop: Sequence[str]) -> None:
        """On one member's relation to one customer."""
        await (await self._opened()).mark_tag(member, contact, list(add), list(drop))

    async def _opened(self) -> Calls:
        if self._calls is None:
            self._calls = await api(*WECHATPY, self._api.ask)
        return self._calls


def library(told: object) -> Library:
    """What a list of groups says; not complete when something in it cannot be read. Raises CallFailed for no list."""
    if not isinstance(told, list):
        raise CallFailed("no tag groups in the answer")
    found = [each for group in told for each in _in_group(group)]
    items = tuple(each for each in found if each is not None)
    return Library(items, complete=bool(items) and len(items) == len(found))


def _in_group(told: object) -> Iterator[Remote | None]:
    """A group and its tags without those that are deleted; None for what cannot be read.

    A group goes with its last tag: one that is told without tags is not told to its end.
    """
    if _is_deleted(told):
        return
    group = _remote("group", told, "group_")
    yield group
    tags = told.get("tag") if isinstance(told, dict) else None
    if group is None or not isinstance(tags, list) or not tags:
        yield None
        return
    for tag in tags:
        if not _is_deleted(tag):
            yield _remote("tag", tag, group=group.id)


def _is_deleted(told: object) -> bool:
    return isinstance(told, dict) and bool(told.get("deleted"))


def _remote(level: Level, told: object, prefix: str = "", group: str = "") -> Remote | None:
    row: dict[str, Any] = told if isinstance(told, dict) else {}
    remote, name, order = row.get(f"{prefix}id"), row.get(f"{prefix}name"), row.get("order", 0)
    if not (isinstance(remote, str) and remote and isinstance(name, str) and name and isinstance(order, int)):
        return None
    return Remote(level, remote, Shape(name, group, order))
