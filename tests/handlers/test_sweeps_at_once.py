"""Rules and people at the same customers at the same moment: a person's word stands, and nobody waits for ever."""

import asyncio
from random import Random

import pytest

from domain.sweeps import CustomersTouched
from handlers.router import dispatch
from handlers.wants import want
from models import spans
from models.cards import held_together
from models.changes import Actor
from models.customers import Customer
from models.database import transaction
from models.identities import held
from models.merges import Merge
from models.tags import Tag, Tagging
from tests.handlers.platforms import Platforms, carries
from tests.handlers.ruling import applied, ruled, scored
from tests.racing import overlapping

HAND = "telegram:k1"


@pytest.fixture
async def vip(here: Platforms) -> Tag:
    return (await here.make("等级/VIP"))[0]


async def looked(here: Platforms) -> None:
    """The rules look at whoever changed, as an event of theirs does."""
    if since := await spans.news():
        async with here.act() as ctx:
            await dispatch(CustomersTouched(ctx.now, str(since)), ctx)


async def test_what_a_colleague_gives_at_this_moment_is_not_taken(here: Platforms, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "score >= 80", removes=True)
    await scored(here, mia, 90)
    await Customer.all().update(score=10)

    async def give() -> None:
        await held_together([mia.id])
        await Tagging.give([(mia.id, (await Tag.of([vip.id]))[vip.id])], "staff", Actor(1, HAND, here.clock()))

    await overlapping(give, lambda: looked(here))
    await applied(here)
    assert await carries(mia) == ["VIP"]


async def test_what_a_colleague_takes_at_this_moment_is_not_given(here: Platforms, vip: Tag) -> None:
    mia = await here.customer("mia", "hanmei")
    await ruled(here, vip, "score >= 80")
    await Customer.all().update(score=90)

    async def change_their_mind() -> None:
        await held_together([mia.id])
        pair, actor = [(mia.id, (await Tag.of([vip.id]))[vip.id])], Actor(1, HAND, here.clock())
        await Tagging.give(pair, "staff", actor)
        await Tagging.take(pair, actor)

    await overlapping(change_their_mind, lambda: looked(here))
    await applied(here)
    assert await carries(mia) == []


async def test_rules_colleagues_and_joinings_never_wait_for_each_other_in_a_circle(here: Platforms, vip: Tag) -> None:
    (gift,) = await here.make("活动/送礼")
    people = [(await here.customer(f"p{number}", "hanmei")).id for number in range(8)]
    await ruled(here, vip, "score >= 50", removes=True)
    await ruled(here, gift, f"#G{vip.id}", removes=True)
    tags, over = await Tag.of([vip.id, gift.id]), asyncio.Event()

    async def rules() -> None:
        while not over.is_set() or await spans.news():
            await looked(here)

    async def colleague(chance: Random) -> None:
        for _ in range(12):
            some = chance.sample(people[:5], 3)
            async with here.act() as ctx:
                await held_together(some)
                pairs = [(each, tags[chance.choice([vip.id, gift.id])]) for each in some]
                await (Tagging.give(pairs, "staff", ctx.actor) if chance.random() < 0.5 else _taken(pairs, ctx.actor))
                await want(some, ctx)
            async with transaction():
                await Customer.filter(id__in=sorted(some)[:1]).update(score=chance.randrange(100))

    async def joining(chance: Random) -> None:
        for _ in range(6):
            one, other = chance.sample(people[5:], 2)
            async with here.act() as ctx:
                await held((one, other))
                merge = await Merge.planned(one, other, "command", ctx.now)
                done = await merge.join(ctx.actor)
            async with here.act() as ctx:
                assert not done or await merge.undo(ctx.actor)

    looking = asyncio.create_task(rules())
    async with asyncio.timeout(60):
        await asyncio.gather(colleague(Random(1)), colleague(Random(2)), joining(Random(3)))  # noqa: S311 - a repeatable one
        over.set()
        await looking
    await applied(here)
    for customer in await Customer.filter(id__in=people):
        found = {row.tag_id: row.source for row in await Tagging.of(customer.id)}
        assert customer.score >= 50 or found.get(vip.id) != "rule"
        assert vip.id in found or found.get(gift.id) != "rule"


async def _taken(pairs: list[tuple[int, Tag]], actor: Actor) -> list[tuple[int, int]]:
    return await Tagging.take(pairs, actor)
