"""Here lives what happens to chats as such: who came and went, our own place in them, new ids."""

from dataclasses import replace
from typing import Final

from aiogram import types

from channels.telegram.people import GROUPS, address, is_person, moment
from domain.events import ChatMigrated, ContactRemoved, ContactReturned, GroupChanged, InboundEvent
from domain.groups import GroupKind

PLACES: Final = GROUPS | {"channel"}
INSIDE: Final = frozenset({"creator", "administrator", "member", "restricted"})


def kind(chat: types.Chat) -> GroupKind:
    return "channel" if chat.type == "channel" else "group"


def moved(account: str, message: types.Message) -> ChatMigrated | None:
    """A basic group has become a supergroup; told in the old chat, in the new one, or in both."""
    here = message.chat.id
    old, new = message.migrate_from_chat_id or here, message.migrate_to_chat_id or here
    if old == new:
        return None
    return ChatMigrated(moment(message.date), address(account, old), address(account, new))


def service(account: str, message: types.Message) -> GroupChanged | None:
    """What Telegram writes into a group by itself; `members` are the people among those who came or went."""
    came, went = message.new_chat_members, message.left_chat_member
    if came:
        change, members = "member_joined", came
    elif went:
        change, members = "member_left", [went]
    elif message.new_chat_title:
        change, members = "renamed", []
    elif message.group_chat_created or message.supergroup_chat_created:
        change, members = "created", []
    else:
        return None
    return GroupChanged(
        at=moment(message.date),
        group=address(account, message.chat.id),
        change=change,
        title=message.chat.title or "",
        members=tuple(format(user.id, "d") for user in members if is_person(user)),
        kind=kind(message.chat),
    )


def our_place(account: str, update: types.ChatMemberUpdated) -> InboundEvent | None:
    """In a private chat: blocked or not. In a group or channel: our coming and going, and whether we may write."""
    if update.chat.type in PLACES:
        return replace(_changed(account, update, "bot"), writable=_may_write(update))
    if update.chat.type != "private":
        return None
    contact = address(account, update.chat.id)
    if update.new_chat_member.status in INSIDE:
        return ContactReturned(moment(update.date), contact)
    return ContactRemoved(moment(update.date), contact, "blocked")


def their_place(account: str, update: types.ChatMemberUpdated) -> InboundEvent | None:
    """Somebody else's place in a group; None for channels and for other bots."""
    if update.chat.type not in GROUPS or not is_person(update.new_chat_member.user):
        return None
    return _changed(account, update, "member")


def _changed(account: str, update: types.ChatMemberUpdated, who: str) -> GroupChanged:
    before, after = _is_inside(update.old_chat_member), _is_inside(update.new_chat_member)
    what = "changed" if before == after else "joined" if after else "left"
    member = update.new_chat_member.user
    return GroupChanged(
        at=moment(update.date),
        group=address(account, update.chat.id),
        change=f"{who}_{what}",
        detail=str(update.new_chat_member.status),
        title=update.chat.title or "",
        members=(format(member.id, "d"),) if is_person(member) else (),
        kind=kind(update.chat),
    )


def _is_inside(member: types.ChatMemberUnion) -> bool:
    """Who is restricted may be outside: the restriction waits for their return."""
    return member.status in INSIDE and getattr(member, "is_member", None) is not False


def _may_write(update: types.ChatMemberUpdated) -> bool:
    """As far as our own rights go: what a group forbids to all its members is told nowhere, and found out by trying.

    https://core.telegram.org/bots/api#chatmember
    """
    us = update.new_chat_member
    if not _is_inside(us):
        return False
    if update.chat.type == "channel":
        return us.status == "creator" or getattr(us, "can_post_messages", None) is True
    return us.status != "restricted" or getattr(us, "can_send_messages", None) is True
