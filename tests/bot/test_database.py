"""Here lives what opening a database promises: one server, clear refusals, nothing lost between processes."""

import asyncio
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tortoise import connections
from tortoise.exceptions import IntegrityError

from bot.database import DatabaseUnusable, migrate, opened, status, transaction
from models.customers import Customer
from models.fields import instant
from models.sql import dialect, select

AT = instant(1_772_442_000_123)
SERVE = """
import asyncio, sys
from bot.database import opened

async def serve(url):
    async with opened(url, serving=True):
        pass

asyncio.run(serve(sys.argv[1]))
"""
COUNT = """
import asyncio, sys
from bot.database import opened, transaction
from models.customers import Customer

async def count_up(url):
    async with opened(url):
        for _ in range(150):
            async with transaction():
                row = await Customer.get(id=1)
                row.company = str(int(row.company) + 1)
                await row.save()

asyncio.run(count_up(sys.argv[1]))
"""


async def test_a_sqlite_file_is_made_with_its_folder_and_for_us_alone(tmp_path: Path) -> None:
    async with opened("sqlite://data/guanxi.db", base=tmp_path):
        pragmas = [await select(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert [next(iter(rows[0].values())) for rows in pragmas] == ["wal", 2, 1]
    assert stat.S_IMODE((tmp_path / "data" / "guanxi.db").stat().st_mode) == 0o600


async def test_an_absolute_path_needs_no_base(tmp_path: Path) -> None:
    assert await migrate(f"sqlite:///{tmp_path}/a.db", base=Path("/nowhere")) == ("0001_initial", "0002_touched")
    assert await migrate(f"sqlite://{tmp_path}/a.db") == ()
    assert (await status(f"sqlite://{tmp_path}/a.db")).pending == ()


async def test_the_reader_cannot_write(tmp_path: Path) -> None:
    async with opened("sqlite://a.db", base=tmp_path):
        with pytest.raises(Exception, match="readonly"):
            await select("DELETE FROM customer RETURNING id", alias="reader")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite://:memory:", "needs the path of a file"),
        ("sqlite://", "needs the path of a file"),
        ("sqlite://a.db?mode=ro", "without options"),
        ("mysql://root@localhost/x", "not mysql://"),
        ("postgres://nobody:secret@127.0.0.1:1/x", "the database 127.0.0.1/x cannot be used: "),
    ],
)
async def test_an_address_that_will_not_do(url: str, reason: str) -> None:
    with pytest.raises(DatabaseUnusable, match=reason) as refused:
        async with opened(url):
            pytest.fail("it was opened")
    assert "secret" not in str(refused.value)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("not a database " * 100)
    with pytest.raises(DatabaseUnusable, match="cannot be used: file is not a database"):
        await status("sqlite://a.db", base=tmp_path)


async def test_a_second_server_is_refused_but_a_short_command_may_write(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/a.db"
    async with opened(url, serving=True):
        second = await _python(SERVE, url)
        assert second[0] != 0
        assert "another server is using" in second[1]
        await Customer.create(name="李雷", company="0", created_at=AT, seen_at=AT)
        assert (await _python(COUNT, url))[0] == 0
        assert (await Customer.get(id=1)).company == "150"
    assert (await _python(SERVE, url))[0] == 0


async def test_beside_a_running_server_an_upgrade_may_find_nothing_to_do(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/a.db"
    script = "import asyncio, sys; from bot.database import migrate; print(asyncio.run(migrate(sys.argv[1])))"
    async with opened(url, serving=True):
        assert await _python(script, url) == (0, "")
        await select("DELETE FROM tortoise_migrations RETURNING id")
        code, told = await _python(script, url)
    assert code != 0
    assert "another server is using" in told


async def test_two_processes_lose_no_change(database: str) -> None:
    await Customer.create(name="李雷", company="0", created_at=AT, seen_at=AT)
    count = COUNT.replace("get(id=1)", "select_for_update().get(id=1)")
    assert [code for code, _ in await asyncio.gather(_python(count, database), _python(count, database))] == [0, 0]
    assert (await Customer.get(id=1)).company == "300"


async def test_postgres_waits_for_an_upgrade_that_sqlite_does_by_itself(database_url: str) -> None:
    await _forget(database_url)
    assert (await status(database_url)).pending[0] == "0001_initial"
    if database_url.startswith("sqlite"):
        async with opened(database_url):
            assert (await status(database_url)).pending == ()
    else:
        with pytest.raises(DatabaseUnusable, match="run `guanxi db upgrade` first"):
            async with opened(database_url):
                pytest.fail("it was opened")


async def test_a_newer_programs_database_is_left_alone(database_url: str) -> None:
    async with opened(database_url):
        await select("UPDATE tortoise_migrations SET name = '9999_later' WHERE name = '0001_initial' RETURNING id")
    with pytest.raises(DatabaseUnusable, match="newer program \\(9999_later\\)"):
        async with opened(database_url):
            pytest.fail("it was opened")


async def test_a_failed_commit_is_not_committed_later(tmp_path: Path) -> None:
    """SQLite keeps a transaction open when its COMMIT fails; the next one must not carry it along."""
    async with opened("sqlite://a.db", base=tmp_path):
        await _script("CREATE TABLE child (parent INTEGER REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED)")
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            await _orphan()
        async with transaction():
            await Customer.create(name="李雷", created_at=AT, seen_at=AT)
        assert await select("SELECT parent FROM child") == []


async def test_a_script_inside_a_transaction_does_not_commit_it(tmp_path: Path) -> None:
    async with opened("sqlite://a.db", base=tmp_path):
        with pytest.raises(ZeroDivisionError):
            await _script_that_fails()
        assert await select("SELECT name FROM sqlite_master WHERE name IN ('a', 'b')") == []


async def _forget(url: str) -> None:
    """Back to an empty database."""
    async with opened(url):
        if dialect() == "sqlite":
            await _script("PRAGMA foreign_keys = OFF")
            tables = await select("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
            await _script("; ".join(f"DROP TABLE {row['name']}" for row in tables))
        else:
            await _script("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


async def _python(script: str, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, *arguments, stderr=subprocess.PIPE)
    _, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, errors.decode()


async def _script(script: str) -> None:
    await connections.get("default").execute_script(script)


async def _orphan() -> None:
    async with transaction():
        await select("INSERT INTO child VALUES (77) RETURNING parent")


async def _script_that_fails() -> None:
    async with transaction():
        await _script("CREATE TABLE a (x TEXT DEFAULT ';'); /* no; not yet */ CREATE TABLE b (x);")
        raise ZeroDivisionError
