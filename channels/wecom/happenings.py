"""Here live the events that say everything themselves: nothing needs to be looked up.

Source: https://developer.work.weixin.qq.com/document/path/90376 (app), and 96361 (customers, their groups and tags)
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from channels.wecom.told import Told
from domain.contacts import ContactState
from domain.events import (
    AppEntered,
    ButtonPressed,
    Chat,
    ContactRemoved,
    GroupChanged,
    InboundEvent,
    MenuClicked,
    Noticed,
    TransferFailed,
)
from domain.sync import TagLibraryChanged


def happening(told: Told) -> InboundEvent | None:
    """None for an event that we do not know."""
    read = READERS.get(told.what)
    if read:
        return read(told)
    return noticed(told) if told.what in NOTICED else None


def noticed(told: Told) -> Noticed:
    return Noticed(told.at, told.account, told.what)


def _entered(told: Told) -> AppEntered:
    return AppEntered(told.at, told.sender)


def _clicked(told: Told) -> InboundEvent:
    key = told.get("EventKey")
    return MenuClicked(told.at, told.sender, key) if key else noticed(told)


def _pressed(told: Told) -> ButtonPressed:
    """A card is called by its task id, as when it was sent."""
    data, press, task = told.get("EventKey"), told.get("ResponseCode"), told.get("TaskId")
    return ButtonPressed(told.at, told.sender, Chat(told.sender.address), data, press, task)


def _removed(state: ContactState) -> Callable[[Told], ContactRemoved]:
    return lambda told: ContactRemoved(told.at, told.address("ExternalUserID"), state, owner=told.get("UserID"))


def _not_transferred(told: Told) -> TransferFailed:
    return TransferFailed(told.at, told.address("ExternalUserID"), told.get("UserID"), told.get("FailReason"))


def _group(told: Told) -> GroupChanged:
    changed = [child for each in told.xml.all("MemChangeList") for child in each.all("Item")]
    return GroupChanged(
        told.at,
        told.address("ChatId"),
        told.get("ChangeType"),
        detail=told.get("UpdateDetail"),
        members=tuple(item.text for item in changed),
        kind="customer",
    )


def _tag(told: Told) -> TagLibraryChanged:
    return TagLibraryChanged(told.at, told.account, told.get("ChangeType"), told.get("Id"), _level(told))


def _level(told: Told) -> Literal["tag", "group", "library"]:
    """A reordering names the group whose tags were moved, or nothing when the groups were."""
    if told.get("TagType") == "tag":
        return "tag"
    return "group" if told.get("Id") else "library"


READERS: Final[Mapping[str, Callable[[Told], InboundEvent]]] = {
    "enter_agent": _entered,
    "click": _clicked,
    "template_card_event": _pressed,
    "template_card_menu_event": _pressed,
    "change_external_contact/del_external_contact": _removed("deleted"),
    "change_external_contact/del_follow_user": _removed("unfollowed"),
    "change_external_contact/transfer_fail": _not_transferred,
    **{f"change_external_chat/{change}": _group for change in ("create", "update", "dismiss")},
    **{f"change_external_tag/{change}": _tag for change in ("create", "update", "delete", "shuffle")},
}

NOTICED: Final = frozenset(
    {
        "subscribe",
        "unsubscribe",
        "view",
        "view_miniprogram",
        "location",
        "location_select",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "taskcard_click",
        "batch_job_result",
        "upload_media_job_finish",
        "open_approval_change",
        "close_inactive_agent",
        "reopen_inactive_agent",
        "switch_workbench_mode",
        "msgaudit_notify",
        "living_status_change",
        "share_agent_change",
        "kf_msg_or_event",
        "kf_account_auth_change",
        "change_external_contact/msg_audit_approved",
        *(f"change_contact/{change}" for change in ("create_party", "update_party", "delete_party", "update_tag")),
        *(
            f"customer_acquisition/{change}"
            for change in (
                "balance_low",
                "balance_exhausted",
                "balance_increased",
                "quota_expire_soon",
                "link_unavailable",
                "delete_link",
                "friend_request",
                "customer_start_chat",
                "open_profile",
            )
        ),
    }
)
