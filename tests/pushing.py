"""Here live pushes as tests need them: with a ledger that is full, before anything was sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.messages import Content, Text
from domain.permissions import Role
from models.customers import Customer, Identity
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff

WORDS = Text("您好 {{ 客户 }}，双十一开始了")


async def drafted(now: datetime, content: Content = WORDS, **told: Any) -> Push:
    """One that is filled; the boss wants it."""
    boss = await Staff.get_or_none(name="老板") or await Staff.create(name="老板", role=Role.MANAGER, created_at=now)
    common: dict[str, Any] = {"account": "telegram", "chat": "10001", "language": "zh-CN", "state": "filling"}
    common |= {"accounts": ["telegram"], "labels": [], "values": {}, "created_at": now, "staff_id": boss.id}
    return await Push.drafted(content, **common | told)


async def people(number: int, now: datetime, account: str = "telegram", first: int = 1) -> list[Identity]:
    """Customers with an account there each."""
    made = []
    for n in range(first, first + number):
        customer = await Customer.create(name=f"客户{n}", created_at=now, seen_at=now)
        about: dict[str, Any] = {"name": customer.name, "state_at": now, "added_at": now, "heard_at": now}
        made.append(await Identity.create(customer=customer, account=account, external_id=str(1_000_000 + n), **about))
    return made


async def ledger(push: Push, identities: Sequence[Identity], way: str = "message", **told: Any) -> list[Recipient]:
    """A row for each, who waits."""
    return [
        await Recipient.create(
            push=push,
            customer_id=identity.customer_id,
            identity_id=identity.id,
            account=identity.account,
            address=identity.external_id,
            way=way,
            **told,
        )
        for identity in identities
    ]


async def states(push: Push) -> list[str]:
    """Of each row its state, with the reason where there is one, in the order of their ids."""
    rows = await Recipient.filter(push_id=push.id).order_by("id")
    return [f"{row.state}({row.reason})" if row.reason else row.state for row in rows]
