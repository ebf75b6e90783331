"""Here lives how a callback of an official account is understood."""

import asyncio
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from channels import Clock
from channels.envelope import Element, tree
from channels.wechat.api import Api, Rejected
from channels.wechat.endings import end_reason
from channels.wechat.tag_calls import own
from domain.channel import RawEvent
from domain.contacts import Profile
from domain.errors import CallFailed, Malformed, Unreadable
from domain.events import (
    AuthorizationRevoked,
    Chat,
    ContactAdded,
    ContactRemoved,
    ContactUpdated,
    InboundEvent,
    MenuClicked,
    MessageReceived,
    Noticed,
    Sender,
    SendingReported,
    SourceScanned,
)
from domain.messages import Address, Content, Image, Link, Location, Other, Text, Video, Voice

PATIENCE: Final = 2.0  # seconds for a look-up that an answer within 3.5 s can spare
# wxjava WxConsts.EventType; in lower case
NOTICED: Final = frozenset(
    {
        "location",
        "view",
        "view_miniprogram",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
        "publishjobfinish",
        "freepublishjobfinish",
        "subscribe_msg_popup_event",
        "subscribe_msg_change_event",
        "subscribe_msg_sent_event",
        "kf_create_session",
        "kf_close_session",
        "kf_switch_session",
        "qualification_verify_success",
        "qualification_verify_fail",
        "naming_verify_success",
        "naming_verify_fail",
        "annual_renew",
        "verify_expired",
    }
)


class Reader:
    """https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html"""

    def __init__(self, account: str, api: Api, clock: Clock, patience: float = PATIENCE) -> None:
        self._account = account
        self._api = api
        self._clock = clock
        self._patience = patience

    async def read(self, raw: RawEvent) -> InboundEvent | None:
        """None for a kind that we do not know; Unreadable for what never passed our door."""
        try:
            xml = tree(raw.payload.encode("utf-8", "surrogatepass"))
        except Malformed as error:
            raise Unreadable("not a callback", retry=False) from error
        at = self._time(xml.get("CreateTime"))
        match xml.get("MsgType"):
            case "":
                return None
            case "event":
                return await self._event(xml, at)
            case kind:
                sender = Sender(self._address(xml.get("FromUserName")))
                return MessageReceived(at, sender, Chat(sender.address), _content(kind, xml), xml.get("MsgId"))

    def _time(self, seconds: str) -> datetime:
        try:
            return datetime.fromtimestamp(int(seconds), UTC)
        except (ValueError, OverflowError, OSError):
            return self._clock()

    def _address(self, openid: str) -> Address:
        return Address(self._account, openid)

    async def _event(self, xml: Element, at: datetime) -> InboundEvent | None:  # noqa: PLR0911 - one per event
        person = self._address(xml.get("FromUserName"))
        key = xml.get("EventKey")
        match xml.get("Event").lower():
            case "subscribe":
                return ContactAdded(at, person, await self._profile(person.id), _scene(key))
            case "unsubscribe":
                return ContactRemoved(at, person, "unfollowed")
            case "scan":
                return SourceScanned(at, person, key)
            case "click":
                return MenuClicked(at, Sender(person), key)
            case "user_info_modified":
                contact = self._address(xml.get("OpenID"))
                return ContactUpdated(at, contact, await self._profile(contact.id))
            case "user_authorization_revoke" | "user_authorization_cancellation":
                return AuthorizationRevoked(at, self._address(xml.get("OpenID")))
            case "masssendjobfinish" | "templatesendjobfinish":
                return self._report(xml, at)
            case name if name in NOTICED:
                return Noticed(at, self._account, xml.get("Event"))
            case _:
                return None

    def _report(self, xml: Element, at: datetime) -> SendingReported:
        """A mass job tells counts, a template message only its end.

        Of the followers in the list (TotalCount) the platform leaves out who wants no messages or has had four in this
        month; the others (FilterCount) are those whom it reached and those whom it failed to.
        """
        status = xml.get("Status")
        reason = end_reason(status)
        return SendingReported(
            at=at,
            account=self._account,
            platform_id=xml.get("MsgID"),
            ok=not reason,
            detail=status,
            sent=_number(xml.get("SentCount"), default=int(not reason)),
            failed=_number(xml.get("ErrorCount"), default=int(bool(reason))),
            reason=reason,
            filtered=max(0, _number(xml.get("TotalCount"), default=0) - _number(xml.get("FilterCount"), default=0)),
        )

    async def _profile(self, openid: str) -> Profile:
        """What can be had quickly; names are no longer given (since 2021-12-27), so doing without costs little."""
        try:
            async with asyncio.timeout(self._patience):
                user = await self._api.user(openid)
        except (Rejected, CallFailed, TimeoutError):
            return Profile()
        return Profile(name=str(user.get("nickname") or ""), unionid=str(user.get("unionid") or ""), tags=_tags(user))


def _scene(key: str) -> str:
    """The scene of a QR code; other keys (such as the number of a payment) tell no source."""
    return key.removeprefix("qrscene_") if key.startswith("qrscene_") else ""


def _tags(user: Mapping[str, Any]) -> tuple[str, ...] | None:
    """None for somebody who does not follow: of them the platform tells nothing."""
    ids = user.get("tagid_list")
    return own(ids) if user.get("subscribe") and isinstance(ids, list) else None


def _content(kind: str, xml: Element) -> Content:  # noqa: PLR0911 - one per kind
    match kind:
        case "text":
            return Text(xml.get("Content"))
        case "image":
            return Image(media=xml.get("MediaId"), url=xml.get("PicUrl"))
        case "voice":
            return Voice(xml.get("MediaId"), xml.get("Recognition"))
        case "video" | "shortvideo":
            return Video(xml.get("MediaId"))
        case "location":
            return _location(xml)
        case "link":
            return Link(xml.get("Title"), xml.get("Url"), xml.get("Description"))
        case _:
            return Other(kind, xml.get("Title"))


def _location(xml: Element) -> Content:
    label = xml.get("Label")
    try:
        latitude, longitude = float(xml.get("Location_X")), float(xml.get("Location_Y"))
    except ValueError:
        return Other("location", label)
    return Location(latitude, longitude, label) if math.isfinite(latitude + longitude) else Other("location", label)


def _number(text: str, *, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default  # noqa: PLR2004 - a count
