"""Here lives how two customers who turn out to be one become one by themselves, and when people must say so."""

from typing import Any, Literal

from domain.merges import has_two_owners
from handlers.context import Context
from handlers.marks import want
from handlers.notices import tell, tell_keepers
from models.customers import Customer, Identity
from models.identities import alone, held, told_apart, with_phone, with_unionid
from models.merges import Merge, values
from models.staff import Staff

Mark = Literal["unionid", "phone"]


async def expect(identity: Identity, mark: Mark, value: str) -> None:
    """Before anything is written about somebody who brings a new mark: hold them and all who have it, in one order."""
    if value and value != identity.unionid:
        await alone(f"{mark}:{value}")
        others = await _with(mark, value)
        await held((identity.customer_id, *others) if others else ())


async def joined(customer: Customer, mark: Mark, value: str, ctx: Context) -> Customer:
    """Who the customer is, now that they have this mark: the oldest of all who have it. They are to be indexed."""
    if value:
        await alone(f"{mark}:{value}")
        for other in await _with(mark, value):
            customer = await _met(customer, other, mark, ctx)
    return customer


async def _with(mark: Mark, value: str) -> list[int]:
    return await (with_unionid(value) if mark == "unionid" else with_phone(value))


async def _met(customer: Customer, other_id: int, mark: Mark, ctx: Context) -> Customer:
    if other_id == customer.id or await told_apart(customer.id, other_id):
        return customer
    kept, absorbed = await held((customer.id, other_id))
    if kept.merged_into_id or absorbed.merged_into_id:
        return customer
    if has_two_owners(values(kept), values(absorbed)):
        await _ask_managers(kept, absorbed, mark, ctx)
        return customer
    merge = await Merge.planned(kept.id, absorbed.id, mark, ctx.now)
    await merge.join(ctx.actor)
    await want((kept.id, absorbed.id), ctx)
    kept = await Customer.get(id=kept.id)
    about: dict[str, Any] = {"id": kept.short_id, "name": kept.name}
    about |= {"other": absorbed.short_id, "other_name": absorbed.name}
    await tell_keepers(kept, ctx, "merges/joined", merge=merge.short_id, mark=mark, **about)
    return kept


async def _ask_managers(one: Customer, other: Customer, mark: Mark, ctx: Context) -> None:
    """Somebody would lose a customer: that is for people to decide."""
    names = {person.id: person.name for person in await Staff.filter(id__in=[one.owner_id, other.owner_id])}
    both = [{"id": row.short_id, "name": row.name, "owner": names.get(row.owner_id or 0, "")} for row in (one, other)]
    for person in await Staff.managers():
        if (await person.scope()).sees(one.owner_id) and (await person.scope()).sees(other.owner_id):
            await tell(person, ctx, "merges/alike", both=both, mark=mark)
