"""Here lives the counting of what the database is asked, by the database's own drivers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tortoise import connections

from models.sql import dialect


@contextmanager
def listened() -> Iterator[list[str]]:
    """Every statement of this transaction until the end of the block."""
    heard: list[str] = []
    wire: Any = connections.get("default")
    if dialect() == "postgres":
        with wire._connection.query_logger(lambda query: heard.append(query.query)):
            yield heard
        return
    wire._connection._conn.set_trace_callback(heard.append)
    try:
        yield heard
    finally:
        wire._connection._conn.set_trace_callback(None)
