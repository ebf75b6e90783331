"""One database has one server; short commands may still write beside it."""

import pytest

from bot.database import DatabaseUnusable, opened


async def test_a_second_server_is_refused_and_a_later_one_is_not(database_url: str) -> None:
    async with opened(database_url, serving=True):
        with pytest.raises(DatabaseUnusable, match="another server is using"):
            async with opened(database_url, serving=True):
                pass
        async with opened(database_url):
            pass
    async with opened(database_url, serving=True):
        pass
