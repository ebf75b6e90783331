"""Here lives a house whose tags are edited on all sides at once, while news travels slowly and calls fail.

The platforms are the simulator's, over real HTTP; our workers are drained lane by lane, so that a test decides what
happens before what. An answer that is held back is one that was given before whatever happens next.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.database import transaction
from bot.inbox import InboxWorker
from bot.limiter import LocalLimiter
from bot.outbox import OutboxWorker
from channels import Tools, tag_limits
from domain.channel import CallbackRequest, Channel
from domain.permissions import Role
from domain.sync import SyncDue
from domain.tags import Policy, TagRules
from handlers import router, sync
from handlers.context import House
from models.customers import Customer, Identity, Relation
from models.inbox import Arrival, InboxEvent
from models.leads import Lead
from models.outbox import OutboxItem
from models.staff import Staff
from sandbox import Sandbox, SandboxSettings
from sandbox.wechat import WeChat
from sandbox.wecom import WeCom
from tests.clock import Clock
from tests.journeys.tag_channels import tagged_channels

KEY = b"a key of thirty-two bytes, no more"
BOSS, MEMBERS = "boss", ("hanmei", "lilei")
KEPT = "一直都在"  # an empty library proves nothing
CODE = re.compile(r"(?:确认|confirm) ([0-9][0-9A-Z]{3})\b")
CHANGING = ("add_corp_tag", "edit_corp_tag", "del_corp_tag", "mark_tag", "create", "update", "delete", "tagging")
Serve = Callable[..., Awaitable[TestServer]]
Lane = tuple[str, str]  # inbox or outbox, and its lane
Drain = Callable[[str], Awaitable[datetime | None]]


@dataclass
class Land:
    """`deaf`: our door is closed, and callbacks are lost. `shut`: ends of paths whose next answer is held back."""

    sandbox: Sandbox
    clock: Clock
    house: House
    channels: dict[str, Channel] = field(default_factory=dict)
    deaf: bool = False
    shut: set[str] = field(default_factory=set)
    later: dict[Lane, tuple[datetime, int]] = field(default_factory=dict)
    held: dict[Lane, asyncio.Task[datetime | None]] = field(default_factory=dict)
    gates: list[asyncio.Event] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    people: list[Customer] = field(default_factory=list)
    open_channels: Callable[[], dict[str, Channel]] = dict
    life: AsyncExitStack = field(default_factory=AsyncExitStack)

    inbox: InboxWorker = field(init=False)
    outbox: OutboxWorker = field(init=False)

    @property
    def wecom(self) -> WeCom:
        return self.sandbox.wecom

    @property
    def wechat(self) -> WeChat:
        return self.sandbox.wechat

    async def start(self) -> None:
        """As the server starts: what was in flight is done again, and every account is compared."""
        self.channels = self.open_channels()
        limiter = LocalLimiter(lambda: self.clock().timestamp())
        self.inbox = InboxWorker(self.channels, self.house, self.clock, KEY)
        self.outbox = OutboxWorker(self.channels, limiter, self.clock)
        self.life = AsyncExitStack()
        await self.life.enter_async_context(self.inbox.handling)
        await self.life.enter_async_context(self.inbox.comparing)
        await self.life.enter_async_context(self.outbox.settling)
        await self.outbox.recover()
        for account in sorted(self.house.tags):
            async with transaction():
                await sync.at_start(account, self.clock())

    async def compare(self) -> None:
        """As every night; it is done when it was run."""
        now = self.clock.forward(seconds=1)
        await InboxEvent.remind(SyncDue(now), f"night:{now}", now, now)

    async def die(self) -> None:
        """Whatever is under way is never heard of again."""
        for task in self.held.values():
            task.cancel()
        await asyncio.gather(*self.held.values(), return_exceptions=True)
        self.held.clear()
        self.later.clear()
        self.let_through()
        await self.life.aclose()

    def let_through(self) -> None:
        """What was held back arrives."""
        self.shut.clear()
        for gate in self.gates:
            gate.set()
        self.gates.clear()

    async def due(self) -> list[Lane]:
        """Where something can be done now; what we say to colleagues is nobody's business here."""
        queues = (("inbox", self.inbox), ("outbox", self.outbox))
        found = [(name, lane) for name, queue in queues for lane, _ in await queue.waiting(self.clock())]
        later = [(lane, last) for lane, (until, last) in self.later.items() if until > self.clock()]
        waits = {lane for lane, last in later if await self.last(lane) == last}
        ours = [each for each in found if each[0] == "inbox" or ":tags" in each[1]]
        return sorted(each for each in ours if each not in {*self.held, *waits})

    async def last(self, lane: Lane) -> int:
        """What waits behind a row that is not due goes on waiting, until there is something newer."""
        rows = InboxEvent if lane[0] == "inbox" else OutboxItem
        row = await rows.filter(lane=lane[1]).order_by("-id").first()
        return row.id if row else 0

    async def drain(self, lane: Lane) -> None:
        """Until nothing is due in it, or an answer is held back."""
        drain: Drain = {"inbox": self.inbox.drain, "outbox": self.outbox.drain}[lane[0]]
        self.held[lane] = task = asyncio.create_task(drain(lane[1]))
        self.reached.clear()
        waiting = asyncio.create_task(self.reached.wait())
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        await self.arrive(wait=False)

    async def arrive(self, *, wait: bool = True) -> None:
        """What was let through is heard."""
        if wait:
            self.let_through()
            await asyncio.gather(*self.held.values())
        for lane, task in list(self.held.items()):
            if task.done():
                del self.held[lane]
                self.later.pop(lane, None)
                if until := task.result():
                    self.later[lane] = until, await self.last(lane)

    async def run(self) -> None:
        """Until nothing is due."""
        await self.arrive()
        for _ in range(2_000):
            self.clock.forward(milliseconds=5)
            if not (lanes := await self.due()):
                return
            for lane in lanes:
                await self.drain(lane)
        raise AssertionError(f"it never ends: {lanes}")

    async def typed(self, text: str) -> str:
        """The boss writes it, and reads what is answered; `deaf` or not, the app itself is always heard."""
        deaf, self.deaf = self.deaf, False
        last = await OutboxItem.all().order_by("-id").first()
        await self.wecom.member_says(BOSS, text)
        self.deaf = deaf
        row = await InboxEvent.filter(account="wecom").order_by("-id").first()
        assert row
        await self.inbox.drain(row.lane)
        said = OutboxItem.filter(id__gt=last.id if last else 0, lane=f"wecom:{BOSS}").order_by("id")
        return "\n".join([str(item.outgoing) for item in await said])

    async def confirmed(self, text: str) -> str:
        """The same, and what is asked back is confirmed."""
        answer = await self.typed(text)
        found = CODE.search(answer)
        return answer + "\n" + await self.typed(f"确认 {found[1]}") if found else answer

    def mend(self) -> None:
        """No call fails any more, and we are told everything."""
        self.sandbox.stage.ledger._failures.clear()
        self.wecom.blocked_until.clear()
        self.deaf = False

    async def customer(self, name: str, *members: str, fan: bool = False) -> Customer:
        """Known to these members in WeCom, and as a follower of the official account."""
        now = self.clock.forward(seconds=1)
        customer = await Customer.create(name=name, created_at=now, seen_at=now)
        await Lead.create(customer=customer, created_at=now)
        about: dict[str, Any] = {"customer": customer, "name": name, "state_at": now, "added_at": now}
        if members:
            identity = await Identity.create(account="wecom", external_id=f"wm{name}", **about)
            for member in members:
                self.wecom.befriend(member, f"wm{name}", name)
                await Relation.create(identity=identity, userid=member, added_at=self.clock.forward(seconds=1))
        if fan:
            await Identity.create(account="official", external_id=f"o{name}", **about)
            self.wechat.add_user(f"o{name}", name)
        self.people.append(customer)
        return customer

    async def heard(self, request: web.Request) -> web.Response:
        """Our door: it stores, or is closed."""
        body, channel = await request.read(), self.channels[request.match_info["account"]]
        if self.deaf:
            return web.Response(status=503)
        headers = {name.lower(): value for name, value in request.headers.items()}
        intake = await channel.receive(CallbackRequest(request.method, dict(request.query), headers, body))
        await InboxEvent.store([Arrival(channel.account, event, self.clock()) for event in intake.events])
        return web.Response(text="success")

    async def answer(self, request: web.Request, carry_out: Callable[..., Awaitable[web.StreamResponse]]) -> Any:
        """What a platform answers now, arrives when it is let through."""
        given = await carry_out(request)
        if shut := next((path for path in self.shut if request.path.endswith(path)), ""):
            self.shut.discard(shut)
            self.gates.append(gate := asyncio.Event())
            self.reached.set()
            await gate.wait()
        return given


@asynccontextmanager
async def settled_land(
    serve: Serve, clock: Clock, random: Callable[[int], bytes], policy: Policy = "platform"
) -> AsyncIterator[Land]:
    """Four customers, of whom one is everywhere, one known to two members, and two are in one place each."""
    router.load()
    lands: list[Land] = []
    door = web.Application()

    async def heard(request: web.Request) -> web.Response:
        return await lands[0].heard(request)

    door.router.add_route("*", "/callbacks/{account}", heard)
    settings = SandboxSettings(server_url=_url(await serve(door)))
    sandbox = Sandbox(settings, clock=lambda: clock().timestamp())
    sandbox.stage.ids.random = random
    rules = {"wecom": _rules("wecom", policy), "official": _rules("wechat", policy)}
    accounts = {"wecom": "wecom", "official": "wechat"}
    house = House("zh-CN", ZoneInfo("Asia/Shanghai"), accounts, {}, (), rules)
    lands.append(land := Land(sandbox, clock, house))
    sandbox.app.middlewares.append(_gate(land))
    base = _url(await serve(sandbox.app))
    async with aiohttp.ClientSession() as session:
        tools = Tools(session, clock, "http://127.0.0.1:1", {})
        land.open_channels = lambda: {channel.account: channel for channel in tagged_channels(settings, base, tools)}
        await sandbox.start()
        for member in (BOSS, *MEMBERS):
            sandbox.wecom.add_member(member, member)
        await Staff.appoint("老板", Role.ADMIN, {"wecom": BOSS}, clock())
        await land.customer("甲", "hanmei")
        await land.customer("乙", "hanmei", "lilei", fan=True)
        await land.customer("丙", "hanmei", "lilei")
        await land.customer("丁", fan=True)
        sandbox.wecom.admin.stock(KEPT, [KEPT])
        sandbox.wechat.make_tag(KEPT)
        await land.start()
        try:
            yield land
        finally:
            await land.die()
            await sandbox.close()


def _url(server: TestServer) -> str:
    return str(server.make_url("")).rstrip("/")


def _rules(kind: str, policy: Policy) -> TagRules:
    limits = tag_limits(kind)
    assert limits
    return TagRules(limits, policy)


def _gate(land: Land) -> Any:
    @web.middleware
    async def gate(request: web.Request, handler: Any) -> Any:
        return await land.answer(request, handler)

    return gate
