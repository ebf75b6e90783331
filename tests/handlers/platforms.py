"""Here lives a house on both platforms that keep tags: the simulator over real HTTP, our workers drained by hand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.database import transaction
from bot.inbox import InboxWorker
from bot.limiter import LocalLimiter
from bot.outbox import OutboxWorker
from bot.worker import Worker
from channels import Tools, open_channel, tag_limits
from channels.wechat.config import Config as WeChatConfig
from channels.wecom.config import Config as WeComConfig
from domain.channel import Channel
from domain.events import InboundEvent
from domain.messages import Address
from domain.outgoing import TagChange, TagEdit
from domain.tags import TagRules
from handlers.bindings import bind, tell
from handlers.context import Context, House
from handlers.marks import adopt, want
from handlers.router import dispatch
from models.changes import Actor
from models.customers import Customer, Identity, Relation
from models.leads import Lead
from models.outbox import OutboxItem
from models.staff import Staff, StaffAccount
from models.sync import Binding, Mark
from models.tags import Tag, Tagging, TagGroup
from sandbox import Sandbox, SandboxSettings
from sandbox.wechat import WeChat
from sandbox.wecom.actors import WeCom
from tests.clock import Clock

KEY = b"a key of thirty-two bytes, no more"
Serve = Callable[..., Awaitable[TestServer]]
HURRY = {"wecom.tag_calls_minute": 600_000.0, "wechat.tag_calls_minute": 600_000.0}


@dataclass
class Platforms:
    """What is typed is `act`ed in one transaction; `run` lets everything happen that is due."""

    sandbox: Sandbox
    clock: Clock
    house: House
    inbox: InboxWorker
    outbox: OutboxWorker
    ids: dict[str, int] = field(default_factory=dict)
    deaf: bool = False
    acts: int = 0

    @property
    def wecom(self) -> WeCom:
        return self.sandbox.wecom

    @property
    def wechat(self) -> WeChat:
        return self.sandbox.wechat

    @asynccontextmanager
    async def act(self, staff: Staff | None = None) -> AsyncIterator[Context]:
        """A transaction of ours, as a command or an event has it."""
        self.acts += 1
        now = self.clock.forward(milliseconds=10)
        place = Address("test", "")
        ctx = Context(now, now, now, self.house, f"act{self.acts}", place, "zh-CN", staff=staff)
        async with transaction():
            yield ctx
            for promise in ctx.promises:
                await OutboxItem.enqueue(promise.outgoing, ctx.now, promise.message_id)

    async def make(self, *paths: str, scope: tuple[str, ...] = ()) -> list[Tag]:
        """Tags as a colleague makes them."""
        async with self.act() as ctx:
            made = []
            for path in paths:
                group_name, _, name = path.partition("/")
                group, _ = await TagGroup.get_or_create({"created_at": ctx.now}, name=group_name, gone_at=None)
                tag = await Tag.create(group=group, name=name, scope=list(scope), created_at=ctx.now)
                made.append(tag)
            await bind(made, ctx)
            await tell(ctx)
        return made

    async def customer(self, name: str, *members: str, fan: bool = False, owner: Staff | None = None) -> Customer:
        """Known to these members in WeCom, and as a follower of the official account."""
        now = self.clock.forward(milliseconds=10)
        customer = await Customer.create(name=name, owner=owner, created_at=now, seen_at=now)
        await Lead.create(customer=customer, owner=owner, created_at=now)
        told: dict[str, Any] = {"customer": customer, "name": name, "state_at": now, "added_at": now}
        if members:
            identity = await Identity.create(account="wecom", external_id=f"wm{name}", **told)
            for member in members:
                self.wecom.befriend(member, f"wm{name}", name)
                await Relation.create(identity=identity, userid=member, added_at=self.clock.forward(seconds=1))
        if fan:
            await Identity.create(account="official", external_id=f"o{name}", **told)
            self.wechat.add_user(f"o{name}")
        return customer

    async def tag(self, customer: Customer, *tags: Tag, off: bool = False, by: Staff | None = None) -> None:
        """A colleague gives tags to a customer, or takes them."""
        async with self.act(by) as ctx:
            known = [(customer.id, tag) for tag in (await Tag.of([tag.id for tag in tags])).values()]
            actor = Actor(by.id if by else None, "test", ctx.now)
            await (Tagging.take(known, actor) if off else Tagging.give(known, "staff", actor))
            await want([customer.id], ctx)

    async def run(self, outbox: bool = True) -> None:
        """Until nothing is due."""
        for _ in range(1_000):
            busy = [lane for worker in self._workers(outbox) for lane in await self._drain(worker)]
            if not busy:
                return
        raise AssertionError("it never ends")

    async def later(self, **duration: float) -> None:
        self.clock.forward(**duration)
        await self.run()

    def _workers(self, outbox: bool) -> list[Worker[Any]]:
        return [self.inbox, self.outbox] if outbox else [self.inbox]

    async def _drain(self, worker: Worker[Any]) -> list[str]:
        """Lanes in which something happened, and did not only have to wait."""
        now = self.clock.forward(milliseconds=5)
        lanes = [lane for lane, due in await worker.waiting(now) if due <= now]
        until = {lane: await worker.drain(lane) for lane in lanes}
        return [lane for lane, due in until.items() if due is None or due <= self.clock()]

    async def sent(self) -> list[TagEdit | TagChange]:
        """Every change of tags that was promised, in order."""
        rows = await OutboxItem.all().order_by("id")
        return [out for row in rows if isinstance(out := row.outgoing, TagEdit | TagChange)]

    def library(self) -> dict[str, list[str]]:
        groups = self.wecom.tags.groups.values()
        return {group.name: [tag.name for tag in group.tags.values()] for group in groups}

    def carried(self, name: str) -> dict[str, list[str]]:
        """By member, what a customer carries in WeCom."""
        names = {tag.id: tag.name for group in self.wecom.tags.groups.values() for tag in group.tags.values()}
        follows = self.wecom.contacts[f"wm{name}"].follows.values()
        return {follow.userid: sorted(names[tag] for tag in follow.tags) for follow in follows}

    def followed(self, name: str) -> list[str]:
        """What a follower carries on the official account."""
        return sorted(self.wechat.tags[tag] for tag in self.wechat.users[f"o{name}"].tags)

    def wecom_id(self, name: str) -> str:
        return next(
            tag.id for group in self.wecom.tags.groups.values() for tag in group.tags.values() if tag.name == name
        )


async def read(here: Platforms, name: str) -> int:
    """Take over what WeCom tells of one customer."""
    identity = await Identity.get(account="wecom", external_id=f"wm{name}")
    follows = here.wecom.contacts[f"wm{name}"].follows.values()
    async with here.act() as ctx:
        reads = [(identity, follow.userid, frozenset(follow.tags)) for follow in follows]
        return await adopt(reads, ctx.now, ctx)


async def happen(here: Platforms, event: InboundEvent) -> None:
    async with here.act() as ctx:
        await dispatch(event, ctx)


async def carries(customer: Customer) -> list[str]:
    return [tagging.tag.name for tagging in await Tagging.of(customer.id)]


async def states() -> dict[str, int]:
    """How many marks are how far."""
    found: dict[str, int] = {}
    for mark in await Mark.filter(binding__retired=False):
        if mark.wanted or mark.agreed or mark.sending is not None:
            found[mark.state] = found.get(mark.state, 0) + 1
    return found


async def reasons(account: str) -> dict[str, str]:
    """Of the living bindings that failed, by tag."""
    rows = await Binding.on(account)
    return {row.tag.name: row.reason for row in rows if row.tag and row.reason and not row.retired}


@asynccontextmanager
async def opened_platforms(house: House, clock: Clock, serve: Serve, **rules: Any) -> AsyncIterator[Platforms]:
    """`rules` replace limits of an account: `official={"tags": 2}`."""
    app = web.Application()
    door = await serve(app, port=None)
    settings = SandboxSettings(server_url=str(door.make_url("")).rstrip("/"))
    sandbox = Sandbox(settings, clock=lambda: clock().timestamp())
    server = await serve(sandbox.app, port=None)
    sandbox.wecom.add_member("hanmei", "韩梅梅")
    sandbox.wecom.add_member("lilei", "李雷")
    async with aiohttp.ClientSession() as session:
        tools = Tools(session, clock, "http://127.0.0.1:1", {})
        channels: dict[str, Channel] = {
            "wecom": open_channel(WeComConfig(**_wecom(settings, str(server.make_url("/wecom")))), tools),
            "official": open_channel(WeChatConfig(**_wechat(settings, str(server.make_url("/wechat")))), tools),
        }
        tags = {name: _rules(channel.kind, rules.get(name, {})) for name, channel in channels.items()}
        house = replace(house, accounts={"wecom": "wecom", "official": "wechat"}, tags=tags)
        limiter = LocalLimiter(lambda: clock().timestamp())
        inbox, outbox = InboxWorker(channels, house, clock, KEY), OutboxWorker(channels, limiter, clock)
        for channel in channels.values():
            channel.limits = replace(channel.limits, tags=())
        async with inbox.handling, inbox.comparing, outbox.settling:
            yield Platforms(sandbox, clock, house, inbox, outbox)


def _rules(kind: str, changed: dict[str, Any]) -> TagRules:
    limits = tag_limits(kind)
    assert limits
    return TagRules(replace(limits, **changed))


def _wecom(settings: SandboxSettings, base: str) -> dict[str, Any]:
    return {
        "name": "wecom",
        "kind": "wecom",
        "corp_id": settings.corp_id,
        "agent_id": settings.agent_id,
        "secret": settings.wecom_secret,
        "token": settings.wecom_token,
        "aes_key": settings.wecom_aes_key,
        "api_base": base,
    }


def _wechat(settings: SandboxSettings, base: str) -> dict[str, Any]:
    return {
        "name": "official",
        "kind": "wechat",
        "app_id": settings.app_id,
        "app_secret": settings.wechat_secret,
        "token": settings.wechat_token,
        "aes_key": settings.wechat_aes_key,
        "api_base": base,
    }


async def hired(name: str, userid: str, clock: Clock) -> Staff:
    """A colleague with an account in WeCom."""
    staff = await Staff.create(name=name, role="sales", created_at=clock())
    await StaffAccount.bind(Address("wecom", userid), staff, clock())
    return staff
