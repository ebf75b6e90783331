"""Here live the two ends of a copy."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.copying.installation import AT, MIGRATE, File, customer, note, staff, trail, work
from tests.conftest import KIND
from tests.processes import ROOT

SERVE = """
import asyncio, sys
from bot.database import opened

async def serve(url):
    async with opened(url, serving=True):
        print("serving", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(serve(sys.argv[1]))
"""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("source") / "template.db"
    subprocess.run([sys.executable, "-c", MIGRATE, f"sqlite://{file}"], cwd=ROOT, check=True)
    return file


@pytest.fixture
def source(template: Path, tmp_path: Path) -> File:
    """An installation with a little of everything."""
    file = File(tmp_path / "guanxi.db")
    shutil.copy(template, file.path)
    file.put("staff", staff(1, "李雷", active=1), staff(2, "韩梅梅", active=0))
    file.put("customer", *(customer(number) for number in range(1, 5_001)))
    file.do("UPDATE customer SET merged_into_id = 4990 WHERE id IN (10, 4995)")
    for table, row in work().items():
        file.put(table, row)
    for table, rows in trail(2_500).items():
        file.put(table, *rows)
    file.put("cursor", {"account": "ä", "value": "1"}, {"account": "a", "value": "2"}, {"account": "Z", "value": "3"})
    choices = '{"2": "find 王", "10": "more"}'
    file.put("dialog", {"id": 7, "staff_id": 1, "account": "tg", "chat": "1", "choices": choices, "expires_at": AT})
    file.put("bind_attempt", {"id": 2**63 - 1, "account": "tg", "external_id": "1", "at": -(2**63)})
    file.put("searchable", {"id": 1, "customer_id": 1, "key": b"\x00\xff", "owned_key": b""})
    file.put("note", *(note(number) for number in range(1, 4_001)))
    return file


@pytest.fixture
def target(request: pytest.FixtureRequest) -> str:
    if KIND == "sqlite":
        pytest.skip("a copy goes to PostgreSQL")
    url: str = request.getfixturevalue("database_url")
    return url


@pytest.fixture
def serving(source: File) -> Iterator[None]:
    """A server runs on the source."""
    command = [sys.executable, "-c", SERVE, source.url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"serving\n"
        yield
        server.communicate()
