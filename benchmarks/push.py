"""Pushes to a Telegram on loopback: how much of the limit they use, and what the ledger costs, in one run.

    python benchmarks/push.py [--recipients 20000] [--scale 20] [--rates 30 1000 0] [--rounds 2] [--postgres URL]

`push` is a push as `群发` makes it: a row of the ledger for each recipient, filled before it begins; fed to the outbox
in rounds, each message written and looked at again; what became of it in the ledger in the commit that settles it; a
line of the conversation and the behaviour of whoever was reached. `plain` are the same messages to the same people in
the outbox, in lanes of their own, and nothing else. 0/s is without a limit. At 30/s there are `scale` times fewer
recipients, so that it takes half a minute instead of eleven. `used` is the share of the limit that was used, `worst`
the most in any second, `429` how often the platform had to say so; `CPU` is that of our server for one message, the
least of all rounds: neighbours on a busy machine can only add.
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
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import servers
from benchmarks.limits import most
from benchmarks.load import cpu_seconds
from benchmarks.push_platform import ask
from bot.database import opened, transaction
from domain.messages import Address, OutboundMessage, Priority, Text
from domain.permissions import Role
from domain.push_events import PushDue
from models.customers import Customer, Identity
from models.database import insert_many
from models.inbox import InboxEvent
from models.outbox import CODEC, OutboxItem
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff

HERE = Path(__file__).parent
TOKEN = "12345:benchmark"
LATER = timedelta(hours=1)  # until our server is up, has everything in memory, and does nothing
SOON = 6.0  # seconds until it begins then: a sweep finds the rows meanwhile
IDLE = 0.05  # of a core
PART = 1_000
WORDS = Text("您好 {{ 客户 }}，双十一活动今晚开始，老客户有专属优惠，回复 1 了解详情。")
LEFT = """SELECT (SELECT COUNT(*) FROM outbox_item WHERE state IN ('waiting', 'sending') AND priority = 9)
    + (SELECT COUNT(*) FROM push WHERE state <> 'done') AS n"""
UNDONE = "SELECT state, reason, COUNT(*) AS n FROM recipient WHERE state <> 'sent' GROUP BY state, reason"
PROMISE = 0.98


@dataclass
class Seen:
    """One round of one way: messages a second, the share of the limit, the worst second, 429s, CPU µs for each."""

    rate: float
    used: float
    worst: int
    refused: int
    cpu: float
    server: float


async def lay(url: str, how: str, count: int) -> None:
    """People, and what is to be sent to them."""
    async with opened(url):
        await people(count)
        at = datetime.now(UTC) + LATER
        async with transaction():
            await (push if how == "push" else plain)(count, at)


async def people(count: int) -> None:
    now = datetime.now(UTC)
    for start in range(1, count + 1, PART):
        ids = range(start, min(start + PART, count + 1))
        names = ("id", "name", "created_at", "seen_at")
        await insert_many(Customer, names, [(n, f"客户{n}", now, now) for n in ids])
        names = ("customer_id", "account", "external_id", "name", "state_at", "added_at")
        await insert_many(Identity, names, [(n, "telegram", str(1_000_000 + n), f"客户{n}", now, now) for n in ids])


async def push(count: int, at: datetime) -> None:
    boss = await Staff.appoint("老板", Role.ADMIN, {}, at)
    told: dict[str, Any] = {"staff_id": boss.id, "account": "none", "chat": "", "language": "zh-CN", "state": "queued"}
    told |= {"labels": [], "values": {}}
    made = await Push.drafted(WORDS, accounts=["telegram"], way="message", created_at=at, confirmed_at=at, **told)
    ids = dict(await Identity.all().values_list("customer_id", "id"))
    columns = ("push_id", "customer_id", "identity_id", "account", "address", "way")
    for start in range(1, count + 1, PART):
        part = range(start, min(start + PART, count + 1))
        rows = [(made.id, n, ids[n], "telegram", str(1_000_000 + n), "message") for n in part]
        await insert_many(Recipient, columns, rows)
    await InboxEvent.remind(PushDue(at, made.id), f"push:{made.id}:due", at, datetime.now(UTC))


async def plain(count: int, at: datetime) -> None:
    columns = ("account", "lane", "priority", "due_at", "queued_at", "payload")
    for start in range(1, count + 1, PART):
        rows = []
        for n in range(start, min(start + PART, count + 1)):
            chat = str(1_000_000 + n)
            words = Text(WORDS.text.replace("{{ 客户 }}", f"客户{n}"))
            payload = CODEC.dump_json(OutboundMessage(Address("telegram", chat), words, Priority.PUSH)).decode()
            rows.append(("telegram", f"telegram:{chat}", 9, at, datetime.now(UTC), payload))
        await insert_many(OutboxItem, columns, rows)


def configured(folder: Path, url: str, platform: int, rate: float) -> tuple[Path, int]:
    port = servers.free_port()
    telegram = {"name": "telegram", "kind": "telegram", "token": TOKEN, "webhook_secret": "secret"}
    config = servers.config(port, url, "http://127.0.0.1:9") | {
        "channels": [telegram | {"api_base": f"http://127.0.0.1:{platform}"}],
        "limits": {"telegram.messages_per_second": rate},
        "push": {"quiet_hours": "00:00-00:00", "per_customer": "9/1d"},
    }
    file = folder / f"push-{port}.yaml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True))
    return file, port


async def asked(url: str, question: str) -> list[dict[str, Any]]:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"), timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            with connection:
                return [dict(row) for row in connection.execute(question)]
    connection = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(question)]
    finally:
        await connection.close()


async def backends(url: str) -> float:
    """CPU seconds of the database server's own processes that work for us, so far."""
    if url.startswith("sqlite"):
        return 0.0
    found = await asked(url, "SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    return sum(map(_seconds, (row["pid"] for row in found)))


def _seconds(pid: int) -> float:
    """One that asked a moment ago may be gone."""
    try:
        return cpu_seconds(pid)
    except OSError:
        return 0.0


async def begin(url: str, pid: int) -> None:
    """Let it be due soon, once the server does nothing."""
    before = 1e9
    while (now := cpu_seconds(pid)) - before > IDLE or before > now:
        before = now
        await asyncio.sleep(1.0)
    due = int((time.time() + SOON) * 1000)
    for table in ("outbox_item", "inbox_event"):
        await asked(url, f"UPDATE {table} SET due_at = {due} WHERE state = 'waiting' AND due_at > {due} RETURNING id")
    await asyncio.sleep(SOON - 0.5)


async def watch(url: str, platform: int, pid: int, count: int) -> Seen:
    await begin(url, pid)
    cpu, theirs = cpu_seconds(pid), await backends(url)
    while int(ask(platform, "count")) < count or (await asked(url, LEFT))[0]["n"]:  # noqa: ASYNC110 - other processes
        await asyncio.sleep(0.5)
    cpu, theirs = cpu_seconds(pid) - cpu, await backends(url) - theirs
    if undone := await asked(url, UNDONE):
        raise SystemExit(f"not everybody was sent to: {undone}")
    seen = json.loads(ask(platform, "seen"))
    moments = seen["moments"]
    if len(moments) != count or seen["people"] != count:
        raise SystemExit(f"{len(moments)} messages to {seen['people']} of {count} people")
    rate = (count - 1) / (moments[-1] - moments[0])
    return Seen(rate, 0.0, most(moments, 1.0), seen["refused"], cpu / count * 1e6, theirs / count * 1e6)


def measured(folder: Path, url: str, how: str, count: int, limit: float) -> Seen:
    platform = servers.free_port()
    command = [sys.executable, str(HERE / "push_platform.py"), str(platform), str(limit or 1e9)]
    with servers.started(command, platform, "/count"):
        file, port = configured(folder, url, platform, limit or 100_000)
        servers.upgrade(file)
        child = [sys.executable, __file__, "--child", url, how, str(count)]
        subprocess.run(child, check=True, cwd=servers.ROOT)
        with servers.started([sys.executable, "-c", servers.SERVE, str(file), "web,worker"], port) as pid:
            seen = asyncio.run(watch(url, platform, pid, count))
    seen.used = seen.rate / limit if limit else 0.0
    return seen


@contextmanager
def database(folder: Path, server: str | None) -> Iterator[str]:
    if server:
        with servers.postgres_database(server) as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            yield f"sqlite://{place}/push.db"


def line(name: str, how: str, limit: float, seen: list[Seen]) -> str:
    best = max(seen, key=lambda one: one.used or one.rate)
    used = f"{best.used:.1%}" if limit else "-"
    what = f"{limit:.0f}/s" if limit else "no limit"
    worst, refused = max(one.worst for one in seen), sum(one.refused for one in seen)
    cpu, server = min(one.cpu for one in seen), min(one.server for one in seen)
    return f"{name:11}{what:>9}  {how:6}{best.rate:>8.1f}{used:>8}{worst:>7}{refused:>5}{cpu:>8.0f}{server:>8.0f}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--postgres", default=os.environ.get("TEST_POSTGRES_URL"))
    arguments.add_argument("--recipients", type=int, default=20_000)
    arguments.add_argument("--scale", type=float, default=20.0)
    arguments.add_argument("--rates", type=float, nargs="+", default=[30, 1000, 0])
    arguments.add_argument("--rounds", type=int, default=2)
    arguments.add_argument("--ways", nargs="+", default=["push", "plain"])
    arguments.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.child:
        url, how, count = given.child
        asyncio.run(lay(url, how, int(count)))
        return
    print(f"{'':11}{'limit':>9}  {'':6}{'a second':>8}{'used':>8}{'worst':>7}{'429':>5}{'CPU µs':>8}{'server':>8}")
    promised: list[float] = []
    with tempfile.TemporaryDirectory() as place:
        for name, server in (("SQLite", None), ("PostgreSQL", given.postgres)):
            if name == "PostgreSQL" and not server:
                continue
            for limit in given.rates:
                count = int(given.recipients / (given.scale if limit == 30 else 1))
                found: dict[str, list[Seen]] = {how: [] for how in given.ways}
                for _ in range(given.rounds):
                    for how in given.ways:
                        with database(Path(place), server) as url:
                            found[how].append(measured(Path(place), url, how, count, limit))
                for how, seen in found.items():
                    print(line(name, how, limit, seen), flush=True)
                if limit and name == "SQLite" and "push" in found:
                    promised.append(max(one.used for one in found["push"]))
    print(f"least share of a limit that a push used on SQLite: {min(promised, default=0):.3f} ({PROMISE} is promised)")


if __name__ == "__main__":
    main()
