"""An installation moves from SQLite to PostgreSQL whole, exactly, and whatever interrupts it on the way."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from bot.copying import copy
from bot.database import DatabaseUnusable, opened, transaction
from models.audit import AuditEntry, Entry
from models.chain import verify
from models.copying import OWN, UNFIT, tables
from models.customers import Customer
from models.dialogs import Dialog
from models.fields import instant
from models.sql import select
from tests.bot.copying.installation import AT, KEY, File, asked, assert_same, copied, is_marked, staff
from tests.processes import ROOT

DIE = """
import asyncio, os, signal, sys
from pathlib import Path
from bot.copying import copy

def told(step, done, total):
    if step == sys.argv[3] and done >= int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(copy(sys.argv[1], sys.argv[2], base=Path(), told=told))
"""


async def test_every_table_there_is_gets_copied_but_what_each_database_writes_itself(template: Path) -> None:
    known = [name for (name,) in File(template).rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    plan = [table.name for table in await tables()]
    assert sorted([*plan, *OWN]) == sorted(
        name for name in known if not name.startswith("sqlite_") and name != "tortoise_migrations"
    )
    assert plan.index("staff") < plan.index("customer") < plan.index("note")


async def test_every_kind_of_column_is_known() -> None:
    assert {column.kind for table in await tables() for column in table.columns} - UNFIT.keys() == set()


async def test_a_copy_is_exact_and_the_source_untouched(source: File, target: str) -> None:
    before = source.digest()
    found = {one.table: one for one in await copied(source, target)}
    assert source.digest() == before
    assert all(one.is_same and not one.mended for one in found.values())
    assert (found["customer"].target.rows, found["note"].target.rows) == (5_000, 4_000)
    await assert_same(source, target)
    assert not await is_marked(target)


async def test_the_trail_is_proved_on_the_other_side(source: File, target: str) -> None:
    await copied(source, target)
    async with opened(target):
        found = await verify(KEY)
        assert (found.entries, found.fault) == (2_500, None)
        async with transaction():
            entry = Entry(instant(AT), 1, "李雷", "tg", "9", "9", "tg:1", "看 C1", subjects=("C1",))
            await AuditEntry.append([entry], KEY)
        assert (await verify(KEY))[::2] == (2_501, None)


RULES = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'customer'::regclass ORDER BY 1"


async def test_who_was_merged_into_a_later_one_still_is_and_no_rule_is_lost(source: File, target: str) -> None:
    rules = await asked(target, RULES)
    assert len([words for _, words in rules if "REFERENCES customer" in words]) == 1
    await killed_at(source, target, "copying customer", 2_000)
    assert len(await asked(target, RULES)) == len(rules) - 1
    await copied(source, target)
    assert await asked(target, RULES) == rules
    merged = await asked(target, "SELECT id, merged_into_id FROM customer WHERE merged_into_id IS NOT NULL ORDER BY id")
    assert merged == [(10, 4_990), (4_995, 4_990)]


async def test_rows_are_ours_and_new_ones_get_new_numbers(source: File, target: str) -> None:
    source.do("DELETE FROM customer WHERE id = 5000")
    await copied(source, target)
    async with opened(target):
        assert (await Dialog.get(id=7)).choices == {"2": "find 王", "10": "more"}
        fresh = await Customer.create(name="new", created_at=instant(AT), seen_at=instant(AT))
        assert fresh.id == 5_001
        assert await select("SELECT customer_id, tag_id FROM touched") == [{"customer_id": 5_001, "tag_id": 0}]


@pytest.mark.parametrize(
    ("step", "done"),
    [("copying staff", 0), ("copying customer", 2_000), ("copying note", 4_000), ("comparing customer", 2_000)],
)
async def test_killed_anywhere_it_goes_on_and_is_exact(source: File, target: str, step: str, done: int) -> None:
    await killed_at(source, target, step, done)
    assert await is_marked(target)
    with pytest.raises(DatabaseUnusable, match="holds only a part of a copy"):
        async with opened(target, serving=True):
            pytest.fail("it was opened")
    steps: list[tuple[str, int]] = []
    found = await copy(source.url, target, base=Path(), told=lambda step, done, _: steps.append((step, done)))
    assert (step, done) in steps
    assert ("copying customer", 0) not in steps[1:] or step == "copying staff"
    assert all(one.is_same for one in found)
    await assert_same(source, target)
    assert not await is_marked(target)


async def killed_at(source: File, target: str, step: str, done: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIE, source.url, target, step, str(done), cwd=ROOT
    )
    assert await process.wait() == -signal.SIGKILL


async def test_a_source_that_grew_between_the_halves_is_copied_as_it_is_now(source: File, target: str) -> None:
    await killed_at(source, target, "copying customer", 4_000)
    source.put("staff", staff(3, "Mia", active=1))
    source.do("UPDATE customer SET owner_id = 3 WHERE id = 4900")
    assert all(one.is_same for one in await copied(source, target))
    await assert_same(source, target)


@pytest.mark.parametrize(
    "change", ["UPDATE customer SET name = 'x' WHERE id = 17", "DELETE FROM staff WHERE id = 2 RETURNING id"]
)
async def test_a_source_that_changed_where_it_was_copied_is_refused(source: File, target: str, change: str) -> None:
    source.do("UPDATE customer SET owner_id = NULL")
    await killed_at(source, target, "copying customer", 4_000)
    source.do(change)
    with pytest.raises(DatabaseUnusable, match=r"is not what .* holds a part of"):
        await copied(source, target)
    assert await is_marked(target)


async def test_nul_characters_are_left_out_and_told(source: File, target: str) -> None:
    source.do("UPDATE note SET text = 'a' || char(0) || 'b' WHERE id < 3")
    source.do("""UPDATE dialog SET choices = '{"a": ["\\u0000b", 1, null]}'""")
    found = {one.table: one for one in await copied(source, target)}
    assert all(one.is_same for one in found.values())
    assert (found["note"].mended, found["dialog"].mended) == ({"text": 2}, {"choices": 1})
    assert await asked(target, "SELECT text FROM note WHERE id < 4 ORDER BY id") == [("ab",), ("ab",), ("第 3 条\r\n",)]
    assert await asked(target, "SELECT choices::text FROM dialog") == [('{"a": ["b", 1, null]}',)]
