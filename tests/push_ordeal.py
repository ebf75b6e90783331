"""Here lives a server process that is killed while a push is on its way to people on a simulated Telegram."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from domain.push_events import PushDue
from models.customers import Customer, Identity
from models.database import insert_many, transaction
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.pushes import Push
from models.recipients import Recipient
from models.sql import dialect, select
from sandbox import Sandbox
from tests.processes import ServerProcess
from tests.pushing import drafted, ledger
from tests.tag_ordeal import Gate

WITHIN = 120.0
TICK = 0.02
SEND = "/sendMessage"


class PushOrdeal:
    """Everybody has started the bot; the push waits in a queue until it is launched."""

    push: Push

    def __init__(self, server: ServerProcess, sandbox: Sandbox) -> None:
        self.server = server
        self.sandbox = sandbox
        self.gate = Gate()
        self.kills = 0
        sandbox.stage.postman.tries = 1
        sandbox.app.middlewares.append(_gated(self.gate))

    async def settle(self, people: int) -> None:
        self.push = await settled(self.sandbox, people)

    async def dies_at_line(self, line: int, *road: str) -> bool:
        """Whether it came so far on this road before everything was done."""
        await self.server.start(dying_at_line=line, road=road)
        async with asyncio.timeout(WITHIN):
            while not self.server.is_dead and not await is_over(self.push):
                await asyncio.sleep(TICK)
        died = self.server.is_dead
        await self.kill()
        return died

    async def dies_before_the_answers(self, calls: int) -> None:
        """Killed when so many messages came through, and nobody was told of the last one, or of any after it."""
        self.gate.hold({SEND: calls})
        await self.server.start()
        async with asyncio.timeout(WITHIN):
            await self.gate.reached.wait()
        await self.kill()
        self.gate.open()

    async def dies_after(self, messages: int) -> None:
        """Killed at any moment, when so many more messages came through."""
        goal = sum(received(self.sandbox).values()) + messages
        await self.server.start()
        async with asyncio.timeout(WITHIN):
            while sum(received(self.sandbox).values()) < goal:
                await asyncio.sleep(TICK / 10)
        await self.kill()

    async def kill(self) -> None:
        """It is gone for so long that others go on where it stopped: what is shared waits seconds for a heartbeat."""
        self.kills += 1
        self.server.kill()
        if dialect() == "postgres":
            await select("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' RETURNING id")

    async def goes_on_to_the_end(self) -> None:
        await self.server.start()
        await over(self.push)


def _gated(gate: Gate) -> Any:
    @web.middleware
    async def gated(request: web.Request, handler: Any) -> Any:
        answer = await handler(request)
        await gate.passed(request.path)
        return answer

    return gated


async def settled(sandbox: Sandbox, number: int) -> Push:
    """A push to so many people who have started the bot, that begins as soon as somebody works."""
    now = datetime.now(UTC)
    async with transaction():
        names = [(f"客户{n}", now, now) for n in range(number)]
        await insert_many(Customer, ("name", "created_at", "seen_at"), names)
        ids = await Customer.all().order_by("id").values_list("id", flat=True)
        columns = ("customer_id", "account", "external_id", "name", "state_at", "added_at")
        chats = {int(str(customer)): 2_000_000 + int(str(customer)) for customer in ids}
        rows = [(customer, "telegram", str(chat), "", now, now) for customer, chat in chats.items()]
        await insert_many(Identity, columns, rows)
        push = await drafted(now, state="queued")
        await ledger(push, await Identity.all().order_by("id"))
        await InboxEvent.remind(PushDue(now, push.id), f"push:{push.id}:due", now, now)
    for chat in chats.values():
        sandbox.telegram.recall(chat, "")
    return push


def received(sandbox: Sandbox) -> Counter[str]:
    """By chat how many messages of ours each person has, by the platform's own record."""
    ours = [chat for (chat, _), message in sandbox.telegram.messages.items() if message["from"]["is_bot"]]
    return Counter(str(chat) for chat in ours)


async def is_over(push: Push) -> bool:
    return await Push.exists(id=push.id, state="done")


async def over(push: Push) -> None:
    async with asyncio.timeout(WITHIN):
        while not await is_over(push):
            await asyncio.sleep(TICK)


async def the_ledger_is_the_platforms_record(push: Push, sandbox: Sandbox, people: int) -> int:
    """Each has one row; who is sent to has it once, who is in doubt at most once; returns how many are in doubt."""
    rows = await Recipient.filter(push_id=push.id)
    got = received(sandbox)
    assert len(rows) == len({row.customer_id for row in rows}) == people
    assert {row.state for row in rows} <= {"sent", "unsure"}, Counter(f"{row.state} {row.reason}" for row in rows)
    assert {got[row.address] for row in rows if row.state == "sent"} == {1}
    assert {got[row.address] for row in rows if row.state == "unsure"} <= {0, 1}
    assert set(got) <= {push.chat, *(row.address for row in rows)}
    assert await _untold(rows) == []
    assert await OutboxItem.filter(state__in=["waiting", "sending"], recipient_id__isnull=False).count() == 0
    assert await InboxEvent.filter(state="dead").count() == 0
    return sum(row.state == "unsure" for row in rows)


async def _untold(rows: Sequence[Recipient]) -> list[int]:
    """Sent to, and rules or conversations do not know of it, or more than once."""
    acts = Counter(row["key"] for row in await select("SELECT key FROM behaviour WHERE source = 'push'"))
    lines = Counter(row["identity_id"] for row in await select("SELECT identity_id FROM message"))
    sent = [row for row in rows if row.state == "sent"]
    assert sum(acts.values()) == sum(lines.values()) == len(sent)
    return [row.id for row in sent if (acts[f"{row.push_id}:{row.id}"], lines[row.identity_id]) != (1, 1)]
