"""The whole way of a customer's message against bare aiohttp in one run.

    python benchmarks/road.py [--rounds 6] [--customers 1000000] [--postgres URL]

Each encrypted message is stored, becomes a line of its customer's conversation and is answered by keyword; what the
handler wrote and promised is one transaction, and the answer arrives in the HTTP response. One of the servers begins
with very many customers: its way must be as short as that of one with few.
"""

import argparse
import asyncio
import itertools
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import servers
from ingest import messages, table
from load import Round, run

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
OLD = (
    (
        "INSERT INTO customer"
        " (id, name, phone, company, position, email, city, gender, birthday, language, source, consent, score, custom,"
        " orders, amount, created_at, seen_at)"
        f" {NUMBERS} SELECT i, 'customer ' || i, '', '', '', '', '', '', '', '', 'direct', '', 0, '{{}}',"
        " 0, 0, 0, 0 FROM n"
    ),
    (
        "INSERT INTO identity"
        " (id, customer_id, account, external_id, name, username, unionid, source, state, state_at, added_at)"
        f" {NUMBERS} SELECT i, i, 'official', 'oOld' || i, '', '', '', 'direct', 'reachable', 0, 0 FROM n"
    ),
    (
        "INSERT INTO lead (customer_id, stage, source, first_words, created_at)"
        f" {NUMBERS} SELECT i, 'new', 'direct', '', 0 FROM n"
    ),
    (
        "INSERT INTO message (customer_id, identity_id, direction, text, payload, platform_id, at)"
        f" {NUMBERS} SELECT i, i, 'in', 'hello', '{{}}', i, 0 FROM n"
    ),
)


def crowded(file: Path, customers: int) -> str:
    """A database with so many customers, each with an identity, a lead and a line: its address."""
    migrate = "import asyncio, sys; from bot.database import migrate; asyncio.run(migrate(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", migrate, f"sqlite://{file}"], check=True, cwd=Path(__file__).parent.parent)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    for statement in OLD:
        connection.execute(statement, (customers,))
    connection.close()
    return f"sqlite://{file}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=6)
    arguments.add_argument("--size", type=int, default=1000)
    arguments.add_argument("--customers", type=int, default=100_000)
    arguments.add_argument("--postgres", default=os.environ.get("TEST_POSTGRES_URL"))
    asked = arguments.parse_args()
    numbers = itertools.count(int(time.time()) * 1_000_000)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {
            "SQLite FULL": f"sqlite://{folder}/road.db",
            f"{asked.customers:,} customers": crowded(folder / "crowded.db", asked.customers),
        }
        if asked.postgres:
            urls["PostgreSQL"] = stack.enter_context(servers.postgres_database(asked.postgres))
        running = {"bare aiohttp": stack.enter_context(servers.bare())}
        for name, url in urls.items():
            running[name] = stack.enter_context(servers.guanxi(folder, url, roles="web,worker"))
            asyncio.run(run(*running[name], messages(numbers, asked.size)))  # its people become customers: not counted
        rounds: dict[str, list[Round]] = {name: [] for name in running}
        for _ in range(asked.rounds):
            for name, (port, pid) in running.items():
                rounds[name].append(asyncio.run(run(port, pid, messages(numbers, asked.size))))
    table(rounds)


if __name__ == "__main__":
    main()
