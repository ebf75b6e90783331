"""The bot's own place in a group or channel, as Telegram tells of it: its status and every right that goes with it.

Source: https://core.telegram.org/bots/api#chatmember
"""

from collections.abc import Mapping
from typing import Final

from sandbox.telegram.bot import Json

ADMINISTRATOR: Final[Mapping[str, bool]] = {
    "can_be_edited": False,
    "can_manage_chat": True,
    "can_change_info": False,
    "can_delete_messages": True,
    "can_invite_users": True,
    "can_restrict_members": True,
    "can_promote_members": False,
    "can_manage_video_chats": False,
    "can_post_stories": False,
    "can_edit_stories": False,
    "can_delete_stories": False,
    "can_send_welcome_messages": False,
    "is_anonymous": False,
}
IN_GROUPS: Final[Mapping[str, bool]] = {"can_pin_messages": True, "can_manage_topics": False}
IN_CHANNELS: Final[Mapping[str, bool]] = {"can_post_messages": True, "can_edit_messages": False}
RESTRICTED: Final[Mapping[str, bool]] = {
    "is_member": True,
    "can_send_messages": True,
    "can_send_audios": True,
    "can_send_documents": True,
    "can_send_photos": True,
    "can_send_videos": True,
    "can_send_video_notes": True,
    "can_send_voice_notes": True,
    "can_send_polls": True,
    "can_send_other_messages": True,
    "can_add_web_page_previews": True,
    "can_change_info": False,
    "can_invite_users": True,
    "can_pin_messages": False,
    "can_manage_topics": False,
    "can_edit_tag": False,
    "can_react_to_messages": True,
}


def rights(kind: str, status: str, given: Mapping[str, bool]) -> dict[str, bool]:
    """Every right of this status in this kind of chat: as `given`, or as most often."""
    match status:
        case "administrator":
            return {**ADMINISTRATOR, **(IN_CHANNELS if kind == "channel" else IN_GROUPS), **given}
        case "restricted":
            return {**RESTRICTED, **given}
        case _:
            return {}


def member(us: Json, status: str, held: Mapping[str, bool]) -> Json:
    """A ChatMember."""
    until = {"until_date": 0} if status in ("kicked", "restricted") else {}
    return {"user": us, "status": status, **held, **until}
