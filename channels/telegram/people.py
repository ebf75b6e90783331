"""Here lives who and where: Telegram's users and chats as senders, contacts and chats of ours."""

from datetime import UTC, datetime
from typing import Final

from aiogram import types

from domain.contacts import Profile
from domain.events import Chat, ChatKind, Sender
from domain.messages import Address

# Anonymous group administrators, channels that write in groups, Telegram itself: https://core.telegram.org/bots/api#message
NOBODY: Final = frozenset({1087968824, 136817688, 777000})
GROUPS: Final = frozenset({"group", "supergroup"})


def moment(date: datetime | int) -> datetime:
    """Telegram's Unix seconds, in UTC."""
    return date.astimezone(UTC) if isinstance(date, datetime) else datetime.fromtimestamp(date, UTC)


def is_person(user: types.User | None) -> bool:
    return user is not None and not user.is_bot and user.id not in NOBODY


def address(account: str, number: int) -> Address:
    return Address(account, format(number, "d"))


def name(user: types.User) -> str:
    return " ".join(filter(None, (user.first_name, user.last_name)))


def sender(account: str, user: types.User) -> Sender:
    return Sender(address(account, user.id), name(user), user.username or "", user.language_code or "")


def profile(user: types.User) -> Profile:
    return Profile(name=name(user), username=user.username or "", language=user.language_code or "")


def chat(account: str, where: types.Chat) -> Chat:
    kind: ChatKind = "group" if where.type in GROUPS else "channel" if where.type == "channel" else "private"
    return Chat(address(account, where.id), kind, where.title or "")
