"""Which processes a database takes: a file one that does everything; each refusal has its reason."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from asyncpg import connect

from bot.presence import connected
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
