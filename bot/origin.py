"""Here lives the SQLite file that is copied: read only, as it was at one moment."""

# ruff: noqa: S608 - the names in these statements are those of our own tables

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.database import DatabaseUnusable
from models.copying import APPLIED, PIECE, Row, Sum, Table


class Origin:
    """A SQLite file as it was when first read; it cannot be written here."""

    def __init__(self, file: Path) -> None:
        self.name = str(file)
        self._wire = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, isolation_level=None)
        self._wire.execute("BEGIN")

    def close(self) -> None:
        self._wire.close()

    def check(self, applied: Sequence[str]) -> None:
        """It has these migrations and no others, and no row without its parent."""
        present = [row[0] for row in self._wire.execute(APPLIED)]
        if missing := [name for name in applied if name not in present]:
            raise DatabaseUnusable(f"{self.name} is not up to date ({missing[0]}): run `guanxi db upgrade` on it")
        if unknown := [name for name in present if name not in applied]:
            raise DatabaseUnusable(f"{self.name} was made by a newer program ({unknown[0]}): upgrade this one")
        if orphan := self._wire.execute("PRAGMA foreign_key_check").fetchone():
            raise DatabaseUnusable(f"{orphan[0]}, row {orphan[1]}, refers to a row of {orphan[2]} that is not there")

    def fitting(self, table: Table) -> dict[str, int]:
        """The columns with NUL characters, and in how many values; raises DatabaseUnusable for what cannot be kept."""
        asked = [
            f'COUNT(CASE WHEN {column.has_nul} THEN 1 END), MIN(CASE WHEN {column.unfit} THEN "{table.key}" END)'
            for column in table.columns
        ]
        found = self._wire.execute(f'SELECT {", ".join(asked)} FROM "{table.name}"').fetchone()
        for column, unfit in zip(table.columns, found[1::2], strict=True):
            if unfit is not None:
                room = f"{column.kind}({column.most})" if column.most else column.kind
                raise DatabaseUnusable(
                    f"{table.name}.{column.name} does not fit into PostgreSQL's {room} in the row with {table.key}"
                    f" {unfit}: mend it first"
                )
        return {name: count for name, count in zip(table.names, found[::2], strict=True) if count}

    def count(self, table: Table, upto: object = None) -> int:
        where = f'WHERE "{table.key}" <= ?' if upto is not None else ""
        values = () if upto is None else (upto,)
        return int(self._wire.execute(f'SELECT COUNT(*) FROM "{table.name}" {where}', values).fetchone()[0])

    def last_number(self, table: Table) -> int:
        """The greatest id that was ever given; 0 where ids are not given by the database."""
        if not table.numbered:
            return 0
        given = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        asked = f'SELECT MAX(COALESCE(MAX("{table.key}"), 0), COALESCE(({given}), 0)) FROM "{table.name}"'
        return int(self._wire.execute(asked, (table.name,)).fetchone()[0])

    def pieces(
        self, table: Table, mended: dict[str, int], *, beyond: object = None, upto: object = None
    ) -> Iterator[list[Row]]:
        """Rows in the order of their keys, as PostgreSQL is to keep them."""
        bounds = [(sign, bound) for sign, bound in ((">", beyond), ("<=", upto)) if bound is not None]
        where = " AND ".join(f'"{table.key}" {sign} ?' for sign, _ in bounds) or "1"
        asked = f'SELECT {table.listed} FROM "{table.name}" WHERE {where} ORDER BY "{table.key}"'
        change = table.from_sqlite(mended)
        with _readable(table):
            found = self._wire.execute(asked, [bound for _, bound in bounds])
            while rows := found.fetchmany(PIECE):
                yield change(rows)

    def sum(self, table: Table, mended: dict[str, int], upto: object = None) -> Sum:
        total = Sum()
        for rows in self.pieces(table, mended, upto=upto):
            total.add(rows)
        return total


@contextmanager
def _readable(table: Table) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as exc:
        if "decode" not in str(exc):
            raise
        raise DatabaseUnusable(f"{table.name} holds a text that is not UTF-8: mend it first") from exc
    except ValueError as exc:
        raise DatabaseUnusable(f"{table.name} holds JSON that cannot be read: mend it first") from exc
