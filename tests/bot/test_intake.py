"""The door: stored before it is answered, never a 200 for what is not, a reply in the answer where there is time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from bot.intake import LARGEST_BODY, Door
from bot.limiter import LocalLimiter
from bot.outbox import OutboxWorker
from bot.passive import PASSIVE, PassiveReplies
from domain.messages import Address, OutboundMessage, Text
from models.inbox import Arrival, InboxEvent
from models.outbox import OutboxItem
from models.signals import Answered
from tests.bot.post_office import Bell, PostOffice, Speaking
from tests.clock import Clock

Client = TestClient[web.Request, web.Application]
Open = Callable[[Door, str], Awaitable[Client]]


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def outbox(database: str, clock: Clock, bell: Bell) -> OutboxWorker:
    return OutboxWorker({}, LocalLimiter(lambda: 0.0), clock)


@pytest.fixture
async def open_door(aiohttp_client: Callable[..., Awaitable[Client]], outbox: OutboxWorker) -> AsyncIterator[Open]:
    doors: list[Door] = []

    async def opened(door: Door, name: str) -> Client:
        await door.storing.__aenter__()
        doors.append(door)
        app = web.Application(client_max_size=LARGEST_BODY)

        async def answer(request: web.Request) -> web.Response:
            return await door.webhook(request, name)

        app.router.add_post("/", answer)
        return await aiohttp_client(app)

    async with outbox.settling:
        yield opened
        for door in doors:
            await door.storing.__aexit__()


class Slow(Door):
    """Its database takes longer than anybody waits."""

    async def _store_all(self, _: Sequence[Arrival]) -> list[bool]:
        raise TimeoutError


async def test_what_is_answered_is_stored_and_its_lane_woken(
    open_door: Open, outbox: OutboxWorker, clock: Clock, bell: Bell
) -> None:
    client = await open_door(Door({"post": PostOffice(clock)}, outbox, PassiveReplies()), "post")
    for _ in range(2):
        answer = await client.post("/", data="Mia hello")
        assert (answer.status, await answer.text()) == (200, "taken")
    assert await bell.rang("inbox", "post:Mia")
    stored = await InboxEvent.get()
    assert (stored.account, stored.key, stored.payload, stored.state) == ("post", "k:Mia hello", "Mia hello", "waiting")


@pytest.mark.parametrize(("body", "status"), [("forged", 403), ("garbled", 400)])
async def test_what_is_refused_is_not_stored(
    open_door: Open, outbox: OutboxWorker, clock: Clock, body: str, status: int
) -> None:
    client = await open_door(Door({"post": PostOffice(clock)}, outbox, PassiveReplies()), "post")
    assert (await client.post("/", data=body)).status == status
    assert await InboxEvent.all().count() == 0


@pytest.mark.parametrize("office", [PostOffice, Speaking])
async def test_a_database_that_takes_too_long_is_a_503(
    open_door: Open, outbox: OutboxWorker, clock: Clock, office: type[PostOffice]
) -> None:
    client = await open_door(Slow({"post": office(clock)}, outbox, PassiveReplies()), "post")
    answer = await client.post("/", data="Mia hello")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


async def test_a_reply_in_time_is_the_answer_and_is_not_sent_again(
    open_door: Open, outbox: OutboxWorker, clock: Clock, bell: Bell
) -> None:
    passive = PassiveReplies()
    client = await open_door(Door({"post": Speaking(clock, passive_seconds=20)}, outbox, passive), "post")
    asking = [asyncio.create_task(client.post("/", data="Mia hello")) for _ in range(2)]
    while len(passive._waiting.get(("post", "k:Mia hello"), [])) < 2 or not await bell.rang("inbox", "post:Mia"):
        await asyncio.sleep(0.005)
    item = await replied(clock)
    passive.hear(Answered("post", "k:Mia hello", item.id))
    assert [await answer.text() for answer in await asyncio.gather(*asking)] == ["Hello Mia"] * 2
    kept = await OutboxItem.get()
    assert (kept.state, kept.platform_id) == ("done", PASSIVE)
    again = await client.post("/", data="Mia hello")
    assert await again.text() == "Hello Mia"


async def test_a_reply_that_comes_too_late_goes_another_way(
    open_door: Open, outbox: OutboxWorker, clock: Clock
) -> None:
    passive = PassiveReplies()
    client = await open_door(Door({"post": Speaking(clock)}, outbox, passive), "post")
    answer = await client.post("/", data="Mia hello")
    assert await answer.text() == "taken"
    item = await replied(clock)
    passive.hear(Answered("post", "k:Mia hello", item.id))  # nobody waits: it is to be sent
    assert (await OutboxItem.get()).state == "waiting"


async def test_what_has_begun_to_go_another_way_is_not_said_in_the_answer(
    open_door: Open, outbox: OutboxWorker, clock: Clock
) -> None:
    client = await open_door(Door({"post": Speaking(clock)}, outbox, PassiveReplies()), "post")
    await InboxEvent.store([Arrival("post", Speaking(clock).raw("Mia hello"), clock())])
    item = await replied(clock)
    await OutboxItem.filter(id=item.id).update(state="sending")
    answer = await client.post("/", data="Mia hello")
    assert await answer.text() == "taken"


async def test_what_is_due_to_go_another_way_is_not_said_by_a_process_that_was_held_up(
    open_door: Open, outbox: OutboxWorker, clock: Clock
) -> None:
    client = await open_door(Door({"post": Speaking(clock)}, outbox, PassiveReplies()), "post")
    await InboxEvent.store([Arrival("post", Speaking(clock).raw("Mia hello"), clock())])
    await replied(clock)
    clock.forward(seconds=4)
    answer = await client.post("/", data="Mia hello")
    assert await answer.text() == "taken"
    assert (await OutboxItem.get()).state == "waiting"


async def replied(clock: Clock) -> OutboxItem:
    reply = OutboundMessage(Address("post", "Mia"), Text("Hello Mia"), reply_to="k:Mia hello")
    return await OutboxItem.enqueue(reply, clock(), wait=timedelta(seconds=4))
