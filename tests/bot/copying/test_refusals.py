"""What cannot be copied is told in one sentence, and nothing that is there is harmed."""

import asyncio
import sys
from pathlib import Path

import pytest

from bot.copying import copy
from bot.database import DatabaseUnusable
from bot.presence import connected
from tests.bot.copying.installation import MIGRATE, File, asked, copied, is_marked, quiet
from tests.processes import ROOT


async def test_what_is_there_is_never_copied_over(source: File, target: str) -> None:
    await copied(source, target)
    source.do("UPDATE staff SET name = 'x' WHERE id = 1")
    with pytest.raises(DatabaseUnusable, match=r"is not empty \(table \w+\)"):
        await copied(source, target)
    assert (await asked(target, "SELECT name FROM staff WHERE id = 1")) == [("李雷",)]
    assert not await is_marked(target)


async def test_a_running_server_is_not_copied(source: File, target: str, serving: None) -> None:
    with pytest.raises(DatabaseUnusable, match="another server is using"):
        await copied(source, target)
    assert not await is_marked(target)


async def test_a_target_that_a_server_uses_is_not_filled(source: File, target: str) -> None:
    async with connected(target, print):
        with pytest.raises(DatabaseUnusable, match="a server is using"):
            await copied(source, target)
    assert all(one.is_same for one in await copied(source, target))


async def test_a_target_keeps_every_character(source: File, target: str) -> None:
    server, _, name = target.rpartition("/")
    odd = f"{server}/{name}_ascii"
    await asked(target, f"CREATE DATABASE {name}_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    try:
        assert await (await asyncio.create_subprocess_exec(sys.executable, "-c", MIGRATE, odd, cwd=ROOT)).wait() == 0
        with pytest.raises(DatabaseUnusable, match="SQL_ASCII: createdb --encoding UTF8"):
            await copied(source, odd)
    finally:
        await asked(target, f"DROP DATABASE {name}_ascii WITH (FORCE)")


async def test_a_newer_programs_target_is_left_alone(source: File, target: str) -> None:
    await asked(target, "UPDATE tortoise_migrations SET name = '9999_later' WHERE name = '0001_initial'")
    with pytest.raises(DatabaseUnusable, match=r"newer program \(9999_later\)"):
        await copied(source, target)


async def test_a_target_that_does_not_answer_is_one_sentence(source: File) -> None:
    with pytest.raises(DatabaseUnusable, match=r"the database 127.0.0.1/x cannot be used: ") as refused:
        await copied(source, "postgres://nobody:secret@127.0.0.1:1/x")
    assert "secret" not in str(refused.value)


async def test_a_target_needs_its_tables(source: File, target: str) -> None:
    await asked(target, "DROP SCHEMA public CASCADE")
    await asked(target, "CREATE SCHEMA public")
    with pytest.raises(DatabaseUnusable, match=r"not up to date \(0001_initial\): run `guanxi db upgrade`"):
        await copied(source, target)


@pytest.mark.parametrize(("name", "told"), [("0000_older", "is not up to date"), ("9999_later", "by a newer program")])
async def test_both_sides_have_the_same_tables(source: File, target: str, name: str, told: str) -> None:
    if name < "0001":
        source.do("DELETE FROM tortoise_migrations")
    source.do("INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('models', ?, '')", name)
    with pytest.raises(DatabaseUnusable, match=told):
        await copied(source, target)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "UPDATE staff SET name = replace(hex(zeroblob(65)), '00', '名') WHERE id = 2",
            r"staff.name .* VARCHAR\(64\) in the row with id 2",
        ),
        ("UPDATE staff SET active = 7 WHERE id = 1", "staff.active does not fit into PostgreSQL's BOOL"),
        ("UPDATE note SET text = x'00ff' WHERE id = 9", "note.text does not fit .* id 9: mend it first"),
        ("UPDATE note SET at = 'noon' WHERE id = 9", "note.at does not fit .* BIGINT"),
        ("UPDATE dialog SET choices = '{'", "dialog.choices does not fit .* JSONB"),
        ("DELETE FROM staff WHERE id = 1", "refers to a row of staff that is not there"),
    ],
)
async def test_what_postgres_would_refuse_is_told_before_anything_is_copied(
    source: File, target: str, change: str, told: str
) -> None:
    source.do(change)
    with pytest.raises(DatabaseUnusable, match=told):
        await copied(source, target)
    assert not await is_marked(target)


@pytest.mark.parametrize(
    ("change", "told", "mend"),
    [
        (
            "UPDATE note SET text = CAST(x'ff41' AS TEXT) WHERE id = 3999",
            "note holds a text that is not UTF-8",
            "UPDATE note SET text = '' WHERE id = 3999",
        ),
        (
            "UPDATE dialog SET choices = '\"\\ud800\"'",
            "dialog holds JSON that cannot",
            "UPDATE dialog SET choices = '{}'",
        ),
    ],
)
async def test_what_cannot_be_read_is_told_and_can_be_mended_on_the_way(
    source: File, target: str, change: str, told: str, mend: str
) -> None:
    source.do(change)
    with pytest.raises(DatabaseUnusable, match=told):
        await copied(source, target)
    source.do(mend)
    assert all(one.is_same for one in await copied(source, target))


@pytest.mark.parametrize(
    ("source_url", "target_url", "told"),
    [
        ("sqlite://a.db", "sqlite://b.db", "from SQLite to PostgreSQL"),
        ("postgres://x/y", "postgres://x/z", "from SQLite to PostgreSQL"),
        ("sqlite://nowhere.db", "postgres://x/z", "there is no database .*nowhere.db"),
        ("mysql://x/y", "postgres://x/z", "not mysql://"),
    ],
)
async def test_addresses_that_will_not_do(tmp_path: Path, source_url: str, target_url: str, told: str) -> None:
    with pytest.raises(DatabaseUnusable, match=told):
        await copy(source_url, target_url, base=tmp_path, told=quiet)
    assert not (tmp_path / "nowhere.db.lock").exists()


async def test_what_is_no_database_of_ours_is_one_sentence(source: File, target: str) -> None:
    source.path.write_bytes(b"not a database " * 100)
    with pytest.raises(DatabaseUnusable, match="file is not a database"):
        await copied(source, target)
    source.path.write_bytes(b"")
    with pytest.raises(DatabaseUnusable, match="no such table: tortoise_migrations"):
        await copied(source, target)
