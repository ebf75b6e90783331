"""Tags in step with WeCom and with an official account: calls, time and CPU of each kind of comparison, in one run.

    python benchmarks/tags.py [--customers 50000] [--followers 20000] [--postgres URL]

A server of ours compares 3,000 tags (in 100 groups) and customers of 100 members, with one to five tags each: `first`
begins with an empty database, `again` finds nothing changed, `changed` that one of a hundred has another tag there.
`given`: 1,000 customers are tagged in chat, until the platform has it. The official account has 100 tags, and followers
who are customers already. The calls are compared with the fewest possible, and repeated by a bare loop of aiohttp;
nothing waits for the platforms' limits. In the end both sides are counted.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import asyncpg
import yaml

from benchmarks import servers
from benchmarks.load import cpu_seconds
from benchmarks.platforms import GIVEN, SPARE, Place, company, dice, followers, simulated
from benchmarks.road import OLD
from sandbox import Sandbox
from sandbox.ledger import Call

BOSS = "member000"
NAMED = 50  # customers in one line
OURS = ("externalcontact/", "tags/", "user/tag/", "user/info/")  # the calls that are about tags
PATIENCE = 1_800.0
LIMITS = {"wecom.tags_per_minute": 10**8, "wecom.tags_per_hour": 10**8, "wechat.taggings_per_day": 10**8}
SYNC = "SELECT run, part FROM tag_sync WHERE account = '{account}'"
THERE = """SELECT COUNT(*) FROM tag_mark AS m JOIN tag_binding AS b ON b.id = m.binding_id
    JOIN tag AS t ON t.id = b.tag_id
    WHERE b.account = '{account}' AND m.agreed AND m.sending IS NULL AND t.name LIKE '{name}'"""
CUSTOMERS = "SELECT customer_id FROM identity WHERE account = '{account}' ORDER BY customer_id LIMIT {most}"
BARE = """
import asyncio, json, sys, time
import aiohttp
async def main():
    told = json.load(sys.stdin)
    async with aiohttp.ClientSession() as session:
        calls = iter(told["calls"])
        async def loop():
            for path, params, body in calls:
                method = "GET" if body is None else "POST"
                async with session.request(method, told["base"] + path, params=params, json=body) as answer:
                    code = (await answer.json()).get("errcode", 0)
                    if code:
                        raise SystemExit(f"{path}: {code}")
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(loop() for _ in range(told["at_once"])))
        print(json.dumps([time.perf_counter() - began, time.process_time() - cpu]))
asyncio.run(main())
"""
Asks = Callable[[str], list[tuple[Any, ...]]]


class Meter:
    """What one server does from one moment to another, with what the simulator was asked meanwhile."""

    def __init__(self, place: Place, pid: int, ask: Asks, say: Callable[[str], None], root: str) -> None:
        self.place, self.pid, self.ask, self.say, self.root = place, pid, ask, say, root
        self.run = 0

    def compared(self, name: str) -> None:
        """Until the comparison that is going on, or is asked for now, is over."""
        with self.measured(name, self.place.fewest, 1):
            if self.run:
                self.say(f"同步 现在 {self.place.account}")
            self.run += 1
            self.until(lambda: self.ask(SYNC.format(account=self.place.account)) == [(self.run, "")])
        self.check()

    def changed(self) -> None:
        for tags in dice.sample(self.place.held(), max(1, self.place.people // 100)):
            tags[0] = dice.choice([each for each in self.place.ids if each not in tags])
        self.compared("changed")

    def given(self) -> None:
        """Typed in chat, 50 customers a line."""
        most = min(GIVEN, self.place.people)
        ids = [row[0] for row in self.ask(CUSTOMERS.format(account=self.place.account, most=most))]
        with self.measured("given", self.place.fewest_given, 40):
            for start in range(0, most, NAMED):
                self.say(f"打标 {' '.join(f'C{each}' for each in ids[start : start + NAMED])} +{SPARE}")
            there = THERE.format(account=self.place.account, name=SPARE)
            self.until(lambda: self.ask(there) == [(most,)])
        self.check()

    def check(self) -> None:
        """Both sides have the same number of tags on customers."""
        here = self.ask(THERE.format(account=self.place.account, name="%"))[0][0]
        there = sum(map(len, self.place.held()))
        if here != there:
            raise SystemExit(f"out of step: {here} here, {there} there")

    @contextmanager
    def measured(self, name: str, fewest: int, at_once: int) -> Iterator[None]:
        calls = self.place.sandbox.calls
        begun, cpu, before = time.perf_counter(), cpu_seconds(self.pid), len(calls)
        if name == "first":
            before = 0
        yield
        wall, cpu = time.perf_counter() - begun, cpu_seconds(self.pid) - cpu
        made = [each for each in calls[before:] if self._is_about_tags(each)]
        others = len(calls) - before - len(made)
        bare_wall, bare_cpu = bare(self.root + self.place.base, made, at_once)
        print(
            f"{name:8} {wall:8.1f} {cpu:8.1f} {len(made):7,} {fewest:8,} {len(made) / fewest:6.2f}"
            f" {bare_wall:8.1f} {bare_cpu:8.1f} {wall / bare_wall:7.1f} {cpu / bare_cpu:7.1f}"
        )
        paths = Counter(each.method_or_path for each in made)
        print(
            "        ",
            ", ".join(f"{path} {count:,}" for path, count in paths.items()),
            f"(and {others} others)",
            flush=True,
        )

    def _is_about_tags(self, call: Call) -> bool:
        return self.place.base.startswith(f"/{call.platform}/") and call.method_or_path.startswith(OURS)

    @staticmethod
    def until(done: Callable[[], bool]) -> None:
        ends = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > ends:
                raise SystemExit("it did not end in time; BENCH_LOG=1 shows why")
            time.sleep(0.1)


def bare(base: str, calls: Sequence[Call], at_once: int) -> tuple[float, float]:
    """Seconds and CPU seconds of the same calls, made by nothing but aiohttp."""
    told = {"base": base, "at_once": at_once, "calls": [(c.method_or_path, dict(c.params), c.body) for c in calls]}
    done = subprocess.run(
        [sys.executable, "-c", BARE], input=json.dumps(told), stdout=subprocess.PIPE, text=True, check=True
    )
    wall, cpu = json.loads(done.stdout)
    return wall, cpu


def configured(folder: Path, port: int, url: str, root: str) -> Path:
    """Our server with both channels, and a manager in WeCom."""
    told = servers.config(port, url, root)
    told |= {"staff": [{"name": "老板", "role": "admin", "accounts": {"wecom": BOSS}}], "limits": LIMITS}
    file = folder / f"config-{port}.yaml"
    file.write_text(yaml.safe_dump(told, allow_unicode=True))
    return file


@contextmanager
def asking(url: str) -> Iterator[Asks]:
    """The server's own database, read only."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(f"file:{url.removeprefix('sqlite://')}?mode=ro", uri=True, timeout=20)) as link:
            yield lambda sql: link.execute(sql).fetchall()
        return
    with asyncio.Runner() as runner:
        line = runner.run(asyncpg.connect(url))
        yield lambda sql: [tuple(row) for row in runner.run(line.fetch(sql))]
        runner.run(line.close())


def settle_followers(url: str, people: int) -> None:
    """Customers who are the account's followers."""
    statements = [text.replace("?", str(people)) for text in OLD[:3]]
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"), isolation_level=None)) as link:
            for statement in statements:
                link.execute(statement)
        return
    statements += [
        f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {people})" for name in ("customer", "identity")
    ]
    with asyncio.Runner() as runner:
        line = runner.run(asyncpg.connect(url))
        for statement in (*statements, "ANALYZE"):
            runner.run(line.execute(statement))
        runner.run(line.close())


def measure(folder: Path, database: str, url: str, people: int, lay: Callable[[Sandbox, int], Place]) -> None:
    port = servers.free_port()
    with simulated(port) as (sandbox, root, loop):
        place = lay(sandbox, people)
        file = configured(folder, port, url, root)
        servers.upgrade(file)
        if place.account == "official":
            settle_followers(url, people)

        def say(text: str) -> None:
            asyncio.run_coroutine_threadsafe(sandbox.wecom.member_says(BOSS, text), loop).result(60)

        print(f"\n{database}, {place.account}: {place.tags:,} tags, {people:,} customers")
        print("            wall      CPU   calls   fewest  ratio  bare: wall    CPU  x wall   x CPU")
        command = [sys.executable, "-c", os.environ.get("BENCH_SERVE", servers.SERVE), str(file), "web,worker"]
        with servers.started(command, port) as pid, asking(url) as ask:
            meter = Meter(place, pid, ask, say, root)
            meter.compared("first")
            meter.compared("again")
            meter.changed()
            meter.given()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--customers", type=int, default=50_000)
    arguments.add_argument("--followers", type=int, default=20_000)
    arguments.add_argument("--postgres", default=os.environ.get("TEST_POSTGRES_URL"))
    arguments.add_argument("--only", choices=("sqlite", "postgres"))
    asked = arguments.parse_args()
    for lay, people in ((company, asked.customers), (followers, asked.followers)):
        if people and asked.only != "postgres":
            with tempfile.TemporaryDirectory() as folder:
                measure(Path(folder), "SQLite", f"sqlite://{folder}/tags.db", people, lay)
        if people and asked.postgres and asked.only != "sqlite":
            with tempfile.TemporaryDirectory() as folder, servers.postgres_database(asked.postgres) as url:
                measure(Path(folder), "PostgreSQL", url, people, lay)


if __name__ == "__main__":
    main()
