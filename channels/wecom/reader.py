"""Here lives the understanding of WeCom's callbacks: what they say, completed by what they leave out."""

import asyncio
from typing import Any, Final, Literal

from channels import Clock
from channels.wecom.api import Api, CallRefused
from channels.wecom.contacts import profile
from channels.wecom.happenings import happening, noticed
from channels.wecom.messages import message
from channels.wecom.told import Told, take_apart
from domain.channel import RawEvent
from domain.contacts import Profile
from domain.errors import CallFailed, Unreadable
from domain.events import ContactAdded, ContactUpdated, InboundEvent, StaffChanged

PATIENCE: Final = 5  # seconds, of the 20 that a welcome has
PAUSE: Final = 1  # second before the one more try, within the patience
GONE: Final = frozenset({"2", "5"})  # disabled, left
LASTING: Final = frozenset(
    {40003, 40096, 60111, 84061, 84084, 46004, 60011, 50002, 60030, 48009}
)  # asking again is vain


class Reader:
    """For one account. https://developer.work.weixin.qq.com/document/path/96361 tells of customers."""

    def __init__(self, account: str, api: Api, clock: Clock, patience: float = PATIENCE, pause: float = PAUSE) -> None:
        self._account = account
        self._api = api
        self._clock = clock
        self._patience = patience
        self._pause = pause

    async def read(self, raw: RawEvent) -> InboundEvent | None:  # noqa: PLR0911 - one line per kind of look-up
        """Raises Unreadable, and CallFailed from a look-up that the event is nothing without."""
        told = take_apart(self._account, raw.payload, self._clock())
        if told.get("MsgType") != "event":
            return message(told) if told.get("MsgId") and told.get("FromUserName") else None
        if _names_nobody(told):
            return None
        match told.what.split("/"):
            case ["change_external_contact", "add_external_contact" | "add_half_external_contact"]:
                return await self._added(told)
            case ["change_external_contact", "edit_external_contact"]:
                return await self._updated(told)
            case ["change_contact", "create_user"]:
                return await self._staff(told, "created")
            case ["change_contact", "update_user"]:
                return await self._staff(told, "updated")
            case ["change_contact", "delete_user"]:
                return StaffChanged(told.at, told.address("UserID"), "deleted", active=False)
            case _:
                return happening(told)

    async def _added(self, told: Told) -> ContactAdded:
        """A customer whose details cannot be had now is still greeted; the details come with the next change."""
        try:
            async with asyncio.timeout(self._patience):
                found = await self._newcomer(told.get("ExternalUserID"))
        except (CallFailed, CallRefused, TimeoutError):
            found = Profile()
        owner, contact = told.get("UserID"), told.address("ExternalUserID")
        source = told.get("State") or next((each.state for each in found.follows if each.userid == owner), "")
        return ContactAdded(told.at, contact, found, source, owner, told.get("WelcomeCode"))

    async def _newcomer(self, external_userid: str) -> Profile:
        """Asked for twice: most failures are over in a moment, and the next change may never come."""
        try:
            return await profile(self._api, external_userid)
        except CallFailed:
            await asyncio.sleep(self._pause)
        except CallRefused as error:
            if error.code in LASTING:
                raise
            await asyncio.sleep(self._pause)
        return await profile(self._api, external_userid)

    async def _updated(self, told: Told) -> InboundEvent:
        try:
            found = await profile(self._api, told.get("ExternalUserID"))
        except CallRefused as error:
            _unless_lasting(error)
            return noticed(told)
        return ContactUpdated(told.at, told.address("ExternalUserID"), found)

    async def _staff(self, told: Told, change: Literal["created", "updated"]) -> StaffChanged:
        """A callback has only what changed; who has left the directory meanwhile is described by it alone."""
        renamed = told.get("NewUserID")
        known: dict[str, Any] = {"name": told.get("Name"), "status": told.get("Status")}
        if not all(known.values()):
            known |= await self._member(renamed or told.get("UserID"))
        return StaffChanged(
            told.at,
            told.address("UserID"),
            change,
            name=str(known["name"]),
            new_id=renamed,
            active=str(known["status"]) not in GONE,
        )

    async def _member(self, userid: str) -> dict[str, Any]:
        try:
            found = await self._api.user(userid)
        except CallRefused as error:
            _unless_lasting(error)
            return {}
        return {name: found[name] for name in ("name", "status") if found.get(name)}


def _names_nobody(told: Told) -> bool:
    """Whether an event leaves out whom it is about."""
    match told.what.split("/"):
        case ["change_external_contact", *_]:
            return not told.get("ExternalUserID")
        case ["change_external_chat", *_]:
            return not told.get("ChatId")
        case ["change_contact", change] if change.endswith("_user"):
            return not told.get("UserID")
        case ["enter_agent" | "click" | "template_card_event" | "template_card_menu_event"]:
            return not told.get("FromUserName")
        case _:
            return False


def _unless_lasting(error: CallRefused) -> None:
    if error.code not in LASTING:
        raise Unreadable(f"errcode {error.code}") from error
