"""What platforms tell of who carries what is taken over once, and what is older than our own changes tells nothing."""

import pytest

from domain.contacts import Follow, Profile
from domain.events import ContactUpdated
from domain.messages import Address
from handlers.marks import adopt, adopt_tag, drop_tag, sweep_tag
from models.changes import Change
from models.customers import Identity, Relation
from models.sync import Binding, Mark
from models.tags import Tag, Tagging
from tests.handlers.platforms import Platforms, carries, happen, read, states
from tests.handlers.test_sync import compare


@pytest.fixture
async def tags(here: Platforms) -> list[Tag]:
    made = await here.make("意向/高", "意向/低", "等级/VIP")
    await here.run()
    return made


async def test_what_we_told_ourselves_is_no_news(here: Platforms, tags: list[Tag]) -> None:
    mia = await here.customer("Mia", "hanmei", fan=True)
    await here.tag(mia, tags[0])
    await here.run()
    before, trail = len(await here.sent()), await Change.all().count()
    assert await read(here, "Mia") == 0
    await here.run()
    assert (len(await here.sent()), await Change.all().count()) == (before, trail)


async def test_a_tag_from_the_platform_is_the_customers_everywhere(here: Platforms, tags: list[Tag]) -> None:
    mia = await here.customer("Mia", "hanmei", fan=True)
    await here.wecom.member_tags("hanmei", "wmMia", [here.wecom_id("高")], told=False)
    assert await read(here, "Mia") == 1
    await here.run()
    assert await carries(mia) == ["高"]
    assert (await Tagging.get()).source == "platform"
    assert here.followed("Mia") == ["高"]
    assert [(row.field, row.new, row.staff_id) for row in await Change.all()] == [("tag", "意向/高", None)]


async def test_it_is_taken_only_when_it_is_gone_from_the_last_relation(here: Platforms, tags: list[Tag]) -> None:
    mia = await here.customer("Mia", "hanmei", "lilei", fan=True)
    for member in ("hanmei", "lilei"):
        await here.wecom.member_tags(member, "wmMia", [here.wecom_id("高")], told=False)
    await read(here, "Mia")
    await here.run()
    await here.wecom.member_tags("hanmei", "wmMia", drop=[here.wecom_id("高")], told=False)
    assert await read(here, "Mia") == 0
    await here.run()
    assert (await carries(mia), here.carried("Mia")) == (["高"], {"hanmei": [], "lilei": ["高"]})
    await here.wecom.member_tags("lilei", "wmMia", drop=[here.wecom_id("高")], told=False)
    assert await read(here, "Mia") == 1
    await here.run()
    assert (await carries(mia), here.followed("Mia")) == ([], [])


async def test_both_sides_at_once_are_both_right(here: Platforms, tags: list[Tag]) -> None:
    mia = await here.customer("Mia", "hanmei")
    await here.tag(mia, tags[0], tags[1])
    await here.run()
    await here.wecom.member_tags("hanmei", "wmMia", [here.wecom_id("VIP")], [here.wecom_id("高")], told=False)
    await here.tag(mia, tags[1], off=True)
    await read(here, "Mia")
    await here.run()
    assert await carries(mia) == ["VIP"]
    assert here.carried("Mia") == {"hanmei": ["VIP"]}
    assert await states() == {"synced": 1}


@pytest.mark.parametrize("settled_first", [True, False])
async def test_a_reading_that_began_before_our_change_tells_nothing(
    here: Platforms, tags: list[Tag], settled_first: bool
) -> None:
    mia = await here.customer("Mia", "hanmei")
    identity = await Identity.get(customer_id=mia.id)
    await here.tag(mia, tags[0])
    await here.run()
    began, with_it = here.clock.forward(seconds=1), frozenset({here.wecom_id("高")})
    here.clock.forward(seconds=1)
    await here.tag(mia, tags[0], off=True)
    if settled_first:
        await here.run()
    async with here.act() as ctx:
        assert await adopt([(identity, "hanmei", with_it)], began, ctx) == 0
    await here.run()
    assert (await carries(mia), here.carried("Mia")) == ([], {"hanmei": []})
    assert await read(here, "Mia") == 0
    assert await Mark.all().count() == 0  # a reading has proved that it is gone


async def test_a_tag_that_has_no_place_there_is_made_first(here: Platforms) -> None:
    """Adopted from one platform it is on the other as soon as somebody carries it who is there."""
    await here.wecom.admin.create_tags("意向", "高", told=False)
    mia = await here.customer("Mia", "hanmei", fan=True)
    tag = (await here.make("意向/高", scope=("wecom",)))[0]
    await here.run()
    await Tag.filter(id=tag.id).update(scope=[])
    await here.wecom.member_tags("hanmei", "wmMia", [here.wecom_id("高")], told=False)
    await read(here, "Mia")
    await here.run()
    assert here.library() == {"意向": ["高"]}
    assert (await carries(mia), here.followed("Mia")) == (["高"], ["高"])


async def test_a_tag_that_is_met_before_the_library_is_read_is_taken_over_afterwards(here: Platforms) -> None:
    mia = await here.customer("Mia", "hanmei")
    [new] = await here.wecom.admin.create_tags("意向", "新", told=False)
    await here.wecom.member_tags("hanmei", "wmMia", [new.id], told=False)
    profile = Profile(follows=(Follow("hanmei", tags=(new.id,)),))
    await happen(here, ContactUpdated(here.clock.forward(seconds=1), Address("wecom", "wmMia"), profile))
    await here.run()
    assert await carries(mia) == []
    await here.later(seconds=4)
    await here.later(seconds=8)
    assert await carries(mia) == ["新"]


async def test_of_a_relation_that_was_read_again_nothing_older_is_taken_over(here: Platforms) -> None:
    await here.make("意向/高")
    await here.run()
    mia = await here.customer("Mia", "hanmei")
    contact = Address("wecom", "wmMia")
    [new] = await here.wecom.admin.create_tags("意向", "新", told=False)
    for tags in ((new.id,), ()):
        told = Profile(follows=(Follow("hanmei", tags=tags),))
        await happen(here, ContactUpdated(here.clock.forward(seconds=1), contact, told))
    for _ in range(4):
        await here.later(minutes=3)
    assert await Tag.filter(name="新").exists()
    assert await carries(mia) == []


async def test_of_a_relation_that_was_listed_since_nothing_older_is_taken_over(here: Platforms) -> None:
    await here.make("意向/高")
    await here.run()
    mia = await here.customer("Mia", "hanmei")
    [new] = await here.wecom.admin.create_tags("意向", "新", told=False)
    told = Profile(follows=(Follow("hanmei", tags=(new.id,)),))
    await happen(here, ContactUpdated(here.clock.forward(seconds=1), Address("wecom", "wmMia"), told))
    await compare(here)
    assert (await Relation.get()).read_at
    for _ in range(4):
        await here.later(minutes=3)
    assert await carries(mia) == []


async def test_followers_of_one_tag_are_taken_over_and_the_missing_lose_it(here: Platforms, tags: list[Tag]) -> None:
    people = [await here.customer(name, "hanmei", fan=True) for name in ("Mia", "Tom", "Ann")]
    fans = {identity.name: identity for identity in await Identity.filter(account="official")}
    remote = (await Binding.get(account="official", tag_id=tags[0].id)).remote_id or ""
    await here.tag(people[0], tags[0])
    await here.tag(people[2], tags[0])
    await here.run()
    here.wechat.users["oMia"].tags.clear()
    began = here.clock.forward(seconds=1)
    async with here.act() as ctx:
        assert await adopt_tag("official", remote, [fans["Tom"], fans["Ann"]], ctx.now, ctx) == 1
        assert await sweep_tag("official", remote, began, ctx) == ["oMia"]
        assert await drop_tag(remote, [fans["Mia"]], ctx.now, ctx) == 1
    await here.run()
    assert [await carries(person) for person in people] == [[], ["高"], ["高"]]
    assert [here.carried(name) for name in ("Mia", "Tom", "Ann")] == [
        {"hanmei": []},
        {"hanmei": ["高"]},
        {"hanmei": ["高"]},
    ]
