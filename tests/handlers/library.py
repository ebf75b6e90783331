"""Here lives a house whose accounts keep tags, for tests of the library."""

from dataclasses import asdict, replace

from domain.tags import TagLimits, TagRules
from handlers.context import House
from models.changes import Actor
from models.customers import Customer
from models.sync import Binding
from models.tags import Tag, Tagging
from tests.clock import Clock
from tests.handlers.phone import Phone

WECOM = TagRules(TagLimits(tags=3_000, per_contact=3_000, batch=1))
OFFICIAL = TagRules(TagLimits(tags=100, per_contact=20, batch=50, grouped=False))


def with_tags(house: House, **more: object) -> House:
    return replace(house, tags={"wecom": WECOM, "official": OFFICIAL}, **more)  # type: ignore[arg-type]


async def tag_called(path: str) -> Tag:
    """The living one."""
    return next(tag for tag in await Tag.living() if tag.path == path)


async def paths() -> list[str]:
    return [tag.path for tag in await Tag.living()]


async def give(path: str, *customers: Customer, source: str = "staff") -> None:
    tag = await tag_called(path)
    actor = Actor(None, "test", Clock()())
    await Tagging.give([(customer.id, tag) for customer in customers], source, actor)  # type: ignore[arg-type]


async def carrying(path: str) -> list[int]:
    tag = await tag_called(path)
    return sorted(await Tagging.filter(tag_id=tag.id).values_list("customer_id", flat=True))  # type: ignore[arg-type]


async def answers(phone: Phone, *typed: str) -> str:
    """What is said to the last of these."""
    return [await phone.say(line) for line in typed][-1]


async def settled() -> None:
    """Whatever was to be made on the accounts is there now, as we would have it."""
    for account, rules in {"wecom": WECOM, "official": OFFICIAL}.items():
        for row in sorted(await Binding.on(account), key=lambda row: row.level):
            group = await Binding.get_or_none(account=account, group_id=row.tag.group_id) if row.tag else None
            shape = row.ours((group.remote_id or "") if group else "", grouped=rules.limits.grouped)
            assert shape
            row.remote_id, row.sent, row.agreed = f"{row.level}{row.tag_id or row.group_id}", None, asdict(shape)
            await row.save()
