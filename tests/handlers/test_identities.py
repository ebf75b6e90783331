"""One person on two channels becomes one customer by themselves, unless a colleague would lose them."""

from collections.abc import Awaitable, Callable

import pytest

from domain.contacts import Follow, Profile
from domain.events import Chat, ContactAdded, ContactUpdated, MessageReceived, Sender
from domain.messages import Address, OutboundMessage, SharedContact, Text, words
from domain.permissions import Role, scope_of
from handlers.contacts import index
from handlers.context import House
from models.changes import Actor
from models.customers import Customer, Identity
from models.leads import Lead
from models.merges import Merge
from models.messages import Message
from models.search import find
from models.staff import Staff, StaffAccount
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
UNIONID = "oUnion0000000000000000000001"
NUMBER = "+8613800001234"
ANYBODY = scope_of(Role.MANAGER, 0)


def added(phone: Phone, name: str = "", *, owner: str = "", unionid: str = UNIONID) -> ContactAdded:
    follows = (Follow(owner, remark=name),) if owner else ()
    return ContactAdded(phone.clock(), phone.address, Profile(name=name, unionid=unionid, follows=follows), owner=owner)


def shared(phone: Phone, *, own: bool = True) -> MessageReceived:
    card = SharedContact(NUMBER, "Mia", own=own)
    return MessageReceived(phone.clock(), Sender(phone.address, "Mia"), Chat(phone.address), card)


def told(phone: Phone, to: Phone) -> list[str]:
    """What the last event made us say to a colleague."""
    return [words(out.content) for out in phone.sent if isinstance(out, OutboundMessage) and out.to == to.address]


@pytest.fixture
def follower(house: House, clock: Clock) -> Phone:
    return Phone(Address("official", "oMia"), clock, house)


@pytest.fixture
def contact(house: House, clock: Clock) -> Phone:
    return Phone(Address("wecom", "wmMia"), clock, house)


async def both(*, merged: bool) -> None:
    alive = await Customer.filter(merged_into_id=None).order_by("id")
    assert len(alive) == (1 if merged else 2)
    assert await Lead.all().count() == await Customer.all().count()
    if merged:
        assert await Identity.exclude(customer_id=alive[0].id).count() == 0
        assert await Message.exclude(customer_id=alive[0].id).count() == 0
        assert {number for number, _ in await find("Mia", viewer=ANYBODY)} == {alive[0].id}


async def test_a_follower_who_is_added_in_wecom_is_one_customer(hire: Hire, follower: Phone, contact: Phone) -> None:
    manager = await hire("韩梅梅", Role.MANAGER)
    await follower.meet(added(follower))
    await contact.meet(added(contact, "Mia"))
    await both(merged=True)
    customer = await Customer.get(merged_into_id=None)
    assert (customer.id, customer.name) == (1, "Mia")
    assert told(contact, manager) == [
        "M1 自动合并：C2 Mia 已并入 C1 Mia\n两边是同一个微信\n看名片：看 C1　并错了，请管理员发：撤销合并 M1"
    ]


async def test_whoever_added_them_owns_the_one_who_is_left(hire: Hire, follower: Phone, contact: Phone) -> None:
    lilei = await hire("李雷")
    staff = await Staff.get(name="李雷")
    await StaffAccount.bind(Address("wecom", "lilei"), staff, lilei.clock())
    await follower.meet(added(follower))
    await contact.meet(added(contact, "Mia", owner="lilei"))
    customer = await Customer.get(merged_into_id=None)
    lead = await Lead.get(customer_id=customer.id)
    assert customer.owner_id == lead.owner_id == staff.id
    assert [number for number, _ in await find("Mia", viewer=scope_of(Role.SALES, staff.id))] == [customer.id]
    assert [number for number, _ in await find("Mia", viewer=scope_of(Role.SALES, 99))] == []


async def test_a_unionid_that_is_told_later_joins_too(hire: Hire, follower: Phone, contact: Phone) -> None:
    manager = await hire("韩梅梅", Role.MANAGER)
    await follower.meet(added(follower))
    await contact.meet(added(contact, "Mia", unionid=""))
    await both(merged=False)
    await contact.meet(ContactUpdated(contact.clock(), contact.address, Profile(name="Mia", unionid=UNIONID)))
    await both(merged=True)
    assert len(told(contact, manager)) == 1
    await contact.meet(ContactUpdated(contact.clock(), contact.address, Profile(name="Mia", unionid=UNIONID)))
    assert await Merge.all().count() == 1
    assert told(contact, manager) == []


async def test_two_owners_are_asked_and_not_joined(hire: Hire, meet: Meet, contact: Phone) -> None:
    await hire("李雷")
    manager, sales = await hire("韩梅梅", Role.MANAGER), await hire("王芳")
    await StaffAccount.bind(Address("wecom", "wangfang"), await Staff.get(name="王芳"), contact.clock())
    known = await meet("米娅", owner="李雷")
    await Identity.filter(customer_id=known.id).update(unionid=UNIONID)
    await contact.meet(added(contact, "Mia", owner="wangfang"))
    await both(merged=False)
    assert "\n".join(told(contact, manager)) == (
        "C1 米娅（李雷）和 C2 Mia（王芳）像是同一个人\n"
        "两边是同一个微信，但在两位同事手里，没有自动合并\n"
        "要合并，请管理员发：合并 C1 C2"
    )
    assert all("像是同一个人" not in text for text in told(contact, sales))


async def test_a_number_that_is_their_own_joins(hire: Hire, meet: Meet, stranger: Phone) -> None:
    manager = await hire("韩梅梅", Role.MANAGER)
    known = await meet("Mia", phone="138 0000 1234")
    await stranger.say("你好")
    await stranger.meet(shared(stranger))
    await both(merged=True)
    assert (await Identity.get(external_id=stranger.address.id)).customer_id == known.id
    assert any("客户自己发来的手机号两边一样" in text for text in told(stranger, manager))
    assert (await Merge.get()).cause == "phone"


async def test_who_begins_with_their_own_number_is_no_new_lead(hire: Hire, meet: Meet, stranger: Phone) -> None:
    manager = await hire("韩梅梅", Role.MANAGER)
    known = await meet("Mia", phone=NUMBER)
    await stranger.meet(shared(stranger))
    await both(merged=True)
    joining, word = told(stranger, manager)
    assert joining.startswith("M1 自动合并：C2 Mia 已并入 C1 Mia")
    assert word.startswith(known.short_id)


async def test_somebody_elses_number_joins_nobody(meet: Meet, stranger: Phone) -> None:
    await meet("Mia", phone=NUMBER)
    await stranger.say("你好")
    await stranger.meet(shared(stranger, own=False))
    await both(merged=False)


async def test_a_members_note_of_a_number_is_no_proof(meet: Meet, stranger: Phone, contact: Phone) -> None:
    follow = Follow("lilei", phones=(NUMBER,))
    await contact.meet(ContactAdded(contact.clock(), contact.address, Profile(name="Mia", follows=(follow,))))
    assert [number for number, _ in await find(NUMBER, viewer=ANYBODY)] == [1]
    await stranger.say("你好")
    await stranger.meet(shared(stranger))
    await both(merged=False)


async def test_who_was_told_apart_is_not_joined_again(follower: Phone, contact: Phone) -> None:
    await follower.meet(added(follower))
    await contact.meet(added(contact, "Mia"))
    assert await (await Merge.get()).undo(Actor(None, "", contact.clock()))
    for customer in await Customer.all():
        await index(customer)
    await Identity.filter(external_id="wmMia").update(unionid="")
    await contact.meet(ContactUpdated(contact.clock(), contact.address, Profile(name="Mia", unionid=UNIONID)))
    await both(merged=False)
    assert await Merge.filter(state="done").count() == 0


async def test_met_on_two_channels_at_once_they_are_one(follower: Phone, contact: Phone) -> None:
    await overlapping(lambda: follower.meet(added(follower, "Mia")), lambda: contact.meet(added(contact, "Mia")))
    await both(merged=True)


async def test_told_on_two_channels_at_once_they_are_one(follower: Phone, contact: Phone) -> None:
    for phone in (follower, contact):
        await phone.meet(added(phone, "Mia", unionid=""))
    updates = [ContactUpdated(phone.clock(), phone.address, Profile(unionid=UNIONID)) for phone in (follower, contact)]
    await overlapping(lambda: contact.meet(updates[1]), lambda: follower.meet(updates[0]))
    await both(merged=True)


async def test_a_number_shared_on_two_channels_at_once_is_one_customer(
    stranger: Phone, house: House, clock: Clock
) -> None:
    other = Phone(Address("telegram", "778"), clock, house)
    for phone in (stranger, other):
        await phone.meet(MessageReceived(clock(), Sender(phone.address, "Mia"), Chat(phone.address), Text("hi")))
    await overlapping(lambda: other.meet(shared(other)), lambda: stranger.meet(shared(stranger)))
    await both(merged=True)
