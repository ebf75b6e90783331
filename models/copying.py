"""Here lives what a move to PostgreSQL knows of our tables: parents first, and how each value travels."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import orjson
from tortoise.context import TortoiseContext
from tortoise.models import Model

from models import MODULES
from models.sql import select

MARK = "unfinished_copy"  # a table that a PostgreSQL database has while it holds a part of another one
APPLIED = "SELECT name FROM tortoise_migrations WHERE app = 'models' ORDER BY name"
PIECE = 2_000  # rows that are read, and written in one transaction
OWN = frozenset({"touched", "rule_cursor", "index_mark", "index_piece"})  # each database writes these itself
TEXTS = frozenset({"VARCHAR", "TEXT"})
UNFIT = {
    "SMALLINT": "typeof({0}) <> 'integer' OR {0} NOT BETWEEN -32768 AND 32767",
    "INT": "typeof({0}) <> 'integer' OR {0} NOT BETWEEN -2147483648 AND 2147483647",
    "BIGINT": "typeof({0}) <> 'integer'",
    "DOUBLE PRECISION": "typeof({0}) <> 'real'",
    "DOUBLE PRECISION[]": "1",  # in tables that only PostgreSQL has rows of
    "BOOL": "typeof({0}) <> 'integer' OR {0} NOT IN (0, 1)",
    "VARCHAR": "typeof({0}) <> 'text' OR (octets({0}) > {1} AND length(replace({0}, char(0), '')) > {1})",
    "TEXT": "typeof({0}) <> 'text'",
    "JSONB": "NOT json_valid({0})",
    "BYTEA": "typeof({0}) <> 'blob'",
}

Row = Sequence[Any]
Change = Callable[[Iterable[Any]], list[Row]]


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is PostgreSQL's word for its values, `most` how many characters it takes (0: any number)."""

    name: str
    kind: str
    most: int = 0

    @property
    def unfit(self) -> str:
        """SQLite's condition of a value that PostgreSQL would refuse."""
        quoted = f'"{self.name}"'
        wrong = UNFIT[self.kind].replace("octets({0})", "length(CAST({0} AS BLOB))").format(quoted, self.most)
        return f"{quoted} IS NOT NULL AND ({wrong})"

    @property
    def has_nul(self) -> str:
        """SQLite's condition of a value with the one character that PostgreSQL cannot keep."""
        nul = {"VARCHAR": "char(0)", "TEXT": "char(0)", "JSONB": "'\\u0000'"}.get(self.kind)
        return f'instr("{self.name}", {nul}) > 0' if nul else "0"


@dataclass(frozen=True, slots=True)
class Table:
    """`key` tells its rows apart and gives their order; `numbered` when the database itself hands it out."""

    name: str
    key: str
    numbered: bool
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def listed(self) -> str:
        return ", ".join(f'"{name}"' for name in self.names)

    @property
    def order(self) -> str:
        """PostgreSQL's words for the order in which SQLite has the keys."""
        kind = next(column.kind for column in self.columns if column.name == self.key)
        return f'"{self.key}" COLLATE "C"' if kind in TEXTS else f'"{self.key}"'

    def from_sqlite(self, mended: Collection[str]) -> Change:
        """Makes rows of SQLite those of PostgreSQL; the columns `mended` lose their NUL characters."""
        changes: dict[int, Callable[[Any], Any]] = {}
        for place, column in enumerate(self.columns):
            if column.kind == "BOOL":
                changes[place] = bool
            elif column.kind == "JSONB":
                changes[place] = settled
            elif column.name in mended:
                changes[place] = without_nul
        return _changing(changes)

    def from_postgres(self) -> Change:
        """Makes rows as PostgreSQL returns them those that were sent there."""
        return _changing({place: settled for place, column in enumerate(self.columns) if column.kind == "JSONB"})


class Sum:
    """How many rows there were, and the checksum of their text: the same for the same rows in the same order."""

    def __init__(self) -> None:
        self.rows = 0
        self._digest = hashlib.blake2b(digest_size=12)

    def add(self, rows: Sequence[Row]) -> None:
        self.rows += len(rows)
        self._digest.update(orjson.dumps(rows, default=_written)[1:-1] + b",")

    @property
    def checksum(self) -> str:
        return self._digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sum) and (self.rows, self.checksum) == (other.rows, other.checksum)

    __hash__ = None  # type: ignore[assignment]


async def tables() -> tuple[Table, ...]:
    """Every table of ours that moves, those first that others refer to."""
    connections = {"default": {"engine": "models.postgres", "credentials": {"dsn": ""}}}
    app = {"models": list(MODULES), "default_connection": "default"}
    async with TortoiseContext() as context:
        await context.init(config={"connections": connections, "apps": {"models": app}}, init_connections=False)
        known: Any = context.apps
        parents: dict[type[Model], list[type[Model]]] = {model: _parents(model) for model in known["models"].values()}
        found = (_table(model) for model in TopologicalSorter(parents).static_order())
        return tuple(table for table in found if table.name not in OWN)


async def unfinished() -> bool:
    """Whether the open PostgreSQL database holds a part of a copy only."""
    return bool((await select(f"SELECT to_regclass('{MARK}') IS NOT NULL AS half"))[0]["half"])


def settled(value: object) -> str:
    """The one way to write a JSON value, without NUL characters: PostgreSQL refuses them there too."""
    text = str(value)
    found = orjson.loads(text)
    return orjson.dumps(without_nul(found) if "\\u0000" in text else found, option=orjson.OPT_SORT_KEYS).decode()


def without_nul(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [without_nul(one) for one in value]
        case dict():
            return {without_nul(key): without_nul(one) for key, one in value.items()}
        case _:
            return value


def _parents(model: type[Model]) -> list[type[Model]]:
    meta = model._meta  # noqa: SLF001 - the documented way to a model's columns
    fields: list[Any] = [meta.fields_map[name] for name in sorted(meta.fk_fields | meta.o2o_fields)]
    return [field.related_model for field in fields if field.related_model is not model]


def _table(model: type[Model]) -> Table:
    meta = model._meta  # noqa: SLF001 - the documented way to a model's columns
    columns = []
    for name, column in meta.fields_db_projection.items():
        kind, _, most = str(meta.fields_map[name].get_for_dialect("postgres", "SQL_TYPE")).rstrip(")").partition("(")
        columns.append(Column(column, kind, int(most or 0)))
    return Table(meta.db_table, meta.db_pk_column, meta.pk.generated, tuple(columns))


def _changing(changes: dict[int, Callable[[Any], Any]]) -> Change:
    def changed(row: Row) -> Row:
        values = list(row)
        for place, change in changes.items():
            if values[place] is not None:
                values[place] = change(values[place])
        return values

    def all_changed(rows: Iterable[Any]) -> list[Row]:
        return [changed(row) for row in rows]

    return all_changed if changes else list


def _written(value: object) -> object:
    """What JSON has no word for: bytes, and asyncpg's rows."""
    return value.hex() if isinstance(value, bytes) else tuple(value)  # type: ignore[arg-type]
