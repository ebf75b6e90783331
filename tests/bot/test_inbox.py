"""The inbox: what a handler wrote, what it promised and "done" are one commit, whoever shares it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from bot.database import transaction
from bot.inbox import Happening, InboxWorker
from channels.parts import divided, texts
from domain.errors import Unreadable
from domain.media import Medium
from domain.messages import OutboundMessage, words
from domain.outgoing import Outgoing
from domain.permissions import Role
from handlers import router
from handlers.context import House, Unasked
from models import reach
from models.customers import Customer, Identity
from models.database import insert_many
from models.inbox import OWN, Arrival, InboxEvent
from models.leads import Lead
from models.messages import Message
from models.outbox import OutboxItem
from models.plans import Plan
from models.pushes import Push
from models.staff import Staff
from tests.bot.post_office import Bell, PostOffice
from tests.clock import Clock


@pytest.fixture
def office(clock: Clock) -> PostOffice:
    return PostOffice(clock)


@pytest.fixture
def bell(database: str) -> Bell:
    return Bell()


@pytest.fixture
async def worker(bell: Bell, clock: Clock, office: PostOffice) -> AsyncIterator[InboxWorker]:
    router.load()
    house = House("zh-CN", ZoneInfo("Asia/Shanghai"), {"post": "telegram"}, {"default": "welcome"}, ())
    made = InboxWorker({"post": office}, house, clock)
    async with made.handling:
        yield made


async def told(office: PostOffice, clock: Clock, *texts: str) -> list[InboxEvent]:
    await InboxEvent.store([Arrival("post", office.raw(text), clock()) for text in texts])
    return [await InboxEvent.get(key=f"k:{text}") for text in texts]


async def said() -> list[str]:
    outgoing = [item.outgoing for item in await OutboxItem.all().order_by("id")]
    return [words(each.content) for each in outgoing if isinstance(each, OutboundMessage)]


async def test_an_event_its_effects_and_its_answer_are_there_together(
    worker: InboxWorker, office: PostOffice, clock: Clock, bell: Bell
) -> None:
    (row,) = await told(office, clock, "Mia hello")
    assert await worker.drain("post:Mia") is None
    assert (await InboxEvent.get(id=row.id)).state == "done"
    assert await Lead.all().count() == await OutboxItem.all().count() == 1
    assert await bell.rang("inbox", "post:Mia")
    assert await bell.rang("outbox", "post:Mia")


async def test_one_that_fails_takes_nobody_along(worker: InboxWorker, office: PostOffice, clock: Clock) -> None:
    await told(office, clock, "Ben hello")
    await worker.drain("post:Ben")
    await Lead.all().delete()
    rows = await told(office, clock, "Mia hello", "Ben again", "Zoe hello")
    await asyncio.gather(*(worker.drain(f"post:{name}") for name in ("Mia", "Ben", "Zoe")))
    assert [(await InboxEvent.get(id=row.id)).state for row in rows] == ["done", "waiting", "done"]
    assert sorted([m.text for m in await Message.filter(direction="in")]) == ["Ben hello", "Mia hello", "Zoe hello"]
    assert await Lead.all().count() == 2


async def test_what_takes_long_is_asked_beside_the_transaction(
    worker: InboxWorker, office: PostOffice, clock: Clock
) -> None:
    """A preview of a push to many: counting them holds nobody up, and it is handled once for all that."""
    chat = Medium("message", 4096, "utf16", "")
    worker.house = replace(worker.house, media={"post": (chat,)}, approval_over=10_000)
    await Staff.appoint("韩梅梅", Role.MANAGER, {"post": "群发"}, clock())
    rows = await insert_many(Customer, ("created_at", "seen_at"), [(clock(), clock())] * (reach.MANY + 1))
    columns = ("customer_id", "account", "external_id", "state_at", "added_at")
    await insert_many(Identity, columns, [(each, "post", f"u{each}", clock(), clock()) for (each,) in rows])
    line = "群发 人群=score>=0\n您好"
    (row,) = await told(office, clock, line)
    ctx = worker._context(Happening(row, await office.read(row.told), clock()))
    with pytest.raises(Unasked):
        async with transaction():
            await worker._handle(Happening(row, await office.read(row.told), clock()), ctx)
    assert await Push.all().count() == 0
    await worker.drain("post:群发")
    assert (await InboxEvent.get(id=row.id)).state == "done"
    (answer,) = await said()
    assert f"{reach.MANY + 1}" in answer
    assert await Push.all().count() == await Plan.all().count() == 1


async def test_a_refusal_keeps_nothing_but_the_answer(worker: InboxWorker, office: PostOffice, clock: Clock) -> None:
    await Staff.appoint("李雷", Role.SALES, {"post": "看"}, clock())
    (row,) = await told(office, clock, "看 C99")
    await worker.drain("post:看")
    assert (await InboxEvent.get(id=row.id)).state == "done"
    assert await Customer.all().count() == 0
    (answer,) = await said()
    assert "C99" in answer


class TwoPostcards(PostOffice):
    """Takes two messages of ten letters, no more."""

    def parts(self, outgoing: Outgoing) -> tuple[Outgoing, ...]:
        return divided(outgoing, lambda content: texts(words(content), 10, len, 2))


async def test_what_is_too_long_is_cut_for_a_colleague_and_kept_whole_for_a_customer(
    worker: InboxWorker, clock: Clock
) -> None:
    office = TwoPostcards(clock)
    worker.channels = {"post": office}
    await Staff.appoint("李雷", Role.SALES, {"post": "看"}, clock())
    await told(office, clock, "看 C99", "Mia hello")
    await worker.drain("post:看")
    first, last = await said()
    assert "C99" in first
    assert last.endswith("…")
    await worker.drain("post:Mia")
    assert (await said())[2:] == [(await Message.get(direction="out")).text]


async def test_the_lane_stops_at_one_that_must_be_tried_again(
    worker: InboxWorker, office: PostOffice, clock: Clock
) -> None:
    await told(office, clock, "Mia one")
    await worker.drain("post:Mia")
    await Lead.all().delete()
    rows = await told(office, clock, "Mia two", "Mia three")
    due = await worker.drain("post:Mia")
    assert due is not None
    assert [(await InboxEvent.get(id=row.id)).attempts for row in rows] == [1, 0]
    await Lead.create(customer_id=1, created_at=clock())
    clock.now = due
    assert await worker.drain("post:Mia") is None
    assert [m.text for m in await Message.filter(direction="in").order_by("id")] == ["Mia one", "Mia two", "Mia three"]


class Dumb(PostOffice):
    async def read(self, _: object) -> None:
        raise Unreadable("not one of ours", retry=False)


async def test_what_will_never_be_readable_is_buried_at_once(worker: InboxWorker, clock: Clock) -> None:
    worker.channels = {"post": Dumb(clock)}
    (row,) = await told(PostOffice(clock), clock, "Mia hello")
    assert await worker.drain("post:Mia") is None
    assert (await InboxEvent.get(id=row.id)).state == "dead"
    assert await InboxEvent.filter(account=OWN, payload__contains="event_buried").count() == 1


async def test_an_event_of_a_channel_that_is_gone_is_passed_over(worker: InboxWorker, clock: Clock) -> None:
    worker.channels = {}
    (row,) = await told(PostOffice(clock), clock, "Mia hello")
    await worker.drain("post:Mia")
    assert (await InboxEvent.get(id=row.id)).state == "done"


async def test_a_commit_whose_answer_was_lost_is_not_done_twice(
    worker: InboxWorker, office: PostOffice, clock: Clock, bell: Bell
) -> None:
    (row,) = await told(office, clock, "Mia hello")
    happening = Happening(row, await office.read(row.told), clock())
    await worker._handle_all([happening])
    assert await worker._handle_alone(happening) is None
    assert await Message.filter(direction="in").count() == 1
