"""Here lives a house with rules that tag: written without a preview, and a pulse that a test feels itself."""

from zoneinfo import ZoneInfo

from domain.permissions import Role
from handlers.sweeps import sweep
from models import spans
from models.autotags import AutoTag
from models.customers import Customer
from models.database import insert_many
from models.inbox import InboxEvent
from models.staff import Staff
from models.tags import Tag
from scheduler import jobs
from tests.handlers.platforms import Platforms

ZONE = ZoneInfo("Asia/Shanghai")


async def ruled(here: Platforms, tag: Tag, text: str, *, removes: bool = False) -> AutoTag:
    """A rule that a manager said yes to, and what came of it."""
    async with here.act() as ctx:
        row = await AutoTag.planned(tag, ctx.now)
        await row.write(text, removes=removes, staff=await manager(here), now=ctx.now)
        await spans.begin()
        await sweep(row, ctx)
    await applied(here)
    return row


async def manager(here: Platforms) -> Staff:
    told = {"role": Role.MANAGER, "created_at": here.clock()}
    return (await Staff.get_or_create(told, name="老板"))[0]


async def applied(here: Platforms) -> int:
    """Until the pulse feels nothing any more; how often it felt something."""
    for times in range(20):
        await here.run()
        if await spans.news() is None:
            return times
        await jobs.apply_rules(here.clock())
    raise AssertionError("it never ends")


async def scored(here: Platforms, customer: Customer, score: int) -> None:
    await Customer.filter(id=customer.id).update(score=score)
    await applied(here)


async def night(here: Platforms) -> None:
    here.clock.forward(days=1)
    await jobs.sweep_rules(here.clock(), here.clock(), ZONE)
    await applied(here)


async def crowd(here: Platforms, count: int, score: int) -> list[int]:
    now = here.clock()
    rows = await insert_many(Customer, ("score", "created_at", "seen_at"), [(score, now, now)] * count)
    return sorted(row[0] for row in rows)


async def own(kind: type) -> list[InboxEvent]:
    """What was ever told of one kind."""
    return [row for row in await InboxEvent.filter(account="guanxi").order_by("id") if isinstance(row.own(), kind)]
