"""The outbox and the ledger of pushes: what ends a row ends its recipient, in one commit."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.limiter import LocalLimiter
from bot.outbox import REMEMBERED, OutboxWorker
from domain.channel import Deferred, Delivered, Limits, Rate, Refused, Unsure
from domain.errors import CallFailed
from domain.messages import Address, OutboundMessage, Priority, Text
from domain.outgoing import GroupPush
from domain.own_events import DeliveryFailed
from domain.push_events import PushSettled
from models.inbox import InboxEvent
from models.outbox import OutboxItem, Promised
from models.recipient_feed import promised
from models.recipients import Recipient
from models.sql import select
from tests.bot.post_office import PostOffice
from tests.clock import Clock
from tests.pushing import drafted, ledger, people

LANE = "post:push1:0"


@pytest.fixture
def office(clock: Clock) -> PostOffice:
    return PostOffice(clock)


@pytest.fixture
async def worker(database: str, clock: Clock, office: PostOffice) -> AsyncIterator[OutboxWorker]:
    made = OutboxWorker({"post": office}, LocalLimiter(lambda: clock().timestamp()), clock)
    async with made.settling:
        yield made


async def fed(clock: Clock, number: int = 1) -> list[Recipient]:
    """So many recipients whose messages are in the outbox, all in one lane."""
    push = await drafted(clock())
    rows = await ledger(push, await people(number, clock(), "post"))
    messages = [
        Promised(
            OutboundMessage(Address("post", row.address), Text(f"Hello {n}"), Priority.PUSH),
            LANE,
            clock(),
            row.id,
            clock() + timedelta(minutes=10),
        )
        for n, row in enumerate(rows)
    ]
    await promised(await OutboxItem.enqueue_all(messages, clock()))
    return [await now(row) for row in rows]


async def now(row: Recipient) -> Recipient:
    return await Recipient.get(id=row.id)


async def told() -> list[object]:
    return [row.own() for row in await InboxEvent.all().order_by("id")]


async def test_many_are_promised_at_once_and_each_row_knows_whose_it_is(database: str, clock: Clock) -> None:
    rows = await fed(clock, 3)
    items = await OutboxItem.all().order_by("id")
    assert {row.id: row.outbox_id for row in rows} == {item.recipient_id: item.id for item in items}
    assert {row.state for row in rows} == {"sending"}
    assert [item.expires_at for item in items] == [clock() + timedelta(minutes=10)] * 3
    assert [item.priority for item in items] == [Priority.PUSH] * 3


async def test_what_was_sent_is_so_in_the_ledger_and_told_nobody(worker: OutboxWorker, clock: Clock) -> None:
    (row,) = await fed(clock)
    clock.forward(seconds=1)
    assert await worker.drain(LANE) is None
    row = await now(row)
    assert (row.state, row.platform_id, row.sent_at, row.told) == ("sent", "p1", clock(), False)
    assert await told() == []


async def test_what_is_refused_failed_and_only_a_state_is_told(
    worker: OutboxWorker, office: PostOffice, clock: Clock
) -> None:
    office.results = [Refused("too_long"), Refused("blocked", "blocked")]
    first, second = await fed(clock, 2)
    await worker.drain(LANE)
    assert [(row.state, row.reason, row.sent_at) for row in (await now(first), await now(second))] == [
        ("failed", "too_long", None),
        ("failed", "blocked", None),
    ]
    (event,) = await told()
    assert isinstance(event, DeliveryFailed)
    assert (event.state, event.outbox_id) == ("blocked", second.outbox_id)


async def test_a_doubt_is_kept_and_may_turn_out_to_be_sent(
    worker: OutboxWorker, office: PostOffice, clock: Clock
) -> None:
    office.results = [Unsure("no_answer")]
    (row,) = await fed(clock)
    (item,) = await OutboxItem.next_in(LANE, 1)
    await worker.work(item)
    row = await now(row)
    assert (row.state, row.reason, row.sent_at) == ("unsure", "no_answer", clock())
    assert await told() == []
    clock.forward(seconds=5)
    await worker._record(item, Delivered("late"))
    row = await now(row)
    assert (row.state, row.reason, row.platform_id) == ("sent", "", "late")


async def test_who_was_being_sent_to_when_we_died_is_in_doubt(worker: OutboxWorker, clock: Clock) -> None:
    first, second = await fed(clock, 2)
    await OutboxItem.filter(id=first.outbox_id).update(state="sending")
    await worker.recover()
    assert [(await now(first)).state, (await now(second)).state] == ["unsure", "sending"]
    assert (await now(first)).reason == "interrupted"


async def test_what_a_newer_program_was_sending_is_in_doubt(worker: OutboxWorker, clock: Clock) -> None:
    (row,) = await fed(clock)
    await OutboxItem.filter(id=row.outbox_id).update(state="sending", payload='{"kind": "hologram"}')
    await worker.recover()
    assert (await now(row)).state == "unsure"


async def test_what_came_too_late_waits_again(worker: OutboxWorker, office: PostOffice, clock: Clock) -> None:
    (row,) = await fed(clock)
    clock.forward(minutes=10)
    await worker.drain(LANE)
    row = await now(row)
    assert (row.state, row.reason, row.outbox_id, row.ended_at) == ("waiting", "", None, None)
    assert office.delivered == []


async def test_a_long_wait_fails_nobody(worker: OutboxWorker, office: PostOffice, clock: Clock) -> None:
    office.results = [Deferred(clock() + timedelta(minutes=15), "too_many_requests")]
    (row,) = await fed(clock)
    await worker.drain(LANE)
    assert (await now(row)).state == "sending"
    clock.forward(minutes=15)
    await worker.drain(LANE)
    assert (await now(row)).state == "waiting"
    assert len(office.delivered) == 1


async def test_one_that_was_promised_anew_is_no_longer_the_old_row(worker: OutboxWorker, clock: Clock) -> None:
    (row,) = await fed(clock)
    (item,) = await OutboxItem.next_in(LANE, 1)
    await select("UPDATE recipient SET outbox_id = 999 WHERE id = $1 RETURNING id", row.id)
    await worker.work(item)
    assert (await now(row)).state == "sending"


async def test_nothing_overtakes_a_message_of_a_push_in_its_own_lane(
    worker: OutboxWorker, office: PostOffice, clock: Clock
) -> None:
    """So that the rows behind it need not be asked for again."""
    await fed(clock, 3)
    alert = await OutboxItem.enqueue(OutboundMessage(Address("post", "Mia"), Text("!"), Priority.ALERT), clock())
    assert [item.is_overtaken for item in (*await OutboxItem.next_in(LANE, 3), alert)] == [False, False, False, True]
    await worker.drain(LANE)
    assert [text for _, text in office.delivered] == ["Hello 0", "Hello 1", "Hello 2"]


async def batch(clock: Clock) -> OutboxItem:
    return await OutboxItem.enqueue(GroupPush(Address("post", "push:1:7"), 7, ("a", "b"), Text("Hi")), clock())


@pytest.mark.parametrize(
    ("result", "task", "failed", "reason", "unsure"),
    [
        (Delivered("m1", failed=(("b", "not_friend"),)), "m1", (("b", "not_friend"),), "", False),
        (Refused("sensitive"), "", (), "sensitive", False),
        (Unsure("no_answer"), "", (), "no_answer", True),
    ],
)
async def test_what_became_of_a_batch_is_told(
    worker: OutboxWorker,
    office: PostOffice,
    clock: Clock,
    result: Delivered | Refused | Unsure,
    task: str,
    failed: tuple[tuple[str, str], ...],
    reason: str,
    unsure: bool,
) -> None:
    office.results = [result]
    item = await batch(clock)
    await worker.drain(item.lane)
    assert await told() == [PushSettled(clock(), "post", item.id, 7, task, failed, reason, unsure)]


async def test_batches_have_turns_of_their_own(worker: OutboxWorker, office: PostOffice, clock: Clock) -> None:
    office.limits = Limits(account=(Rate(1, 3600.0),), group_pushes=(Rate(1, 60.0),))
    first, second = await batch(clock), await batch(clock)
    await OutboxItem.enqueue(OutboundMessage(Address("post", "Mia"), Text("Hello")), clock())
    due = await worker.drain(first.lane)
    assert await worker.drain("post:Mia") is None
    assert [text for _, text in office.delivered] == ["group_push", "Hello"]
    assert due is not None
    assert clock() + timedelta(seconds=59) < due <= clock() + timedelta(seconds=60)
    assert (await OutboxItem.get(id=second.id)).error == "pace"


async def test_a_batch_whose_tries_came_to_nothing_is_in_doubt(
    worker: OutboxWorker, office: PostOffice, clock: Clock
) -> None:
    office.harmless, office.results = True, [Unsure("no_answer")] * 8
    item = await batch(clock)
    while (due := await worker.drain(item.lane)) is not None:
        clock.now = due
    assert (await OutboxItem.get(id=item.id)).state == "unsure"
    (event,) = await told()
    assert isinstance(event, PushSettled)
    assert event.unsure


async def test_a_batch_that_the_platform_has_forgotten_is_not_repeated(
    worker: OutboxWorker, office: PostOffice, clock: Clock
) -> None:
    office.harmless = True
    late, soon = await batch(clock), await batch(clock)
    await OutboxItem.filter(id=late.id).update(state="sending")
    clock.forward(seconds=REMEMBERED.total_seconds() + 1)
    await worker.recover()
    assert [(await OutboxItem.get(id=item.id)).state for item in (late, soon)] == ["unsure", "waiting"]
    await worker.drain(soon.lane)
    assert len(office.delivered) == 1


async def test_a_batch_that_may_have_been_taken_long_ago_is_not_repeated(
    worker: OutboxWorker, office: PostOffice, clock: Clock
) -> None:
    office.harmless, office.results = True, [CallFailed("reset")]
    item = await batch(clock)
    assert await worker.drain(item.lane)
    clock.forward(seconds=REMEMBERED.total_seconds() + 1)
    await worker.drain(item.lane)
    assert len(office.delivered) == 1
    assert (await OutboxItem.get(id=item.id)).state == "unsure"
