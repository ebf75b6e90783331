"""Here live the tasks of 企业群发: made for one member, who confirms them; reminded of, and taken back.

Sources: https://developer.work.weixin.qq.com/document/path/92135 (making), 97610 (reminding, stopping)
"""

from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import Final, Protocol

from channels import Clock
from channels.texts import octets, whole
from channels.wechatpy_api import api
from channels.wecom.api import Api, CallRefused, Json
from channels.wecom.contents import WELCOME, welcome_message
from channels.wecom.library import WECHATPY
from channels.wecom.lost_tasks import LostTasks, kind_of
from channels.wecom.uploads import NoMedia, Uploads
from domain.channel import Delivered, DeliveryResult, Refused
from domain.errors import CallFailed
from domain.messages import Content, File, Image, Link, words
from domain.outgoing import GroupPush, GroupPushEdit

EDITS: Final = {
    "remind": "externalcontact/remind_groupmsg_send",
    "cancel": "externalcontact/cancel_groupmsg_send",
}
NOBODY: Final = 41048
CANCELLED: Final = 41093


class Calls(Protocol):
    """What we use of `WeChatExternalContact`, with the types that our transport gives it."""

    def add_msg_template(self, template: Json) -> Awaitable[Json]: ...


class GroupPushes:
    """For one account."""

    def __init__(self, api: Api, uploads: Uploads, lost: LostTasks, clock: Clock) -> None:
        self._api = api
        self._uploads = uploads
        self._lost = lost
        self._clock = clock
        self._calls: Calls | None = None

    async def carry_out(self, outgoing: GroupPush | GroupPushEdit) -> DeliveryResult:
        """Raises CallRefused, and CallFailed: with `sent`, nobody knows whether the task was made or changed."""
        match outgoing:
            case GroupPush():
                return await self._push(outgoing)
            case GroupPushEdit(task=task, edit=edit):
                return await self._edit(task, edit)

    async def _edit(self, task: str, edit: str) -> Delivered:
        try:
            await self._api.ask("POST", EDITS[edit], {}, {"msgid": task})
        except CallRefused as error:
            if error.code != CANCELLED or edit != "cancel":
                raise
        return Delivered(task)

    async def _push(self, push: GroupPush) -> DeliveryResult:
        """Without contacts WeCom would send to everybody whom the member knows."""
        if not push.member:
            return Refused("no_member")
        if not push.contacts:
            return Refused("no_relation")
        if octets(_said(push.content)) > WELCOME:
            return Refused("too_long")
        try:
            message = welcome_message(await self._uploaded(push.content))
        except NoMedia:
            return Refused("media_unusable")
        if not message:
            return Refused("empty")
        return await self._make(push, message)

    async def _uploaded(self, content: Content) -> Content:
        """A picture goes by its media id: WeCom takes only addresses of pictures that it keeps itself."""
        match content:
            case Image(media="", url=url) if url:
                return replace(content, media=await self._uploads.media_id("image", url))
            case File(media="", url=url, name=name) if url:
                return replace(content, media=await self._uploads.media_id("file", url, name))
            case Image(media="") | File(media=""):
                raise NoMedia("no address")
            case _:
                return content

    async def _make(self, push: GroupPush, message: Json) -> Delivered:
        began = self._clock()
        try:
            answer = await (await self._opened()).add_msg_template(_addressed(push) | message)
        except CallRefused as error:
            if error.code != NOBODY:
                raise
            return Delivered(failed=_unreached(push, push.contacts))
        except CallFailed as error:
            task = await self._lost.find(push, message, began) if error.sent else ""
            if not task:
                raise
            return Delivered(task)
        told = answer.get("fail_list")
        failed = set(map(str, told)) if isinstance(told, list) else set()
        return Delivered(
            str(answer.get("msgid", "")), failed=_unreached(push, (each for each in push.contacts if each in failed))
        )

    async def _opened(self) -> Calls:
        if self._calls is None:
            self._calls = await api(*WECHATPY, self._api.ask)
        return self._calls


def _addressed(push: GroupPush) -> Json:
    to = "chat_id_list" if push.chats else "external_userid"
    return {"chat_type": kind_of(push), "sender": push.member, to: list(push.contacts)}


def _unreached(push: GroupPush, contacts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Customers whom the member does not know, chats that are not theirs."""
    reason = "not_writable" if push.chats else "no_relation"
    return tuple((contact, reason) for contact in contacts)


def _said(content: Content) -> str:
    """What is to be text: a link is an attachment, and cut."""
    match content:
        case Image(caption=caption) | File(caption=caption):
            return whole(caption)
        case Link():
            return ""
        case _:
            return whole(words(content))
