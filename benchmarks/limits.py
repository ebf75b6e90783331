"""One account's rate kept by several processes on one PostgreSQL, in the two ways that it can be done.

    python benchmarks/limits.py --postgres URL [--processes 4] [--seconds 10]

`slots` is ours: slots are taken in the database a moment ahead. `shares` is the other: every process leases a share of
the rate. In each process 40 pushes wait all the time (`steady`), or the load goes from process to process each second
(`moving`), or each push is for another chat that has a rate of its own (`chats`); in one of the processes a reply comes
now and then and must overtake them all. `used` is the share of the rate that was used; `worst` the most that any window
held, of those allowed; `asked` the statements a second of all processes, `CPU` what these use of one core.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.servers import postgres_database
from benchmarks.shares import TABLE, Shares
from bot.database import migrate, opened
from bot.shared_limiter import SharedLimiter
from domain.channel import Limits, Rate
from models.limits import RateLimit

IN_FLIGHT = 40
WARM = 1.0  # seconds that are not counted
RATES = (Rate(30, 1.0, 1), Rate(1000, 1.0, 20))
Turn = Callable[[int], Awaitable[object]]


@dataclass
class Seen:
    """What one process did: moments of its sends, seconds that replies waited, statements."""

    sent: list[float] = field(default_factory=list)
    replies: list[float] = field(default_factory=list)
    asked: int = 0
    cpu: float = 0.0


@dataclass
class Plan:
    """What one process is to do."""

    design: str
    rate: Rate
    load: str
    number: int
    processes: int
    seconds: float
    start: float = 0.0

    def busy(self, now: float) -> bool:
        return self.load != "moving" or int(now - self.start) % self.processes == self.number


async def push(plan: Plan, turn: Turn, seen: Seen) -> None:
    while True:
        if not plan.busy(time.monotonic()):
            await asyncio.sleep(0.02)
            continue
        await turn(9)
        seen.sent.append(time.monotonic())


async def reply(turn: Turn, seen: Seen) -> None:
    while True:
        await asyncio.sleep(0.2 + 0.2 * random.random())
        came = time.monotonic()
        await turn(0)
        seen.sent.append(time.monotonic())
        seen.replies.append(seen.sent[-1] - came)


async def send(plan: Plan, turn: Turn, seen: Seen) -> None:
    print("ready", flush=True)
    plan.start = float(await asyncio.to_thread(sys.stdin.readline))
    await asyncio.sleep(plan.start - time.monotonic())
    cpu = time.process_time()
    tasks = [asyncio.create_task(push(plan, turn, seen)) for _ in range(IN_FLIGHT)]
    if plan.number == 0:
        tasks.append(asyncio.create_task(reply(turn, seen)))
    await asyncio.sleep(plan.start + plan.seconds + WARM - time.monotonic())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    seen.cpu = time.process_time() - cpu


def counted(ask: Callable[..., Awaitable[object]], seen: Seen) -> Any:
    async def counting(*given: object) -> object:
        seen.asked += 1
        return await ask(*given)

    return counting


async def slots(url: str, plan: Plan, seen: Seen) -> None:
    numbers = itertools.count()
    limits = Limits(account=(plan.rate,), recipient=(Rate(1, 1.0, 3),) if plan.load == "chats" else ())
    RateLimit.take = counted(RateLimit.take, seen)  # type: ignore[method-assign]
    RateLimit.look = counted(RateLimit.look, seen)  # type: ignore[method-assign]
    async with opened(url), SharedLimiter(time.monotonic) as limiter:

        async def turn(priority: int) -> None:
            chat = f"{plan.number}-{next(numbers)}"
            if plan.load == "chats":
                await limiter.wait("bot", limits, chat, group=False)
            await limiter.turn("bot", limits, chat, group=False, priority=priority)

        await send(plan, turn, seen)


async def shares(url: str, plan: Plan, seen: Seen) -> None:
    connection = await asyncpg.connect(url)
    sharing = Shares(plan.rate, connection, time.monotonic)
    await send(plan, sharing.turn, seen)
    await sharing.close()
    seen.asked = sharing.statements
    await connection.close()


def child(text: str) -> None:
    given = json.loads(text)
    url, rate = given.pop("url"), Rate(*given.pop("rate"))
    plan, seen = Plan(rate=rate, **given), Seen()
    asyncio.run((slots if plan.design == "slots" else shares)(url, plan, seen))
    print(json.dumps(vars(seen)))


async def prepare(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE + "TRUNCATE rate_limit, share_of")
    await connection.close()


def measure(url: str, design: str, rate: Rate, load: str, asked: argparse.Namespace) -> list[Seen]:
    asyncio.run(prepare(url))
    common = {"url": url, "design": design, "rate": (rate.count, rate.seconds, rate.burst), "load": load}
    common |= {"processes": asked.processes, "seconds": asked.seconds}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [
        subprocess.Popen([sys.executable, __file__, "--child", json.dumps(common | {"number": number})], **pipes)
        for number in range(asked.processes)
    ]
    for process in running:
        process.stdout.readline()
    for process in running:
        process.stdin.write(f"{time.monotonic() + 0.2}\n")
        process.stdin.flush()
    return [Seen(**json.loads(process.communicate()[0])) for process in running]


def most(moments: list[float], seconds: float) -> int:
    """The most in any window."""
    worst = first = 0
    for last, at in enumerate(moments):
        while at - moments[first] >= seconds:
            first += 1
        worst = max(worst, last - first + 1)
    return worst


def line(design: str, rate: Rate, load: str, seen: list[Seen], seconds: float) -> str:
    moments = sorted(at for one in seen for at in one.sent)
    counted = [at for at in moments if at >= moments[0] + WARM]
    replies = sorted(wait * 1000 for one in seen for wait in one.replies)
    used = len(counted) / (rate.count / rate.seconds * seconds)
    window = f"{most(moments, rate.seconds)} of {rate.count + rate.burst:.0f}"
    asked = sum(one.asked for one in seen) / (seconds + WARM)
    cpu = sum(one.cpu for one in seen) / (seconds + WARM)
    middle, worst = replies[len(replies) // 2], replies[-1]
    figures = f"{used:7.1%} {window:>13} {middle:>8.0f} {worst:>8.0f} {asked:>8.0f} {cpu:>7.0%}"
    return f"{design:8} {rate.count:>5.0f}/s, burst {rate.burst:<3} {load:7} {figures}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--postgres", default=os.environ.get("TEST_POSTGRES_URL"))
    arguments.add_argument("--processes", type=int, default=4)
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--child", help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.child:
        child(asked.child)
        return
    if not asked.postgres:
        print("measures PostgreSQL only: --postgres URL, or TEST_POSTGRES_URL")
        return
    print("design            rate       load       used         worst  reply ms     max    asked     CPU")
    with postgres_database(asked.postgres) as url:
        asyncio.run(migrate(url))
        for rate in RATES:
            for load in ("steady", "moving", "chats"):
                for design in ("slots", "shares")[: 1 if load == "chats" else 2]:
                    seen = measure(url, design, rate, load, asked)
                    print(line(design, rate, load, seen, asked.seconds), flush=True)


if __name__ == "__main__":
    main()
