"""Here lives what tests tell the server of group chats, as platforms do."""

from datetime import datetime

from domain.events import GroupChanged
from domain.groups import GroupKind, GroupMember, GroupRead, GroupsAsked, GroupsRead
from domain.messages import Address
from models.customers import Customer, Identity
from models.inbox import CODEC, InboxEvent
from tests.clock import Clock

CHAT = Address("wecom", "wrGroupOfDealers")
ROOM = Address("telegram", "-100")


async def asked_for() -> list[GroupsAsked]:
    """What platforms are to be asked, in the order in which it is due; none of it waits any longer."""
    rows = await InboxEvent.filter(state="waiting").order_by("due_at", "id")
    found = [row for row in rows if '"groups_asked"' in row.payload]
    await InboxEvent.filter(id__in=[row.id for row in found]).update(state="done")
    events = [CODEC.validate_json(row.payload) for row in found]
    return [event for event in events if isinstance(event, GroupsAsked)]


def member(number: str, at: datetime | None = None, name: str = "", *, staff: bool = False) -> GroupMember:
    return GroupMember(number, name, staff, at)


def read(
    clock: Clock, *members: GroupMember, chat: Address = CHAT, title: str = "上海经销商", **more: object
) -> GroupRead:
    """The chat as it is now."""
    asked = GroupsAsked(clock(), chat.account, chat=chat.id)
    told: dict[str, object] = {"asked": asked, "owner": "lilei", "members": members, **more}
    return GroupRead(clock(), title=title, **told)  # type: ignore[arg-type]


def listed(clock: Clock, *chats: str, began: datetime | None = None, cursor: str = "") -> GroupsRead:
    return GroupsRead(clock(), GroupsAsked(began or clock(), "wecom"), chats, cursor)


def joined(
    clock: Clock, chat: Address = ROOM, kind: GroupKind = "group", *, title: str, writable: bool = True
) -> GroupChanged:
    """Our bot came into a chat of Telegram."""
    return GroupChanged(clock(), chat, "bot_joined", title=title, kind=kind, writable=writable)


async def known_as(customer: Customer, chat_id: str) -> None:
    """The customer is called so by the platform."""
    await Identity.filter(customer_id=customer.id).update(external_id=chat_id)
