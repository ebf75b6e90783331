"""One's own line to PostgreSQL: what others answered is heard, also after it broke; a copy finds out who is there."""

import asyncio
from contextlib import suppress

import pytest
from asyncpg import connect

from bot.database import DatabaseUnusable
from bot.presence import connected, unserved
from models.database import transaction
from models.signals import Answered, give

NEWS = Answered("official", "m:1 with a space", 7)


async def test_an_answer_is_heard_with_its_commit_and_not_before(postgres: str) -> None:
    heard: asyncio.Queue[Answered] = asyncio.Queue()
    async with connected(postgres, heard.put_nowait):
        with suppress(ZeroDivisionError):
            async with transaction():
                await give(Answered("official", "never", 1))
                raise ZeroDivisionError
        async with transaction():
            await give(NEWS)
            assert heard.empty()
        assert await asyncio.wait_for(heard.get(), 5) == NEWS


async def test_a_line_that_broke_is_made_anew(postgres: str) -> None:
    heard: asyncio.Queue[Answered] = asyncio.Queue()
    async with connected(postgres, heard.put_nowait):
        other = await connect(postgres)
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'guanxi line'"
        )
        async with asyncio.timeout(10):
            while heard.empty():
                await give(NEWS)
                await asyncio.sleep(0.05)
        await other.close()
    assert heard.get_nowait() == NEWS


async def test_two_servers_share_a_database_and_a_copy_wants_it_alone(postgres: str) -> None:
    async with connected(postgres, print), connected(postgres, print):
        with pytest.raises(DatabaseUnusable, match="a server is using the database"):
            async with unserved(postgres):
                pytest.fail("it was not alone")
    async with unserved(postgres):
        with pytest.raises(DatabaseUnusable, match="being copied or restored"):
            async with connected(postgres, print):
                pytest.fail("the copy was not alone")


async def test_a_copy_is_alone_for_as_long_as_it_takes(postgres: str) -> None:
    """Whatever the administrator of PostgreSQL thinks of transactions that stand still."""
    other = await connect(postgres)
    name = await other.fetchval("SELECT quote_ident(current_database())")
    await other.execute(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = 100")
    await other.close()
    async with unserved(postgres):
        await asyncio.sleep(0.5)
        with pytest.raises(DatabaseUnusable, match="being copied or restored"):
            async with connected(postgres, print):
                pytest.fail("the copy was not alone")
