"""Tags of two customers who are joined, and separated again: what both had, what came since, what others bring."""

from bot.database import transaction
from models.changes import Actor
from models.customers import Customer
from models.leads import Lead
from models.merges import Merge
from models.tags import Tag, Tagging, TagGroup
from tests.clock import Clock


async def person(clock: Clock, *names: str) -> Customer:
    customer = await Customer.create(created_at=clock(), seen_at=clock())
    await Lead.create(customer=customer, created_at=clock())
    await give(customer, clock, *names)
    return customer


async def give(customer: Customer, clock: Clock, *names: str) -> None:
    group, _ = await TagGroup.get_or_create(name="等级", defaults={"created_at": clock()})
    for name in names:
        await Tag.get_or_create(group=group, name=name, defaults={"created_at": clock()})
    tags = await Tag.filter(name__in=names).select_related("group")
    async with transaction():
        await Tagging.give([(customer.id, tag) for tag in tags], "staff", Actor(7, "telegram:1", clock()))


async def take(customer: Customer, clock: Clock, name: str) -> None:
    tag = await Tag.get(name=name).select_related("group")
    async with transaction():
        await Tagging.take([(customer.id, tag)], Actor(7, "telegram:2", clock()))


async def joined(kept: Customer, absorbed: Customer, clock: Clock) -> Merge:
    merge = await Merge.planned(kept.id, absorbed.id, "command", clock())
    async with transaction():
        assert await merge.join(Actor(None, "telegram:3", clock()))
    return merge


async def undone(merge: Merge, clock: Clock) -> None:
    again = await Merge.get(id=merge.id)
    async with transaction():
        assert await again.undo(Actor(None, "telegram:4", clock()))


async def carried(customer: Customer) -> str:
    return "".join(sorted([each.tag.name for each in await Tagging.of(customer.id)]))


async def test_the_kept_one_gets_what_it_lacks_and_gives_it_back(database: str, clock: Clock) -> None:
    one, other = await person(clock, "A", "B"), await person(clock, "B", "C")
    merge = await joined(one, other, clock)
    assert await carried(one) == "ABC"
    assert (await Merge.get()).moved["tags"] == [(await Tag.get(name="C")).id]
    await undone(merge, clock)
    assert (await carried(one), await carried(other)) == ("AB", "BC")


async def test_what_people_changed_since_stays_so(database: str, clock: Clock) -> None:
    one, other = await person(clock, "A"), await person(clock, "B", "C")
    merge = await joined(one, other, clock)
    clock.forward(minutes=1)
    await take(one, clock, "B")
    await give(one, clock, "D")
    await take(one, clock, "C")
    await give(one, clock, "C")
    await undone(merge, clock)
    assert (await carried(one), await carried(other)) == ("ACD", "")


async def test_what_a_later_one_brings_as_well_stays(database: str, clock: Clock) -> None:
    one, other, third = await person(clock), await person(clock, "A", "B"), await person(clock, "B", "C")
    first = await joined(one, other, clock)
    second = await joined(one, third, clock)
    await undone(first, clock)
    assert (await carried(one), await carried(other)) == ("BC", "AB")
    await undone(second, clock)
    assert (await carried(one), await carried(third)) == ("", "BC")


async def test_what_was_joined_before_there_were_tags_is_undone(database: str, clock: Clock) -> None:
    one, other = await person(clock, "A"), await person(clock)
    merge = await joined(one, other, clock)
    before = await Merge.get(id=merge.id)
    del before.moved["tags"]
    await before.save()
    await undone(merge, clock)
    assert await carried(one) == "A"


async def test_a_tag_that_became_another_one_meanwhile_is_that_one(database: str, clock: Clock) -> None:
    one, other = await person(clock, "A"), await person(clock, "B")
    merge = await joined(one, other, clock)
    clock.forward(minutes=1)
    await give(one, clock, "C")
    await take(one, clock, "B")
    await Tag.filter(name="B").update(gone_at=clock(), merged_into_id=(await Tag.get(name="C")).id)
    await undone(merge, clock)
    assert (await carried(one), await carried(other)) == ("AC", "C")
