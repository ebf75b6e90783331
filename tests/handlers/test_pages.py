"""A page of who carries what takes no more from customers than can have happened; the rest waits for a manager."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from bot.database import transaction
from domain.messages import OutboundMessage, words
from domain.sync import TagContactsRead, TagsAsked
from handlers import sync
from handlers.context import House
from handlers.pruning import merged
from models.customers import Customer, Identity
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.plans import Plan
from models.sync import Binding, Mark, Sync
from models.tags import Tagging
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.platforms import Platforms, Serve, carries, happen, opened_platforms, states
from tests.handlers.test_sync import compare

Hire = Callable[..., Awaitable[Phone]]


async def tagged(here: Platforms, number: int) -> None:
    """So many customers in WeCom who carry a tag."""
    (high,) = here.wecom.admin.stock("意向", ["高"])
    for n in range(number):
        here.wecom.befriend("lilei", f"wm{n}", f"客{n}").tags = [high.id]
    await compare(here)


def strip(here: Platforms, number: int) -> None:
    for n in range(number):
        here.wecom.contacts[f"wm{n}"].follows["lilei"].tags = []
    here.clock.forward(minutes=5)


async def said() -> list[str]:
    rows = await OutboxItem.all().order_by("id")
    return [words(out.content) for row in rows if isinstance(out := row.outgoing, OutboundMessage)]


async def test_tags_that_many_lost_at_once_stay_until_a_manager_says_so(
    here: Platforms, boss: Phone, lucy: Phone
) -> None:
    await tagged(here, 60)
    strip(here, 30)
    done = await compare(here)
    assert (done.part, done.found["held_taggings"], await Tagging.all().count()) == ("", 30, 60)
    assert await states() == {"synced": 60}
    told = [text for text in await said() if "30" in text]
    assert [text.splitlines()[0] for text in told] == [
        "企业微信「wecom」上，客户身上少了 30 个标签",
        'On WeCom "wecom", customers have lost 30 tags',
    ]
    assert max(len(text.splitlines()) for text in told) <= 8
    assert "放行" in await boss.say("同步 放行 wecom")
    await here.run()
    assert await Tagging.all().count() == 30
    assert "held_taggings" not in (await Sync.get(account="wecom")).found


async def test_more_than_a_manager_has_seen_waits_again(here: Platforms, boss: Phone) -> None:
    await tagged(here, 60)
    strip(here, 20)
    await compare(here)
    strip(here, 40)
    await boss.say("同步 预演 wecom")
    await here.run()
    await boss.say("同步 放行 wecom")
    await here.run()
    assert (await Sync.get(account="wecom")).found["held_taggings"] == 40
    assert await Tagging.all().count() == 60


async def test_a_few_go_unasked(here: Platforms) -> None:
    await tagged(here, 60)
    strip(here, 6)
    done = await compare(here)
    assert ("held_taggings" in done.found, await Tagging.all().count()) == (False, 54)


async def test_rows_that_tell_no_tags_take_none(here: Platforms) -> None:
    await tagged(here, 3)
    here.clock.forward(minutes=5)
    listed = [
        {
            "external_contact": {"external_userid": f"wm{n}", "name": f"客{n}"},
            "follow_info": {"userid": "lilei", "createtime": int(here.clock().timestamp())},
        }
        for n in range(3)
    ]
    told = {"errcode": 0, "errmsg": "ok", "external_contact_list": listed}
    here.sandbox.fail("wecom", "externalcontact/batch/get_by_user", body=told)
    done = await compare(here)
    assert (done.found["taggings"], await Tagging.all().count()) == (0, 3)


async def test_a_tag_that_most_followers_lost_stays_until_a_manager_says_so(here: Platforms, boss: Phone) -> None:
    tag = here.wechat.make_tag("老客")
    for n in range(20):
        await here.customer(f"客{n}", fan=True)
        here.wechat.tag_fan(f"o客{n}", tag)
    await compare(here, "official")
    for n in range(12):
        here.wechat.untag_fan(f"o客{n}", tag)
    here.clock.forward(minutes=5)
    done = await compare(here, "official")
    assert (done.found["held_taggings"], await Tagging.all().count()) == (12, 20)
    await boss.say("同步 放行 official")
    await here.run()
    assert await Tagging.all().count() == 8


async def test_whoever_reads_by_a_clock_that_is_behind_takes_nothing(here: Platforms) -> None:
    (tag,) = await here.make("意向/高")
    await here.run()
    fan, friend = await here.customer("Mia", fan=True), await here.customer("Tom", "lilei")
    await here.tag(fan, tag)
    await here.run()
    await here.later(hours=1)
    binding = await Binding.get(account="official", level="tag")
    async with here.act() as ctx:
        run = (await sync.begin("official", ctx)).run
        await sync.go_on(await Sync.get(account="official"), "", ctx)
    behind = here.clock() - timedelta(seconds=20)
    asked = TagsAsked(behind, "official", run, "contacts")
    page = TagContactsRead(behind, asked, (), "", str(binding.remote_id))
    seen = here.clock() - timedelta(minutes=1)
    await Mark.filter(binding_id=binding.id).update(touched_at=seen, seen_at=seen)
    contact = (await here.inbox.channels["official"].look(replace(asked, cursor=""))).contacts  # type: ignore[attr-defined]
    await happen(here, replace(page, contacts=contact, whole=True))
    assert (await carries(fan), await carries(friend)) == (["高"], [])


async def test_of_a_tag_that_was_taken_nothing_is_left_once_all_its_followers_are_read(here: Platforms) -> None:
    (tag,) = await here.make("意向/高")
    await here.run()
    people = [await here.customer(f"客{n}", fan=True) for n in range(3)]
    for person in people:
        await here.tag(person, tag)
    await here.run()
    for person in people[:2]:
        await here.tag(person, tag, off=True)
    await here.run()
    assert (await Sync.counts("official", grouped=False))["taggings"] == {("synced", ""): 1}
    await here.later(minutes=5)
    await compare(here, "official")
    [left] = await Mark.filter(binding__account="official")
    assert (await Identity.get(id=left.identity_id)).customer_id == people[2].id


async def test_who_has_too_many_tags_for_the_heir_gets_it_when_the_elder_is_gone(
    house: House, clock: Clock, aiohttp_server: Serve
) -> None:
    async with opened_platforms(house, clock, aiohttp_server, official={"per_contact": 2}) as here:
        elder, heir, other = await here.make("意向/高", "意向/低", "等级/VIP")
        mia = await here.customer("Mia", fan=True)
        await here.run()
        await here.tag(mia, elder, other)
        await here.run()
        async with here.act() as ctx:
            await merged(Plan(payload={"tags": [elder.id, heir.id]}), ctx)
        await here.run()
        assert "高" not in here.wechat.tags.values()
        await here.later(days=1)
        await compare(here, "official")
        assert (await carries(mia), here.followed("Mia")) == (["低", "VIP"], ["VIP", "低"])


async def test_a_long_page_is_taken_over_some_at_a_time(here: Platforms) -> None:
    """Who is in none of its parts carries the tag no more."""
    tag = await followed(here, 1_101)
    counts = await parts(here)
    assert counts == [0, 500, 1_000, 1_101]
    here.wechat.untag_fan("o客1100", tag)
    here.clock.forward(minutes=5)
    assert (await parts(here))[-1] == 1_100
    assert not await Tagging.filter(customer__name="客1100").exists()
    assert (await Sync.get(account="official")).part == ""


async def test_without_a_part_of_its_page_nobody_is_taken_for_gone(here: Platforms) -> None:
    await followed(here, 1_001)
    await compare(here, "official")
    here.clock.forward(minutes=5)
    async with here.act() as ctx:
        await sync.begin("official", ctx)
    while not (rest := await InboxEvent.filter(key__contains=":part", state="waiting").order_by("id")):
        await here.inbox.work(await InboxEvent.get(state="waiting", lane="guanxi:tags:official"))
    await InboxEvent.filter(id=rest[0].id).update(state="dead")
    await here.run()
    assert ((await Sync.get(account="official")).part, await Tagging.all().count()) == ("contacts", 1_001)


async def followed(here: Platforms, number: int) -> int:
    """A tag of the official account that so many customers of ours carry."""
    tag, now = here.wechat.make_tag("老客"), here.clock()
    people = [Customer(name=f"客{n}", created_at=now, seen_at=now) for n in range(number)]
    async with transaction():
        await Customer.bulk_create(people)
        told = [
            Identity(account="official", external_id=f"o{each.name}", customer=each, state_at=now, added_at=now)
            for each in await Customer.all()
        ]
        await Identity.bulk_create(told)
    for person in people:
        here.wechat.add_user(f"o{person.name}")
        here.wechat.tag_fan(f"o{person.name}", tag)
    return tag


async def parts(here: Platforms) -> list[int]:
    """How many taggings there are after each transaction of a comparison that changed it."""
    async with here.act() as ctx:
        await sync.begin("official", ctx)
    counts = [await Tagging.all().count()]
    while event := await InboxEvent.filter(state="waiting", lane="guanxi:tags:official").order_by("id").first():
        await here.inbox.work(event)
        counts.append(await Tagging.all().count())
    return list(dict.fromkeys(counts))
