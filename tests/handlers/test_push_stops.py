"""A push that begins at its time, or too late, and is stopped at any moment."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from domain.messages import Address, Card, OutboundMessage, words
from domain.push_events import PushDue, PushRound
from domain.pushes import PushRules
from handlers import push_rounds
from handlers.context import House
from models.behaviours import Behaviour
from models.database import insert_many
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.recipients import MANY, Recipient
from models.staff import Staff, StaffAccount
from scheduler import jobs
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.push_works import START, Works, promised, the
from tests.handlers.pushing import MEDIA
from tests.pushing import drafted, ledger, people, states


@pytest.fixture
def works(house: House, stranger: Phone, clock: Clock) -> Works:
    clock.now = START
    stranger.house = replace(house, media=MEDIA, push=PushRules(quiet_hours=(time(22), time(8))))
    return Works(stranger, clock)


async def test_one_that_waits_for_its_time_begins_then(works: Works, clock: Clock) -> None:
    push = await drafted(clock(), starts_at=START + timedelta(hours=1))
    await ledger(push, await people(1, clock()))
    await works.launch(push)
    assert (await the(push)).state == "queued"
    assert await works.next() == PushDue(START + timedelta(hours=1), push.id)
    assert ((await the(push)).state, (await the(push)).started_at) == ("running", clock())
    assert await works.next() == PushRound(clock(), push.id, 1)


async def test_one_that_comes_too_late_asks(works: Works, clock: Clock) -> None:
    push = await drafted(clock(), starts_at=START + timedelta(hours=1), audience="老客")
    boss = Phone(Address("telegram", "4711"), clock, works.phone.house)
    await StaffAccount.bind(boss.address, await Staff.get(id=push.staff_id), clock())
    await ledger(push, await people(1, clock()))
    await works.launch(push)
    clock.forward(hours=1, minutes=31)
    await works.next()
    assert (await the(push)).state == "late"
    (asked,) = [out for out in works.phone.sent if isinstance(out, OutboundMessage)]
    assert isinstance(asked.content, Card)
    assert asked.to == boss.address
    assert "P1 没有开始：原定 11:00" in words(asked.content)
    assert [button.data for button in asked.content.buttons] == ["resume P1", "cancel P1"]
    assert await works.begin(push)
    await works.next()
    assert await states(push) == ["sending"]


async def test_one_that_was_cancelled_does_not_begin(works: Works, clock: Clock) -> None:
    push = await drafted(clock(), starts_at=START + timedelta(hours=1))
    await works.launch(push)
    await push.move("cancelled", clock(), of=("queued",))
    await works.next()
    assert (await the(push)).state == "cancelled"
    assert not await works.begin(push)
    assert await works.next() is None


async def test_what_was_in_flight_at_a_pause_and_put_off_is_taken_back(works: Works, clock: Clock) -> None:
    push = await drafted(clock(), pace_count=1, pace_seconds=1)
    await ledger(push, await people(5, clock()))
    await works.launch(push)
    await works.next()
    (first, second, _) = await promised()
    await OutboxItem.filter(id__in=[first.id, second.id]).update(state="sending")
    await push.move("paused", clock(), of=("running",))
    assert await Recipient.take_back(push.id) == 1
    await works.next()
    assert await states(push) == ["sending", "sending", *["waiting"] * 3]
    await OutboxItem.filter(id=first.id).update(state="waiting", due_at=clock() + timedelta(seconds=30))
    await OutboxItem.filter(id=second.id).update(state="done")
    await Recipient.filter(outbox_id=second.id).update(state="sent", sent_at=clock())
    await works.next()
    assert await states(push) == ["waiting", "sent", *["waiting"] * 3]
    assert await Behaviour.all().count() == 1
    assert await works.next() is None

    assert await works.begin(push)
    await works.next()
    assert await states(push) == ["sending", "sent", "sending", "sending", "waiting"]


async def test_what_is_put_off_after_a_cancelling_is_skipped(works: Works, clock: Clock) -> None:
    push = await drafted(clock())
    await ledger(push, await people(2, clock()))
    await works.launch(push)
    await works.next()
    await OutboxItem.all().update(state="sending")
    await push.move("cancelled", clock(), of=("running",))
    await OutboxItem.all().update(state="waiting")
    await works.next()
    assert await states(push) == ["skipped(cancelled)"] * 2
    assert await OutboxItem.filter(recipient_id__isnull=False).count() == 0


async def test_of_very_many_who_wait_at_a_cancelling_each_round_skips_some(works: Works, clock: Clock) -> None:
    push = await drafted(clock(), starts_at=START + timedelta(hours=1))
    await works.launch(push)
    columns = ("push_id", "customer_id", "account", "address", "way")
    rows = [(push.id, n, "telegram", f"u{n}", "message") for n in range(1, MANY + 2)]
    await insert_many(Recipient, columns, rows)
    async with works.acting() as ctx:
        await push.move("cancelled", clock(), of=("queued",))
        await push_rounds.drop(push, ctx)
    assert await Recipient.filter(state="waiting").count() == 1
    await works.next()
    assert await Recipient.filter(state="skipped", reason="cancelled").count() == MANY + 1
    await works.next()
    assert await works.next() is None


async def test_a_round_of_an_earlier_start_does_nothing(works: Works, clock: Clock) -> None:
    push = await drafted(clock())
    await ledger(push, await people(1, clock()))
    await works.launch(push)
    await push.move("paused", clock(), of=("running",))
    await works.begin(push)
    assert await works.next() == PushRound(clock(), push.id, 1)
    assert await states(push) == ["waiting"]
    assert await works.next() == PushRound(clock(), push.id, 2)
    assert await states(push) == ["sending"]


async def test_one_whose_round_was_given_up_goes_on(works: Works, clock: Clock) -> None:
    push = await drafted(clock())
    await ledger(push, await people(1, clock()))
    await works.launch(push)
    await jobs.attend_pushes(clock())
    assert await InboxEvent.filter(state="waiting", lane=f"guanxi:push:{push.id}:1").count() == 1

    await InboxEvent.filter(lane=f"guanxi:push:{push.id}:1").update(state="dead")
    for _ in range(2):
        await jobs.attend_pushes(clock())
    again = await works.next()
    assert isinstance(again, PushRound)
    assert (again.push_id, again.turn) == (push.id, 1)
    assert await states(push) == ["sending"]
    await works.sent()
    while await works.next():
        pass
    assert (await the(push)).state == "done"
    await jobs.attend_pushes(clock())
    assert not await InboxEvent.filter(state="waiting", lane=f"guanxi:push:{push.id}:1").exists()
