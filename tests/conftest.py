"""Here live the fixtures that every test may ask for: a fresh database and a clock that is set by hand.

GUANXI_TEST_DATABASE=sqlite|postgres chooses the database of the whole run, because Tortoise serves one
kind in a process. Tests that use a database carry the mark `database`, given here.
"""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.database import opened
from tests.clock import Clock
from tests.servers import Databases, PostgresDatabases, SqliteFiles, postgres_server

KIND = os.environ.get("GUANXI_TEST_DATABASE", "sqlite")


def pytest_configure(config: pytest.Config) -> None:
    if KIND not in {"sqlite", "postgres"}:
        raise pytest.UsageError(f"GUANXI_TEST_DATABASE is sqlite or postgres, not {KIND}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "databases" in getattr(item, "fixturenames", ()):
            item.add_marker("database")


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    folder = tmp_path_factory.mktemp("databases")
    if KIND == "sqlite":
        yield SqliteFiles(folder)
        return
    with postgres_server(folder) as server:
        made = PostgresDatabases(server)
        yield made
        made.close()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A migrated database that nobody has opened."""
    url = databases.make()
    yield url
    databases.drop(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """A migrated database, open for this test's rows; its address."""
    async with opened(database_url):
        yield database_url


@pytest.fixture
def postgres_url(database_url: str) -> str:
    """A migrated PostgreSQL database, for what only that has: several processes. The run on SQLite leaves it out."""
    if KIND == "sqlite":
        pytest.skip("several processes share a PostgreSQL, never a file")
    return database_url


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[str]:
    """The same, open for this test's rows."""
    async with opened(postgres_url):
        yield postgres_url


@pytest.fixture
def sqlite_file(tmp_path: Path) -> str:
    """The address of a SQLite database that does not exist yet."""
    return f"sqlite://{tmp_path}/fresh.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()
