"""Here live a million customers with ten million tags, and all that rules ask of them: the same ones every time."""

import math
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
NOW = 1_772_415_000_000  # 2026-03-02 01:30 UTC
DAY = 86_400_000
STAFF, CITIES, SOURCES = 200, ("北京", "上海", "广州", "深圳", "杭州", *(f"市{n}" for n in range(295))), 120
SHARES = {"VIP": 0.05, "hot": 0.12, "trial": 0.30, "old": 0.40, "d11": 0.08, "lost": 0.02}
TAGS, EACH = 1_000, 10.0
STAGES = ("new", "talking", "interested", "won", "lost")
ACCOUNTS = {"wecom": 0.7, "official": 0.3, "telegram": 0.1}
PART = 50_000
OWN_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'tagging' AND sql IS NOT NULL"
TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


def crowd(count: int) -> dict[str, Columns]:
    """The rows of each table, column by column."""
    dice = np.random.default_rng(20260302)
    ids = np.arange(1, count + 1)
    return {
        "staff": _staff(),
        "tag_group": {
            "id": np.array([1]),
            "name": np.array(["all"]),
            **_same(1, order=0, source="staff", created_at=0),
        },
        "tag": _tags(),
        "customer": _customers(dice, ids),
        "lead": {
            "customer_id": ids,
            "stage": np.array(STAGES)[dice.integers(0, len(STAGES), count)],
            **_same(count, source="direct", first_words="", created_at=NOW),
        },
        "identity": _identities(dice, ids),
        "tagging": _taggings(dice, count),
    }


def _same(count: int, **values: object) -> dict[str, NDArray[Any]]:
    return {name: np.full(count, value) for name, value in values.items()}


def _staff() -> Columns:
    ids = np.arange(1, STAFF + 1)
    told = _same(STAFF, role="sales", team="", language="", active=True, created_at=0)
    return {"id": ids, "name": np.array([f"s{number}" for number in ids]), **told}


def _tags() -> Columns:
    names = [*SHARES, *(f"t{number}" for number in range(len(SHARES) + 1, TAGS + 1))]
    told = _same(TAGS, group_id=1, order=0, kind="manual", scope="[]", source="staff", description="", created_at=0)
    return {"id": np.arange(1, TAGS + 1), "name": np.array(names), **told}


def _customers(dice: np.random.Generator, ids: NDArray[Any]) -> Columns:
    count = len(ids)
    buys = dice.random(count) < 0.4
    orders = np.where(buys, dice.geometric(0.4, count), 0)
    texts = _same(count, phone="", company="", position="", email="", birthday="", language="", custom="{}")
    return {
        "id": ids,
        "name": np.char.add("客户", ids.astype(str)),
        "city": np.array(CITIES)[np.minimum(dice.geometric(0.03, count) - 1, len(CITIES) - 1)],
        "gender": np.array(["", "male", "female"])[dice.integers(0, 3, count)],
        "source": np.char.add("qr-", dice.integers(0, SOURCES, count).astype(str)),
        "consent": np.array(["", "granted", "withdrawn"])[dice.integers(0, 3, count)],
        "score": dice.integers(0, 101, count),
        "orders": orders,
        "amount": orders * dice.integers(100, 200_000, count),
        "last_order_at": _ago(dice, count, 720, buys),
        "pushed_at": _ago(dice, count, 60, dice.random(count) < 0.8),
        "clicked_at": _ago(dice, count, 90, dice.random(count) < 0.3),
        "owner_id": _or_none(dice.integers(1, STAFF + 1, count), dice.random(count) < 0.7),
        "created_at": _ago(dice, count, 1_000),
        "seen_at": _ago(dice, count, 365),
        **texts,
    }


def _ago(dice: np.random.Generator, count: int, days: int, known: NDArray[np.bool_] | None = None) -> NDArray[Any]:
    found = NOW - dice.integers(0, days * DAY, count)
    return found if known is None else _or_none(found, known)


def _or_none(values: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[Any]:
    return np.where(known, values.astype(object), None)


def _identities(dice: np.random.Generator, ids: NDArray[Any]) -> Columns:
    on = [ids[dice.random(len(ids)) < share] for share in ACCOUNTS.values()]
    accounts = np.repeat(list(ACCOUNTS), [len(each) for each in on])
    whose = np.concatenate(on)
    told = _same(
        len(whose), name="", username="", unionid="", source="direct", state="reachable", state_at=0, added_at=0
    )
    return {"customer_id": whose, "account": accounts, "external_id": np.char.add("o", whose.astype(str)), **told}


def _taggings(dice: np.random.Generator, count: int) -> Columns:
    rest = 1 / (np.arange(TAGS - len(SHARES)) + 10)
    shares = [*SHARES.values(), *(rest / rest.sum() * (EACH - sum(SHARES.values())))]
    drawn = [dice.integers(1, count + 1, round(-math.log1p(-share) * count)) for share in shares]
    carriers = [np.unique(each) for each in drawn]
    whose = np.concatenate(carriers)
    tags = np.repeat(np.arange(1, TAGS + 1), [len(each) for each in carriers])
    return {"customer_id": whose, "tag_id": tags, **_same(len(whose), source="staff", at=0)}


def _rows(columns: Columns, first: int, end: int) -> Iterator[tuple[Any, ...]]:
    return zip(*(values[first:end].tolist() for values in columns.values()), strict=True)


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def fill_sqlite(file: Path, tables: Mapping[str, Columns]) -> None:
    """Without indexes and log while rows come in: what is there from the beginning has not changed."""
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("synchronous = OFF", "foreign_keys = OFF", "cache_size = -400000"):
        connection.execute(f"PRAGMA {pragma}")
    indexes, triggers = connection.execute(OWN_INDEXES).fetchall(), connection.execute(TRIGGERS).fetchall()
    for kind, found in (("INDEX", indexes), ("TRIGGER", triggers)):
        for name, _ in found:
            connection.execute(f'DROP {kind} "{name}"')
    connection.execute("BEGIN")
    for table, columns in tables.items():
        names = ", ".join(f'"{name}"' for name in columns)
        insert = f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"
        for first in range(0, _length(columns), PART):
            connection.executemany(insert, _rows(columns, first, first + PART))
    for _, sql in (*indexes, *triggers):
        connection.execute(sql)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()


async def fill_postgres(url: str, tables: Mapping[str, Columns]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET maintenance_work_mem = '1GB'; SET synchronous_commit = off")
        await connection.execute("SET session_replication_role = replica")  # neither log nor foreign keys
        kept = await connection.fetch(
            "SELECT conname AS name, pg_get_constraintdef(oid) AS sql FROM pg_constraint"
            " WHERE conrelid = 'tagging'::regclass AND contype = 'u'"
        )
        for row in kept:
            await connection.execute(f'ALTER TABLE tagging DROP CONSTRAINT "{row["name"]}"')
        for table, columns in tables.items():
            for first in range(0, _length(columns), PART):
                part = list(_rows(columns, first, first + PART))
                await connection.copy_records_to_table(table, records=part, columns=list(columns))
        for row in kept:
            await connection.execute(f'ALTER TABLE tagging ADD CONSTRAINT "{row["name"]}" {row["sql"]}')
        for table in ("staff", "tag_group", "tag", "customer"):
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))"
            )
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
