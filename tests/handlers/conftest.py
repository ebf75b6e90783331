"""Here lives a house with colleagues and customers."""

from collections.abc import Awaitable, Callable
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
