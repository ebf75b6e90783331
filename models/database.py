"""Here lives what every change of rows goes through: the transaction, and the insert of many rows at once."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.fields.base import Field
from tortoise.models import Model
from tortoise.transactions import in_transaction

from models import signals
from models.sql import dialect, select

MOST_VALUES = 30_000  # SQLite takes 32,766 in one statement

Row = Sequence[object]


@asynccontextmanager
async def transaction() -> AsyncIterator[BaseDBAsyncClient]:
    """The one frame of a change: BEGIN IMMEDIATE on SQLite, READ COMMITTED on PostgreSQL; nested, a savepoint.

    Rolled back by any exception. A task that is started inside inherits the connection: start none. Signals that
    are given inside go out with the commit.
    """
    if signals.within():
        async with in_transaction("default") as connection:
            yield connection
        return
    with signals.gathered() as given:
        async with in_transaction("default") as connection:
            yield connection
            if shared := dialect() == "postgres":
                await signals.write(given)
    if not shared:
        signals.ring(given)


async def insert_many(
    model: type[Model],
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    conflict: Sequence[str] = (),
    returning: Sequence[str] = ("id",),
) -> list[tuple[Any, ...]]:
    """Insert rows in one statement and one hop to the database; returns `returning` of those that were not there.

    `columns` are column names; what they leave out gets the model's defaults. `conflict` names the unique
    columns (none: any). Inside a transaction it belongs to that, else it is one of its own. The order of
    the answer is the order of insertion on SQLite and nothing to rely on in PostgreSQL.
    """
    if not rows:
        return []
    fields = _fields(model)
    rest = {name: field for name, field in fields.items() if name not in columns and not field.generated}
    names = (*columns, *rest)
    filled = [field.to_db_value(_default(field), model) for field in rest.values()]
    given = [fields[name] for name in columns]
    values = [
        [*(field.to_db_value(value, model) for field, value in zip(given, row, strict=True)), *filled] for row in rows
    ]
    into = f"INSERT INTO {_quoted([model._meta.db_table])} ({_quoted(names)})"  # noqa: SLF001 - our own names
    target = f" ({_quoted(conflict)})" if conflict else ""
    tail = f" ON CONFLICT{target} DO NOTHING RETURNING {_quoted(returning)}"
    if dialect() == "postgres":
        found = await _unnested(into, tail, [fields[name] for name in names], values)
    else:
        found = await _spelled_out(into, tail, values)
    return [tuple(row[name] for name in returning) for row in found]


def _fields(model: type[Model]) -> dict[str, Field[Any]]:
    meta = model._meta  # noqa: SLF001 - the documented way to a model's columns
    return {column: meta.fields_map[name] for name, column in meta.fields_db_projection.items()}


def _default(field: Field[Any]) -> object:
    return field.default() if callable(field.default) else field.default


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


async def _unnested(into: str, tail: str, fields: list[Field[Any]], values: list[list[Any]]) -> list[dict[str, Any]]:
    types = [str(field.get_for_dialect("postgres", "SQL_TYPE")).partition("(")[0] for field in fields]
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(types, 1))
    sql = f"{into} SELECT * FROM unnest({arrays}){tail}"  # noqa: S608 - names of our own columns only
    return await select(sql, *map(list, zip(*values, strict=True)))


async def _spelled_out(into: str, tail: str, values: list[list[Any]]) -> list[dict[str, Any]]:
    size = MOST_VALUES // len(values[0])
    if len(values) <= size:
        return await _one_statement(into, tail, values)
    found: list[dict[str, Any]] = []
    async with transaction():
        for part in _parts(values, size):
            found += await _one_statement(into, tail, part)
    return found


def _parts(values: list[list[Any]], size: int) -> Iterator[list[list[Any]]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


async def _one_statement(into: str, tail: str, values: list[list[Any]]) -> list[dict[str, Any]]:
    marks = f"({', '.join('?' * len(values[0]))})"
    return await select(f"{into} VALUES {', '.join([marks] * len(values))}{tail}", *(v for row in values for v in row))
