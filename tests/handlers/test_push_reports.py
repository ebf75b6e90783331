"""Here lives what is told of a push: how far it is, what came of it, and what followed in the days after."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.database import transaction
from domain.messages import Address, MessageEdit, OutboundMessage, Text, words
from domain.permissions import Role
from domain.push_events import PushFollowUp
from handlers import push_reports
from handlers.context import Context, House
from models.behaviours import CLICKED, Act, Behaviour
from models.customers import Identity
from models.groups import Group
from models.inbox import InboxEvent
from models.orders import Order, Sale
from models.outbox import OutboxItem
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff
from tests.handlers.phone import Phone
from tests.handlers.planning import Hire, commands_of
from tests.handlers.under_way import ledger, promised, push, settled, with_media
from tests.statements import listened


@pytest.fixture
def house(house: House) -> House:
    return with_media(house)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def told(made: Push, boss: Phone, what: str = "progress") -> list[str]:
    """What a round tells of it, and where a message is changed, that it is."""
    now = boss.clock()
    ctx = Context(now, now, now, boss.house, "round", Address("guanxi", ""), "zh-CN")
    before = await OutboxItem.all().count()
    async with transaction():
        row = await Push.get(id=made.id)
        await getattr(push_reports, what)(row, ctx)
        for promise in ctx.promises:
            await OutboxItem.enqueue(promise.outgoing, ctx.now)
    boss.sent = [item.outgoing for item in await OutboxItem.all().order_by("id").offset(before)]
    return [_line(out) for out in boss.sent]


def _line(out: object) -> str:
    match out:
        case MessageEdit(message=message, content=content):
            return f"{message}: {words(content)}"
        case OutboundMessage(content=content):
            return words(content)
        case _:
            return repr(out)


async def some(boss: Phone, **numbers: int) -> Push:
    made = await push(boss, started_at=boss.clock())
    for state, number in numbers.items():
        reason = {"failed": "blocked", "skipped": "capped", "unsure": "no_answer"}.get(state, "")
        await ledger(made, number, boss.clock(), way="message", account="telegram", state=state, reason=reason)
    return made


async def delivered(made: Push) -> None:
    row = await Push.get(id=made.id)
    await OutboxItem.filter(id=row.told_id).update(state="done", platform_id="555")


async def goes_on(made: Push, number: int) -> None:
    rows = await Recipient.filter(push_id=made.id, state="waiting").order_by("id").limit(number)
    await Recipient.filter(id__in=[row.id for row in rows]).update(state="sent", sent_at=made.created_at)


async def test_one_message_changes_every_five_seconds_when_there_is_news(boss: Phone) -> None:
    made = await some(boss, waiting=30, sent=10)
    assert (await told(made, boss))[0].splitlines()[:2] == [
        "P1 发送中 10 / 40（25%）",
        "已发送 10 · 失败 0 · 跳过 0 · 待成员确认 0 · 结果不明 0 · 等待 30",
    ]
    assert commands_of(boss) == ["pause P1", "cancel P1"]
    await goes_on(made, 5)
    boss.clock.forward(seconds=5)
    assert await told(made, boss) == []  # nobody knows yet what the platform calls it
    await delivered(made)
    assert [line.splitlines()[0] for line in await told(made, boss)] == ["555: P1 发送中 15 / 40（37%）"]
    await goes_on(made, 5)
    boss.clock.forward(seconds=4)
    assert await told(made, boss) == []
    boss.clock.forward(seconds=1)
    assert len(await told(made, boss)) == 1
    boss.clock.forward(seconds=5)
    assert await told(made, boss) == []


async def test_a_few_are_told_of_only_where_that_takes_its_time(boss: Phone) -> None:
    made = await some(boss, waiting=3)
    assert await told(made, boss) == []
    boss.clock.forward(seconds=3)
    assert len(await told(made, boss)) == 1


async def test_elsewhere_it_is_told_at_the_start_and_half_way(boss: Phone) -> None:
    boss.house = replace(boss.house, accounts={**boss.house.accounts, "telegram": "wecom"})
    made = await some(boss, waiting=20)
    heard = []
    for _ in range(5):
        heard += [line.splitlines()[0] for line in await told(made, boss)]
        await goes_on(made, 4)
        boss.clock.forward(seconds=5)
    assert heard == ["P1 发送中 0 / 20（0%）", "P1 发送中 12 / 20（60%）"]


async def test_when_it_is_stopped_its_buttons_go_and_another_message_goes_on(boss: Phone) -> None:
    made = await some(boss, waiting=30)
    await told(made, boss)
    await delivered(made)
    await boss.say("暂停 P1")
    (edit,) = [out for out in boss.sent if isinstance(out, MessageEdit)]
    assert (edit.message, words(edit.content).splitlines()[0]) == ("555", "P1 已暂停 0 / 30（0%）")
    assert getattr(edit.content, "buttons", ()) == ()
    await Push.filter(id=made.id).update(state="running")
    assert len(await told(made, boss)) == 1
    assert isinstance(boss.sent[0], OutboundMessage)


async def test_the_report(boss: Phone) -> None:
    made = await some(boss, sent=480, failed=6, skipped=10, unsure=4)
    await Push.filter(id=made.id).update(state="done", ended_at=boss.clock() + timedelta(minutes=10))
    first = await Recipient.filter(state="failed").order_by("id").first()
    assert first
    ids = [f"C{(first.customer_id or 0) + n}" for n in range(5)]
    (report,) = await told(made, boss, "finished")
    assert report.splitlines() == [
        "P1 发完了：500 人",
        "已发送 480 · 失败 6 · 跳过 10 · 待成员确认 0 · 结果不明 4 · 等待 0",
        "失败：屏蔽了我们 6",
        "跳过：近期已群发 10",
        "用时 10 分，平均 49/分",
        f"失败的：{'、'.join(f'{each} 屏蔽了我们' for each in ids)}…",
        "只重发失败的：重发失败 P1（结果不明的不会重发）",
    ]
    assert commands_of(boss) == ["retry P1"]
    due = [row.own() for row in await InboxEvent.filter(key__startswith="push:1:followup:").order_by("due_at")]
    now = boss.clock()
    assert due == [PushFollowUp(now + timedelta(days=n), made.id, n) for n in (1, 7)]


async def test_the_report_in_english(hire: Hire) -> None:
    lucy = await hire("Lucy", Role.MANAGER, language="en")
    made = await some(lucy, delivered=3, read=2, failed=1)
    await Push.filter(id=made.id).update(state="done", ended_at=lucy.clock() + timedelta(seconds=5))
    (report,) = await told(made, lucy, "finished")
    assert report.splitlines() == [
        "P1 is done: 6 people",
        "sent 5 (delivered 5, read 2) · failed 1 · skipped 0 · awaiting member 0 · unknown 0 · waiting 0",
        "Failed: blocked us 1",
        "Took 5 s, 1.2 a second on average",
        "Failed: C6 blocked us",
        "Only those that failed, again: retry P1",
    ]


async def test_the_report_says_that_members_have_to_confirm(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 4, boss.clock(), members=("lilei", "hanmeimei"))
    for n, call in enumerate(await promised(made, boss)):
        await settled(call, boss, task=f"msg{n}")
    await Push.filter(id=made.id).update(state="done", ended_at=boss.clock())
    (report,) = await told(made, boss, "finished")
    assert report.startswith("P1 交给成员了：4 人")
    assert "2 位成员还要在企业微信里确认（4 人），都有结果了再告诉你；催一下：提醒 P1" in report
    assert commands_of(boss) == ["remind P1"]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_whatever_there_is_to_tell_fits_a_phone(boss: Phone, language: str) -> None:
    made = await some(boss, sent=1, delivered=1, read=1, failed=9, skipped=1, unsure=1, waiting=1)
    await ledger(made, 4, boss.clock(), members=("lilei", "hanmeimei"))
    for n, call in enumerate(await promised(made, boss)):
        await settled(call, boss, task=f"msg{n}")
    await Push.filter(id=made.id).update(language=language)
    await Staff.all().update(language=language)
    for state in ("running", "paused", "done"):
        await Push.filter(id=made.id).update(state=state, ended_at=boss.clock())
        for text in [await boss.say("status P1"), *await told(made, boss, "finished")]:
            assert len(text.splitlines()) <= 8, text


async def test_what_followed(boss: Phone) -> None:
    made = await some(boss, sent=10, failed=1)
    at = boss.clock() + timedelta(hours=1)
    rows = await Recipient.filter(push_id=made.id).order_by("id")
    one, two, three, failed = rows[0], rows[1], rows[2], rows[-1]
    clicks = [(one, "1:1:1:5"), (one, "1:1:1:6"), (two, "1:2:1:5"), (three, "12:3:1:5")]
    await Behaviour.tell([Act(row.customer_id or 0, "push", key, CLICKED, at) for row, key in clicks])
    await Identity.filter(id__in=[one.identity_id, two.identity_id]).update(heard_at=at)
    await Identity.filter(id=two.identity_id).update(opted_out_at=at)
    before = boss.clock() - timedelta(hours=1)
    sales = [(one, "1", at), (one, "2", at), (three, "3", at), (three, "4", before), (failed, "5", at)]
    await Order.tell([Sale(row.customer_id or 0, "shop", n, "paid", 12_345, "CNY", when) for row, n, when in sales])
    boss.clock.forward(days=1)
    assert (await boss.meet(PushFollowUp(boss.clock(), made.id, 1))).splitlines() == [
        "P1 发出 1 天后（#老客）",
        "10 人收到：点链接 2 人 · 回复 1 人 · 退订 1 人",
        "下单 2 人 3 单，共 370.35 CNY",
    ]


async def test_nothing_is_told_where_nobody_got_it_or_who_asked_has_left(boss: Phone) -> None:
    made = await some(boss, failed=2)
    assert await boss.meet(PushFollowUp(boss.clock(), made.id, 1)) == ""
    await Recipient.all().update(state="sent", sent_at=boss.clock())
    assert await boss.meet(PushFollowUp(boss.clock(), made.id, 1)) != ""
    await Staff.all().update(active=False)
    assert await boss.meet(PushFollowUp(boss.clock(), made.id, 1)) == ""
    assert made.content == Text("周年庆开始了")


async def test_where_a_message_cannot_be_changed_it_is_counted_seldom(boss: Phone) -> None:
    made = await push(boss, account="wecom", chat="hanmeimei")
    await ledger(made, 30, boss.clock(), way="message", account="telegram")
    now = boss.clock()
    ctx = Context(now, now, now, boss.house, "round", boss.address, "zh-CN")
    await push_reports.progress(made, ctx)
    ctx.now += timedelta(seconds=5)
    await push_reports.progress(made, ctx)
    ctx.now += timedelta(seconds=1)
    async with transaction():
        with listened() as heard:
            await push_reports.progress(made, ctx)
    assert heard == []


async def test_who_has_left_is_told_nothing_in_their_own_chat(boss: Phone) -> None:
    made = await some(boss, sent=10, waiting=30)
    await Staff.all().update(active=False)
    assert await told(made, boss) == []
    assert await told(made, boss, "finished") == []
    await Group.allow(made.place, "群发小组", boss.clock())
    assert "P1" in (await told(made, boss, "finished"))[0]
