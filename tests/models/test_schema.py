"""Here lives the proof that a migration of a database with rows in it loses nothing but what it removes."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tortoise.exceptions import IntegrityError

from bot.database import DatabaseUnusable, insert_many, migrate, opened, status
from models.customers import Customer, Identity, Relation
from models.fields import instant
from models.inbox import InboxEvent
from models.leads import Lead
from models.sql import dialect, select
from models.staff import Staff

AT = instant(1_772_442_000_123)
HEAD = """
from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0002_touched")]
    operations = [
"""
CHANGES = """
        ops.AlterField("Customer", "company", fields.CharField(max_length=128, default="", null=True)),
        ops.RemoveField("Customer", "language"),
        ops.AlterField("Identity", "source", fields.CharField(max_length=128, default="", null=True)),
        ops.RemoveField("Identity", "username"),
        ops.AlterField("Lead", "source", fields.CharField(max_length=128, default="", null=True)),
        ops.RemoveField("InboxEvent", "error"),
        ops.AddField("Staff", "title", fields.CharField(max_length=64, db_default="")),
        ops.RemoveField("Staff", "language"),
    ]
"""
PATIENT = """
async def unhurried(apps, editor):
    found = await editor.client.execute_query_dict("SHOW idle_in_transaction_session_timeout")
    assert found == [{"idle_in_transaction_session_timeout": "0"}], found
"""
SLOW = """
        ops.RunPython(unhurried),
        ops.AddField("Staff", "title", fields.CharField(max_length=64, db_default="")),
    ]
"""
BROKEN = """
        ops.RemoveField("Customer", "language"),
        ops.AlterField("Customer", "source", fields.CharField(max_length=128, default="direct", unique=True)),
    ]
"""

POSTGRES_TRIGGERS = "SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = 'customer'::regclass"


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that holds our migrations, for a test to add one more."""
    package = tmp_path / "later_migrations"
    shutil.copytree("models/migrations", package)
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.startswith("later_migrations")]:
        del sys.modules[name]


async def seed() -> None:
    boss = await Staff.create(name="李雷", role="manager", created_at=AT)
    for number in (1, 2, 3):
        customer = await Customer.create(name=f"客户{number}", owner=boss, created_at=AT, seen_at=AT)
        identity = await Identity.create(
            customer=customer, account="official", external_id=str(number), state_at=AT, added_at=AT
        )
        await Relation.create(identity=identity, userid="lilei", phones=["+8613800000000"])
        await Lead.create(customer=customer, owner=boss, created_at=AT)
    await customer.delete()
    columns = ("account", "key", "lane", "payload", "due_at", "queued_at")
    await insert_many(InboxEvent, columns, [("official", "k", "l", "p", AT, AT)])


async def constraints() -> set[tuple[object, ...]]:
    """Table, columns, unique, partial of every index; names do not matter."""
    if dialect() == "sqlite":
        rows = await select(
            'SELECT m.name AS tbl, il."unique" AS uniq, il.partial AS part, (SELECT group_concat(ii.name) FROM'
            " pragma_index_info(il.name) ii) AS cols FROM sqlite_master m, pragma_index_list(m.name) il"
            " WHERE m.type = 'table'"
        )
    else:
        rows = await select(
            "SELECT tablename AS tbl, indexdef LIKE '%UNIQUE%' AS uniq, indexdef LIKE '%WHERE%' AS part,"
            " substring(indexdef from '\\(([^)]*)\\)') AS cols FROM pg_indexes WHERE schemaname = 'public'"
        )
    return {(row["tbl"], bool(row["uniq"]), bool(row["part"]), row["cols"].replace(" ", "")) for row in rows}


async def parents() -> set[tuple[object, ...]]:
    """Every foreign key: table, column, table it points to, what happens on delete."""
    if dialect() == "sqlite":
        rows = await select(
            'SELECT m.name AS tbl, f."from" AS col, f."table" AS parent, f.on_delete AS del'
            " FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
        )
    else:
        rows = await select(
            "SELECT conrelid::regclass::text AS tbl, conkey::text AS col, confrelid::regclass::text AS parent,"
            " confdeltype::text AS del FROM pg_constraint WHERE contype = 'f'"
        )
    return {tuple(row.values()) for row in rows}


async def triggers() -> set[str]:
    """What writes the log of changes (models/touched.py)."""
    kept = {"sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'", "postgres": POSTGRES_TRIGGERS}
    return {row["name"] for row in await select(kept[dialect()])}


async def counts() -> dict[str, int]:
    models = (Staff, Customer, Identity, Relation, Lead, InboxEvent)
    return {model._meta.db_table: await model.all().count() for model in models}


async def test_a_migration_loses_neither_rows_nor_indexes_nor_parents(database_url: str, later: Path) -> None:
    async with opened(database_url):
        await seed()
        before = (await counts(), await constraints(), await parents(), await triggers())
    (later / "0003_changes.py").write_text(HEAD + CHANGES)
    assert (await status(database_url, package=later.name)).pending == ("0003_changes",)
    assert await migrate(database_url, package=later.name) == ("0003_changes",)
    async with opened(database_url, package=later.name):
        assert (await counts(), await constraints(), await parents(), await triggers()) == before
        assert before[0] == {"staff": 1, "customer": 2, "identity": 2, "relation": 2, "lead": 2, "inbox_event": 1}
        rows = await select("SELECT id, name, company, owner_id FROM customer ORDER BY id")
        assert [tuple(row.values()) for row in rows] == [(1, "客户1", "", 1), (2, "客户2", "", 1)]
        assert await select("SELECT title FROM staff") == [{"title": ""}]
        with pytest.raises(IntegrityError):
            await select(
                "INSERT INTO lead (customer_id, stage, source, created_at) SELECT 1, 'new', '', 0 RETURNING id"
            )


async def test_the_id_of_a_deleted_row_is_not_given_again(database_url: str, later: Path) -> None:
    async with opened(database_url):
        await seed()
    (later / "0003_changes.py").write_text(HEAD + CHANGES)
    await migrate(database_url, package=later.name)
    async with opened(database_url, package=later.name):
        sql = (
            "INSERT INTO customer (name, phone, position, email, city, gender, birthday, source, consent, score,"
            " custom, orders, amount, created_at, seen_at)"
            " VALUES ('', '', '', '', '', '', '', '', '', 0, '{}', 0, 0, 0, 0) RETURNING id"
        )
        assert await select(sql) == [{"id": 4}]


async def test_a_migration_that_fails_changes_nothing(database_url: str, later: Path) -> None:
    async with opened(database_url):
        await seed()
    (later / "0003_broken.py").write_text(HEAD + BROKEN)
    with pytest.raises(DatabaseUnusable):
        await migrate(database_url, package=later.name)
    async with opened(database_url):
        assert len(await Customer.filter(language="")) == 2
        assert (await status(database_url, package=later.name)).pending == ("0003_broken",)


async def test_a_migration_may_stand_still_for_longer_than_a_server(postgres_url: str, later: Path) -> None:
    """On a busy machine it is seconds between two of its statements."""
    (later / "0003_slow.py").write_text(PATIENT + HEAD + SLOW)
    assert await migrate(postgres_url, package=later.name) == ("0003_slow",)
