"""Changes of tags whose settlement is never heard of are sent once more a day later; nobody waits for ever."""

from domain.own_events import DayEnded
from handlers.bindings import tell
from models.customers import Identity
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.sync import Binding, Mark
from models.tags import Tag
from tests.handlers.platforms import Platforms, happen, states


async def lose_settlements(here: Platforms) -> None:
    """What is promised is carried out, and what is told of it is buried."""
    now = here.clock.forward(milliseconds=5)
    for lane, _ in await here.outbox.waiting(now):
        await here.outbox.drain(lane)
    assert await InboxEvent.filter(key__startswith="settled:", state="waiting").update(state="dead")


async def end_day(here: Platforms, **passed: float) -> None:
    here.clock.forward(**passed)
    await happen(here, DayEnded(here.clock(), here.clock().date()))


async def test_customers_tags_are_told_once_more(here: Platforms) -> None:
    high, low = await here.make("意向/高", "意向/低")
    mia = await here.customer("mia", "lilei", fan=True)
    await here.run()
    await here.tag(mia, high, low)
    await lose_settlements(here)
    assert await states() == {"sending": 4}
    await end_day(here, hours=23)
    assert await states() == {"sending": 4}
    await here.tag(mia, low, off=True)
    await end_day(here, hours=1)
    await here.run()
    assert await states() == {"synced": 2}
    assert (here.carried("mia"), here.followed("mia")) == ({"lilei": ["高"]}, ["高"])


async def test_so_is_the_library(here: Platforms) -> None:
    high, _ = await here.make("意向/高", "意向/低")
    await lose_settlements(here)
    await end_day(here, days=1, seconds=1)
    await here.run()
    assert here.library() == {"意向": ["高", "低"]}
    assert sorted(here.wechat.tags.values()).count("高") == 1
    assert not await Binding.filter(sent__isnull=False).exists()
    assert not await Binding.filter(remote_id=None).exists()
    assert await Binding.filter(tag_id=high.id).count() == 2


async def test_what_waits_for_its_turn_yet_is_left_alone(here: Platforms) -> None:
    (high,) = await here.make("意向/高")
    await here.run()
    await here.tag(await here.customer("mia", "lilei", fan=True), high)
    await here.make("意向/低")
    sent = await OutboxItem.filter(state="waiting").count()
    await end_day(here, days=2)
    assert await OutboxItem.filter(state="waiting").count() == sent
    assert await Mark.filter(state="sending").count() == await Identity.all().count() == 2
    assert await Binding.filter(sent__isnull=False).count() == 2


async def test_what_a_person_lets_happen_after_all_is_seen_in_the_library(here: Platforms) -> None:
    (high,) = await here.make("意向/高", scope=("wecom",))
    await here.run()
    here.sandbox.fail("wecom", "externalcontact/edit_corp_tag", body={"errcode": 40063, "errmsg": "no"})
    await rename(here, high, "很高")
    await here.run()
    (dead,) = await OutboxItem.filter(state="dead")
    await rename(here, high, "最高")
    await here.run()
    assert here.library() == {"意向": ["最高"]}
    await OutboxItem.revive([dead.id], here.clock())
    await here.run()
    await here.later(seconds=4)
    assert here.library() == {"意向": ["很高"]}
    assert [tag.path for tag in await Tag.living()] == ["意向/很高"]


async def rename(here: Platforms, tag: Tag, name: str) -> None:
    async with here.act() as ctx:
        await Tag.filter(id=tag.id).update(name=name)
        await Binding.filter(tag_id=tag.id).update(reason="")
        await tell(ctx)
