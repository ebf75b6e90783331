"""The database goes away and comes back: nothing is said to be stored that is not, and nobody has to restart us."""

import asyncio
import io
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from tortoise import connections

from models.inbox import InboxEvent
from models.leads import Lead
from models.messages import Message
from models.sql import dialect
from tests.journeys.town import Town
from tests.servers import run

CHEN = "oSandboxCustomer00000000001"
MIA = 50001
PATIENCE = 50  # ms that the server's writer waits for a lock in these tests


@asynccontextmanager
async def away(town: Town, url: str) -> AsyncIterator[None]:
    """The database takes nothing: SQLite is locked by another program, PostgreSQL lets nobody in."""
    async with _locked(town, url) if dialect() == "sqlite" else _closed(url):
        yield


@asynccontextmanager
async def _locked(town: Town, url: str) -> AsyncIterator[None]:
    def impatient() -> Any:
        return asyncio.ensure_future(connections.get("default").execute_query(f"PRAGMA busy_timeout = {PATIENCE}"))

    await town.context.run(impatient)
    holder = sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None, check_same_thread=False)
    await asyncio.to_thread(holder.execute, "BEGIN EXCLUSIVE")  # the server may be writing, and runs on this loop
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


@asynccontextmanager
async def _closed(url: str) -> AsyncIterator[None]:
    server, name = urlsplit(url)._replace(path="/postgres").geturl(), urlsplit(url).path[1:]
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - our own name
    await run(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", end)
    try:
        yield
    finally:
        await run(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.fixture
def few_tries(town: Town) -> Town:
    town.sandbox.postman.tries = 1
    return town


async def test_what_cannot_be_stored_is_refused_and_comes_again(few_tries: Town, database: str) -> None:
    town = few_tries
    async with away(town, database):
        for answer in (
            await town.wechat.user_says(CHEN, "周末营业吗？", msg_id="1"),
            await town.telegram.user_says(MIA, "hello", update_id=7),
            await town.wecom.member_says("wangfang", "你好", msg_id="3"),
        ):
            assert answer.status == 503
        asked = await town.http.post(
            f"{town.url}/callbacks/telegram",
            json={"update_id": 8},
            headers={"X-Telegram-Bot-Api-Secret-Token": town.sandbox.stage.settings.webhook_secret},
        )
        assert (asked.status, asked.headers["Retry-After"]) == (503, "5")
        assert (await town.http.get(f"{town.url}/healthz")).status == 200
    for answer in (
        await town.wechat.user_says(CHEN, "周末营业吗？", msg_id="1"),
        await town.telegram.user_says(MIA, "hello", update_id=7),
        await town.wecom.member_says("wangfang", "你好", msg_id="3"),
    ):
        assert answer.status == 200
    await town.settled()
    assert await Lead.all().count() == 3
    assert await Message.filter(direction="in").count() == 3


async def test_who_asks_whether_we_are_ready_is_told_that_we_are_not(few_tries: Town, database: str) -> None:
    if dialect() == "sqlite":
        pytest.skip("a file that is locked for writing still answers questions")
    async with away(few_tries, database):
        answer = await few_tries.http.get(f"{few_tries.url}/readyz")
        assert answer.status == 503
        assert "database" in (await answer.json())["failing"]
    answer = await few_tries.http.get(f"{few_tries.url}/readyz")
    assert answer.status == 200


async def test_what_was_stored_before_is_handled_once_afterwards(
    few_tries: Town, database: str, logged: io.StringIO
) -> None:
    """An event is being looked up while the database goes away, so it is handled after that and can be kept nowhere."""
    town = few_tries
    town.wecom.revoke_token()
    asked = len(town.calls("wecom", "gettoken"))
    town.sandbox.fail("wecom", "externalcontact/get", delay=0.3, times=2)
    await town.wecom.add_contact("wangfang", "wmSandboxContact0000000000001", "刘洋")

    async def begun() -> bool:
        return len(town.calls("wecom", "gettoken")) > asked  # the look-up itself is noted when it is answered

    await town.until(begun)
    async with away(town, database):

        async def given_up_for_now() -> bool:
            return "lane interrupted" in logged.getvalue()

        await town.until(given_up_for_now)
    assert await Lead.all().count() == 0

    async def handled() -> bool:
        return await InboxEvent.filter(account="wecom", state="done").count() == 1

    await town.until(handled)
    await town.settled()
    assert await Lead.all().count() == 1
    assert (await InboxEvent.get(account="wecom")).attempts == 0  # an outage of ours is no fault of the event's
    assert len(town.calls("wecom", "externalcontact/send_welcome_msg")) == 1


async def test_the_same_server_serves_on_after_every_connection_was_cut(town: Town, database: str) -> None:
    if dialect() == "sqlite":
        pytest.skip("a file has no connections that somebody could cut")
    await town.telegram.user_says(MIA, "before", first_name="Mia")
    await town.settled()
    server, name = urlsplit(database)._replace(path="/postgres").geturl(), urlsplit(database).path[1:]
    connection = await asyncpg.connect(server)
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    await connection.close()
    town.sandbox.postman.tries = 5
    assert (await town.telegram.user_says(MIA, "after", first_name="Mia")).status == 200
    await town.settled()
    assert [message.text for message in await Message.filter(direction="in").order_by("id")] == ["before", "after"]
