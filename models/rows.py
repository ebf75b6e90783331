"""Here lives the quick way to single rows, for the road that every message takes: one ready-made statement each.

The ORM builds its statements anew every time, which costs several times what the database needs for them.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from tortoise.fields.base import Field
from tortoise.models import Model

from models.sql import glance, select

Row = TypeVar("Row", bound=Model)


@lru_cache(maxsize=256)
def _columns(model: type[Model]) -> dict[str, str]:
    """Attribute by column, as they are declared."""
    return {column: name for name, column in model._meta.fields_db_projection.items()}  # noqa: SLF001 - Tortoise's own word for them


class Insert(NamedTuple):
    """How rows of one model are inserted: the statement, and per column its attribute, field and default."""

    sql: str
    columns: tuple[tuple[str, str, Field[Any], Any], ...]


@lru_cache(maxsize=256)
def _insert(model: type[Model]) -> Insert:
    fields = model._meta.fields_map  # noqa: SLF001 - as above
    columns = {column: name for column, name in _columns(model).items() if column != "id"}
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    sql = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({values}) RETURNING id'  # noqa: S608, SLF001
    return Insert(sql, tuple((column, name, fields[name], fields[name].default) for column, name in columns.items()))


@lru_cache(maxsize=256)
def _update(model: type[Model], attributes: tuple[str, ...]) -> str:
    changes = ", ".join(f'"{name}" = ${n}' for n, name in enumerate(attributes, 2))
    return f'UPDATE "{model._meta.db_table}" SET {changes} WHERE id = $1'  # noqa: S608, SLF001


@lru_cache(maxsize=256)
def _select(model: type[Model], where: str) -> str:
    names = ", ".join(f'"{column}"' for column in _columns(model))
    return f'SELECT {names} FROM "{model._meta.db_table}" WHERE {where}'  # noqa: S608, SLF001


@lru_cache(maxsize=256)
def _select_each(model: type[Model], column: str, where: str) -> str:
    each = _select(model, f'"{column}" = asked.key AND {where}')
    return f"SELECT found.* FROM unnest($1::text[]) AS asked (key) CROSS JOIN LATERAL ({each}) AS found"  # noqa: S608


def _value(row: Model, attribute: str) -> Any:
    field = row._meta.fields_map[attribute]  # noqa: SLF001
    return field.to_db_value(getattr(row, attribute), row)


async def add(model: type[Row], **values: object) -> Row:
    """Insert one row; what is not given has its column's plain default."""
    sql, columns = _insert(model)
    written = {column: field.to_db_value(values.get(name, default), model) for column, name, field, default in columns}
    found = await select(sql, *written.values())
    return model._init_from_db(id=found[0]["id"], **written)  # noqa: SLF001 - what the ORM does with rows


async def change(row: Model, *attributes: str) -> None:
    """Write these attributes of a row (columns of the same name)."""
    await select(_update(type(row), attributes), row.pk, *(_value(row, name) for name in attributes))


async def find(model: type[Row], where: str, *values: object) -> list[Row]:
    """Rows by a constant condition with $1, $2 … (it may go on with ORDER BY and LIMIT)."""
    return _made(model, await select(_select(model, where), *values))


async def look(model: type[Row], where: str, *values: object) -> list[Row]:
    """The same outside any transaction, for a few rows that an index finds."""
    return _made(model, await glance(_select(model, where), *values))


async def look_for_each(
    model: type[Row], column: str, keys: Sequence[str], where: str, *values: object
) -> dict[str, list[Row]]:
    """The same for many keys of a column in one statement, on PostgreSQL; `where` begins at $2 and is for each key."""
    found = await select(_select_each(model, column, where), list(keys), *values, alias="reader")
    rows: dict[str, list[Row]] = {key: [] for key in keys}
    for row in found:
        rows[row[column]].append(model._init_from_db(**row))  # noqa: SLF001 - what the ORM does with rows
    return rows


def _made(model: type[Row], rows: list[dict[str, Any]]) -> list[Row]:
    return [model._init_from_db(**row) for row in rows]  # noqa: SLF001 - what the ORM does with rows
