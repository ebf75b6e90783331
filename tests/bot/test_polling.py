"""Several processes, one asks: the others wait, take over, and what a late one brings changes nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from models.cursors import Cursor
from models.database import transaction
from models.fields import instant
from models.inbox import InboxEvent
from tests.bot.streams import Platform, Process, until
from tests.clock import Clock

CUT_OFF = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
ONE_PROCESS = "a file has one server: there is nobody to share with"
HELD_UNTIL = 'SELECT held_until FROM "cursor"'

Begin = Callable[[str], Process]


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
async def begin(database: str, platform: Platform, clock: Clock) -> AsyncIterator[Begin]:
    processes: list[Process] = []

    def begun(name: str) -> Process:
        processes.append(Process(platform, clock, name))
        return processes[-1]

    yield begun
    for process in processes:
        await process.stop()


@pytest.fixture
def shared(database: str) -> str:
    if database.startswith("sqlite"):
        pytest.skip(ONE_PROCESS)
    return database


async def stored(count: int) -> list[str]:
    async def are_there() -> bool:
        return await InboxEvent.all().count() >= count

    await until(are_there)
    return [row.payload for row in await InboxEvent.all().order_by("id")]


@asynccontextmanager
async def foreign(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def silenced() -> None:
    """As if whoever has the role had said nothing for as long as it lasts."""
    await Cursor.all().update(held_until=instant(0))


async def test_what_comes_is_stored_and_told_once(begin: Begin, platform: Platform) -> None:
    first = begin("first")
    await platform.say("one")
    assert await stored(1) == ["one"]
    await until(first.asks)
    await platform.say("two")
    assert await stored(2) == ["one", "two"]
    await until(first.asks)
    assert (platform.asked, first.new) == (["", "1", "2"], [True, True])


async def test_a_platform_that_fails_is_asked_again_from_where_we_were(begin: Begin, platform: Platform) -> None:
    platform.failures = 1
    await platform.say("one")
    begin("first")
    assert await stored(1) == ["one"]
    assert platform.asked[:2] == ["", ""]


async def test_after_a_kill_a_file_is_read_on_at_once(begin: Begin, database: str, platform: Platform) -> None:
    if not database.startswith("sqlite"):
        pytest.skip("here another process may have the role")
    await Cursor.take("post", "killed")
    assert await Cursor.take("post", "next") == ""
    await platform.say("one")
    begin("last")
    assert await stored(1) == ["one"]


@pytest.mark.usefixtures("shared")
async def test_one_asks_and_the_next_goes_on_when_it_stops(begin: Begin, platform: Platform) -> None:
    first = begin("first")
    await until(first.asks)
    second = begin("second")
    await platform.say("one")
    await stored(1)
    await until(first.asks)
    await first.stop()
    assert (await Cursor.get()).holder == ""  # given up at once: nobody has to wait for it to end
    await platform.say("two")
    await until(second.asks)
    assert await stored(2) == ["one", "two"]
    assert platform.most == 1
    assert platform.asked[:3] == ["", "1", "1"]


@pytest.mark.usefixtures("shared")
async def test_nobody_takes_the_role_of_one_that_only_waits_long(begin: Begin) -> None:
    first = begin("first")
    await until(first.asks)
    before = (await Cursor.get()).held_until

    async def has_been_kept() -> bool:
        return bool((await Cursor.get()).held_until > before)

    await until(has_been_kept)
    assert await Cursor.take("post", "second") is None


@pytest.mark.usefixtures("shared")
async def test_what_a_late_one_brings_is_dropped_and_comes_to_the_next(begin: Begin, platform: Platform) -> None:
    late = begin("late")
    await until(late.asks)
    await silenced()
    assert await Cursor.take("post", "next") == ""
    await platform.say("one")
    await until(late.asks_no_more)
    assert await InboxEvent.all().count() == 0
    assert ((await Cursor.get()).value, late.new) == ("", [])
    await silenced()
    begin("next")
    assert await stored(1) == ["one"]


@pytest.mark.usefixtures("shared")
async def test_who_has_lost_the_role_stops_asking(begin: Begin, platform: Platform) -> None:
    late = begin("late")
    await until(late.asks)
    await silenced()
    next_one = begin("next")
    await until(next_one.asks)
    await until(late.asks_no_more)
    await platform.say("one")
    assert await stored(1) == ["one"]
    assert late.new == []


@pytest.mark.usefixtures("shared")
async def test_a_position_is_moved_only_by_who_has_the_role() -> None:
    await Cursor.take("post", "late")
    await silenced()
    await Cursor.take("post", "next")
    assert await Cursor.reach("post", "next", "7")
    await silenced()  # nobody has it; that it was lost once is enough
    assert not await Cursor.reach("post", "late", "3")
    assert not await Cursor.keep("post", "late")
    await Cursor.leave("post", "late")
    assert ((await Cursor.get()).value, (await Cursor.get()).holder) == ("7", "next")


@pytest.mark.usefixtures("shared")
async def test_of_many_that_want_it_at_once_one_has_the_role() -> None:
    took = await asyncio.gather(*(Cursor.take("post", f"p{number}") for number in range(20)))
    assert [position for position in took if position is not None] == [""]


@pytest.mark.usefixtures("shared")
async def test_one_that_is_paused_in_its_transaction_keeps_nobody_waiting_long() -> None:
    await Cursor.take("post", "paused")
    await silenced()
    moved, taken = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        async with transaction():
            await Cursor.reach("post", "paused", "3")
            moved.set()
            await taken.wait()

    paused = asyncio.create_task(pause())
    await moved.wait()
    async with asyncio.timeout(8):
        assert await Cursor.take("post", "next") == ""
    taken.set()
    with pytest.raises(CUT_OFF):
        await paused
    async with transaction():
        assert await Cursor.reach("post", "next", "2")
    assert (await Cursor.get()).value == "2"


async def test_while_the_database_says_nothing_nobody_is_asked(begin: Begin, platform: Platform, shared: str) -> None:
    first = begin("first")
    await until(first.asks)
    async with foreign(shared) as other:
        frozen = other.transaction()
        await frozen.start()
        await other.execute('LOCK TABLE "cursor" IN ACCESS EXCLUSIVE MODE')
        await until(first.asks_no_more)
        await frozen.rollback()
    await platform.say("one")
    assert await stored(1) == ["one"]


async def test_a_stop_does_not_wait_for_a_database_that_says_nothing(begin: Begin, shared: str) -> None:
    first = begin("first")
    await until(first.asks)
    async with foreign(shared) as other, other.transaction():
        await other.execute('LOCK TABLE "cursor" IN ACCESS EXCLUSIVE MODE')
        async with asyncio.timeout(5):
            await first.stop()


async def test_the_polling_outlives_its_connections(begin: Begin, platform: Platform, shared: str) -> None:
    first = begin("first")
    await until(first.asks)
    async with foreign(shared) as other:
        before = await other.fetchval(HELD_UNTIL)
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

        async def is_kept_on() -> bool:
            return bool(await other.fetchval(HELD_UNTIL) > before)

        await until(is_kept_on)
    await platform.say("one")
    assert await stored(1) == ["one"]
    await platform.say("two")
    assert await stored(2) == ["one", "two"]
