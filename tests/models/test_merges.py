"""Two customers who are joined and separated again are, row by row, what they were."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from bot.database import transaction
from domain.contacts import Follow
from domain.leads import Stage
from domain.merges import FIELDS
from domain.messages import Text
from domain.permissions import Role
from handlers.contacts import index
from models.behaviours import Act, Behaviour
from models.changes import Actor, Change
from models.customers import Customer, Identity, Relation
from models.identities import told_apart
from models.leads import Lead
from models.merges import Merge
from models.messages import Message
from models.notes import Note
from models.orders import Order, Sale
from models.search import Searchable
from models.sql import select
from models.staff import Staff
from models.tags import Tag, Tagging, TagGroup
from models.tasks import Task
from tests.clock import Clock
from tests.racing import overlapping

TABLES = ("customer", "identity", "relation", "message", "note", "task", "lead", "tagging", "purchase", "behaviour")
ACCOUNTS = ("wecom", "official", "telegram")


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - the same rows in every run


async def dump() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that tells of customers; of the keys all but their own numbers."""
    rows = {table: await select(f"SELECT * FROM {table} ORDER BY id") for table in TABLES}  # noqa: S608 - names of ours
    keys = await select("SELECT customer_id, key, owned_key FROM searchable ORDER BY customer_id, key")
    return rows | {"searchable": keys}


def actor(clock: Clock) -> Actor:
    return Actor(None, "telegram:1", clock())


async def person(clock: Clock, random: Random, staff: list[Staff]) -> Customer:
    """Somebody with this and that."""
    owner = random.choice([None, *staff])
    told: dict[str, Any] = {name: random.choice(["", f"{name[:4]}{random.randrange(3)}"]) for name in FIELDS}
    customer = await Customer.create(
        owner=owner,
        attendant=random.choice([None, *staff]) if owner else None,
        created_at=clock(),
        seen_at=clock() - timedelta(minutes=random.randrange(60)),
        consent=random.choice(["", "granted", "withdrawn"]),
        score=random.randrange(3),
        custom={key: random.choice(["金", 1, 2.5]) for key in "甲乙" if random.randrange(2)},
        **told,
    )
    await Lead.create(
        customer=customer,
        owner=owner,
        stage=random.choice(list(Stage)),
        first_words=random.choice(["", "在吗"]),
        created_at=clock(),
        claimed_at=clock() if owner else None,
        followed_at=random.choice([None, clock() - timedelta(hours=random.randrange(60))]),
    )
    for _ in range(random.randrange(1, 4)):
        await account(customer, clock, random)
    for _ in range(random.randrange(3)):
        await Note.written(customer, owner, "怕贵", clock())
        await Task.create(staff=random.choice(staff), customer=customer, text="回电", created_at=clock())
    await tagged(customer, clock, random)
    await bought(customer, clock, random)
    await index(customer)
    return customer


async def bought(customer: Customer, clock: Clock, random: Random) -> None:
    """This and that, and reached by some pushes."""

    def at() -> datetime:
        return clock() - timedelta(days=random.randrange(9))

    states = [random.choice(["paid", "paid", "open"]) for _ in range(random.randrange(4))]
    names = [random.choice(["pushed", "clicked", "visited"]) for _ in range(random.randrange(4))]
    async with transaction():
        sales = [Sale(customer.id, "shop", f"{random.getrandbits(60):x}", each, 500, "CNY", at()) for each in states]
        await Order.tell(sales)
        await Behaviour.tell([Act(customer.id, "site", f"{random.getrandbits(60):x}", each, at()) for each in names])


async def tagged(customer: Customer, clock: Clock, random: Random) -> None:
    """With some of five tags, which somebody gave a while ago."""
    group, _ = await TagGroup.get_or_create(name="等级", defaults={"created_at": clock()})
    tags = [
        (await Tag.get_or_create(group=group, name=name, defaults={"created_at": clock()}))[0] for name in "甲乙丙丁戊"
    ]
    for tag in random.sample(tags, random.randrange(4)):
        await Tagging.create(customer=customer, tag=tag, staff_id=7, at=clock() - timedelta(days=1))


async def account(customer: Customer, clock: Clock, random: Random) -> Identity:
    identity = await Identity.create(
        customer=customer,
        account=random.choice(ACCOUNTS),
        external_id=f"{random.getrandbits(60):x}",
        name=random.choice(["", "Mia"]),
        state_at=clock(),
        added_at=clock(),
        heard_at=random.choice([None, customer.seen_at]),
    )
    await Relation.keep(identity.id, [Follow("lilei", remark="米娅", phones=("13800001234",))])
    for number in range(random.randrange(3)):
        await Message.heard(identity, Text("hi"), clock(), str(number))
    return identity


async def staff_of(clock: Clock) -> list[Staff]:
    return [await Staff.create(name=name, role=Role.SALES, created_at=clock()) for name in ("李雷", "韩梅梅")]


async def joined(kept: Customer, absorbed: Customer, clock: Clock) -> Merge:
    return await done(await Merge.planned(kept.id, absorbed.id, "command", clock()), clock)


async def done(merge: Merge, clock: Clock) -> Merge:
    async with transaction():
        assert await merge.join(actor(clock))
        await index(await Customer.get(id=merge.kept_id))
    return await Merge.get(id=merge.id)


async def undone(merge: Merge, clock: Clock) -> None:
    merge = await Merge.get(id=merge.id)
    async with transaction():
        assert await merge.undo(actor(clock))
        for customer_id in (merge.kept_id, merge.absorbed_id):
            await index(await Customer.get(id=customer_id))


@pytest.mark.parametrize("seed", range(12))
async def test_undone_everything_is_as_before(database: str, clock: Clock, seed: int) -> None:
    random = dice(seed)
    staff = await staff_of(clock)
    one, other = [await person(clock, random, staff) for _ in range(2)]
    before = await dump()
    merge = await joined(one, other, clock)
    assert await dump() != before
    clock.forward(minutes=random.choice([0, 5]))
    await undone(merge, clock)
    assert await dump() == before


@pytest.mark.parametrize("seed", range(12))
async def test_several_are_joined_and_undone_in_any_order(database: str, clock: Clock, seed: int) -> None:
    random = dice(seed)
    staff = await staff_of(clock)
    one, *others = [await person(clock, random, staff) for _ in range(6)]
    before = await dump()
    merges = [await Merge.planned(one.id, other.id, "command", clock()) for other in others]
    random.shuffle(merges)
    for merge in merges:
        await done(merge, clock)
    assert await Identity.exclude(customer_id=one.id).count() == 0
    random.shuffle(merges)
    for merge in merges:
        await undone(merge, clock)
    assert await dump() == before


async def test_nothing_is_left_with_who_is_merged_away(database: str, clock: Clock) -> None:
    random = dice(5)
    staff = await staff_of(clock)
    one, other = [await person(clock, random, staff) for _ in range(2)]
    await joined(one, other, clock)
    for model in (Identity, Message, Note, Task, Order, Behaviour, Searchable):
        assert await model.filter(customer_id=other.id).count() == 0, model
    assert (await Customer.get(id=other.id)).merged_into_id == one.id
    assert await Lead.filter(customer_id=other.id).count() == 1
    trail = [(c.customer_id, c.subject, c.old, c.new) for c in await Change.filter(field__in=["merge", "merged_into"])]
    assert trail == [(one.id, one.short_id, "", other.short_id), (other.id, other.short_id, "", one.short_id)]


async def test_what_came_since_goes_with_its_account_or_stays(database: str, clock: Clock) -> None:
    random = dice(3)
    staff = await staff_of(clock)
    one = await Customer.create(name="", phone="", created_at=clock(), seen_at=clock())
    other = await Customer.create(name="李四", phone="13800001234", created_at=clock(), seen_at=clock())
    for customer in (one, other):
        await Lead.create(customer=customer, created_at=clock())
        await account(customer, clock, random)
    merge = await joined(one, other, clock)
    moved = await Identity.get(id=merge.moved["identities"][0])
    clock.forward(minutes=10)
    word = await Message.heard(moved, Text("到了吗"), clock(), "9")
    await moved.hear(clock())
    note = await Note.written(await Customer.get(id=one.id), staff[0], "新", clock())
    await (await Customer.get(id=one.id)).change(actor(clock), phone="13900001234")
    await undone(merge, clock)
    one, other = await Customer.get(id=one.id), await Customer.get(id=other.id)
    assert (await Message.get(id=word.id)).customer_id == other.id
    assert other.seen_at == clock()
    assert (await Note.get(id=note.id)).customer_id == one.id
    assert (one.name, one.phone) == ("", "13900001234")
    assert (other.name, other.phone) == ("李四", "13800001234")


async def test_two_are_not_joined_twice_nor_separated_twice(database: str, clock: Clock) -> None:
    random = dice(1)
    staff = await staff_of(clock)
    one, other = [await person(clock, random, staff) for _ in range(2)]
    rows = [await Merge.planned(one.id, other.id, "command", clock()) for _ in range(2)]
    done = await overlapping(lambda: rows[0].join(actor(clock)), lambda: rows[1].join(actor(clock)))
    assert done == (True, False)
    merge = await Merge.get(id=rows[0].id)
    same = await Merge.get(id=rows[0].id)
    assert await overlapping(lambda: merge.undo(actor(clock)), lambda: same.undo(actor(clock))) == (True, False)


async def test_each_into_the_other_at_once_is_one_joining(database: str, clock: Clock) -> None:
    random = dice(2)
    staff = await staff_of(clock)
    one, other = [await person(clock, random, staff) for _ in range(2)]
    there, back = [await Merge.planned(*pair, "command", clock()) for pair in ((one.id, other.id), (other.id, one.id))]
    done = await overlapping(lambda: there.join(actor(clock)), lambda: back.join(actor(clock)))
    assert done == (True, False)
    assert await Customer.filter(merged_into_id=None).count() == 1


async def test_who_was_told_apart_is_known_through_what_they_took_in(database: str, clock: Clock) -> None:
    random = dice(4)
    staff = await staff_of(clock)
    one, other, third = [await person(clock, random, staff) for _ in range(3)]
    assert not await told_apart(one.id, other.id)
    await undone(await joined(one, other, clock), clock)
    assert await told_apart(one.id, other.id)
    assert await told_apart(other.id, one.id)
    assert not await told_apart(one.id, third.id)
    await joined(third, one, clock)
    assert await told_apart(third.id, other.id)


async def test_what_was_written_in_the_moment_of_the_joining_is_brought_after(database: str, clock: Clock) -> None:
    random = dice(6)
    staff = await staff_of(clock)
    one, other = [await person(clock, random, staff) for _ in range(2)]
    identity = await account(other, clock, random)
    merge = await Merge.planned(one.id, other.id, "command", clock())

    async def write() -> None:
        await Note.written(other, staff[0], "怕贵", clock())
        await Task.create(staff=staff[0], customer=other, text="回电", created_at=clock())
        await Message.said(identity, Text("在的"), clock())

    await overlapping(lambda: merge.join(actor(clock)), write)
    assert await Merge.gather() == 3
    assert await Merge.gather() == 0
    for model in (Note, Task, Message):
        assert await model.filter(customer_id=other.id).count() == 0, model


async def test_what_was_written_before_the_joining_ended_goes_with_it(database: str, clock: Clock) -> None:
    random = dice(7)
    staff = await staff_of(clock)
    one, other = [await person(clock, random, staff) for _ in range(2)]
    identity = await account(other, clock, random)
    merge = await Merge.planned(one.id, other.id, "command", clock())

    async def write() -> None:
        await Note.written(other, staff[0], "怕贵", clock())
        await Message.said(identity, Text("在的"), clock())

    await overlapping(write, lambda: merge.join(actor(clock)))
    for model in (Note, Message):
        assert await model.filter(customer_id=other.id).count() == 0, model
