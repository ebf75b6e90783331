"""Here live the platforms that tags are kept in step with: a company and an official account full of tagged people."""

import asyncio
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any

from aiohttp import web

from benchmarks.servers import free_port
from sandbox import Sandbox, SandboxSettings

LOOPBACK = "127.0.0.1"
MEMBERS, GROUPS, IN_GROUP, FEW = 100, 100, 30, 100
PAGE, BATCH = 100, 50
GIVEN = 1_000  # customers who are tagged at once
SPARE = "双十一"  # the tag that nobody carries before that
dice = random.Random(5)


@dataclass(frozen=True)
class Place:
    """One platform as the measurements see it."""

    account: str
    base: str
    people: int
    tags: int
    sandbox: Sandbox
    held: Callable[[], list[list[Any]]]  # the tags of each contact
    ids: Sequence[Any]
    spare: Any
    fewest: int
    fewest_given: int


def company(sandbox: Sandbox, customers: int) -> Place:
    wecom, tags = sandbox.wecom, []
    for group in range(GROUPS):
        size = IN_GROUP - (group == 0)
        tags += wecom.admin.stock(f"组{group}", [f"标签{group}-{number}" for number in range(size)])
    ids = [tag.id for tag in tags]
    (spare,) = wecom.admin.stock("组0", [SPARE])
    follows = [wecom.befriend(f"member{n % MEMBERS:03}", f"wmBench{n:07}", f"客户{n}") for n in range(customers)]
    for follow in follows:
        follow.tags = dice.sample(ids, dice.randint(1, 5))
    fewest = 2 + ceil(customers / PAGE)  # the library, the members, their customers
    given = min(GIVEN, customers)
    return Place(
        "wecom",
        "/wecom/cgi-bin/",
        customers,
        len(ids) + 1,
        sandbox,
        lambda: [f.tags for f in follows],
        ids,
        spare.id,
        fewest,
        given,
    )


def followers(sandbox: Sandbox, people: int) -> Place:
    wechat = sandbox.wechat
    ids = [wechat.make_tag(f"标签{number}") for number in range(FEW - 1)]
    spare = wechat.make_tag(SPARE)
    users = [wechat.add_user(f"oOld{number}") for number in range(1, people + 1)]
    for user in users:
        user.tags = dice.sample(ids, dice.randint(1, 5))
    fewest = 1 + FEW  # the library, and who has each of its tags
    given = ceil(min(GIVEN, people) / BATCH)
    return Place(
        "official", "/wechat/cgi-bin/", people, FEW, sandbox, lambda: [u.tags for u in users], ids, spare, fewest, given
    )


@contextmanager
def simulated(server_port: int) -> Iterator[tuple[Sandbox, str, asyncio.AbstractEventLoop]]:
    """The platforms in a thread of their own, with nobody there yet but the members of the company."""
    loop = asyncio.new_event_loop()
    sandbox = Sandbox(SandboxSettings(f"http://{LOOPBACK}:{server_port}"))
    sandbox.wecom.members.clear()
    for number in range(MEMBERS):
        sandbox.wecom.add_member(f"member{number:03}", f"同事{number}")
    runner, port = web.AppRunner(sandbox.app, access_log=None), free_port()

    async def begin() -> None:
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, port).start()
        await sandbox.start()

    async def end() -> None:
        await sandbox.close()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        yield sandbox, f"http://{LOOPBACK}:{port}", loop
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
