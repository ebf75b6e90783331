"""Here lives a server process that is killed while tags are on their way to two simulated platforms."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bot.database import transaction
from domain.permissions import Role
from models.customers import Customer, Identity, Relation
from models.inbox import InboxEvent
from models.leads import Lead
from models.outbox import OutboxItem
from models.sql import dialect, select
from models.staff import Staff
from models.sync import Sync
from sandbox import Call, Sandbox
from tests.journeys.histories import CHANGING
from tests.journeys.tag_deeds_there import FIRST
from tests.processes import ServerProcess

BOSS, MEMBERS = "admin-userid", ("hanmei", "lilei")
MANY = 120
WITHIN = 60.0
TICK = 0.02
SOON = timedelta(seconds=10)  # what is asked again later than that finds nothing new


class Gate:
    """Answers of a platform are held back once so many calls of each path were carried out."""

    def __init__(self) -> None:
        self.left: dict[str, int] = {}
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    def hold(self, calls: dict[str, int]) -> None:
        self.left = dict(calls)
        self.reached.clear()
        self.opened.clear()

    def open(self) -> None:
        self.left = {}
        self.opened.set()

    async def passed(self, path: str) -> None:
        for end in self.left:
            if path.endswith(end):
                self.left[end] -= 1
                if max(self.left.values()) <= 0:
                    self.reached.set()
                if self.left[end] <= 0:
                    await self.opened.wait()


class Ordeal:
    """`commands` were typed by the boss; each life of the server hears all of them once more."""

    def __init__(self, server: ServerProcess, sandbox: Sandbox) -> None:
        self.server = server
        self.sandbox = sandbox
        self.gate = Gate()
        self.commands: list[str] = []
        self.people: list[Customer] = []
        sandbox.stage.postman.tries = 1
        sandbox.app.middlewares.append(_gated(self.gate))
        for member in MEMBERS:
            sandbox.wecom.add_member(member, member)

    async def settle(self) -> None:
        """Everybody is in WeCom, every third with two members, and follows the official account."""
        now = datetime.now(UTC) - timedelta(days=1)
        await Staff.appoint("老板", Role.ADMIN, {"wecom": BOSS}, now)
        async with transaction():
            for number in range(MANY):
                await self._settle(number, now)

    async def _settle(self, number: int, now: datetime) -> None:
        customer = await Customer.create(name=f"客户{number}", created_at=now, seen_at=now)
        await Lead.create(customer=customer, created_at=now)
        about: dict[str, Any] = {"customer": customer, "name": customer.name, "state_at": now, "added_at": now}
        identity = await Identity.create(account="wecom", external_id=f"wm{number}", **about)
        await Identity.create(account="official", external_id=f"o{number}", **about)
        self.sandbox.wechat.add_user(f"o{number}", customer.name)
        for member in MEMBERS if number % 3 == 0 else MEMBERS[:1]:
            await Relation.create(identity=identity, userid=member, added_at=now)
            self.sandbox.wecom.befriend(member, f"wm{number}", customer.name)
        self.people.append(customer)

    def named(self, first: int, end: int) -> str:
        return " ".join(customer.short_id for customer in self.people[first:end])

    async def say(self) -> None:
        """Everything that was ever typed, as a platform repeats what it was not thanked for."""
        for number, text in enumerate(self.commands, 1):
            answer = await self.sandbox.wecom.member_says(BOSS, text, msg_id=str(number))
            if not answer.is_taken:
                return

    async def dies_before_the_answer(self, calls: dict[str, int]) -> None:
        """Killed when so many calls of each path were carried out, and none of the last ones answered."""
        self.gate.hold(calls)
        await self.begin()
        async with asyncio.timeout(WITHIN):
            await self.gate.reached.wait()
        await self.kill()
        self.gate.open()

    async def dies_at_line(self, line: int, *road: str) -> bool:
        """Whether it came so far on this road before everything was done."""
        await self.begin(line, road)
        async with asyncio.timeout(WITHIN):
            while not self.server.is_dead and await self.left():
                await asyncio.sleep(TICK)
        died = self.server.is_dead
        await self.kill()
        return died

    async def dies_after(self, changes: int) -> None:
        """Killed at any moment, when the platforms have heard of so many more changes."""
        goal = len(self.changes()) + changes  # before it begins: on a busy machine it may soon have done most of them
        await self.begin()
        async with asyncio.timeout(WITHIN):
            while len(self.changes()) < goal:
                await asyncio.sleep(TICK / 10)
        await self.kill()

    async def begin(self, line: int = 0, road: Sequence[str] = ()) -> None:
        if self.server.is_dead:
            await self.server.start(dying_at_line=line, road=road)
        await self.say()

    async def kill(self) -> None:
        """It is gone for so long that others go on where it stopped: what is shared waits seconds for a heartbeat."""
        self.server.kill()
        if dialect() == "postgres":
            await select("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' RETURNING id")

    async def left(self) -> list[Any]:
        """What is yet to be done."""
        due = InboxEvent.filter(state="waiting", due_at__lte=datetime.now(UTC) + SOON)
        unsent = OutboxItem.filter(state__in=["waiting", "sending"], lane__contains=":tags")
        parts = Sync.exclude(part="").values_list("account", "part", "reason")
        return [*await parts, *[(row.lane, row.error, row.payload) for row in [*await due, *await unsent]]]

    async def drained(self) -> None:
        """Wait until nothing is left to do."""
        end = asyncio.get_running_loop().time() + WITHIN
        while left := await self.left():
            assert asyncio.get_running_loop().time() < end, left
            await asyncio.sleep(TICK)

    async def compared(self) -> None:
        """Both accounts once more, as at every start."""
        if not self.server.is_dead:
            await self.kill()
        await self.server.start()
        await self.drained()

    def asked(self, path: str, since: int = 0) -> list[Any]:
        """What each call of this kind said."""
        return [call.body for call in self.sandbox.calls[since:] if call.method_or_path == path]

    def changes(self, since: int = 0) -> list[Call]:
        return [call for call in self.sandbox.calls[since:] if call.method_or_path.endswith(CHANGING)]

    def in_wecom(self) -> list[list[str]]:
        """What each customer has there, as often as they have it on some relation."""
        names = {tag.id: tag.name for _, tag in self.sandbox.wecom.tags.all()}
        contacts = [self.sandbox.wecom.contacts[f"wm{number}"] for number in range(MANY)]
        return [sorted(names[tag] for follow in each.follows.values() for tag in follow.tags) for each in contacts]

    def on_official(self) -> list[list[str]]:
        names = self.sandbox.wechat.tags
        return [sorted(names[tag] for tag in self.sandbox.wechat.users[f"o{number}"].tags) for number in range(MANY)]

    def libraries(self) -> tuple[list[str], list[str]]:
        """WeCom's tags and the official account's own, each as often as it is there."""
        wecom = sorted(f"{group.name}/{tag.name}" for group, tag in self.sandbox.wecom.tags.all())
        return wecom, sorted(name for tag, name in self.sandbox.wechat.tags.items() if tag > FIRST)


def _gated(gate: Gate) -> Any:
    @web.middleware
    async def gated(request: web.Request, handler: Any) -> Any:
        answer = await handler(request)
        await gate.passed(request.path)
        return answer

    return gated
