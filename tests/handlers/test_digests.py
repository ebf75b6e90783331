"""The daily report: what it counts, whom it shows what, when it comes, and that it comes once."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.events import Chat, MessageReceived, Sender
from domain.messages import Address, OutboundMessage, Text, words
from domain.permissions import Role
from domain.push_events import DigestDue
from models.behaviours import CLICKED, Act, Behaviour
from models.customers import Customer, Identity
from models.digests import Digest
from models.groups import Group
from models.inbox import OWN, InboxEvent
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff, StaffAccount
from scheduler import jobs
from tests.clock import Clock
from tests.handlers.phone import Phone, heard
from tests.handlers.planning import Hire, Meet

SHANGHAI = ZoneInfo("Asia/Shanghai")
GROUP = Address("telegram", "-100200300")


async def due(phone: Phone) -> list[str]:
    """The scheduler looks, and what it stored happens: what is said then."""
    await jobs.send_digests(phone.clock(), SHANGHAI)
    said = []
    for row in await InboxEvent.filter(account=OWN, state="waiting", key__startswith="digest:").order_by("id"):
        await phone.meet(row.own())  # type: ignore[arg-type]
        said += [words(out.content) for out in phone.sent if isinstance(out, OutboundMessage)]
        await InboxEvent.filter(id=row.id).update(state="done")
    return said


async def happened(meet: Meet, clock: Clock) -> None:
    """A day: three customers of two people, words, an answer, a lead won, a push, a click, one who wants no more."""
    for name, owner, account in (("甲", "李雷", "official"), ("乙", "韩梅梅", "telegram"), ("丙", "", "official")):
        customer = await meet(name, owner=owner, account=account)
        await heard(customer, Text("hello"), clock())
    await pushed(clock)
    first = await Customer.get(name="甲")
    await Behaviour.tell([Act(first.id, "push", "1:1:1", CLICKED, clock())])
    await Identity.filter(customer_id=first.id).update(opted_out_at=clock())


async def pushed(clock: Clock) -> None:
    staff = await Staff.get(name="韩梅梅")
    place = {"account": "telegram", "chat": "1", "language": "zh-CN", "payload": "{}"}
    push = await Push.create(
        staff=staff, **place, state="done", created_at=clock(), started_at=clock(), ended_at=clock()
    )
    for number, state in enumerate(("sent", "delivered", "failed"), 1):
        at = {"ended_at": clock()} if state == "failed" else {"sent_at": clock()}
        await Recipient.create(push=push, customer_id=number, state=state, **at)


async def test_the_numbers_of_the_day_so_far(hire: Hire, meet: Meet, clock: Clock) -> None:
    boss, seller = await hire("韩梅梅", Role.MANAGER), await hire("李雷")
    await happened(meet, clock)
    await seller.say("待办 加 今天18点 报价")
    await seller.say("领 L3")
    await seller.say("回复 C1 您好")
    await seller.say("跟进 L1 已成交")
    clock.forward(hours=2)
    told = (await boss.say("日报")).splitlines()
    assert told == [
        "日报 2026-03-02 周一，到 19:00",
        "新客户 3 位：公众号 2、Telegram 1",
        "来信 3 条，3 位客户，同事回复了 1 位",
        "线索：领走 1 条，成交 1 条",
        "群发 1 次：发出 2，失败 1，点开 1 位",
        "退订 1 位",
        "过期的待办 1 条",
        "每天发到这里：日报 开 9点",
    ]
    clock.forward(days=1)
    assert (await boss.say("日报")).splitlines()[1] == "新客户 0 位"
    assert (await boss.say("日报 昨天")).splitlines()[:2] == ["日报 2026-03-02 周一", told[1]]


async def test_everybody_is_told_of_those_they_see(hire: Hire, meet: Meet, clock: Clock) -> None:
    await hire("韩梅梅", Role.MANAGER)
    seller, viewer = await hire("李雷", language="en"), await hire("小看", Role.VIEWER)
    await happened(meet, clock)
    clock.forward(hours=1)
    told = (await seller.say("digest")).splitlines()
    assert told[:5] == [
        "Digest Mon 2026-03-02 until 18:00 (customers 李雷 can see)",
        "New customers: 2 (Official account 2)",
        "Messages in: 2 from 2 customers, 0 answered by a colleague",
        "Leads: 0 claimed, 0 won",
        "Pushes: 1 (1 sent, 1 failed, 1 clicked)",
    ]
    assert len(told) <= 8
    assert "来信 3 条" in await viewer.say("日报")


async def test_it_comes_every_day_at_its_time_about_the_day_before(hire: Hire, meet: Meet, clock: Clock) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await hire("李雷")
    said = await boss.say("日报 开 9点")
    assert "每天 09:00" in said
    assert "2026-03-03 09:00 (Asia/Shanghai)" in said
    await happened(meet, clock)
    assert await due(boss) == []
    clock.now = datetime(2026, 3, 3, 9, 0, 1, tzinfo=SHANGHAI)
    (told,) = await due(boss)
    assert told.splitlines()[:2] == ["日报 2026-03-02 周一", "新客户 3 位：公众号 2、Telegram 1"]
    assert "日报 开" not in told
    assert await due(boss) == []
    clock.forward(hours=-1)
    assert await due(boss) == []
    clock.forward(days=1, hours=2)
    assert len(await due(boss)) == 1
    assert "停了" in await boss.say("日报 关")
    assert "没有开日报" in await boss.say("日报 关")


async def test_in_the_evening_it_is_about_the_day_itself(hire: Hire, meet: Meet, clock: Clock) -> None:
    lucy = await hire("Lucy", Role.MANAGER, language="en")
    assert "the day so far" in await lucy.say("digest on 18:30")
    await meet("Mia", account="telegram")
    clock.now = datetime(2026, 3, 2, 18, 30, 1, tzinfo=SHANGHAI)
    (told,) = await due(lucy)
    assert told.splitlines()[:2] == ["Digest Mon 2026-03-02 until 18:30", "New customers: 1 (Telegram 1)"]


async def test_after_a_week_of_rest_it_comes_once(hire: Hire, clock: Clock) -> None:
    """Whether nobody looked, or nobody handled what was stored each day."""
    boss = await hire("韩梅梅", Role.MANAGER)
    await boss.say("日报 开 9点")
    clock.forward(days=7)
    (told,) = await due(boss)
    assert told.startswith("日报 2026-03-08")
    for _ in range(5):
        clock.forward(days=1)
        await jobs.send_digests(clock(), SHANGHAI)
    (told,) = await due(boss)
    assert told.startswith("日报 2026-03-13")
    assert (await Digest.get()).next_at == datetime(2026, 3, 15, 9, tzinfo=SHANGHAI)


async def test_a_clock_that_was_wrong_for_a_while_does_not_silence_it(hire: Hire, clock: Clock) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await boss.say("日报 开 9点")
    clock.forward(days=400)
    assert len(await due(boss)) == 1
    clock.forward(days=-400)
    assert await due(boss) == []
    clock.forward(days=1)
    assert len(await due(boss)) == 1


async def test_who_left_or_lost_the_chat_is_told_nothing(hire: Hire, clock: Clock) -> None:
    boss, other = await hire("韩梅梅", Role.MANAGER), await hire("Lucy", Role.MANAGER)
    await boss.say("日报 开 9点")
    await other.say("日报 开 9点")
    await (await Staff.get(name="韩梅梅")).leave()
    await StaffAccount.filter(external_id=other.address.id).update(staff_id=(await Staff.get(name="韩梅梅")).id)
    clock.forward(days=1)
    assert await due(boss) == []
    assert await Digest.all().count() == 0


async def test_a_group_learns_that_its_report_has_ended(hire: Hire, clock: Clock) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await Group.allow(GROUP, "销售群", clock())
    typed = Text("/日报 开 9点")
    there = Phone(GROUP, clock, boss.house)
    await there.meet(MessageReceived(clock(), Sender(boss.address), Chat(GROUP, kind="group"), typed))
    clock.forward(days=1)
    (told,) = await due(boss)
    assert told.startswith("日报 2026-03-02")
    assert [out.to for out in boss.sent if isinstance(out, OutboundMessage)] == [GROUP]
    await (await Staff.get(name="韩梅梅")).leave()
    clock.forward(days=1)
    (told,) = await due(boss)
    assert "韩梅梅 不在这里了" in told
    await Digest.keep(await Staff.get(name="韩梅梅"), GROUP, "zh-CN", 540, clock())
    await Group.silence(GROUP)
    assert await due(boss) == []


@pytest.mark.parametrize("typed", ["日报 开 25点", "日报 开 每周一", "日报 什么", "digest on tomorrow"])
async def test_a_time_that_cannot_be_read_is_refused(hire: Hire, typed: str) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    assert "没看懂" in await boss.say(typed)
    assert await Digest.all().count() == 0


async def test_a_report_that_was_called_off_meanwhile_is_not_sent(hire: Hire, clock: Clock) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await boss.meet(DigestDue(clock(), 1, clock().date()))
    assert boss.sent == []
    await boss.say("日报 开")
    assert (await Digest.get()).minutes == 9 * 60
    await boss.meet(DigestDue(clock() - timedelta(days=1), 1, clock().date()))
    assert boss.sent == []
