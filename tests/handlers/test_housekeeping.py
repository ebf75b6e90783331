"""At the end of a day handled events that are old go, a little at a time; everything else stays."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.database import transaction
from domain.channel import RawEvent
from domain.messages import Address
from domain.own_events import DayEnded
from domain.permissions import Role
from handlers import housekeeping
from handlers.context import Context, House
from models import touched
from models.audit import AuditEntry, AuditHead, Entry
from models.autotags import RuleCursor
from models.chain import verify
from models.customers import Customer
from models.inbox import OWN, Arrival, InboxEvent
from models.plans import Plan
from models.presses import Press
from models.sql import dialect, select
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.phone import KEY

HOUSE = House("en", ZoneInfo("UTC"), {}, {}, ())


async def tidied(clock: Clock, number: int = 0) -> None:
    ctx = Context(clock(), clock(), clock(), HOUSE, "key", Address(OWN, ""), "en")
    async with transaction():
        await housekeeping.tidy(DayEnded(clock(), clock().date(), number), ctx)


@pytest.mark.usefixtures("database")
async def test_only_what_is_old_and_handled_goes(clock: Clock) -> None:
    old = clock() - housekeeping.KEPT - timedelta(seconds=1)
    arrivals = [Arrival("official", RawEvent(f"m:{n}", "lane", "{}"), at) for n, at in enumerate((old, old, clock()))]
    await InboxEvent.store(arrivals)
    await InboxEvent.filter(key__in=["m:0", "m:2"]).update(state="done")
    await tidied(clock)
    assert {row.key for row in await InboxEvent.filter(account="official")} == {"m:1", "m:2"}


@pytest.mark.usefixtures("database")
async def test_presses_and_plans_are_forgotten_after_a_while_and_the_trail_never(clock: Clock) -> None:
    await AuditHead.begin(KEY)
    chat, staff = Address("telegram", "1"), await Staff.appoint("李雷", Role.ADMIN, {}, clock())
    for days in (housekeeping.KEPT, housekeeping.KEPT + timedelta(milliseconds=1)):
        at = clock() - days
        assert await Press.once(chat, f"{at}", at)
        await Plan.create(
            kind="merge",
            subject=f"M{days.microseconds}",
            staff=staff,
            account=chat.account,
            chat=chat.id,
            code_hash="0" * 64,
            created_at=at,
            expires_at=at,
        )
    async with transaction():
        await AuditEntry.append([Entry(clock() - timedelta(days=999), 1, "李雷", "telegram", "1", "1", "", "x")], KEY)
    await tidied(clock)
    assert [row.at for row in await Press.all()] == [clock() - housekeeping.KEPT]
    assert [row.subject for row in await Plan.all()] == ["M0"]
    assert (await verify(KEY))[::2] == (1, None)


@pytest.mark.usefixtures("database")
async def test_what_does_not_fit_one_transaction_is_left_to_the_next_round(clock: Clock) -> None:
    old = clock() - housekeeping.KEPT - timedelta(seconds=1)
    most = housekeeping.AT_ONCE
    for start in range(0, most + 10, 500):
        await InboxEvent.store([Arrival("a", RawEvent(f"m:{start + n}", "lane", "{}"), old) for n in range(500)])
    await InboxEvent.all().update(state="done")
    left = await InboxEvent.all().count() - most
    await tidied(clock)
    assert await InboxEvent.filter(account="a").count() == left
    [more] = await InboxEvent.filter(account=OWN, key__startswith="day:")
    assert (more.own(), more.state) == (DayEnded(clock(), clock().date(), 1), "waiting")


async def settled() -> None:
    """Until no transaction, also of other databases of the server, is older than the last line of the log."""
    last = {"sqlite": "SELECT MAX(id) - 1 AS place FROM touched", "postgres": "SELECT MAX(xid) AS place FROM touched"}
    while await touched.newest() <= (await select(last[dialect()]))[0]["place"]:
        pass


@pytest.mark.usefixtures("database")
async def test_the_log_of_who_changed_keeps_a_day_and_what_the_rules_have_not_seen(clock: Clock) -> None:
    async def lines() -> list[int]:
        return sorted({row["customer_id"] for row in await select("SELECT customer_id FROM touched")})

    first = await Customer.create(created_at=clock(), seen_at=clock())
    await settled()
    await tidied(clock)
    assert await lines() == [first.id]
    second = await Customer.create(created_at=clock(), seen_at=clock())
    await tidied(clock)
    assert await lines() == [second.id]
    await RuleCursor.create(id="rules", position=0)
    third = await Customer.create(created_at=clock(), seen_at=clock())
    await settled()
    await tidied(clock)
    await tidied(clock)
    assert await lines() == [second.id, third.id]
    await RuleCursor.filter(id="rules").update(position=await touched.newest())
    await tidied(clock)
    assert await lines() == []


@pytest.mark.usefixtures("database")
async def test_a_log_that_counts_from_anew_is_not_forgotten_too_early(clock: Clock) -> None:
    await tidied(clock)
    await RuleCursor.filter(id="night").update(position=2**40)
    await tidied(clock)
    await Customer.create(created_at=clock(), seen_at=clock())
    await tidied(clock, number=1)
    assert len(await select("SELECT 1 FROM touched")) == 1
