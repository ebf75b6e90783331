"""Events per second of several processes on one PostgreSQL, beside the one embedded process on SQLite, in one run.

    python benchmarks/processes.py [--processes 1 2 4] [--events 18000] [--rows 100000] [--seconds 10] [--postgres URL]

`whole way`: encrypted callbacks, spread over the processes, each stored, handled and answered by keyword. `empty
handler`: one more process (or, `alone`, the same one) stores events of a kind that nobody handles, as many at once as
wait at its door, in 500 lanes; until all are done. `drain`: rows that wait when the processes see them, in 1,000 lanes
or in a lane each, for so many seconds at most. `CPU` is that of all our processes for one event, `server` that of
PostgreSQL's. `x one` compares with one process on PostgreSQL.
"""

import argparse
import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import servers
import uvloop
from aiohttp import web
from backlog import PAYLOAD, Pile, pile_in, shrinking
from ingest import messages
from load import cpu_seconds, run

from bot.app import SERVER, build_app
from bot.configuration import load
from domain.channel import RawEvent
from models import shards
from models.inbox import Arrival, InboxEvent
from models.sql import dialect

ALL = "web,worker,scheduler"
LANES = 500
HANDS = 400  # callbacks at the door at once
ROUNDS = 3
Servers = list[tuple[int, int]]


@dataclass
class Measured:
    """One line: events per second, and CPU µs for one event of ours and of the database server."""

    what: str
    who: str
    rate: float
    ours: float
    theirs: float


@dataclass
class Meter:
    """Counts events, seconds and CPU in a block."""

    pile: Pile
    pids: list[int]
    rates: list[float] = field(default_factory=list)
    events: int = 0
    ours: float = 0.0
    theirs: float = 0.0

    def add(self, events: int, seconds: float) -> None:
        self.rates.append(events / seconds)
        self.events += events

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        before, ours = await self.pile.backends(), sum(map(cpu_seconds, self.pids))
        yield
        self.ours += sum(map(cpu_seconds, self.pids)) - ours
        self.theirs += sum(now - before.get(pid, 0.0) for pid, now in (await self.pile.backends()).items())

    def line(self, what: str, who: str) -> Measured:
        each = 1e6 / max(self.events, 1)
        return Measured(what, who, median(self.rates), self.ours * each, self.theirs * each)


async def way(url: str, running: Servers, numbers: Iterator[int], size: int) -> Meter:
    """Callbacks over HTTP; the first round makes its people customers and is not counted."""
    async with pile_in(url) as pile:
        meter = Meter(pile, [pid for _, pid in running])
        await _spread(pile, running, messages(numbers, size))
        for _ in range(ROUNDS):
            requests = messages(numbers, size)
            async with meter.running():
                meter.add(size, await _spread(pile, running, requests))
    return meter


async def _spread(pile: Pile, running: Servers, requests: list[bytes]) -> float:
    started, count = time.perf_counter(), len(running)
    parts = (run(port, pid, requests[n::count], 48 // count) for n, (port, pid) in enumerate(running))
    refused = sum(part.refused for part in await asyncio.gather(*parts))
    if refused:
        raise SystemExit(f"{refused} callbacks were refused")
    while await pile.left():  # noqa: ASYNC110 - other processes raise no event of ours
        await asyncio.sleep(0.01)
    return time.perf_counter() - started


async def drained(url: str, pids: list[int], wake: Callable[[], None], rows: int, lanes: int, most: float) -> Meter:
    async with pile_in(url) as pile:
        await pile.clear()
        await pile.lay(rows, lanes)
        meter = Meter(pile, pids)
        wake()
        async with meter.running():
            meter.add(*await shrinking(pile, most))
        await pile.clear()
    return meter


async def store(config: Path, roles: str, events: int) -> None:
    """One process that stores events and waits until they are done; says what each round took."""
    app = build_app(load(config, os.environ), tuple(filter(None, roles.split(","))))
    runner = web.AppRunner(app)
    await runner.setup()
    door = app[SERVER].parts.door
    for turn, count in enumerate([events // 10, *[events // ROUNDS] * ROUNDS]):
        keys = iter(range(count))

        async def hand(turn: int = turn, keys: Iterator[int] = keys) -> None:
            for key in keys:
                event = RawEvent(f"{turn}:{os.getpid()}:{key}", f"official:{key % LANES}", PAYLOAD)
                await door.storing.add(Arrival("official", event, door.clock()))

        started, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(hand() for _ in range(HANDS)))
        while await InboxEvent.filter(state="waiting", account="official").exists():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)
        taken = time.perf_counter() - started
        if turn:
            print(json.dumps({"events": count, "seconds": taken, "cpu": time.process_time() - cpu}), flush=True)
    await runner.cleanup()


async def wake_all(config: Path) -> None:
    app = build_app(load(config, os.environ), ())
    runner = web.AppRunner(app)
    await runner.setup()
    if dialect() == "postgres":
        await shards.wake_due(InboxEvent, app[SERVER].clock())
    await runner.cleanup()


def child(what: str, config: Path, *values: str) -> str:
    command = [sys.executable, __file__, "--child", what, str(config), *values]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=servers.ROOT).stdout


async def stored(url: str, pids: list[int], config: Path, roles: str, events: int) -> Meter:
    async with pile_in(url) as pile:
        meter = Meter(pile, pids)
        async with meter.running():
            told = await asyncio.to_thread(child, "store", config, roles, str(events))
    for line in told.splitlines():
        taken = json.loads(line)
        meter.add(taken["events"], taken["seconds"])
        meter.ours += taken["cpu"]
    return meter


@contextmanager
def database(folder: Path, server: str) -> Iterator[str]:
    if server:
        with servers.postgres_database(server) as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            yield f"sqlite://{place}/processes.db"


class Bench:
    """All of the lines, as they come."""

    def __init__(self, asked: argparse.Namespace, folder: Path) -> None:
        self.asked = asked
        self.folder = folder
        self.numbers = itertools.count(int(time.time()) * 1_000_000)
        self.lines: list[Measured] = []

    def note(self, meter: Meter, what: str, who: str) -> None:
        self.lines.append(line := meter.line(what, who))
        theirs = f"{line.theirs:.0f}" if line.theirs else "-"  # alone: gone before they can be asked
        print(f"{line.what:24}{line.who:22}{line.rate:>10,.0f}{line.ours:>9.0f}{theirs:>9}", flush=True)

    def alone(self, server: str, who: str) -> None:
        """One process that stores and handles."""
        with database(self.folder, server) as url:
            file = servers.configured(self.folder, servers.free_port(), url)
            servers.upgrade(file)
            self.note(asyncio.run(stored(url, [], file, "worker", self.asked.events)), "empty handler, alone", who)

    def together(self, server: str, who: str, count: int) -> None:
        with database(self.folder, server) as url, servers.guanxis(self.folder, url, count, roles=ALL) as running:
            pids = [pid for _, pid in running]
            file = servers.configured(self.folder, servers.free_port(), url)
            self.note(asyncio.run(way(url, running, self.numbers, self.asked.messages)), "whole way", who)
            if server:
                self.note(asyncio.run(stored(url, pids, file, "", self.asked.events)), "empty handler", who)
            rows, most = self.asked.rows, self.asked.seconds
            for lanes in (min(1000, rows), rows):
                wake = (lambda: child("wake", file)) if server else (lambda: "")
                self.note(asyncio.run(drained(url, pids, wake, rows, lanes, most)), f"drain, {lanes:,} lanes", who)

    def ratios(self) -> None:
        one = {line.what: line.rate for line in self.lines if line.who == "PostgreSQL, 1"}
        print("\nx one process on PostgreSQL")
        for what, rate in one.items():
            those = [line for line in self.lines if line.what == what]
            print(f"{what:24}" + "   ".join(f"{line.who} {line.rate / rate:.2f}" for line in those))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--postgres", default=os.environ.get("TEST_POSTGRES_URL"))
    arguments.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    arguments.add_argument("--messages", type=int, default=600, help="callbacks in each of 3 rounds")
    arguments.add_argument("--events", type=int, default=18_000)
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.child:
        what, config, *values = asked.child
        uvloop.run(wake_all(Path(config)) if what == "wake" else store(Path(config), values[0], int(values[1])))
        return
    started, load_before = time.perf_counter(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(asked, Path(folder))
        print(f"{'':24}{'database, processes':22}{'events/s':>10}{'CPU µs':>9}{'server':>9}", flush=True)
        bench.alone("", "SQLite")
        bench.together("", "SQLite", 1)
        if asked.postgres:
            bench.alone(asked.postgres, "PostgreSQL, 1")
            for count in asked.processes:
                bench.together(asked.postgres, f"PostgreSQL, {count}", count)
            bench.ratios()
    took = time.perf_counter() - started
    print(f"{took:.0f} s; load {load_before:.1f} before, {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
