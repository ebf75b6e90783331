"""Here lives the way to one SQL statement, written with $1, $2 … for SQLite and PostgreSQL alike."""

import re
from functools import lru_cache
from typing import Any

from tortoise import connections


@lru_cache(maxsize=512)
def numbered(sql: str) -> str:
    """As SQLite writes the places of values."""
    return re.sub(r"\$(\d+)", r"?\1", sql)


def dialect() -> str:
    """`sqlite` or `postgres`."""
    return str(connections.get("default").capabilities.dialect)


def is_deadlock(error: Exception) -> bool:
    """Whether PostgreSQL ended this transaction because two waited for each other."""
    return any(getattr(cause, "sqlstate", "") == "40P01" for cause in error.args)


async def glance(sql: str, *values: object) -> list[dict[str, Any]]:
    """What is committed, of a few rows found by an index; outside any transaction."""
    reader: Any = connections.get("reader")
    if dialect() == "sqlite":
        found: list[dict[str, Any]] = reader.glance(numbered(sql), list(values))
        return found
    return await select(sql, *values, alias="reader")


async def select(sql: str, *values: object, alias: str = "default") -> list[dict[str, Any]]:
    """The rows of a query or of a statement with RETURNING, inside the current transaction if there is one."""
    connection = connections.get(alias)
    text = numbered(sql) if connection.capabilities.dialect == "sqlite" else sql
    rows: list[dict[str, Any]] = await connection.execute_query_dict(text, list(values))
    return rows
