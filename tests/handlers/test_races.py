"""What customers and colleagues do at the same moment is done as if one had come after the other."""

from collections.abc import Awaitable, Callable
from random import SystemRandom

from domain.contacts import Follow, Profile
from domain.events import Chat, ContactAdded, ContactUpdated, MessageReceived, Sender
from domain.messages import Address, Content, SharedContact, Text
from domain.permissions import Role, scope_of
from handlers.contacts import index
from handlers.context import House
from models.customers import Customer, Identity
from models.leads import Lead
from models.messages import Message
from models.outbox import OutboxItem
from models.search import Searchable, find
from models.staff import Staff, StaffAccount
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
ANYBODY = scope_of(Role.MANAGER, 0)
PHONE = "13800001234"


def said(by: Phone, content: Content, name: str = "") -> MessageReceived:
    return MessageReceived(by.clock(), Sender(by.address, name), Chat(by.address), content)


async def known_in_telegram(customer: Customer, house: House, clock: Clock) -> Phone:
    phone = Phone(Address("telegram", "777"), clock, house)
    told = {"customer": customer, "state_at": clock(), "added_at": clock(), "name": customer.name}
    await Identity.create(account=phone.address.account, external_id=phone.address.id, **told)
    return phone


async def found_by(query: str) -> list[int]:
    return [customer_id for customer_id, _ in await find(query, viewer=ANYBODY)]


async def test_a_stranger_met_twice_at_once_is_one_customer(hire: Hire, stranger: Phone) -> None:
    await hire("韩梅梅", Role.MANAGER)
    first, second = Text("在吗？"), Text("有人吗？")
    await overlapping(lambda: stranger.meet(said(stranger, first)), lambda: stranger.meet(said(stranger, second)))
    assert await Customer.all().count() == await Identity.all().count() == await Lead.all().count() == 1
    assert (await Lead.get()).first_words == "在吗？"
    assert [line.text for line in await Message.filter(direction="in").order_by("id")] == ["在吗？", "有人吗？"]
    alerts = await OutboxItem.exclude(lane=f"telegram:{stranger.address.id}").order_by("id")
    assert len(alerts) == 2
    assert ["新线索" in alert.payload for alert in alerts] == [True, False]


async def test_a_contact_added_while_they_write_keeps_what_both_tell(house: House, clock: Clock) -> None:
    phone = Phone(Address("wecom", "wmMia"), clock, house)
    profile = Profile(name="Mia", company="星辰科技", follows=(Follow("hanmeimei", remark="米娅"),))
    added = ContactAdded(clock(), phone.address, profile, source="expo", owner="hanmeimei", welcome_code="w")
    await overlapping(lambda: phone.meet(said(phone, Text("hi"))), lambda: phone.meet(added))
    customer = await Customer.get()
    assert (customer.name, customer.company) == ("米娅", "星辰科技")
    assert await found_by("米娅") == await found_by("星辰科技") == [customer.id]
    assert await Lead.all().count() == 1


async def test_a_code_sent_from_two_accounts_binds_one(hire: Hire, house: House, clock: Clock) -> None:
    await hire("李雷")
    code = await (await Staff.get(name="李雷")).issue_code(clock(), SystemRandom())
    phones = [Phone(Address("telegram", number), clock, house) for number in ("701", "702")]
    first, second = await overlapping(lambda: phones[0].say(f"绑定 {code}"), lambda: phones[1].say(f"绑定 {code}"))
    assert "绑好了" in first
    assert "绑定码不对" in second
    assert await StaffAccount.filter(external_id__in=["701", "702"]).values_list("external_id", flat=True) == ["701"]


async def test_what_two_accounts_of_a_customer_tell_at_once_finds_them(meet: Meet, house: House, clock: Clock) -> None:
    customer = await meet("Mia", account="wecom")
    phone = await known_in_telegram(customer, house, clock)
    member = Phone(Address("wecom", f"wecom-{customer.id}"), clock, house)
    update = ContactUpdated(clock(), member.address, Profile(name="Mia Novak", company="星辰科技"))
    share = said(phone, SharedContact(PHONE, "Mia", own=True))
    await overlapping(lambda: member.meet(update), lambda: phone.meet(share))
    assert await found_by(PHONE) == await found_by("星辰科技") == await found_by("Mia Novak") == [customer.id]
    await keys_are_right(await Customer.get())


async def test_of_two_names_told_at_once_the_last_one_stays(meet: Meet, house: House, clock: Clock) -> None:
    customer = await meet("Mia", account="wecom")
    phone = await known_in_telegram(customer, house, clock)
    member = Phone(Address("wecom", f"wecom-{customer.id}"), clock, house)
    update = ContactUpdated(clock(), member.address, Profile(name="Mia Novak"))
    await overlapping(lambda: member.meet(update), lambda: phone.meet(said(phone, Text("hi"), "Mimi")))
    assert (await Customer.get()).name == "Mia Novak"  # no longer what Telegram had called her
    await keys_are_right(await Customer.get())


async def keys_are_right(customer: Customer) -> None:
    """An index made anew has nothing else in it."""
    keys = set(await Searchable.filter(customer_id=customer.id).values_list("key", flat=True))
    await Searchable.filter(customer_id=customer.id).delete()
    await index(customer)
    assert keys == set(await Searchable.filter(customer_id=customer.id).values_list("key", flat=True))


async def test_two_colleagues_who_answer_at_once_are_both_heard(hire: Hire, meet: Meet) -> None:
    lilei, hanmeimei = await hire("李雷", Role.MANAGER), await hire("韩梅梅", Role.MANAGER)
    customer = await meet("Mia")
    answers = await overlapping(lambda: lilei.say("回复 C1 在的"), lambda: hanmeimei.say("回复 C1 在的"))
    assert "C1" in answers[0]
    assert "C1" in answers[1]
    lines = await Message.filter(customer_id=customer.id, direction="out").order_by("id").select_related("staff")
    assert [line.staff.name for line in lines if line.staff] == ["李雷", "韩梅梅"]
    assert (await Lead.get()).stage == "talking"
