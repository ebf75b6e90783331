"""Here lives who is told that something did not arrive, and what is done when an alert itself does not."""

from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from domain.messages import Address, OutboundMessage, Priority, Text, words
from domain.own_events import DeliveryFailed
from domain.permissions import Role
from models.customers import Customer, Identity
from models.messages import Message
from models.outbox import OutboxItem
from models.staff import Staff, StaffAccount
from tests.handlers.phone import Phone
from tests.handlers.test_races import said

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
OTHER = Address("wecom", "lilei")
NOT_REACHED = {"event": "colleague not reached", "log_level": "warning"}


async def enqueued(phone: Phone, message: OutboundMessage, message_id: int | None = None) -> DeliveryFailed:
    """What is told when this message is refused."""
    item = await OutboxItem.enqueue(message, phone.clock(), message_id)
    return DeliveryFailed(phone.clock(), message.to, item.id, "blocked", unsure=False)


async def second_account(phone: Phone) -> Staff:
    staff = await Staff.behind(phone.address)
    assert staff
    await StaffAccount.bind(OTHER, staff, phone.clock())
    return staff


def alert(phone: Phone) -> OutboundMessage:
    return OutboundMessage(phone.address, Text("新线索 L1"), Priority.ALERT)


async def test_an_alert_that_was_refused_goes_to_the_other_account_once(hire: Hire) -> None:
    phone = await hire("李雷")
    staff = await second_account(phone)
    with capture_logs() as lines:
        await phone.meet(await enqueued(phone, alert(phone)))
        [second] = phone.sent
        assert isinstance(second, OutboundMessage)
        assert (second.to, second.content, second.priority) == (OTHER, Text("新线索 L1"), Priority.ALERT)
        await phone.meet(await enqueued(phone, second))
    assert phone.sent == []
    assert lines == [NOT_REACHED | {"staff": staff.id}] * 2


@pytest.mark.parametrize("two_accounts", [True, False])
async def test_what_cannot_go_elsewhere_is_only_logged(hire: Hire, *, two_accounts: bool) -> None:
    phone = await hire("李雷")
    message = alert(phone)
    if two_accounts:
        await second_account(phone)
        message = OutboundMessage(phone.address, Text("帮助"), reply_to="k0")  # an answer belongs to its chat
    with capture_logs() as lines:
        await phone.meet(await enqueued(phone, message))
    assert phone.sent == []
    assert [line["event"] for line in lines] == ["colleague not reached"]


async def test_an_answer_to_nobody_we_know_is_nothing(stranger: Phone) -> None:
    with capture_logs() as lines:
        await stranger.meet(await enqueued(stranger, alert(stranger)))
    assert (stranger.sent, lines) == ([], [])


@pytest.mark.parametrize("author", ["owner", "nobody"])
async def test_where_the_keeper_has_no_chat_the_managers_are_told(hire: Hire, meet: Meet, author: str) -> None:
    owner, manager = await hire("李雷"), await hire("韩梅", Role.MANAGER)
    customer = await meet("张三", owner="李雷")
    if author == "owner":
        await owner.say(f"回复 {customer.short_id} 您好")
        line = await OutboxItem.filter(message_id__not_isnull=True).get()
        failed = DeliveryFailed(owner.clock(), line.outgoing.to, line.id, "blocked")
    else:
        identity = await Identity.get(customer_id=customer.id)
        failed = await said_by_ourselves(owner, identity)
    await StaffAccount.filter(account="telegram", external_id=owner.address.id).delete()
    assert "张三" in await manager.meet(failed)
    assert [sent.to for sent in manager.sent] == [manager.address]


async def test_a_customers_words_go_to_no_manager_of_another_team(hire: Hire, meet: Meet) -> None:
    owner = await hire("李雷")
    managers = {name: await hire(name, Role.MANAGER) for name in ("华东经理", "华南经理", "总经理")}
    managers["管理员"] = await hire("管理员", Role.ADMIN)
    await Staff.filter(name__in=["李雷", "华东经理"]).update(team="华东")
    await Staff.filter(name="华南经理").update(team="华南")
    theirs, nobodys = await meet("张三", owner="李雷"), await meet("李四")
    await Staff.filter(name="李雷").update(active=False)

    async def told(customer: Customer) -> list[str]:
        identity = await Identity.get(customer_id=customer.id)
        chat = Phone(identity.address, owner.clock, owner.house)
        await chat.meet(said(chat, Text("我的密码是多少")))
        sent = [out for out in chat.sent if isinstance(out, OutboundMessage) and "密码" in words(out.content)]
        return [name for name, phone in managers.items() for out in sent if out.to == phone.address]

    assert await told(theirs) == ["华东经理", "总经理", "管理员"]
    assert await told(nobodys) == [*managers]
    await Staff.filter(role=Role.MANAGER).exclude(name="华南经理").update(active=False)
    assert await told(theirs) == ["管理员"]


async def said_by_ourselves(phone: Phone, identity: Identity) -> DeliveryFailed:
    message = await Message.said(identity, Text("欢迎"), phone.clock(), None)
    return await enqueued(phone, OutboundMessage(identity.address, Text("欢迎")), message.id)
