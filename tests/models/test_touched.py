"""Whatever is written that rules ask about leaves a line of whom to look at again, in the same transaction."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from bot.database import transaction
from domain.messages import Text
from models.behaviours import Act, Behaviour
from models.customers import Customer, Identity
from models.leads import Lead
from models.messages import Message
from models.orders import Order, Sale
from models.sql import select
from models.tags import Tag, Tagging, TagGroup
from tests.clock import Clock


class Undone(Exception):  # noqa: N818 - named for what happened
    """So that nothing of it stays."""


async def lines() -> set[tuple[int, int]]:
    """Whom they say to look at, and the tags; then they are gone."""
    found = await select("DELETE FROM touched RETURNING customer_id, tag_id")
    return {(row["customer_id"], row["tag_id"]) for row in found}


async def noted(change: Callable[[], Awaitable[object]]) -> set[tuple[int, int]]:
    """What a change leaves; nothing where it is rolled back."""
    await lines()
    with suppress(Undone):
        async with transaction():
            await change()
            raise Undone
    assert await lines() == set()
    await change()
    return await lines()


@pytest.mark.usefixtures("database")
async def test_each_change_that_rules_ask_about_is_noted(clock: Clock) -> None:
    one, other = [await Customer.create(created_at=clock(), seen_at=clock()) for _ in range(2)]
    about = {"account": "tg", "external_id": "1", "state_at": clock(), "added_at": clock()}
    identity = await Identity.create(customer=one, **about)
    lead = await Lead.create(customer=one, created_at=clock())
    group = await TagGroup.create(name="等级", created_at=clock())
    tags = [await Tag.create(group=group, name=name, created_at=clock()) for name in "甲乙"]
    sale = Sale(one.id, "shop", "1", "paid", 5, "CNY", clock())
    later = clock() + timedelta(minutes=9)

    async def tag() -> None:
        for each in tags:
            await Tagging.create(customer=one, tag=each, at=clock())

    cases: list[tuple[Callable[[], Awaitable[object]], set[tuple[int, int]]]] = [
        (lambda: Customer.filter(id=one.id).update(city="上海"), {(one.id, 0)}),
        (lambda: Lead.filter(id=lead.id).update(stage="won"), {(one.id, 0)}),
        (lambda: Lead.filter(id=lead.id).update(first_words="在吗"), set()),
        (lambda: Identity.filter(id=identity.id).update(state="blocked"), {(one.id, 0)}),
        (lambda: Identity.filter(id=identity.id).update(heard_at=later), set()),
        (lambda: Identity.filter(id=identity.id).update(customer_id=other.id), {(one.id, 0), (other.id, 0)}),
        (lambda: Message.heard(identity, Text("在吗"), clock(), "1"), {(one.id, 0)}),
        (lambda: Message.all().update(text="在"), set()),
        (tag, {(one.id, tags[0].id), (one.id, tags[1].id)}),
        (
            lambda: Tagging.filter(tag=tags[0]).update(customer_id=other.id),
            {(n, tags[0].id) for n in (one.id, other.id)},
        ),
        (lambda: Tagging.filter(tag=tags[1]).delete(), {(one.id, tags[1].id)}),
        (lambda: Order.tell([sale]), {(one.id, 0)}),
        (lambda: Order.tell([sale]), set()),
        (lambda: Order.tell([sale._replace(state="open")]), {(one.id, 0)}),
        (lambda: Behaviour.tell([Act(one.id, "site", "1", "viewed", clock())]), {(one.id, 0)}),
        (lambda: Customer.filter(id=other.id).delete(), {(one.id, 0), (other.id, 0), (other.id, tags[0].id)}),
    ]
    for number, (change, expected) in enumerate(cases):
        assert await noted(change) == expected, number
