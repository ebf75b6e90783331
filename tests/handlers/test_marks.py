"""Platforms are told who carries what, over real HTTP: each difference once, and as far as it goes."""

import pytest

from bot.database import transaction
from domain.contacts import Follow, Profile
from domain.events import ContactAdded, ContactRemoved
from domain.messages import Address
from domain.outgoing import TagChange
from handlers.bindings import tell
from handlers.context import House
from handlers.marks import standing, want
from models.customers import Customer, Relation
from models.outbox import OutboxItem
from models.sync import Binding, Mark
from models.tags import Tag, Tagging
from tests.clock import Clock
from tests.handlers.platforms import Platforms, Serve, carries, happen, hired, opened_platforms, read, states


@pytest.fixture
async def tags(here: Platforms) -> list[Tag]:
    made = await here.make("意向/高", "意向/低", "等级/VIP")
    await here.run()
    return made


async def changes(here: Platforms) -> list[TagChange]:
    return [out for out in await here.sent() if isinstance(out, TagChange)]


async def told(here: Platforms, customer: Customer) -> dict[tuple[str, str], tuple[str, str]]:
    names = {tag.id: tag.name for tag in await Tag.all()}
    async with here.act() as ctx:
        found = (await standing([customer.id], ctx))[customer.id]
    return {(names[tag], each.account): (each.word, each.reason) for tag, some in found.items() for each in some}


async def test_a_tag_goes_to_the_owners_relation_and_to_the_follower(here: Platforms, tags: list[Tag]) -> None:
    owner = await hired("李雷", "lilei", here.clock)
    mia = await here.customer("Mia", "hanmei", "lilei", fan=True, owner=owner)
    await here.tag(mia, tags[0], tags[2])
    assert await told(here, mia) == {
        ("高", "wecom"): ("pending", ""),
        ("高", "official"): ("pending", ""),
        ("VIP", "wecom"): ("pending", ""),
        ("VIP", "official"): ("pending", ""),
    }
    await here.run()
    assert here.carried("Mia") == {"hanmei": [], "lilei": ["VIP", "高"]}
    assert here.followed("Mia") == ["VIP", "高"]
    assert [(out.to.id, out.member) for out in await changes(here) if out.member] == [("tags:wmMia", "lilei")]
    assert set((await told(here, mia)).values()) == {("synced", "")}


async def test_the_acting_colleagues_relation_comes_first_and_the_oldest_last(here: Platforms, tags: list[Tag]) -> None:
    owner, other = await hired("李雷", "lilei", here.clock), await hired("韩梅梅", "hanmei", here.clock)
    mia = await here.customer("Mia", "lilei", "hanmei", owner=owner)
    tom = await here.customer("Tom", "lilei", "hanmei")
    await here.tag(mia, tags[0], by=other)
    await here.tag(tom, tags[0])
    await here.run()
    assert here.carried("Mia") == {"lilei": [], "hanmei": ["高"]}
    assert here.carried("Tom") == {"lilei": ["高"], "hanmei": []}


async def test_taken_here_it_goes_from_every_relation(here: Platforms, tags: list[Tag]) -> None:
    mia = await here.customer("Mia", "hanmei", "lilei", fan=True)
    for member in ("hanmei", "lilei"):
        await here.wecom.member_tags(member, "wmMia", [here.wecom_id("高")], told=False)
    assert await read(here, "Mia") == 1
    await here.run()
    assert here.followed("Mia") == ["高"]
    await here.tag(mia, tags[0], off=True)
    await here.run()
    assert here.carried("Mia") == {"hanmei": [], "lilei": []}
    assert here.followed("Mia") == []
    assert await states() == {}


async def test_tagged_and_untagged_while_it_is_on_its_way(here: Platforms, tags: list[Tag]) -> None:
    mia = await here.customer("Mia", "hanmei", fan=True)
    await here.tag(mia, tags[0])
    await here.tag(mia, tags[0], off=True)
    assert len(await changes(here)) == 2
    await here.run()
    assert (here.carried("Mia"), here.followed("Mia")) == ({"hanmei": []}, [])
    assert await states() == {}
    await here.tag(mia, tags[0])
    await here.tag(mia, tags[0], off=True)
    await here.tag(mia, tags[0])
    await here.run()
    assert (here.carried("Mia"), here.followed("Mia")) == ({"hanmei": ["高"]}, ["高"])
    assert await states() == {"synced": 2}


async def test_a_tag_waits_for_its_id(here: Platforms) -> None:
    tag = (await here.make("意向/高"))[0]
    mia = await here.customer("Mia", "hanmei", fan=True)
    await here.tag(mia, tag)
    assert await changes(here) == []
    await here.run()
    assert (here.carried("Mia"), here.followed("Mia")) == ({"hanmei": ["高"]}, ["高"])


async def test_many_are_told_a_part_at_a_time(here: Platforms, tags: list[Tag]) -> None:
    people = [await here.customer(f"客{n}", "hanmei", fan=True) for n in range(230)]
    async with here.act() as ctx:
        await Tagging.give([(person.id, tags[0]) for person in people], "staff", ctx.actor)
        await want([person.id for person in people], ctx)
        assert len(ctx.promises) == 200
    await here.run()
    assert [here.carried(f"客{n}") for n in range(230)] == [{"hanmei": ["高"]}] * 230
    assert [here.followed(f"客{n}") for n in range(230)] == [["高"]] * 230
    assert len([out for out in await changes(here) if not out.member]) == 5


async def test_no_more_than_the_platform_allows_one_follower(house: House, clock: Clock, aiohttp_server: Serve) -> None:
    async with opened_platforms(house, clock, aiohttp_server, official={"per_contact": 2}) as here:
        tags = await here.make("意向/高", "意向/低", "等级/VIP")
        mia = await here.customer("Mia", fan=True)
        await here.tag(mia, *tags)
        await here.run()
        assert here.followed("Mia") == ["低", "高"]
        assert (await told(here, mia))["VIP", "official"] == ("failed", "per_contact")
        await here.tag(mia, tags[0], off=True)
        await here.run()
        assert here.followed("Mia") == ["VIP", "低"]


async def test_who_unfollowed_gets_their_tags_again_when_they_come_back(here: Platforms, tags: list[Tag]) -> None:
    mia = await here.customer("Mia", "hanmei", fan=True)
    fan = Address("official", "oMia")
    await here.tag(mia, tags[0])
    await here.run()
    here.wechat.users["oMia"].tags.clear()
    await happen(here, ContactRemoved(here.clock.forward(seconds=1), fan, "unfollowed"))
    await here.run()
    assert (await told(here, mia))["高", "official"] == ("failed", "unfollowed")
    await happen(here, ContactAdded(here.clock.forward(seconds=1), fan, Profile(tags=())))
    await here.run()
    assert (await carries(mia), here.followed("Mia")) == (["高"], ["高"])


async def test_a_relation_that_ended_while_nobody_listened_takes_no_tags_along(
    here: Platforms, tags: list[Tag]
) -> None:
    """They are added anew: that the tags are gone there is no word of a colleague's."""
    mia = await here.customer("Mia", "hanmei")
    await here.tag(mia, tags[0])
    await here.run()
    here.wecom.befriend("hanmei", "wmMia", "Mia")
    added = ContactAdded(
        here.clock.forward(seconds=1),
        Address("wecom", "wmMia"),
        Profile(follows=(Follow("hanmei"),)),
        owner="hanmei",
    )
    await happen(here, added)
    await here.run()
    assert (await carries(mia), here.carried("Mia")) == (["高"], {"hanmei": ["高"]})


async def test_of_a_relation_that_ended_the_tags_go_to_another(here: Platforms, tags: list[Tag]) -> None:
    mia = await here.customer("Mia", "hanmei", "lilei")
    await here.tag(mia, tags[0])
    await here.run()
    assert here.carried("Mia") == {"hanmei": ["高"], "lilei": []}
    del here.wecom.contacts["wmMia"].follows["hanmei"]
    gone = ContactRemoved(here.clock.forward(seconds=1), Address("wecom", "wmMia"), "deleted", owner="hanmei")
    await happen(here, gone)
    await here.run()
    assert here.carried("Mia") == {"lilei": ["高"]}
    del here.wecom.contacts["wmMia"].follows["lilei"]
    await happen(here, ContactRemoved(here.clock.forward(seconds=1), gone.contact, "deleted", owner="lilei"))
    await here.run()
    assert (await told(here, mia))["高", "wecom"] == ("failed", "no_relation")
    assert await carries(mia) == ["高"]


async def test_where_a_relation_is_refused_another_one_is_tried(here: Platforms, tags: list[Tag]) -> None:
    mia = await here.customer("Mia", "hanmei", "lilei")
    del here.wecom.contacts["wmMia"].follows["hanmei"]
    await here.tag(mia, tags[0])
    await here.run()
    assert here.carried("Mia") == {"lilei": ["高"]}
    assert (await told(here, mia))["高", "wecom"] == ("synced", "")


async def test_a_tag_unknown_to_the_platform_fails_and_the_library_is_read(here: Platforms, tags: list[Tag]) -> None:
    mia = await here.customer("Mia", "hanmei")
    await here.wecom.admin.delete(here.wecom_id("高"), told=False)
    await here.tag(mia, tags[0])
    await here.run()
    await here.later(seconds=5)
    assert await carries(mia) == []
    assert (await Tag.get(name="高")).gone_at is not None
    assert await states() == {}


async def test_a_merged_tag_goes_over_on_both_platforms(here: Platforms, tags: list[Tag]) -> None:
    """The customers of the one carry the other, on the same relation, before the one is deleted there."""
    mia = await here.customer("Mia", "hanmei", "lilei", fan=True)
    tom = await here.customer("Tom", "hanmei")
    await here.wecom.member_tags("lilei", "wmMia", [here.wecom_id("高")], told=False)
    await read(here, "Mia")
    await here.tag(tom, tags[1])
    await here.run()
    gone, kept = tags[0], tags[1]
    async with here.act() as ctx:
        await Tag.filter(id=gone.id).update(gone_at=ctx.now, merged_into_id=kept.id)
        await Tagging.filter(tag_id=gone.id).update(tag_id=kept.id)
        await Binding.filter(tag_id=gone.id).update(retired=True, heir_id=kept.id)
        await tell(ctx)
        assert ctx.promises == []
        await want([mia.id], ctx)
    await here.run()
    assert here.library() == {"意向": ["低"], "等级": ["VIP"]}
    assert (here.carried("Mia"), here.followed("Mia")) == ({"hanmei": [], "lilei": ["低"]}, ["低"])
    assert "高" not in here.wechat.tags.values()
    assert await carries(mia) == ["低"]


async def test_customers_without_tags_cost_next_to_nothing(here: Platforms, tags: list[Tag]) -> None:
    mia = await here.customer("Mia", "hanmei", fan=True)
    before = await OutboxItem.all().count()
    async with transaction(), here.act() as ctx:
        await want([mia.id], ctx)
    assert await OutboxItem.all().count() == before
    assert await Mark.all().count() == 0
    assert await Relation.all().count() == 1
