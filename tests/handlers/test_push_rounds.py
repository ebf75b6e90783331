"""A running push: fed at its pace, each looked at again, over when nothing is left."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.database import transaction
from domain.messages import Priority, Text, words
from domain.push_events import PushRound
from domain.pushes import PushRules
from handlers.context import House
from models.behaviours import Behaviour
from models.customers import Customer, Identity
from models.messages import Message
from models.outbox import OutboxItem
from models.recipients import Recipient
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.push_works import START, Works, promised, the
from tests.handlers.pushing import MEDIA
from tests.pushing import drafted, ledger, people, states
from tests.racing import overlapping
from tests.statements import listened


@pytest.fixture
def works(house: House, stranger: Phone, clock: Clock) -> Works:
    clock.now = START
    stranger.house = replace(house, media=MEDIA, push=PushRules(quiet_hours=(time(22), time(8))))
    return Works(stranger, clock)


async def test_it_begins_at_once_is_sent_and_is_over(works: Works, clock: Clock) -> None:
    push = await drafted(clock())
    identities = await people(3, clock())
    rows = await ledger(push, identities)
    await works.launch(push)
    assert (await the(push)).state == "running"
    await works.next()
    assert await states(push) == ["sending"] * 3
    items = await promised()
    assert [words(item.outgoing.content) for item in items] == [  # type: ignore[union-attr]
        f"您好 客户{n}，双十一开始了" for n in (1, 2, 3)
    ]
    assert {item.priority for item in items} == {Priority.PUSH}
    assert len({item.lane for item in items}) == 3
    assert not {item.lane for item in items} & {f"telegram:{identity.external_id}" for identity in identities}

    await works.sent(2)
    await works.next()
    assert (await the(push)).state == "running"
    await works.sent()
    await works.next()
    assert ((await the(push)).state, await works.next()) == ("done", None)

    told = await Behaviour.all().order_by("id")
    assert [(row.customer_id, row.source, row.key, row.name) for row in told] == [
        (row.customer_id, "push", f"{push.id}:{row.id}", "pushed") for row in rows
    ]
    lines = await Message.all().order_by("id")
    assert [(line.identity_id, line.direction, line.text, line.staff_id) for line in lines] == [
        (identity.id, "out", f"您好 客户{n}，双十一开始了", None) for n, identity in enumerate(identities, 1)
    ]
    assert (await Customer.get(id=identities[0].customer_id)).pushed_at == lines[0].at
    assert await Recipient.filter(told=False).count() == 0


async def test_its_pace_is_kept_by_the_moments_at_which_messages_are_due(works: Works, clock: Clock) -> None:
    push = await drafted(clock(), pace_count=4, pace_seconds=1)
    await ledger(push, await people(20, clock()))
    await works.launch(push)
    due: list[float] = []
    for _ in range(3):
        before = len(await promised())
        await works.next()
        due += [(item.due_at - START).total_seconds() for item in (await promised())[before:]]
        assert max(due) <= (clock() - START).total_seconds() + 2.0
    assert due == [n / 4 for n in range(len(due))]
    assert len(due) == 17


async def test_a_slow_pace_needs_few_rounds_and_makes_up_for_nothing(works: Works, clock: Clock) -> None:
    push = await drafted(clock(), pace_count=1, pace_seconds=60)
    await ledger(push, await people(3, clock()))
    await works.launch(push)
    rounds = 0
    while (await the(push)).state == "running":
        await works.next()
        await works.sent()
        rounds += 1
    assert rounds < 15
    assert timedelta(seconds=118) <= clock() - START < timedelta(seconds=125)

    other = await drafted(clock(), pace_count=1, pace_seconds=60)
    await ledger(other, await Identity.all())
    await works.launch(other)
    await works.next()
    clock.forward(hours=1)
    await works.next()
    assert [item.due_at for item in await promised()][1:] == [clock()]


async def test_without_a_pace_two_seconds_of_the_platforms_are_promised_ahead(works: Works, clock: Clock) -> None:
    push = await drafted(clock())
    await ledger(push, await people(70, clock()))
    await works.launch(push)
    await works.next()
    assert len(await promised()) == 60
    await works.sent(25)
    await works.next()
    assert len(await promised()) == 45


async def test_each_is_looked_at_again_at_the_moment_of_sending(works: Works, clock: Clock) -> None:
    push = await drafted(clock(), Text("{{ 链接 }}"), values={"链接": "x"})
    identities = await people(4, clock())
    rows = await ledger(push, identities)
    await Identity.filter(id=identities[0].id).update(state="blocked")
    await Identity.filter(id=identities[1].id).update(opted_out_at=clock())
    kept = await Customer.create(name="王小明", created_at=clock(), seen_at=clock())
    await Identity.filter(id__in=[identities[2].id, identities[3].id]).update(customer_id=kept.id)
    await works.launch(push)
    await works.next()
    assert await states(push) == ["skipped(blocked)", "skipped(opted_out)", "sending", "skipped(duplicate)"]
    assert (await Recipient.get(id=rows[2].id)).customer_id == kept.id


async def test_of_two_pushes_at_once_one_reaches_whom_one_may_reach(works: Works, clock: Clock) -> None:
    works.phone.house = replace(works.phone.house, push=PushRules(cap=(1, timedelta(days=7))))
    identities = await people(3, clock())
    pushes = [await drafted(clock()), await drafted(clock(), accounts=["telegram", "official"])]
    for push in pushes:
        await ledger(push, identities)
        await works.launch(push)
    first, second = [PushRound(clock(), push.id, 1) for push in pushes]
    await overlapping(lambda: works.phone.meet(first), lambda: works.phone.meet(second))
    assert await states(pushes[0]) == ["sending"] * 3
    assert await states(pushes[1]) == ["skipped(capped)"] * 3


async def test_one_for_whom_it_cannot_be_written_fails_alone(works: Works, clock: Clock) -> None:
    push = await drafted(clock(), Text("{{ 客户 }}" * 200))
    identities = await people(2, clock())
    await ledger(push, identities)
    await Customer.filter(id=identities[0].customer_id).update(name="长" * 100)
    await works.launch(push)
    await works.next()
    assert await states(push) == ["failed(words)", "sending"]


async def test_in_quiet_hours_everybody_waits_for_the_morning(works: Works, clock: Clock) -> None:
    push = await drafted(clock(), pace_count=1, pace_seconds=1)
    await ledger(push, await people(10, clock()))
    clock.now = datetime(2026, 3, 2, 13, 59, 59, tzinfo=UTC)
    await works.launch(push)
    await works.next()
    assert len(await promised()) == 3
    await works.sent(1)
    await works.next()
    assert await states(push) == ["sent", *["waiting"] * 9]
    assert await promised() == []
    assert await Behaviour.all().count() == 1
    await works.next()
    assert clock() == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    assert len(await promised()) == 3


async def test_what_was_in_flight_when_the_night_began_and_was_put_off_waits_for_the_morning(
    works: Works, clock: Clock
) -> None:
    push = await drafted(clock(), pace_count=1, pace_seconds=1)
    await ledger(push, await people(3, clock()))
    clock.now = datetime(2026, 3, 2, 13, 59, 59, tzinfo=UTC)
    await works.launch(push)
    await works.next()
    (first, second, _) = await promised()
    await OutboxItem.filter(id__in=[first.id, second.id]).update(state="sending")
    await works.next()
    assert await states(push) == ["sending", "sending", "waiting"]
    await OutboxItem.filter(id=first.id).update(state="waiting", due_at=clock() + timedelta(minutes=5))
    await OutboxItem.filter(id=second.id).update(state="done")
    await Recipient.filter(outbox_id=second.id).update(state="sent", sent_at=clock())
    await works.next()
    assert await states(push) == ["waiting", "sent", "waiting"]
    assert await promised() == []
    assert await Behaviour.all().count() == 1
    await works.next()
    assert clock() == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)


async def test_whoever_is_sent_to_at_the_last_moment_is_told_of(works: Works, clock: Clock) -> None:
    """Between two looks of a round a row may be settled: who was not on the way any more at the first is told after."""
    push = await drafted(clock())
    await ledger(push, await people(1, clock()))
    await works.launch(push)
    await works.next()
    await works.sent()
    async with transaction():
        with listened() as heard:
            await works.next()
    assert (await the(push)).state == "done"
    flying = [n for n, sql in enumerate(heard) if "recipient WHERE push_id" in sql and "LIMIT 1" in sql]
    told = [n for n, sql in enumerate(heard) if "r.told = false" in sql]
    assert flying[-1] < told[0]


async def test_while_a_platform_makes_everybody_wait_rounds_are_rare(works: Works, clock: Clock) -> None:
    push = await drafted(clock())
    await ledger(push, await people(1, clock()))
    await works.launch(push)
    await works.next()
    (item,) = await promised()
    for wait, seconds in ((10, 9), (300, 30)):
        await OutboxItem.filter(id=item.id).update(due_at=clock() + timedelta(seconds=wait))
        await works.next()
        looked = clock()
        await works.next()
        assert clock() - looked == timedelta(seconds=seconds)


async def test_what_expired_is_promised_anew(works: Works, clock: Clock) -> None:
    push = await drafted(clock())
    (row,) = await ledger(push, await people(1, clock()))
    await works.launch(push)
    await works.next()
    (old,) = await promised()
    assert old.expires_at == clock() + timedelta(minutes=10)
    await OutboxItem.filter(id=old.id).update(state="dead", error="expired")
    await Recipient.filter(id=row.id).update(state="waiting", outbox_id=None)
    await works.next()
    (new,) = await promised()
    assert (await Recipient.get(id=row.id)).outbox_id == new.id != old.id
