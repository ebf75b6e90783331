"""Here lives how a push is handed over in batches: who is in which, who is left out, and that nobody is in two."""

from dataclasses import replace

import pytest

from bot.database import transaction
from domain.messages import Text
from domain.permissions import Role
from handlers import push_batches
from handlers.context import Context, House
from models.customers import Customer, Identity
from models.groups import Group
from models.outbox import OutboxItem
from models.recipients import Recipient
from tests.handlers.phone import Phone
from tests.handlers.planning import Hire
from tests.handlers.under_way import TASK, batches, counts, ledger, promised, push, with_media
from tests.statements import listened


@pytest.fixture
def house(house: House) -> House:
    return with_media(house)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def test_each_member_has_a_task_for_their_own(boss: Phone) -> None:
    made = await push(boss)
    some = await ledger(made, 7, boss.clock(), members=("lilei", "hanmeimei"))
    calls = await promised(made, boss)
    names = [address for *_, address in some]
    assert [(call.member, call.contacts) for call in calls] == [
        ("lilei", tuple(names[::2])),
        ("hanmeimei", tuple(names[1::2])),
    ]
    assert {call.content for call in calls} == {Text("周年庆开始了")}
    assert {(call.to.account, call.to.id) for call in calls} == {("wecom", f"push:{made.id}:{n}") for n in (1, 2)}
    assert await counts(made) == {"sending": 7}
    rows = await Recipient.filter(push_id=made.id).order_by("id")
    assert {row.batch_id for row in rows[::2]} == {calls[0].batch}
    assert await batches(made) == {1: "sending", 2: "sending"}


async def test_nobody_is_promised_twice(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 3, boss.clock())
    assert len(await promised(made, boss)) == 1
    assert await promised(made, boss) == []
    assert await OutboxItem.all().count() == 1


async def test_many_fall_into_equal_parts_and_nobody_is_left_alone(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 201, boss.clock(), way="mass", account="official")
    calls = await promised(made, boss)
    assert sorted(len(call.contacts) for call in calls) == [67, 67, 67]
    assert len({contact for call in calls for contact in call.contacts}) == 201


async def test_group_chats_have_parts_of_their_own(boss: Phone) -> None:
    made = await push(boss, labels=["区域A"])
    told = {"account": "wecom", "way": "task", "member": "lilei"}
    for n in range(46):
        group = await Group.create(account="wecom", external_id=f"wr{n}", group="customer", owner="lilei")
        await Recipient.create(push_id=made.id, group_id=group.id, address=f"wr{n}", **told)
    await Group.filter(external_id="wr7").update(gone_at=boss.clock())
    calls = await promised(made, boss)
    assert [(len(call.contacts), call.chats) for call in calls] == [(15, True)] * 3
    assert (await Recipient.get(address="wr7")).reason == "gone"


async def test_who_alone_is_too_few_is_left_out_and_says_so(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 1, boss.clock(), way="mass", account="official")
    assert await promised(made, boss) == []
    assert (await Recipient.get()).reason == "too_few"


async def test_who_cannot_be_reached_by_now_is_left_out(boss: Phone) -> None:
    made = await push(boss)
    some = await ledger(made, 4, boss.clock())
    await Identity.filter(id=some[0][1]).update(opted_out_at=boss.clock())
    await Identity.filter(id=some[1][1]).update(state="deleted")
    (call,) = await promised(made, boss)
    assert call.contacts == (some[2][2], some[3][2])
    left = {row.customer_id: row.reason for row in await Recipient.filter(state="skipped")}
    assert left == {some[0][0]: "opted_out", some[1][0]: "deleted"}


async def test_one_person_by_now_gets_it_once(boss: Phone) -> None:
    made = await push(boss)
    some = await ledger(made, 3, boss.clock())
    await Identity.filter(id=some[1][1]).update(customer_id=some[0][0])
    await Customer.filter(id=some[1][0]).update(merged_into_id=some[0][0])
    (call,) = await promised(made, boss)
    assert call.contacts == (some[0][2], some[2][2])
    assert (await Recipient.get(customer_id=some[1][0])).reason == "duplicate"


async def test_an_account_that_is_gone_takes_nobody(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 2, boss.clock(), account="elsewhere")
    assert await promised(made, boss) == []
    assert {row.state for row in await Recipient.all()} == {"skipped"}


async def test_who_waits_for_a_message_each_is_not_looked_through_in_every_round(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 3, boss.clock(), way="message", account="telegram")
    await ledger(made, 2, boss.clock(), account="elsewhere")
    now = boss.clock()
    ctx = Context(now, now, now, boss.house, "round", boss.address, "zh-CN")
    async with transaction():
        with listened() as heard:
            await push_batches.promise(made, ctx, everywhere=False)
    assert len(heard) == 1
    assert await counts(made) == {"waiting": 5}
    await push_batches.promise(made, ctx)
    assert await counts(made) == {"waiting": 3, "skipped": 2}


async def test_many_take_a_handful_of_statements(boss: Phone) -> None:
    boss.house = replace(boss.house, media={"wecom": (replace(TASK, most=10_000),)})
    made = await push(boss)
    await ledger(made, 4_000, boss.clock(), members=[f"m{n}" for n in range(10)])
    now = boss.clock()
    ctx = Context(now, now, now, boss.house, "round", boss.address, "zh-CN")
    async with transaction():
        with listened() as heard:
            await push_batches.promise(made, ctx)
    assert len(ctx.promises) == 10
    assert len(heard) < 30
    assert await counts(made) == {"sending": 4_000}
