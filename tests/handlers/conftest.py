"""Here lives a house with colleagues and customers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from zoneinfo import ZoneInfo

import pytest

from domain.messages import Address
from domain.permissions import Role
from handlers import router
from handlers.contacts import index
from handlers.context import House
from models.customers import Customer, Identity
from models.leads import Lead
from models.staff import Staff, StaffAccount
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.platforms import Platforms, Serve, opened_platforms

ACCOUNTS = {"wecom": "wecom", "official": "wechat", "telegram": "telegram"}


@pytest.fixture
def house(database: str) -> House:
    router.load()
    return House(
        language="zh-CN",
        timezone=ZoneInfo("Asia/Shanghai"),
        accounts=ACCOUNTS,
        welcome={"default": "welcome"},
        keywords=((("价格", "price"), "price"),),
    )


@pytest.fixture
def hire(house: House, clock: Clock) -> Callable[..., Awaitable[Phone]]:
    """Somebody who works here, by name and role, with their chat in Telegram."""

    async def hired(name: str, role: Role = Role.SALES, language: str = "") -> Phone:
        staff = await Staff.create(name=name, role=role, language=language, created_at=clock())
        address = Address("telegram", str(1000 + staff.id))
        await StaffAccount.bind(address, staff, clock())
        return Phone(address, clock, house)

    return hired


@pytest.fixture
def stranger(house: House, clock: Clock) -> Phone:
    return Phone(Address("telegram", "777"), clock, house)


@pytest.fixture
def meet(house: House, clock: Clock) -> Callable[..., Awaitable[Customer]]:
    """A customer with a lead, known on one channel; `owner` by name."""

    async def met(name: str, *, owner: str = "", account: str = "official", **more: str) -> Customer:
        keeper = await Staff.get(name=owner) if owner else None
        customer = await Customer.create(name=name, owner=keeper, created_at=clock(), seen_at=clock(), **more)
        await Identity.create(
            customer=customer,
            account=account,
            external_id=f"{account}-{customer.id}",
            name=name,
            source=customer.source,
            state_at=clock(),
            added_at=clock(),
        )
        await Lead.create(customer=customer, owner=keeper, source=customer.source, created_at=clock())
        await index(customer)
        return customer

    return met


@pytest.fixture
async def here(house: House, clock: Clock, aiohttp_server: Serve) -> AsyncIterator[Platforms]:
    async with opened_platforms(house, clock, aiohttp_server) as platforms:
        yield platforms


@pytest.fixture
async def boss(here: Platforms, hire: Callable[..., Awaitable[Phone]]) -> Phone:
    """A manager who works where the platforms keep tags."""
    phone = await hire("韩梅梅", Role.MANAGER)
    phone.house = here.house
    return phone


@pytest.fixture
async def lucy(here: Platforms, hire: Callable[..., Awaitable[Phone]]) -> Phone:
    phone = await hire("Lucy", Role.MANAGER, language="en")
    phone.house = here.house
    return phone
