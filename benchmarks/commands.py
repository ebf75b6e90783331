"""Here lives the promise of the staff's chat: a reading command is as fast among 1,000,000 customers as among none.

    python benchmarks/commands.py [--customers N] [--file FILE] [--postgres URL]

Every reading command of the table is typed the same number of times over an empty database and over a full one, by
turns, through the router and the templates, each in its transaction and with its entry in the audit trail; p95 of all
over the full one is promised to be at most twice that over the empty one. FILE is kept and used again; URL is an empty
database, or one filled before, and needs --empty for the other one.
"""

import argparse
import asyncio
import gc
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.crowd import fill_postgres, fill_sqlite
from benchmarks.people import STAFF, Person, people
from bot.database import migrate, opened, transaction
from domain.errors import Refusal
from domain.events import Chat, MessageReceived, Sender
from domain.messages import Address, Text
from domain.permissions import Role
from handlers import router
from handlers.context import Context, House
from models.audit import AuditEntry
from models.staff import Staff, StaffAccount

ASKED = 150  # of each command, in each of the rounds
ROUNDS = 2
PROMISED = 2.0
KEY = bytes(32)
HOUSE = House("zh-CN", ZoneInfo("Asia/Shanghai"), {"telegram": "telegram"}, {"default": "welcome"}, ())
PEOPLE = ((Role.ADMIN, "9001"), (Role.SALES, "9002"))
dice = random.Random(11)
Times = dict[str, list[float]]


def asked(person: Person, name: str) -> str:
    """What a colleague types for the command `name`; empty for one that only goes on where another stopped."""
    who = dice.choice([f"C{person.id}", person.name, person.phone[-4:] or person.name])
    return {
        "find": f"查 {who}",
        "show": f"看 C{person.id}",
        "talk": f"聊天 C{person.id}",
        "todo": "待办",
        "leads": dice.choice(["线索", "线索 状态=新", "线索 我的", "线索 7天"]),
        "log": f"日志 C{person.id}",
        "more": "",
    }.get(name, f"/{name}")


async def say(text: str, sender: str, number: int) -> None:
    now = datetime.now(UTC)
    address = Address("telegram", sender)
    ctx = Context(now=now, arrived=now, read_at=now, house=HOUSE, key=str(number), chat=address, language="zh-CN")
    try:
        async with transaction():
            await router.dispatch(MessageReceived(now, Sender(address), Chat(address), Text(text)), ctx)
            await AuditEntry.append([ctx.entry] if ctx.entry else [], KEY)
    except Refusal as refusal:
        ctx.words(refusal.key, **refusal.values)
        async with transaction():
            await AuditEntry.append([ctx.entry] if ctx.entry else [], KEY)


async def measure(url: str, crowd: Sequence[Person], times: Times) -> None:
    commands = [row for row in router.table().commands if row.tier == "read" or row.name == "todo"]
    async with opened(url):
        for role, sender in PEOPLE:
            staff = await Staff.appoint(f"bench {role.value}", role, {"telegram": sender}, datetime.now(UTC))
            await StaffAccount.used(Address("telegram", sender), datetime.now(UTC))
            assert staff.role is role
        gc.collect()
        gc.freeze()
        for number in range(-20, ASKED):
            for row in commands:
                for sender in (sender for role, sender in PEOPLE if row.open_to(role)):
                    if text := asked(dice.choice(crowd), row.name):
                        start = time.perf_counter()
                        await say(text, sender, number)
                        if number >= 0:
                            times[row.name].append((time.perf_counter() - start) * 1000)


def p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[18]


def report(empty: Times, full: Times, count: int) -> float:
    print(f"{'command':12}{'empty p50':>12}{'p95':>8}{f'{count:,} p50':>16}{'p95':>8}   ms")
    for name in full:
        small, big = quantiles(empty[name], n=20), quantiles(full[name], n=20)
        print(f"{name:12}{small[9]:>12.2f}{small[18]:>8.2f}{big[9]:>16.2f}{big[18]:>8.2f}")
    small, big = ([one for each in times.values() for one in each] for times in (empty, full))
    ratio = p95(big) / p95(small)
    print(f"p95 of all {p95(small):.2f} ms and {p95(big):.2f} ms: {ratio:.2f} x, promised at most {PROMISED:.0f} x")
    return ratio


def stored(chosen: argparse.Namespace, file: Path) -> str:
    """The address of a database with that many customers and leads."""
    url = chosen.postgres or f"sqlite://{file}"
    if chosen.postgres or not file.exists():
        start = time.perf_counter()
        asyncio.run(migrate(url))
        if chosen.postgres:
            asyncio.run(fill_postgres(url, people(chosen.customers), STAFF))
        else:
            fill_sqlite(file, people(chosen.customers), STAFF)
        print(f"{chosen.customers:,} customers stored in {time.perf_counter() - start:.0f} s")
    return str(url)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--customers", type=int, default=1_000_000)
    options.add_argument("--file", type=Path)
    options.add_argument("--postgres", metavar="URL", help="a database to fill")
    options.add_argument("--empty", metavar="URL", help="an empty PostgreSQL database beside it")
    chosen = options.parse_args()
    router.load()
    crowd = dice.sample(list(people(chosen.customers)), min(chosen.customers, 2_000))
    empty: Times = defaultdict(list)
    full: Times = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        big = stored(chosen, (chosen.file or Path(folder) / "full.db").resolve())
        small = chosen.empty or f"sqlite://{folder}/empty.db"
        asyncio.run(migrate(small))
        for _ in range(ROUNDS):
            asyncio.run(measure(small, crowd, empty))
            asyncio.run(measure(big, crowd, full))
    return 0 if report(empty, full, chosen.customers) <= PROMISED else 1


if __name__ == "__main__":
    sys.exit(main())
