"""The outbox: marked before, settled after, each of the four outcomes kept and told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from asyncpg import connect
from structlog.testing import capture_logs

from bot.limiter import LocalLimiter
from bot.outbox import STALE, OutboxWorker
from domain.channel import Deferred, Delivered, Limits, Rate, Refused, Unsure
from domain.messages import Address, OutboundMessage, Priority, Text
from domain.own_events import DeliveryFailed
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.sql import dialect, select
from tests.bot.post_office import PostOffice
from tests.clock import Clock

LANE = "post:Mia"
WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def office(clock: Clock) -> PostOffice:
    return PostOffice(clock)


@pytest.fixture
async def worker(database: str, clock: Clock, office: PostOffice) -> AsyncIterator[OutboxWorker]:
    made = OutboxWorker({"post": office}, LocalLimiter(lambda: clock().timestamp()), clock)
    async with made.settling:
        yield made


async def promise(clock: Clock, text: str = "Hello", **more: object) -> OutboxItem:
    message = OutboundMessage(Address("post", "Mia"), Text(text), **more)  # type: ignore[arg-type]
    return await OutboxItem.enqueue(message, clock())


async def told() -> list[DeliveryFailed]:
    return [event for row in await InboxEvent.all().order_by("id") if isinstance(event := row.own(), DeliveryFailed)]


async def test_what_arrived_is_done_under_the_platforms_name(
    worker: OutboxWorker, clock: Clock, office: PostOffice
) -> None:
    item = await promise(clock)
    assert await worker.drain(LANE) is None
    kept = await OutboxItem.get(id=item.id)
    assert (kept.state, kept.platform_id) == ("done", "p1")
    assert office.delivered == [(item.key, "Hello")]
    assert await told() == []


async def test_it_is_marked_before_it_is_sent(worker: OutboxWorker, clock: Clock, office: PostOffice) -> None:
    """A process that dies in the call leaves the mark; here the call is cut off as by a stop."""

    def die() -> None:
        raise asyncio.CancelledError

    office.before = die
    item = await promise(clock)
    with pytest.raises(asyncio.CancelledError):
        await worker.drain(LANE)
    assert (await OutboxItem.get(id=item.id)).state == "sending"
    office.before = lambda: None
    await worker.recover()
    kept = await OutboxItem.get(id=item.id)
    assert (kept.state, kept.error) == ("unsure", "interrupted")
    assert [(event.unsure, event.outbox_id) for event in await told()] == [(True, item.id)]


async def test_a_wait_is_kept_and_is_no_failed_attempt(worker: OutboxWorker, clock: Clock, office: PostOffice) -> None:
    until = clock() + timedelta(seconds=30)
    office.results = [Deferred(until, "busy")]
    first, second = await promise(clock, "one"), await promise(clock, "two")
    assert await worker.drain(LANE) == until
    kept = await OutboxItem.get(id=first.id)
    assert (kept.state, kept.due_at, kept.attempts, kept.error) == ("waiting", until, 0, "busy")
    assert await worker.drain(LANE) == until
    clock.forward(seconds=30)
    assert await worker.drain(LANE) is None
    assert [text for _, text in office.delivered] == ["one", "one", "two"]
    assert {key for key, text in office.delivered if text == "one"} == {first.key}
    assert first.key != second.key


async def test_a_refusal_ends_it_and_is_told_with_its_reason(
    worker: OutboxWorker, clock: Clock, office: PostOffice
) -> None:
    office.results = [Refused("blocked", "blocked")]
    item = await promise(clock)
    assert await worker.drain(LANE) is None
    kept = await OutboxItem.get(id=item.id)
    assert (kept.state, kept.error) == ("dead", "blocked")
    (event,) = await told()
    assert (event.reason, event.state, event.unsure, event.to) == ("blocked", "blocked", False, Address("post", "Mia"))


@pytest.mark.parametrize("result", [Unsure("no_answer"), RuntimeError("a bug of ours")])
async def test_a_doubt_is_kept_and_never_sent_again(
    worker: OutboxWorker, clock: Clock, office: PostOffice, result: Unsure | RuntimeError
) -> None:
    office.results = [result]
    item = await promise(clock)
    assert await worker.drain(LANE) is None
    assert (await OutboxItem.get(id=item.id)).state == "unsure"
    clock.forward(hours=30)
    await worker.drain(LANE)
    assert len(office.delivered) == 1
    assert [event.unsure for event in await told()] == [True]


async def test_a_doubt_about_what_does_no_harm_twice_is_cleared_by_doing_it_again(
    worker: OutboxWorker, clock: Clock, office: PostOffice
) -> None:
    office.harmless, office.results = True, [Unsure("no_answer")]
    item = await promise(clock)
    due = await worker.drain(LANE)
    assert due is not None
    clock.now = due
    assert await worker.drain(LANE) is None
    assert (await OutboxItem.get(id=item.id)).state == "done"
    assert len({key for key, _ in office.delivered}) == 1


async def test_what_has_expired_is_not_sent(worker: OutboxWorker, clock: Clock, office: PostOffice) -> None:
    item = await promise(clock, expires_at=clock() + timedelta(seconds=20))
    clock.forward(seconds=20)
    await worker.drain(LANE)
    assert (await OutboxItem.get(id=item.id)).error == "expired"
    assert office.delivered == []


@pytest.mark.parametrize(("expires", "wait"), [(20, 25), (None, 24 * 3600)])
async def test_a_wait_beyond_its_time_ends_it(
    worker: OutboxWorker, clock: Clock, office: PostOffice, expires: int | None, wait: int
) -> None:
    office.results = [Deferred(clock() + timedelta(seconds=wait), "busy")]
    item = await promise(clock, expires_at=expires and clock() + timedelta(seconds=expires))
    await worker.drain(LANE)
    kept = await OutboxItem.get(id=item.id)
    assert (kept.state, kept.error) == ("dead", "busy")
    assert len(await told()) == 1


async def test_a_reply_goes_before_what_waits_in_its_lane(
    worker: OutboxWorker, clock: Clock, office: PostOffice
) -> None:
    await promise(clock, "push", priority=Priority.PUSH)
    await promise(clock, "alert", priority=Priority.ALERT)
    await promise(clock, "reply")
    await worker.drain(LANE)
    assert [text for _, text in office.delivered] == ["reply", "alert", "push"]


async def test_what_was_taken_over_meanwhile_is_left_alone(
    worker: OutboxWorker, clock: Clock, office: PostOffice
) -> None:
    item = await promise(clock)
    rows = await OutboxItem.next_in(LANE, 5)
    await OutboxItem.filter(id=item.id).update(state="done", platform_id="passive")
    await worker.work(rows[0])
    assert office.delivered == []
    assert (await OutboxItem.get(id=item.id)).platform_id == "passive"


async def test_of_a_lane_one_is_in_flight_whoever_sends_it(
    worker: OutboxWorker, clock: Clock, office: PostOffice
) -> None:
    """As when a process that was held up goes on beside the one that has its lanes now."""
    first, second = await promise(clock, "first"), await promise(clock, "second")
    await OutboxItem.filter(id=first.id).update(state="sending")
    due = await worker.drain(LANE)
    assert office.delivered == []
    assert due is not None
    assert clock() < due < clock() + timedelta(seconds=1)
    await OutboxItem.filter(id=first.id).update(state="done")
    assert await worker.drain(LANE) is None
    assert office.delivered == [(second.key, "second")]


@pytest.mark.parametrize("seconds", [1, 5])
async def test_a_wait_of_the_whole_account_holds_everybody_up(
    worker: OutboxWorker, clock: Clock, office: PostOffice, seconds: int
) -> None:
    office.limits = Limits(account=(Rate(1000, 1.0, 1000),))
    office.results = [Deferred(clock() + timedelta(seconds=seconds), "minute_quota", whole_account=True), Delivered()]
    await promise(clock)
    other = OutboundMessage(Address("post", "Ben"), Text("Hi"))
    await OutboxItem.enqueue(other, clock())
    until = clock() + timedelta(seconds=seconds)
    assert await worker.drain(LANE) == until
    assert await worker.drain("post:Ben") == until  # at once: it waits in the table and keeps no lane
    assert len(office.delivered) == 1
    clock.forward(seconds=seconds)
    assert await worker.drain("post:Ben") is None
    assert office.delivered[-1][1] == "Hi"


async def test_who_must_wait_long_for_their_own_pace_keeps_no_lane(
    worker: OutboxWorker, clock: Clock, office: PostOffice
) -> None:
    office.limits = Limits(recipient=(Rate(1, 60.0, 1),))
    await promise(clock, "one")
    await promise(clock, "two")
    due = await worker.drain(LANE)
    assert due is not None
    assert clock() + timedelta(seconds=59) < due <= clock() + timedelta(seconds=60)
    assert [text for _, text in office.delivered] == ["one"]
    clock.forward(seconds=60)
    assert await worker.drain(LANE) is None
    assert [text for _, text in office.delivered] == ["one", "two"]


@pytest.fixture
async def no_room(worker: OutboxWorker) -> Callable[[], Awaitable[object]]:
    """Nothing can be noted as done, as on a full disk, until what this returns is called."""
    if dialect() == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        await select(f"CREATE TRIGGER no_room BEFORE UPDATE ON outbox_item WHEN NEW.state = 'done' {refuse}")
        return lambda: select("DROP TRIGGER no_room")
    await select("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no room''; END'")
    when = "FOR EACH ROW WHEN (NEW.state = 'done') EXECUTE FUNCTION refuse()"
    await select(f"CREATE TRIGGER no_room BEFORE UPDATE ON outbox_item {when}")
    return lambda: select("DROP TRIGGER no_room ON outbox_item")


async def test_what_arrived_while_nothing_could_be_recorded_is_not_sent_again(
    worker: OutboxWorker, clock: Clock, office: PostOffice, no_room: Callable[[], Awaitable[object]]
) -> None:
    item = await promise(clock)
    with capture_logs() as logged:
        sending = asyncio.create_task(worker.drain(LANE))
        while not any(line["event"] == "delivery not recorded yet" for line in logged):
            await asyncio.sleep(0.01)
        assert (await OutboxItem.get(id=item.id)).state == "sending"
        await no_room()
        assert await sending is None
    assert (await OutboxItem.get(id=item.id)).state == "done"
    assert office.delivered == [(item.key, "Hello")]
    assert await told() == []


async def test_a_turn_that_passed_while_the_database_stood_still_is_not_used(
    postgres: str, clock: Clock, office: PostOffice
) -> None:
    office.limits = Limits(recipient=(Rate(1, 3600),))
    worker = OutboxWorker({"post": office}, LocalLimiter(lambda: clock().timestamp()), clock)
    item = await promise(clock)
    other = await connect(postgres)
    async with worker.settling:
        async with other.transaction():
            await other.execute("SELECT 1 FROM outbox_item WHERE id = $1 FOR UPDATE", item.id)
            draining = asyncio.create_task(worker.drain(LANE))
            while not await select(WAITING):
                pass
            held_up = asyncio.get_running_loop().time()
            while asyncio.get_running_loop().time() < held_up + STALE:
                await asyncio.sleep(0.01)
        await draining
    await other.close()
    assert office.delivered == []
    assert (await OutboxItem.get(id=item.id)).state == "waiting"
