"""What two transactions at the same moment leave behind is what one after the other would have left."""

from collections.abc import AsyncIterator, Awaitable
from datetime import datetime, timedelta
from random import SystemRandom

import pytest

from domain.contacts import Follow
from domain.leads import Stage, after_reply
from domain.messages import Address
from domain.permissions import Role
from models.changes import Actor
from models.customers import Customer, Identity, Relation
from models.dialogs import Dialog
from models.leads import Lead
from models.staff import BindCode, Staff, StaffAccount
from tests.clock import Clock
from tests.racing import overlapping

SERVER = Actor(None, "test", Clock()())
MIA = Address("official", "oMia")
PEOPLE: tuple[tuple[str, Role, dict[str, str]], ...] = (
    ("李雷", Role.ADMIN, {"telegram": "1", "wecom": "lilei"}),
    ("韩梅梅", Role.SALES, {"wecom": "hanmeimei"}),
)


async def chosen(staff: Staff, chat: Address, typed: str, now: datetime) -> str | None:
    dialog = await Dialog.at(staff, chat, now)
    return dialog.chosen(typed) if dialog else None


@pytest.fixture
async def staff(database: str, clock: Clock) -> Staff:
    return await Staff.create(name="李雷", role=Role.SALES, created_at=clock())


@pytest.fixture
async def lead(database: str, clock: Clock) -> AsyncIterator[Lead]:
    customer = await Customer.create(name="Mia", created_at=clock(), seen_at=clock())
    at = {"state_at": clock(), "added_at": clock()}
    await Identity.create(customer=customer, account=MIA.account, external_id=MIA.id, **at)
    yield await Lead.create(customer=customer, created_at=clock())
    assert await Customer.all().count() == await Identity.all().count() == await Lead.all().count() == 1


async def mia() -> Identity:
    found = await Identity.of(MIA)
    assert found
    return found


@pytest.mark.usefixtures("database")
async def test_two_servers_with_the_same_settings_start_at_once(clock: Clock) -> None:
    async def start() -> list[int]:
        return [(await Staff.appoint(*person, clock())).id for person in PEOPLE]

    first, second = await overlapping(start, start)
    assert first == second
    assert [row.name for row in await Staff.all().order_by("id")] == ["李雷", "韩梅梅"]
    assert await StaffAccount.all().count() == 3


async def test_a_code_sent_from_two_accounts_works_for_one(staff: Staff, clock: Clock) -> None:
    code = await staff.issue_code(clock(), SystemRandom())
    first, second = await overlapping(lambda: BindCode.redeem(code, clock()), lambda: BindCode.redeem(code, clock()))
    assert first == staff
    assert second is None


async def test_of_two_codes_issued_at_once_the_last_is_worth_something(staff: Staff, clock: Clock) -> None:
    def issue() -> Awaitable[str]:
        return staff.issue_code(clock(), SystemRandom())

    first, second = await overlapping(issue, issue)
    assert await BindCode.redeem(first, clock()) is None
    assert await BindCode.redeem(second, clock()) == staff


async def test_a_code_that_is_being_replaced_binds_nobody(staff: Staff, clock: Clock) -> None:
    old = await staff.issue_code(clock(), SystemRandom())
    fresh, redeemed = await overlapping(
        lambda: staff.issue_code(clock(), SystemRandom()), lambda: BindCode.redeem(old, clock())
    )
    assert redeemed is None
    assert await BindCode.redeem(fresh, clock()) == staff


async def test_an_account_bound_twice_at_once_is_bound(staff: Staff, clock: Clock) -> None:
    def bind() -> Awaitable[None]:
        return StaffAccount.bind(MIA, staff, clock())

    await overlapping(bind, bind)
    assert await Staff.behind(MIA) == staff


@pytest.mark.usefixtures("lead")
async def test_a_word_outweighs_the_failed_delivery_before_it(clock: Clock) -> None:
    known, seen_before, now = await mia(), await mia(), clock.forward(seconds=5)
    await overlapping(lambda: known.hear(now), lambda: seen_before.reached("blocked", seen_before.state_at))
    identity = await mia()
    assert (identity.state, identity.state_at) == ("reachable", now)


@pytest.mark.usefixtures("lead")
async def test_the_newest_word_counts_whoever_records_it_last(clock: Clock) -> None:
    early, late = clock.forward(seconds=90), clock.forward(seconds=90)

    async def hear(at: datetime) -> None:
        identity = await mia()
        await identity.customer.heard(at)
        await identity.hear(at)

    await overlapping(lambda: hear(late), lambda: hear(early))
    identity = await mia()
    assert identity.heard_at == identity.state_at == identity.customer.seen_at == late


@pytest.mark.usefixtures("lead")
async def test_an_account_is_claimed_by_one_customer(clock: Clock) -> None:
    def claim() -> Awaitable[Identity | None]:
        return new_customer_of(Address("telegram", "1"), clock())

    first, second = await overlapping(claim, claim)
    assert first
    assert second is None
    await Customer.filter(id__in=[first.customer_id, first.customer_id + 1]).delete()


async def new_customer_of(address: Address, at: datetime) -> Identity | None:
    customer = await Customer.create(created_at=at, seen_at=at)
    return await Identity.claim(customer, address, state_at=at, added_at=at)


async def test_a_relation_told_of_twice_at_once_is_kept_once(lead: Lead) -> None:
    identity = await mia()

    def keep(remark: str) -> Awaitable[None]:
        return Relation.keep(identity.id, [Follow("hanmeimei", remark)])

    await overlapping(lambda: keep("Mia"), lambda: keep("Mia Novak"))
    assert await Relation.remarks(identity.id) == ["Mia Novak"]
    assert lead.stage is Stage.NEW


async def test_a_won_lead_is_not_won_back_by_a_reply(lead: Lead) -> None:
    async def reply() -> None:
        await (await Lead.of(lead.customer_id)).move(after_reply, SERVER)

    await overlapping(lambda: lead.move(lambda _: Stage.WON, SERVER), reply)
    assert (await Lead.get()).stage is Stage.WON


async def test_what_a_customer_said_first_stays_first(lead: Lead) -> None:
    also_read = await Lead.of(lead.customer_id)
    await overlapping(lambda: lead.hear("hello"), lambda: also_read.hear("anybody there?"))
    assert (await Lead.get()).first_words == "hello"


async def test_of_two_offers_in_one_chat_the_last_one_stands(staff: Staff, clock: Clock) -> None:
    def offer(choice: str) -> Awaitable[None]:
        return Dialog.offer(staff, MIA, {"1": choice}, clock() + timedelta(minutes=2))

    await overlapping(lambda: offer("show C1"), lambda: offer("show C2"))
    assert await chosen(staff, MIA, "1", clock()) == "show C2"
    assert await Dialog.all().count() == 1


async def test_an_offer_outlives_the_tidying_of_the_one_before(staff: Staff, clock: Clock) -> None:
    await Dialog.offer(staff, MIA, {"1": "show C1"}, clock())
    now = clock.forward(minutes=5)

    async def tidy() -> None:
        await Dialog.filter(expires_at__lt=now).delete()

    await overlapping(tidy, lambda: Dialog.offer(staff, MIA, {"1": "show C2"}, now))
    assert await chosen(staff, MIA, "1", now) == "show C2"
    later = clock.forward(minutes=5)
    await overlapping(lambda: Dialog.offer(staff, MIA, {"1": "show C3"}, later), tidy)
    assert await chosen(staff, MIA, "1", later) == "show C3"
