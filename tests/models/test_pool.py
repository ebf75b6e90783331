"""The list of leads is what a walk over all of them would find, whichever way the database goes."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from domain.leads import Stage
from domain.permissions import Role
from domain.pool import NOBODY, Choice, Place
from models.customers import Customer, Identity
from models.fields import milliseconds
from models.leads import Lead
from models.pool import listed
from models.staff import Staff

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACCOUNTS = ("wecom", "official", "telegram")


@pytest.fixture
async def leads(database: str) -> list[Lead]:
    """Of two colleagues and nobody, in every stage, on one channel or several, some merged, some of one moment."""
    dice = Random(7)  # noqa: S311 - a test, the same every time
    staff = [await Staff.create(name=name, role=Role.SALES, created_at=BEGAN) for name in ("李雷", "韩梅梅")]
    for number in range(60):
        at = BEGAN + timedelta(minutes=number // 3)
        owner = dice.choice([*staff, None])
        kept = dice.choice([None, None, None, None, 1]) if number else None
        customer = await Customer.create(created_at=at, seen_at=at, owner=owner, merged_into_id=kept)
        for account in dice.sample(ACCOUNTS, dice.choice([1, 1, 2])):
            await Identity.create(customer=customer, account=account, external_id=str(number), state_at=at, added_at=at)
        await Lead.create(customer=customer, owner=owner, stage=dice.choice(list(Stage)), created_at=at)
    return await Lead.all().order_by("-created_at", "-id").prefetch_related("customer__identities")


def naively(leads: list[Lead], choice: Choice, owners: tuple[int, ...] | None, limit: int) -> list[int]:
    return [lead.id for lead in leads if _fits(lead, choice, owners)][:limit]


def _fits(lead: Lead, choice: Choice, owners: tuple[int, ...] | None) -> bool:
    place = (milliseconds(lead.created_at), lead.id)
    return (
        lead.customer.merged_into_id is None
        and lead.stage in choice.stages
        and (owners is None or (lead.owner_id or NOBODY) in owners)
        and (not choice.accounts or bool(choice.accounts & {each.account for each in lead.customer.identities}))
        and (choice.created is None or choice.created[0] <= lead.created_at < choice.created[1])
        and (choice.before is None or place < (choice.before.created_at, choice.before.lead_id))
    )


async def test_it_is_what_a_walk_over_all_leads_finds(leads: list[Lead]) -> None:
    dice, found = Random(11), 0  # noqa: S311 - a test, the same every time
    for _ in range(150):
        place = dice.choice(leads)
        begin = BEGAN + timedelta(minutes=dice.randrange(20))
        choice = Choice(
            stages=tuple(dice.sample(list(Stage), dice.randint(1, 5))),
            accounts=frozenset(dice.sample(ACCOUNTS, dice.choice([0, 0, 1, 2]))),
            created=dice.choice([None, (begin, begin + timedelta(minutes=5))]),
            before=dice.choice([None, Place(milliseconds(place.created_at), place.id)]),
        )
        owners = dice.choice([None, (1,), (NOBODY,), (1, NOBODY), (1, 2, NOBODY)])
        limit = dice.choice([1, 7, 100])
        wanted = naively(leads, choice, owners, limit)
        for few in (0, 1000):  # a busy channel, a rare one
            assert [lead.id for lead in await listed(choice, owners, limit, few)] == wanted
        found += bool(wanted)
    assert found > 50


async def test_what_is_shown_of_a_lead_comes_with_it(leads: list[Lead]) -> None:
    shown = await listed(Choice(stages=tuple(Stage)), (1,), 3)
    assert {lead.owner.name for lead in shown if lead.owner} == {"李雷"}
    assert all(len(lead.customer.identities) in (1, 2) for lead in shown)
    assert len(shown) == 3 < len(leads)
