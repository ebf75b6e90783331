import asyncio
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise import connections
from tortoise.exceptions import IntegrityError

from domain.rules import And, Carries, Compared, Contains, Fact, Or
from models import index
from models.aside import PostgresReading, Reading, SqliteReading
from models.customers import Customer
from models.database import transaction
from models.index import Index
from models.sql import is_deadlock, select
from models.sqlite import ImmediateClient
from models.tags import Tagging
from models.views import View
from tests.models.looking import agrees, asked, here, in_sql
from tests.models.rule_town import MOMENT, NOW, Town

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
IMPORTING = """
import asyncio, sys, threading
from datetime import UTC, datetime
from importlib.abc import MetaPathFinder
from bot.database import migrate, opened
from domain.rules import Moment
from models import index

class Door(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "numpy":
            print("in the way" if threading.current_thread() is threading.main_thread() else "beside")

async def ask():
    await migrate(sys.argv[1])
    sys.meta_path.insert(0, Door())
    async with opened(sys.argv[1]), index.look(Moment(datetime.now(UTC), UTC)) as view:
        print(len(view.everybody))

asyncio.run(ask())
"""
LOST = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query = 'COMMIT' AND pid <> pg_backend_pid()"""


ROOT = Path(__file__).parents[2]


class Thought(Exception):  # noqa: N818
    """They thought better of it."""


@pytest.fixture
async def town(database: str) -> Town:
    made = Town(7)
    await made.found()
    return made


async def live(town: Town, days: int) -> None:
    """Transactions of some changes each, a third of which are taken back."""
    for _ in range(days):
        try:
            async with transaction():
                for _ in range(town.dice.randint(1, 4)):
                    await town.change()
                    await asyncio.sleep(0)
                if town.dice.random() < 0.3:
                    raise Thought  # noqa: TRY301 - that is how one takes back
        except (Thought, IntegrityError):  # whom one writes about, the other has deleted
            pass
        except Exception as error:
            if not (is_deadlock(error) or isinstance(error, asyncpg.DeadlockDetectedError)):
                raise


@pytest.mark.parametrize("seed", range(3))
async def test_it_says_what_sql_and_the_plain_evaluator_say_while_two_write(database: str, seed: int) -> None:
    town = Town(seed)
    await town.found()
    writers = [asyncio.create_task(live(Town(seed + 10 * n, f"w{n}"), 25)) for n in (1, 2)]
    for looks in count():
        async with index.look(MOMENT) as view:
            await agrees(view, town, 4)
        if looks > 5 and all(writer.done() for writer in writers):
            break
        if looks % 7 == 3:
            await index.keep(NOW + timedelta(hours=7 * looks))
        if looks % 7 == 5:
            await index.close()
    await asyncio.gather(*writers)
    async with index.look(MOMENT) as view:
        await agrees(view, town, 60)


async def test_several_indexes_of_one_database_agree_and_write_by_turns(postgres: str) -> None:
    town = Town(3)
    await town.found()
    writers = [asyncio.create_task(live(Town(30 + n, f"w{n}"), 25)) for n in (1, 2)]
    indexes = [Index("postgres", PostgresReading(connections.get("reader"))) for _ in range(3)]  # type: ignore[arg-type]
    looks = 0
    while not all(writer.done() for writer in writers) or looks < 12:
        looks += 1
        one = town.dice.choice(indexes)
        if town.dice.random() < 0.3:
            with suppress(index.snapshots.Overtaken):
                await one.keep(NOW + timedelta(hours=7 * looks))
        if town.dice.random() < 0.2:
            await one.reading.close()
            indexes[indexes.index(one)] = one = Index("postgres", one.reading)
        async with one.current() as mirror:
            await agrees(View(mirror, one.reading, MOMENT), town, 4)
    await asyncio.gather(*writers)
    for one in indexes:
        await one.reading.close()


async def test_what_is_committed_is_in_the_next_answer_and_nothing_else(town: Town) -> None:
    await asked()
    async with transaction():
        await Tagging.create(customer_id=3, tag_id=4, at=NOW)
        assert await asked() == []
    assert await asked() == [3]
    with suppress(Thought):
        async with transaction():
            await Tagging.create(customer_id=5, tag_id=4, at=NOW)
            await Customer.filter(id=3).update(city="Oslo")
            raise Thought
    assert await asked() == [3]
    assert await asked(Compared(Fact("city"), "=", "oslo")) == []
    await Customer.filter(id=3).delete()
    assert await asked() == []


async def test_who_commits_later_with_an_older_number_is_not_missed(postgres: str) -> None:
    await Town(7).found()
    await asked()
    slow = await asyncpg.connect(postgres)
    frame = slow.transaction()
    await frame.start()
    give = "INSERT INTO tagging (customer_id, tag_id, source, at) VALUES ($1, 4, 'staff', 0)"
    await slow.execute(give, 2)
    await Tagging.create(customer_id=5, tag_id=4, at=NOW)
    assert await asked() == [5]
    await slow.execute(give, 7)
    await Tagging.filter(customer_id=5, tag_id=4).delete()
    assert await asked() == []
    await frame.commit()
    assert await asked() == [2, 7]
    await slow.close()


async def test_tags_and_accounts_of_some_are_counted(town: Town) -> None:
    for customer_id, tag_id in ((1, 4), (2, 4), (2, 3)):
        await Tagging.create(customer_id=customer_id, tag_id=tag_id, at=NOW)
    async with index.look(MOMENT) as view:
        assert await view.carrying(view.everybody) == {3: 1, 4: 2}
        assert await view.carrying(await view.matching(Carries(frozenset({3})))) == {3: 1, 4: 1}
        assert sum(view.on(view.everybody).values()) == 0
        assert view.octets > 0


async def test_a_question_that_is_given_up_keeps_nobody_else_waiting(town: Town) -> None:
    async def ask() -> None:
        async with index.look(MOMENT) as view:
            begun.set()
            await view._reading.rows(ENDLESS)

    begun = asyncio.Event()
    asking = asyncio.create_task(ask())
    await begun.wait()
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await asked() == []


class Counted:
    """Remembers what is asked for numbers."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reading, name)

    async def numbers(self, sql: str, columns: str, *values: object) -> Any:
        self.asked.append(sql)
        return await self.reading.numbers(sql, columns, *values)


@pytest.mark.parametrize(("kind", "least"), [(And, 0), (Or, 1_000)])
async def test_conditions_that_only_sql_knows_are_one_question(town: Town, kind: type[And | Or], least: int) -> None:
    rule = kind((*(Contains(Fact("name"), f"{n}") for n in range(9)), Compared(Fact("score"), ">=", least)))
    async with here().current() as mirror:
        reading = Counted(here().reading)
        view = View(mirror, reading, MOMENT)  # type: ignore[arg-type]
        assert list(await view.ids(rule)) == await in_sql(view, rule)
        assert len(reading.asked) == 1


async def test_who_gives_up_waits_for_what_is_being_done_aside(town: Town) -> None:
    """Or the next one would change the same columns beside it."""
    begun, may_end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait(60)

    async with index.look(MOMENT) as view:
        working = asyncio.create_task(view._reading.aside(work))
        try:
            await asyncio.to_thread(begun.wait, 60)
            for _ in range(2):
                working.cancel()
                for _ in range(5):
                    await asyncio.sleep(0)
                assert not working.done()
        finally:
            may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await working


async def test_a_question_without_end_is_given_up(tmp_path: Path) -> None:
    reading = SqliteReading(ImmediateClient(str(tmp_path / "fresh.db"), connection_name="fresh"), patience=0.05)
    with pytest.raises(TimeoutError):
        await reading.rows(ENDLESS)
    assert [tuple(row) for row in await reading.rows("SELECT 1")] == [(1,)]
    await reading.close()


async def test_a_connection_that_is_lost_is_made_again(postgres: str) -> None:
    await Town(7).found()
    assert await asked() == []
    lost = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT'"
    )
    await select(lost + " AND pid <> pg_backend_pid()")
    await Tagging.create(customer_id=2, tag_id=4, at=NOW)
    assert await asked() == [2]


async def test_a_refusal_inside_a_look_ends_only_that_look(town: Town) -> None:
    with pytest.raises(Thought):
        async with index.look(MOMENT):
            raise Thought
    assert await asked() == []


async def test_a_look_inside_a_look_is_a_mistake(town: Town) -> None:
    async with index.look(MOMENT):
        with pytest.raises(RuntimeError):
            await asked()
    assert await asked() == []


async def test_nobody_who_never_asks_has_an_index(database: str) -> None:
    assert not await index.keep(NOW)
    assert connections.get("reader") not in index._indexes


def test_what_takes_long_to_import_is_imported_beside(sqlite_file: str) -> None:
    program = [sys.executable, "-c", IMPORTING, sqlite_file]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["beside", "0"]


async def test_where_there_are_many_everybody_is_read_before_somebody_asks(town: Town) -> None:
    there = await Customer.all().count()
    assert not await index.warm(there + 1)
    assert await index.warm(there)
    assert not await index.warm(there)  # once is enough
