"""Two processes at one thing: who is slow to stop, comes late, or meets what only a newer program knows."""

import asyncio
from zoneinfo import ZoneInfo

from bot.inbox import InboxWorker
from bot.shards import SILENCE
from domain.channel import RawEvent
from domain.errors import CallFailed
from domain.events import InboundEvent
from domain.permissions import Role
from domain.sync import TagsGone
from handlers import router
from handlers.context import House
from models.database import transaction
from models.identities import alone
from models.inbox import OWN, Arrival, InboxEvent
from models.leads import Lead
from models.outbox import OutboxItem
from models.signals import Wake, give
from models.sql import select
from models.staff import Staff
from models.tags import Tag
from tests.bot.post_office import PostOffice
from tests.bot.test_shards import WITHIN, Office, holding, is_all_done, office, promise, settled, until
from tests.clock import Clock

__all__ = ["office"]
LANE = "post:Mia"
ADVISED = """SELECT 1 FROM pg_locks JOIN pg_database AS d ON d.oid = database
    WHERE d.datname = current_database() AND locktype = 'advisory' AND NOT granted"""


async def test_who_finishes_what_is_in_flight_is_not_taken_for_dead(postgres: str, office: Office) -> None:
    """The delivery outlasts the silence after which a worker counts as gone; its lane waits for it all the same."""
    office.slow.add("Mia")
    await promise("Mia", "1")
    async with holding(office, postgres) as leaving, holding(office, postgres):
        await until(lambda: office.begun == ["Mia"])
        await promise("Mia", "2")
        stopping = asyncio.create_task(leaving.stop())
        asyncio.get_running_loop().call_later(SILENCE * 1.7, office.gates["Mia"].set)
        await stopping
        await settled(is_all_done)
    assert office.said["Mia"] == ["1", "2"]
    assert not await InboxEvent.all().exists()  # nobody was told of a doubt


class Late(PostOffice):
    """Its look-up fails, but only after the gate has opened."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.asked, self.gate = asyncio.Event(), asyncio.Event()

    async def read(self, _: RawEvent) -> InboundEvent | None:
        self.asked.set()
        await self.gate.wait()
        raise CallFailed("timeout")


async def test_what_another_handled_meanwhile_is_not_buried(database: str, clock: Clock) -> None:
    router.load()
    house = House("zh-CN", ZoneInfo("Asia/Shanghai"), {"post": "telegram"}, {"default": "welcome"}, ())
    reader = Late(clock)
    late, other = (InboxWorker({"post": channel}, house, clock) for channel in (reader, PostOffice(clock)))
    await InboxEvent.store([Arrival("post", reader.raw("Mia hello"), clock())])
    await InboxEvent.all().update(attempts=7)
    async with late.handling, other.handling:
        draining = asyncio.create_task(late.drain(LANE))
        await reader.asked.wait()
        await other.drain(LANE)
        reader.gate.set()
        await draining
    assert await InboxEvent.all().values_list("account", "state") == [("post", "done")]


async def test_what_only_a_newer_program_knows_keeps_no_worker_from_starting(postgres: str, office: Office) -> None:
    item = await promise("Mia", "from the future")
    await OutboxItem.filter(id=item.id).update(state="sending", payload='{"kind": "hologram"}')
    async with holding(office, postgres):
        await promise("Ben", "hello")
        await until(lambda: office.said["Ben"] == ["hello"])
    assert (await OutboxItem.get(id=item.id)).state == "unsure"


async def test_wakes_for_later_that_meet_leave_one_trace(postgres: str) -> None:
    for _ in range(20):
        await give(Wake("outbox", LANE, 4.0))
    found = await select("SELECT COUNT(*) AS n FROM procrastinate_events WHERE type = 'scheduled'")
    assert found[0]["n"] < 5


async def test_messages_do_not_wait_for_a_library_that_another_process_compares(postgres: str, clock: Clock) -> None:
    """What is about the library waits: an event of our own, and a colleague's command; nobody behind them does."""
    router.load()
    house = House("zh-CN", ZoneInfo("Asia/Shanghai"), {"post": "telegram"}, {"default": "welcome"}, ())
    office = PostOffice(clock)
    worker = InboxWorker({"post": office}, house, clock)
    await Staff.appoint("韩梅梅", Role.MANAGER, {"post": "建标签"}, clock())
    await InboxEvent.remind(TagsGone(clock(), (), 0, "test"), "gone", clock(), clock())
    await InboxEvent.store([Arrival("post", office.raw(text), clock()) for text in ("建标签 意向/高", "Mia hello")])
    had, done = asyncio.Event(), asyncio.Event()

    async def compare() -> None:
        async with transaction():
            await alone("tags")
            had.set()
            await done.wait()

    comparing = asyncio.create_task(compare())
    await had.wait()
    async with asyncio.timeout(WITHIN), worker.handling, worker.comparing:
        waiting = [asyncio.create_task(worker.drain(f"{OWN}:gone"))]
        await settled(_is_waited_for)
        waiting.append(asyncio.create_task(worker.drain("post:建标签")))
        await worker.drain(LANE)
        assert [lead.first_words for lead in await Lead.all()] == ["Mia hello"]
        assert not any(task.done() for task in waiting)
        done.set()
        await asyncio.gather(comparing, *waiting)
    assert [tag.name for tag in await Tag.living()] == ["高"]
    assert not await InboxEvent.exclude(state="done").exists()


async def _is_waited_for() -> bool:
    return bool(await select(ADVISED))
