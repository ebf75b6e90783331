"""Here lives the storing of very many customers with their keys, as fast as either database takes them."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import asyncpg

from benchmarks.people import Person
from domain.search import keys_of
from models.search import owned

TOLD = ("id", "name", "phone", "company", "seen_at", "owner_id")
BLANK = ("position", "email", "city", "gender", "birthday", "language")
NOTHING = {"consent": "", "score": 0, "custom": "{}", "orders": 0, "amount": 0}
CUSTOMER = (*TOLD, *BLANK, *NOTHING, "source", "created_at")
LEAD = ("customer_id", "owner_id", "stage", "source", "first_words", "created_at")
STAGES = ("new", "talking", "talking", "interested", "won", "lost")
KEY = ("customer_id", "key", "owned_key")
GROUP = ("id", "name", "order", "source", "created_at")
TAG = ("id", "group_id", "name", "order", "kind", "scope", "source", "description", "created_at")
TAGGING = ("customer_id", "tag_id", "source", "at")
TAGS, IN_GROUP = 40, 5
PART = 50_000


Rows = list[tuple[object, ...]]


def library() -> dict[str, tuple[tuple[str, ...], Rows]]:
    """By table, the columns and rows of groups and tags."""
    groups: Rows = [(number, f"group {number}", 0, "staff", 0) for number in range(1, TAGS // IN_GROUP + 1)]
    tags: Rows = [
        (number, (number - 1) // IN_GROUP + 1, f"tag {number}", 0, "manual", "[]", "staff", "", 0)
        for number in range(1, TAGS + 1)
    ]
    return {"tag_group": (GROUP, groups), "tag": (TAG, tags)}


def taggings(leads: Rows) -> Rows:
    """Two tags for each customer; all are as popular."""
    return [(row[0], (int(str(row[0])) + step) % TAGS + 1, "staff", 0) for row in leads for step in (0, 7)]


def parts(persons: Iterable[Person]) -> Iterator[tuple[Rows, Rows, Rows]]:
    """Rows of `customer`, of `lead` and of `searchable`, some 50,000 customers at a time."""
    customers: Rows = []
    leads: Rows = []
    keys: Rows = []
    for person in persons:
        owner, since = person.owner or None, person.seen - 30_000_000_000
        told = (person.id, person.name, person.phone, person.company, person.seen, owner)
        customers.append((*told, *("" for _ in BLANK), *NOTHING.values(), "direct", since))
        leads.append((person.id, owner, STAGES[person.id % len(STAGES)], "direct", "", since))
        keys += ((person.id, key, owned(person.owner, key)) for key in keys_of(*person.known))
        if len(customers) == PART:
            yield customers, leads, keys
            customers, leads, keys = [], [], []
    yield customers, leads, keys


def fill_sqlite(file: Path, persons: Iterable[Person], staff: int) -> None:
    """Keys are sorted before they meet an index: at random, a million customers would take an hour."""
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("synchronous = OFF", "foreign_keys = OFF", "cache_size = -400000", "temp_store = FILE"):
        connection.execute(f"PRAGMA {pragma}")
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'searchable' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO staff (id, name, role, team, language, active, created_at) VALUES (?, ?, 'sales', '', '', 1, 0)",
        [(number, f"s{number}") for number in range(1, staff + 1)],
    )
    for table, (names, rows) in library().items():
        connection.executemany(_insert(table, names), rows)
    connection.execute(f"CREATE TEMP TABLE staged ({', '.join(KEY)})")
    for customers, leads, keys in parts(persons):
        connection.executemany(_insert("customer", CUSTOMER), customers)
        connection.executemany(_insert("lead", LEAD), leads)
        connection.executemany(_insert("tagging", TAGGING), taggings(leads))
        connection.executemany("INSERT INTO staged VALUES (?, ?, ?)", keys)
    columns = ", ".join(KEY)
    connection.execute(f"INSERT INTO searchable ({columns}) SELECT {columns} FROM staged ORDER BY key, customer_id")
    for _, sql in indexes:
        connection.execute(sql)
    connection.execute("COMMIT")
    connection.close()


def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"


async def fill_postgres(url: str, persons: Iterable[Person], staff: int) -> None:
    """Without the indexes while rows come in; a database that has customers already is left as it is."""
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT 1 FROM customer LIMIT 1"):
            return
        await connection.execute("SET maintenance_work_mem = '1GB'; SET synchronous_commit = off")
        constraints = await connection.fetch(
            "SELECT conname AS name, pg_get_constraintdef(oid) AS sql FROM pg_constraint"
            " WHERE conrelid = 'searchable'::regclass AND contype = 'u'"
        )
        for row in constraints:
            await connection.execute(f'ALTER TABLE searchable DROP CONSTRAINT "{row["name"]}"')
        indexes = await connection.fetch(
            "SELECT indexname AS name, indexdef AS sql FROM pg_indexes"
            " WHERE tablename = 'searchable' AND indexdef NOT LIKE '%UNIQUE%'"
        )
        for row in indexes:
            await connection.execute(f'DROP INDEX "{row["name"]}"')
        await _copy(connection, persons, staff)
        for row in indexes:
            await connection.execute(row["sql"])
        for row in constraints:
            await connection.execute(f'ALTER TABLE searchable ADD CONSTRAINT "{row["name"]}" {row["sql"]}')
        for table in ("staff", "customer", "tag_group", "tag"):
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))"
            )
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _copy(connection: asyncpg.Connection, persons: Iterable[Person], staff: int) -> None:
    await connection.copy_records_to_table(
        "staff",
        records=[(number, f"s{number}", "sales", "", "", True, 0) for number in range(1, staff + 1)],
        columns=("id", "name", "role", "team", "language", "active", "created_at"),
    )
    for table, (names, rows) in library().items():
        await connection.copy_records_to_table(table, records=rows, columns=names)
    for customers, leads, keys in parts(persons):
        await connection.copy_records_to_table("customer", records=customers, columns=CUSTOMER)
        await connection.copy_records_to_table("lead", records=leads, columns=LEAD)
        await connection.copy_records_to_table("tagging", records=taggings(leads), columns=TAGGING)
        await connection.copy_records_to_table("searchable", records=keys, columns=KEY)
