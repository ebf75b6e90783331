"""A new demo: people have talked before the visitor comes, once, whatever interrupts them."""

import asyncio
from dataclasses import replace

from bot.seed import MARK, seed
from domain.permissions import Role
from models.cursors import Cursor
from models.customers import Customer, Identity
from models.fields import instant
from models.inbox import InboxEvent
from models.leads import Lead
from models.messages import Message
from sandbox import Sandbox
from tests.journeys.town import Town

EVERYBODY = 11
LINES = 22  # what they all said, and what they were told


async def seeded(town: Town) -> None:
    await town.hire("王芳", Role.SALES, wecom="wangfang")
    await seed(town.sandbox)
    await town.settled()


async def test_there_is_somebody_to_find_to_look_at_and_to_read(town: Town) -> None:
    await seeded(town)
    assert await Customer.all().count() == await Lead.all().count() == EVERYBODY
    assert await Message.all().count() == LINES
    found = await town.member_says("查 张")
    assert "张伟" in found
    assert "张敏" in found
    assert "C1 张伟" in await town.member_says("查 zhangwei")
    assert "three days to Milan" in await town.member_says("聊天 C2")
    assert "王芳 在跟" in await town.member_says("看 赵磊")
    assert "三家门店" in await town.member_says("看 赵磊", "wangfang")


async def test_the_staffs_phones_show_a_little_of_it(town: Town) -> None:
    await seeded(town)
    shown = [entry for entry in town.sandbox.stage.story.told() if not entry.aside]
    told = [entry.by for entry in shown if entry.chat in {"wecom:admin-userid", "telegram:10001"}]
    assert told == ["company", "person", "company", "person", "company"]


async def test_what_was_interrupted_goes_on_and_nothing_is_twice(town: Town) -> None:
    await town.hire("王芳", Role.SALES, wecom="wangfang")
    first = asyncio.create_task(seed(town.sandbox))

    async def half_done() -> bool:
        return await Customer.all().count() == EVERYBODY // 2

    await town.until(half_done)
    first.cancel()
    await asyncio.wait([first])
    assert int((await Cursor.get(account=MARK)).value) < EVERYBODY
    await town.restart()
    await town.settled()
    await seed(town.sandbox)
    await town.settled()
    assert await Customer.all().count() == await Lead.all().count() == EVERYBODY
    assert await Message.all().count() == LINES


async def test_a_scene_played_again_is_the_same_callback(town: Town) -> None:
    await seeded(town)
    before = await InboxEvent.all().count()
    hasty = replace(town.sandbox.guests, patience=0)
    for scene in hasty.scenes():
        if not scene.newcomer:
            await hasty.play(scene)
    await town.settled()
    assert await InboxEvent.all().count() == before
    assert await Message.all().count() == LINES


async def test_a_database_in_use_stays_as_it_is(town: Town) -> None:
    await Customer.create(name="李雷", created_at=instant(0), seen_at=instant(0))
    await seed(town.sandbox)
    assert await Customer.all().count() == 1
    assert not await Cursor.exists(account=MARK)


async def test_a_simulator_that_was_restarted_knows_the_people_again(town: Town) -> None:
    await seeded(town)
    follower = await Identity.filter(account="official").first()
    fresh = Sandbox(town.sandbox.stage.settings)
    await seed(fresh)
    assert fresh.telegram.people[60001].has_started
    assert fresh.telegram.people[60001].first_name == "张伟"
    assert follower is not None
    assert fresh.wechat.users[follower.external_id].is_follower
    assert fresh.stage.story.told() == []


async def test_a_visitor_who_plays_meanwhile_sees_all_answers(town: Town) -> None:
    story = town.sandbox.stage.story
    with story.hush(frozenset({"wecom:admin-userid"})):
        story.visited = True
        await town.member_says("帮助")
    assert [entry.aside for entry in story.told()] == [False, False]
