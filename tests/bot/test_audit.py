"""`guanxi audit verify` proves the trail beside the running server, and names the first thing that is wrong."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.database import opened, transaction
from bot.inbox import InboxWorker
from domain.delivery import TRIES
from domain.permissions import Role
from models.audit import AuditEntry, AuditHead, AuditSubject, Entry
from models.chain import verify
from models.inbox import InboxEvent
from models.sql import select
from models.staff import Staff
from tests.bot.post_office import PostOffice
from tests.bot.test_commands import KEY, Say, say, written
from tests.bot.test_inbox import bell, office, told, worker
from tests.clock import Clock

__all__ = ["bell", "office", "say", "worker"]
NOBODY = Entry(datetime(2026, 3, 2, tzinfo=UTC), 1, "李雷", "tg", "9", "9", "tg:1", "查 张三", "find 张三")


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Path:
    return written(tmp_path, database_url)


def do(url: str, *deeds: Callable[[], Awaitable[Any]]) -> None:
    async def done() -> None:
        async with opened(url), transaction():
            for deed in deeds:
                await deed()

    asyncio.run(done())


def append() -> Awaitable[None]:
    return AuditEntry.append([NOBODY], base64.b64decode(KEY))


def test_a_whole_trail_is_zero_and_tells_where_it_ends(say: Say, config: Path, database_url: str) -> None:
    assert say("audit", "verify", "-c", config) == (0, "entries  0\n", "")
    do(database_url, append, append)
    code, out, err = say("audit", "verify", "-c", config)
    assert (code, err) == (0, "")
    entries, seal = (line.split() for line in out.splitlines())
    assert entries == ["entries", "2"]
    assert seal[1].startswith("2:")
    do(database_url, append)
    assert say("audit", "verify", "-c", config, "--noted", seal[1])[0] == 0
    code, out, err = say("audit", "verify", "-c", config, "--noted", f"2:{'0' * 64}")
    assert (code, out) == (1, "")
    assert err == "entry 2 is not the one whose seal was noted: the trail was written anew\n"


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        (lambda: AuditEntry.filter(number=2).update(typed="x"), "entry 2 is not as it was written"),
        (lambda: AuditEntry.filter(number=2).delete(), "entry 2 is missing"),
        (lambda: AuditEntry.filter(number=3).delete(), "entry 3 is missing"),
    ],
)
def test_what_is_wrong_is_one_and_the_first_number(
    say: Say, config: Path, database_url: str, deed: Callable[[], Awaitable[Any]], told: str
) -> None:
    do(database_url, append, append, append, deed)
    code, out, err = say("audit", "verify", "-c", config)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert told in err


def begin() -> Awaitable[None]:
    """As a server does at its first start."""
    return AuditHead.begin(base64.b64decode(KEY))


async def empty() -> None:
    for table in (AuditEntry, AuditSubject, AuditHead):
        await table.all().delete()


def hire() -> Awaitable[Staff]:
    return Staff.appoint("李雷", Role.ADMIN, {}, NOBODY.at)


def test_an_emptied_trail_is_one_and_still_is_when_it_goes_on(say: Say, config: Path, database_url: str) -> None:
    do(database_url, begin)
    do(database_url, hire)
    assert say("audit", "verify", "-c", config) == (0, "entries  0\n", "")
    do(database_url, append, empty)
    code, out, err = say("audit", "verify", "-c", config)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "the trail is empty, but not as this secret_key began it" in err
    do(database_url, begin)
    assert say("audit", "verify", "-c", config)[::2] == (1, err)
    do(database_url, append)
    code, _, err = say("audit", "verify", "-c", config)
    assert (code, err.partition(":")[0]) == (1, "entry 1 begins the trail anew")


def test_another_key_is_called_so(say: Say, config: Path, database_url: str) -> None:
    do(database_url, append)
    config.write_text(config.read_text("utf-8").replace(KEY, base64.b64encode(b"o" * 32).decode()), "utf-8")
    code, _, err = say("audit", "verify", "-c", config)
    assert code == 1
    assert "was sealed with this secret_key" in err


def test_a_seal_that_is_none_is_wrong_usage(say: Say, config: Path) -> None:
    code, _, err = say("audit", "verify", "-c", config, "--noted", "7")
    assert code == 2
    assert "--noted takes NUMBER:SEAL as `guanxi audit verify` prints it" in err


@pytest.fixture
async def row(worker: InboxWorker, office: PostOffice, clock: Clock) -> InboxEvent:
    """A note on a customer, where notes cannot be kept."""
    await AuditHead.begin(b"")
    await told(office, clock, "Mia hello")
    await worker.drain("post:Mia")
    await Staff.appoint("李雷", Role.ADMIN, {"post": "记"}, clock())
    await select("ALTER TABLE note RENAME TO elsewhere")
    return (await told(office, clock, "记 C1 怕贵"))[0]


async def test_a_command_that_is_given_up_is_in_the_trail(worker: InboxWorker, row: InboxEvent, clock: Clock) -> None:
    for attempt in range(TRIES):
        assert await AuditEntry.all().count() == 0, attempt
        clock.now = await worker.drain("post:记") or clock()
    assert (await InboxEvent.get(id=row.id)).state == "dead"
    entry = await AuditEntry.get()
    assert (entry.typed, entry.understood, entry.subjects) == ("记 C1 怕贵", "note C1 怕贵", "C1")
    assert (entry.result, entry.detail) == ("failed", "OperationalError")
    assert (await verify(b"")).fault is None


@pytest.mark.usefixtures("row")
async def test_a_command_that_failed_and_then_went_well_is_told_once(worker: InboxWorker, clock: Clock) -> None:
    clock.now = await worker.drain("post:记") or clock()
    await select("ALTER TABLE elsewhere RENAME TO note")
    assert await worker.drain("post:记") is None
    assert (await AuditEntry.get()).result == "done"
    assert worker._failing == {}
