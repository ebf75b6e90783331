"""The whole way of a customer's message against bare aiohttp in one run.

    python benchmarks/road.py [--rounds 5] [--customers 1000 100000] [--postgres URL]

Each encrypted message is stored, becomes a line of its customer's conversation and is answered by keyword; what the
handler wrote and promised is one transaction, and the answer arrives in the HTTP response. The rows say how many
customers the database held before: the way must stay as short with many as with few.
"""

import argparse
import asyncio
import itertools
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import servers
from ingest import messages, table
from load import Round, run


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--size", type=int, default=1000)
    arguments.add_argument("--postgres", default=os.environ.get("TEST_POSTGRES_URL"))
    asked = arguments.parse_args()
    numbers = itertools.count(int(time.time()) * 1_000_000)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = {"bare aiohttp": stack.enter_context(servers.bare())}
        running["SQLite FULL"] = stack.enter_context(
            servers.guanxi(folder, f"sqlite://{folder}/road.db", roles="web,worker")
        )
        if asked.postgres:
            url = stack.enter_context(servers.postgres_database(asked.postgres))
            running["PostgreSQL"] = stack.enter_context(servers.guanxi(folder, url, roles="web,worker"))
        rounds: dict[str, list[Round]] = {name: [] for name in running}
        for _ in range(asked.rounds):
            for name, (port, pid) in running.items():
                rounds[name].append(asyncio.run(run(port, pid, messages(numbers, asked.size))))
    table(rounds)


if __name__ == "__main__":
    main()
