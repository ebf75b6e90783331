"""Here lives how migrations are applied: all that are due in one transaction, and nothing lost on SQLite.

Tortoise rebuilds a SQLite table to change a column: with foreign keys on, dropping the old table deletes
the children's rows, and every index and unique constraint of the table is gone. The editor here refuses
the first and restores the second.
"""

from dataclasses import dataclass
from typing import Any, Self

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.fields.base import Field
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor, BaseSchemaEditor, SqliteSchemaEditor
from tortoise.models import Model

from models.postgres import STUCK
from models.sqlite import statements

ADVISORY_LOCK = 0x67_75_61_6E_78_69  # "guanxi": two processes that migrate one PostgreSQL database take turns

AnyField = Field[Any]
Change = tuple[AnyField, AnyField]


def column(field: AnyField) -> str:
    return str(field.source_field or field.model_field_name)


@dataclass(frozen=True, slots=True)
class Kept:
    """What hangs on a SQLite table and is not in its CREATE TABLE, and where its ids stand."""

    scripts: tuple[tuple[str, tuple[str, ...]], ...]
    unique: tuple[tuple[str, ...], ...]
    sequence: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What a rebuild does to columns: new names, the one that goes, and those that need not be unique any more."""

    renamed: dict[str, str]
    gone: str
    freed: frozenset[str]

    @classmethod
    def of(cls, deleted: AnyField | None, altered: list[Change]) -> Self:
        return cls(
            renamed={column(old): column(new) for old, new in altered},
            gone=column(deleted) if deleted else "",
            freed=frozenset(column(old) for old, new in altered if old.unique and not new.unique),
        )

    def script(self, sql: str, columns: tuple[str, ...]) -> str:
        for name in columns:
            sql = sql.replace(f'"{name}"', f'"{self.renamed.get(name, name)}"')
        return sql


class KeepingEditor(SqliteSchemaEditor):
    """Rebuilds a table and then gives it back its indexes, triggers, unique constraints and next id."""

    async def _run_sql(self, sql: str) -> None:
        """One statement at a time, as Tortoise does, but a semicolon in a comment does not end one."""
        if self.collect_sql:
            await super()._run_sql(sql)
            return
        for statement in statements(sql):
            await self.client.execute_query(statement)

    async def _remake_table(
        self,
        model: type[Model],
        create_field: AnyField | None = None,
        delete_field: AnyField | None = None,
        alter_fields: list[Change] | None = None,
    ) -> None:
        if (await self._rows("PRAGMA foreign_keys"))[0]["foreign_keys"]:
            raise RuntimeError("a SQLite table is only rebuilt with foreign keys off")
        table = model._meta.db_table  # noqa: SLF001 - the documented way to a model's table
        kept = await self._kept(table)
        await super()._remake_table(model, create_field, delete_field, alter_fields)
        await self._restore(table, kept, Changes.of(delete_field, alter_fields or []))

    async def _rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        return await self.client.execute_query_dict(sql, list(values))

    async def _columns(self, index: str) -> tuple[str, ...]:
        rows = await self._rows(f'PRAGMA index_info("{index}")')
        return tuple(str(row["name"]) for row in rows)

    async def _unique(self, table: str) -> list[tuple[str, ...]]:
        rows = await self._rows(f'PRAGMA index_list("{table}")')
        return [await self._columns(row["name"]) for row in rows if row["unique"] and row["origin"] == "u"]

    async def _kept(self, table: str) -> Kept:
        rows = await self._rows(
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND type <> 'table' AND sql IS NOT NULL"
            " ORDER BY rowid",
            table,
        )
        scripts = [(row["sql"], await self._columns(row["name"]) if row["type"] == "index" else ()) for row in rows]
        has_ids = await self._rows("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
        ids = await self._rows("SELECT seq FROM sqlite_sequence WHERE name = ?", table) if has_ids else []
        return Kept(tuple(scripts), tuple(await self._unique(table)), ids[0]["seq"] if ids else 0)

    async def _restore(self, table: str, kept: Kept, changes: Changes) -> None:
        for sql, columns in kept.scripts:
            if changes.gone not in columns:
                await self.client.execute_query(changes.script(sql, columns))
        present = await self._unique(table)
        for columns in kept.unique:
            now = tuple(changes.renamed.get(name, name) for name in columns)
            dropped = changes.gone in columns or (len(columns) == 1 and columns[0] in changes.freed)
            if not dropped and now not in present:
                await self._add_unique(table, now)
        await self._continue_ids(table, kept.sequence)

    async def _add_unique(self, table: str, columns: tuple[str, ...]) -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        await self.client.execute_query(f'CREATE UNIQUE INDEX "uid_{table}_{"_".join(columns)}" ON "{table}" ({names})')

    async def _continue_ids(self, table: str, sequence: int) -> None:
        """The id of a deleted row is never given to another."""
        if sequence:
            await self.client.execute_query("DELETE FROM sqlite_sequence WHERE name = ?", [table])
            await self.client.execute_query("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [table, sequence])


class Migrations(MigrationExecutor):
    """The migrations of one package against one database."""

    def __init__(self, connection: BaseDBAsyncClient, package: str) -> None:
        super().__init__(connection, {"models": {"migrations": package, "default_connection": "default"}})

    def _schema_editor(self, atomic: bool = True, collect_sql: bool = False) -> BaseSchemaEditor:  # noqa: FBT001, FBT002 - Tortoise's signature
        editor = KeepingEditor if self.connection.capabilities.dialect == "sqlite" else AsyncpgSchemaEditor
        return editor(self.connection, atomic=atomic, collect_sql=collect_sql)

    def known(self) -> tuple[str, ...]:
        """The migrations of the package, in order."""
        self.loader.load_disk()
        return tuple(sorted(key.name for key in self.loader.disk_migrations))

    async def applied(self) -> tuple[str, ...]:
        return tuple(sorted(key.name for key in await self.recorder.applied_migrations()))

    async def upgrade(self) -> tuple[str, ...]:
        """Apply what is due inside the caller's transaction (on SQLite with foreign keys off); says what that was."""
        sqlite = self.connection.capabilities.dialect == "sqlite"
        if not sqlite:
            await self.connection.execute_query(f"SET LOCAL {STUCK} = 0")  # a busy machine thinks long in between
            await self.connection.execute_query(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
        await self.recorder.ensure_schema(self._schema_editor(atomic=False))
        before = await self.applied()
        await self.migrate(direction="forward")
        if sqlite and (broken := await self.connection.execute_query_dict("PRAGMA foreign_key_check")):
            raise RuntimeError(f"a migration left rows of {broken[0]['table']} without their parent")
        return tuple(name for name in await self.applied() if name not in before)
