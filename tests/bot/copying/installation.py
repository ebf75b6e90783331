"""Here lives an installation on SQLite that is to move, and what is asked of both sides."""

# ruff: noqa: S608 - made-up rows

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg

from bot.copying import Copied, copy
from models.audit import COLUMNS, marked, sealed
from models.copying import MARK, tables

AT = 1_772_442_000_123
KEY = b"a key of thirty-two bytes, no more"
MIGRATE = "import asyncio, sys; from bot.database import migrate; asyncio.run(migrate(sys.argv[1]))"


class File:
    """A SQLite database of ours that no Tortoise of this process has opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite://{path}"

    def do(self, sql: str, *values: object) -> None:
        with sqlite3.connect(self.path) as wire:
            wire.execute(sql, values)
        wire.close()

    def put(self, table: str, *rows: dict[str, object]) -> None:
        """Columns that are not named are empty."""
        wire = sqlite3.connect(self.path)
        empty = {
            name: "" if "CHAR" in kind else "{}" if kind == "JSON" else 0
            for _, name, kind, needed, _, _ in self._columns(wire, table)
            if needed
        }
        filled = [{**empty, **row} for row in rows]
        columns, marks = ", ".join(f'"{name}"' for name in filled[0]), ", ".join("?" * len(filled[0]))
        with wire:
            wire.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({marks})", [tuple(row.values()) for row in filled]
            )
        wire.close()

    def _columns(self, wire: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
        return wire.execute(f"PRAGMA table_info({table})").fetchall()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        wire = sqlite3.connect(self.path)
        found = wire.execute(sql).fetchall()
        wire.close()
        return found

    def digest(self) -> list[tuple[str, str]]:
        """What it holds; reading leaves an empty file of changes behind."""
        files = (Path(f"{self.path}{end}") for end in ("", "-wal"))
        held = ((file.name, file.read_bytes()) for file in files if file.exists())
        return [(name, hashlib.sha256(octets).hexdigest()) for name, octets in held if octets]


def staff(number: int, name: str, active: int) -> dict[str, object]:
    return {"id": number, "name": name, "role": "sales", "active": active, "created_at": AT}


def customer(number: int) -> dict[str, object]:
    name, owner = f"王小明😀 'quoted' \\N\t{number}", number % 2 + 1 if number % 3 else None
    return {"id": number, "name": name, "source": "direct", "owner_id": owner, "created_at": -AT, "seen_at": AT}


def work() -> dict[str, dict[str, object]]:
    """One row of each table of the staff's work."""
    held = {"account": "tg", "chat": "1"}
    plan = {"kind": "merge", "subject": "M1", "payload": '{"b": [1, "二"], "a": null}', "staff_id": 1, "approver_id": 1}
    moved = {"cause": "unionid", "state": "done", "moved": '{"notes": [3, 1]}', "done_at": AT}
    change = {"customer_id": 1, "subject": "C1", "field": "phone", "old": "138", "new": "139", "cause": "tg:1"}
    return {
        "task": {"id": 5, "staff_id": 1, "customer_id": 4_990, "text": "报价\r\n😀", "state": "open", "due_at": AT},
        "change": {"id": 9, **change, "staff_id": None, "at": AT},
        "plan": {"id": 2, **plan, **held, "code_hash": "0" * 64, "state": "open", "needs_approval": 1},
        "merge": {"id": 1, "kept_id": 4_990, "absorbed_id": 10, **moved},
        "snippet": {"id": 3, "name": "报价", "text": "{客户} 您好\n", "staff_id": None},
        "press": {"id": 4, **held, "message": "m1", "at": AT},
        "group_chat": {"id": 6, "account": "tg", "external_id": "-100", "title": "销售", "allowed_at": AT},
    }


def trail(count: int) -> dict[str, list[dict[str, object]]]:
    """The rows of a chain of so many entries."""
    seal = ""
    entries: list[dict[str, object]] = []
    subjects: list[dict[str, object]] = []
    for number in range(1, count + 1):
        told = (
            "李雷",
            "tg",
            "9",
            "9",
            f"tg:{number}",
            f"看 C{number} “😀”",
            f"show C{number}",
            f"C{number}",
            "done",
            "",
        )
        values = (number, AT + number, 1 if number % 2 else None, *told)
        seal = sealed(KEY, seal, values)
        entries.append({"id": number, **dict(zip(COLUMNS, values, strict=True)), "seal": seal})
        subjects.append({"id": number, "subject": f"C{number}", "number": number})
    head: dict[str, object] = {"id": 1, "number": count, "seal": seal, "mark": marked(KEY, count, seal)}
    return {"audit_entry": entries, "audit_subject": subjects, "audit_head": [head]}


def note(number: int) -> dict[str, object]:
    return {"id": number, "customer_id": number, "staff_id": 1, "text": f"第 {number} 条\r\n", "at": AT}


def quiet(step: str, done: int, total: int) -> None:
    """Nobody looks."""


async def copied(source: File, target: str) -> list[Copied]:
    return await copy(source.url, target, base=Path(), told=quiet)


async def asked(url: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
    wire = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await wire.fetch(sql, *values)]
    finally:
        await wire.close()


async def is_marked(url: str) -> bool:
    return (await asked(url, "SELECT to_regclass($1) IS NOT NULL", MARK))[0][0]


async def assert_same(source: File, target: str) -> None:
    for table in await tables():
        there = await asked(target, f'SELECT {table.listed} FROM "{table.name}" ORDER BY {table.order}')
        here = source.rows(f'SELECT {table.listed} FROM "{table.name}" ORDER BY "{table.key}"')
        kinds = [column.kind for column in table.columns]
        assert [_read(kinds, row) for row in there] == [_read(kinds, row) for row in here], table.name


def _read(kinds: list[str], row: tuple[Any, ...]) -> list[object]:
    """JSON is the same in any spelling."""
    return [json.loads(value) if kind == "JSONB" else value for kind, value in zip(kinds, row, strict=True)]
