"""Here lives the proof that SQL reaches the people whom plain words reach, by preview, ledger and last look alike."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from bot.database import transaction
from models import reach
from models.customers import Customer, Identity, Relation
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff
from tests.models.reach_town import MOMENT, NOW, RULE, Town, Verdict, summed

TOWNS = 12


async def drafted() -> Push:
    asked = {"staff": await Staff.first(), "account": "telegram", "chat": "1", "language": "zh-CN", "payload": "{}"}
    return await Push.create(**asked, created_at=NOW)


async def filled(push: Push, town: Town, most: int) -> dict[int, Verdict]:
    """What the ledger says, written so many at a time."""
    after: int | None = 0
    while after is not None:
        async with transaction():
            after = await reach.fill(push, RULE, MOMENT, town.reach, after, most)
    return {row.customer_id or 0: verdict(row) for row in await Recipient.filter(push=push)}


def verdict(row: Recipient) -> Verdict:
    assert row.state == ("skipped" if row.reason else "waiting")
    assert (row.ended_at is not None) is bool(row.reason)
    return Verdict(row.account, row.way, row.address, row.member, row.reason)


async def ids(push: Push, states: Iterable[str] = ("waiting",)) -> list[int]:
    return [row.id for row in await Recipient.filter(push=push, state__in=list(states))]


@pytest.mark.parametrize("seed", range(TOWNS))
async def test_everybody_is_reached_as_plain_words_say(database: str, seed: int) -> None:
    town = await Town.settled(seed)
    wanted = town.verdicts()
    roads, skipped, members = summed(wanted)
    found = await reach.counted(RULE, MOMENT, town.reach)
    assert (found.total, found.roads, found.skipped, found.members) == (len(wanted), roads, skipped, members)
    for each in found.samples:
        assert (wanted[each.customer_id].account, wanted[each.customer_id].way) == (each.account, each.way)
        assert not wanted[each.customer_id].reason
    for most in (100, 3, 1):
        push = await drafted()
        assert await filled(push, town, most) == wanted, f"{most} at a time"
        waiting = await ids(push)
        assert await reach.excluded(waiting, town.reach) == {}
        await Recipient.filter(push=push).delete()


@pytest.mark.parametrize("seed", range(TOWNS))
async def test_the_last_look_sees_what_has_changed(database: str, seed: int) -> None:
    """Everybody who is looked at again is judged on the road that was chosen for them."""
    town = await Town.settled(seed)
    push = await drafted()
    await filled(push, town, 100)
    rows = await Recipient.filter(push=push, state="waiting")
    for row in rows:
        match town.dice.randrange(6):
            case 0:
                await Identity.filter(id=row.identity_id).update(state="blocked")
            case 1:
                await Identity.filter(id=row.identity_id).update(opted_out_at=NOW)
            case 2:
                await Customer.filter(id=row.customer_id).update(consent="withdrawn")
            case 3:
                await Relation.filter(identity_id=row.identity_id).update(ended_at=NOW)
            case 4:
                await Identity.filter(id=row.identity_id).update(heard_at=NOW - timedelta(days=3))
    await town.read()
    town.ledger = [row for row in town.ledger if row.push_id != push.id]
    wanted = {row.id: reason for row in rows if (reason := town.still(row))}
    assert await reach.excluded([row.id for row in rows], town.reach) == wanted


async def test_a_number_that_is_somebody_elses_by_now(database: str) -> None:
    town = await Town.settled(1)
    push = await drafted()
    await filled(push, town, 100)
    first, second = (await Recipient.filter(push=push, state="waiting").order_by("customer_id"))[:2]
    await Customer.filter(id__in=[first.customer_id, second.customer_id]).update(phone="13800000000")
    assert await reach.excluded([first.id, second.id], town.reach) == {second.id: "duplicate"}
    await Recipient.filter(id=first.id).update(state="skipped", reason="blocked")
    assert await reach.excluded([second.id], town.reach) == {}


async def test_somebody_who_is_gone_is_not_reached(database: str) -> None:
    town = await Town.settled(1)
    push = await drafted()
    await filled(push, town, 100)
    waiting = await ids(push)
    row = await Recipient.get(id=waiting[0])
    await Identity.filter(id=row.identity_id).delete()
    assert await reach.excluded(waiting, town.reach) == {row.id: "unreachable"}
    assert await reach.excluded([], town.reach) == {}


async def test_filling_twice_is_filling_once(database: str) -> None:
    town = await Town.settled(2)
    push = await drafted()
    once = await filled(push, town, 100)
    assert await filled(push, town, 100) == once


async def test_nobody_is_counted_where_there_is_nobody(database: str) -> None:
    town = await Town.settled(3)
    await Customer.all().update(city="")
    found = await reach.counted(RULE, MOMENT, town.reach)
    assert (found.total, found.samples) == (0, ())
    assert await filled(await drafted(), town, 5) == {}
