"""Which processes a database takes: a file one that does everything; each refusal has its reason."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path

import pytest
from asyncpg import Connection, connect

from bot.presence import connected
from models.carrier import MARK, known
from tests.bot.test_commands import Say, say, written
from tests.processes import ROOT

__all__ = ["say"]
WITHOUT = "import sys; sys.modules['procrastinate'] = None; from bot.__main__ import main; main()"


@pytest.mark.parametrize("roles", ["web", "worker", "web,worker", "scheduler,worker"])
def test_a_file_takes_no_part_of_the_roles(say: Say, tmp_path: Path, roles: str) -> None:
    config = written(tmp_path, f"sqlite://{tmp_path}/a.db")
    code, _, err = say("serve", "--roles", roles, "-c", config)
    assert (code, err.count("\n")) == (1, 1)
    assert f"--roles {roles}: a SQLite file has one process that does everything" in err
    assert "postgres://" in err


async def test_without_the_extra_it_is_named(tmp_path: Path, postgres_url: str) -> None:
    config = written(tmp_path, postgres_url)
    for words in (["serve"], ["serve", "--roles", "worker"], ["db", "upgrade"], ["staff", "list"]):
        argv = [sys.executable, "-c", WITHOUT, *words, "-c", str(config)]
        process = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdout=PIPE, stderr=PIPE)
        _, err = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 1
        assert b"make scale" in err
        assert b"guanxi[scale]" in err
        assert err.count(b"\n") == 1


async def test_tables_are_not_changed_under_a_running_server(tmp_path: Path, postgres: str) -> None:
    config = written(tmp_path, postgres)
    async with connected(postgres, print):
        assert await typed("db", "upgrade", "-c", config) == (0, b"nothing to do, the database is up to date\n", b"")
        connection = await connect(postgres)
        await connection.execute("COMMENT ON TABLE procrastinate_jobs IS 'guanxi: 03.00.00'")
        await connection.close()
        code, _, err = await typed("db", "upgrade", "-c", config)
    assert code == 1
    assert b"a server is using the database: stop every process of it first" in err


async def test_tables_of_a_newer_program_are_told(tmp_path: Path, postgres: str) -> None:
    config = written(tmp_path, postgres)
    connection = await connect(postgres)
    await connection.execute("COMMENT ON TABLE procrastinate_jobs IS 'guanxi: 99.00.00'")
    await connection.close()
    for words in (["db", "upgrade"], ["serve"]):
        code, _, err = await typed(*words, "-c", config)
        assert code == 1
        assert b"was made by a newer program (procrastinate 99.00.00): upgrade this one" in err


async def test_tables_of_an_older_procrastinate_are_brought_up_to_date(tmp_path: Path, postgres_url: str) -> None:
    """As far as wakes that wait there are kept, and the tables are those of a new database afterwards."""
    config, connection = written(tmp_path, postgres_url), await connect(postgres_url)
    new = await carried(connection)
    await go_back(connection)
    assert await carried(connection) != new
    code, _, err = await typed("serve", "-c", config)
    assert code == 1
    assert f"is not up to date (procrastinate {known()}): run `guanxi db upgrade` first".encode() in err
    assert await typed("db", "upgrade", "-c", config) == (0, f"applied  procrastinate {known()}\n".encode(), b"")
    assert await carried(connection) == new
    assert await connection.fetchval("SELECT lock FROM procrastinate_jobs") == "inbox:1"
    await connection.close()


async def go_back(connection: Connection) -> None:
    """To the tables of procrastinate 2.14, with a wake in them."""
    for statement in await connection.fetch(
        "SELECT format('DROP FUNCTION %s CASCADE', oid::regprocedure) AS sql FROM pg_proc"
        " WHERE proname LIKE 'procrastinate%'"
        " UNION ALL SELECT format('DROP TABLE %s CASCADE', oid::regclass) FROM pg_class"
        " WHERE relname LIKE 'procrastinate%' AND relkind = 'r'"
        " UNION ALL SELECT format('DROP TYPE %s CASCADE', pg_type.oid::regtype) FROM pg_type"
        " LEFT JOIN pg_class ON pg_class.oid = typrelid"
        " WHERE typname LIKE 'procrastinate%' AND (typtype = 'e' OR relkind = 'c')"
    ):
        await connection.execute(statement["sql"])
    folder = resources.files("procrastinate") / "sql" / "migrations"
    for file in sorted((file for file in folder.iterdir() if file.name < "03."), key=lambda file: file.name):
        await connection.execute(file.read_text("utf-8"))
    await connection.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{MARK}02.14.01_01_add_indexes_for_fetch_job'")
    await connection.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)"
        """ VALUES ('inbox', 'drain', 'inbox:1', 'inbox:1', '{"queue": "inbox", "shard": 1}')"""
    )


async def carried(connection: Connection) -> list[tuple[str, ...]]:
    """The columns, functions and indexes of procrastinate, and which version they say they are."""
    found = await connection.fetch(
        "SELECT table_name || '.' || column_name AS name, data_type AS kind FROM information_schema.columns"
        " WHERE table_name LIKE 'procrastinate%'"
        " UNION ALL SELECT oid::regprocedure::text, md5(prosrc) FROM pg_proc WHERE proname LIKE 'procrastinate%'"
        " UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'procrastinate%'"
        " UNION ALL SELECT 'version', obj_description('procrastinate_jobs'::regclass, 'pg_class') ORDER BY 1, 2"
    )
    return [tuple(row) for row in found]


async def test_an_old_postgresql_is_told(tmp_path: Path, postgres_url: str) -> None:
    source = tmp_path / "a.db"
    source.touch()
    async with aged(postgres_url) as url:
        config = written(tmp_path, url)
        for words in (["serve"], ["db", "upgrade"], ["db", "status"], ["db", "copy", f"sqlite://{source}", url]):
            code, _, err = await typed(*words, "-c", config)
            assert code == 1
            assert re.fullmatch(rb"\S+ is PostgreSQL 12: at least 13 is needed\n", err)


@asynccontextmanager
async def aged(url: str) -> AsyncIterator[str]:
    """An address of the same database, at which the server says that it is PostgreSQL 12."""
    connection = await connect(url)
    address, params, version = (
        connection._addr,
        connection._params,
        await connection.fetchval("SHOW server_version_num"),
    )
    await connection.close()
    there = asyncio.open_unix_connection if isinstance(address, str) else asyncio.open_connection
    place = (address,) if isinstance(address, str) else address

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await there(*place)
        await asyncio.gather(pass_on(reader, questions), pass_on(answers, writer, (version.encode(), b"120000")))

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        secret = f":{params.password}" if params.password else ""
        yield f"postgres://{params.user}{secret}@127.0.0.1:{port}/{params.database}?sslmode=disable"


async def pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, instead: tuple[bytes, bytes] = (b"", b"")
) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece.replace(*instead) if instead[0] else piece)
    writer.close()


async def typed(*words: object) -> tuple[int | None, bytes, bytes]:
    argv = [sys.executable, "-m", "bot", *map(str, words)]
    process = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdout=PIPE, stderr=PIPE)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, out, err


async def test_on_a_file_nothing_of_the_extra_is_imported(tmp_path: Path, sqlite_file: str) -> None:
    config = written(tmp_path, sqlite_file)
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from bot.app import build_app\n"
        "from bot.configuration import load\n"
        "from aiohttp import web\n"
        "async def main():\n"
        "    runner = web.AppRunner(build_app(load(Path(sys.argv[1]), {})))\n"
        "    await runner.setup()\n"
        "    await runner.cleanup()\n"
        "asyncio.run(main())\n"
        "print('extra:', *{name.partition('.')[0] for name in sys.modules} & {'procrastinate', 'psycopg'})\n"
    )
    argv = [sys.executable, "-c", script, str(config)]
    process = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdout=PIPE, stderr=PIPE)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert (out.splitlines()[-1], err) == (b"extra:", b"")
