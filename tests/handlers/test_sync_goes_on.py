"""What is asked is asked to its end: over failures, over other comparisons, and over a restart."""

from datetime import timedelta

from bot.database import transaction
from domain.sync import SyncDue, TagLibraryChanged
from handlers import sync
from handlers.router import dispatch
from models.inbox import OWN, InboxEvent
from models.outbox import OutboxItem
from models.staff import Staff
from models.sync import Sync
from models.tags import Tag
from tests.handlers.platforms import Platforms, hired
from tests.handlers.test_sync import asked, compare

LISTING, BATCH = "externalcontact/get_corp_tag_list", "externalcontact/batch/get_by_user"
BUSY = '{"errcode": -1, "errmsg": "system busy"}'
DRY = {"account": "wecom", "chat": "hanmei", "language": "zh-CN"}


async def changed(here: Platforms) -> None:
    async with here.act() as ctx:
        await dispatch(TagLibraryChanged(ctx.now, "wecom", "create", "et1"), ctx)


async def start(here: Platforms) -> None:
    for account in sorted(here.house.tags):
        async with transaction():
            await sync.at_start(account, here.clock.forward(milliseconds=10))


async def step(here: Platforms) -> None:
    """One question, as soon as it is due."""
    (row,) = await InboxEvent.filter(state="waiting", lane="guanxi:tags:wecom")
    here.clock.forward(seconds=max((row.due_at - here.clock()).total_seconds(), 0))
    await here.inbox.work(row)


async def living() -> list[str]:
    return sorted(tag.path for tag in await Tag.living())


def many_contacts(here: Platforms) -> None:
    for number in range(150):  # two pages
        here.wecom.befriend("lilei", f"wm{number}", f"客{number}")


async def test_a_library_that_is_busy_twice_within_a_minute_is_read_all_the_same(here: Platforms) -> None:
    here.wecom.admin.stock("意向", ["高"])
    here.sandbox.fail("wecom", LISTING, times=2, body=BUSY)
    await compare(here)
    await here.later(seconds=4)
    assert ((await Sync.get(account="wecom")).reason, await living()) == ("busy", [])
    await here.later(seconds=8)
    assert ((await Sync.get(account="wecom")).part, await living()) == ("", ["意向/高"])


async def test_pages_that_fail_one_after_the_other_within_a_minute_are_all_read(here: Platforms) -> None:
    many_contacts(here)
    async with here.act() as ctx:
        await sync.begin("wecom", ctx)
    await step(here)
    for _ in range(2):
        here.sandbox.fail("wecom", BATCH, body=BUSY)
        await step(here)
        await step(here)
    done = await Sync.get(account="wecom")
    assert (done.part, done.reason, done.found["new"]) == ("", "", 150)


async def test_of_many_questions_for_the_library_that_fail_one_asks_for_all(here: Platforms) -> None:
    here.wecom.admin.stock("意向", ["高"])
    here.sandbox.fail("wecom", LISTING, times=8, body=BUSY)
    for _ in range(8):
        await changed(here)
        await here.later(seconds=3)
        assert len(await asked()) <= 1
    await here.later(minutes=1)
    assert (await living(), await asked()) == (["意向/高"], [])


async def test_a_dry_run_leaves_what_else_is_to_be_asked(here: Platforms) -> None:
    here.wecom.admin.stock("意向", ["高"])
    await changed(here)
    async with here.act() as ctx:
        await sync.begin("wecom", ctx, DRY)
    await here.later(seconds=4)
    assert await living() == ["意向/高"]


async def test_a_change_told_after_a_comparison_in_the_same_seconds_is_read(here: Platforms) -> None:
    here.wecom.admin.stock("意向", ["高"])
    await changed(here)
    await compare(here)
    here.wecom.admin.stock("来源", ["展会"])
    await changed(here)
    await here.later(seconds=4)
    assert await living() == ["意向/高", "来源/展会"]


async def test_a_start_compares_all_accounts(here: Platforms) -> None:
    await start(here)
    assert sorted((event.account, event.run) for event in await asked()) == [("official", 1), ("wecom", 1)]


async def test_over_a_restart_a_run_goes_on_and_the_library_is_read_again(here: Platforms) -> None:
    many_contacts(here)
    async with here.act() as ctx:
        await sync.begin("wecom", ctx)
    await step(here)
    await step(here)
    here.wecom.admin.stock("意向", ["高"])  # while we were down
    for _ in range(3):
        await start(here)
    assert sorted((event.run, event.part) for event in await asked() if event.account == "wecom") == [
        (0, "library"),
        (1, "contacts"),
    ]
    await here.later(seconds=4)
    done = await Sync.get(account="wecom")
    assert (done.run, done.part, done.found["new"], done.found["pages"]) == (1, "", 150, 2)
    assert await living() == ["意向/高"]


async def test_a_run_whose_question_is_lost_or_that_has_gone_on_for_long_begins_anew_at_a_start(
    here: Platforms,
) -> None:
    async with here.act() as ctx:
        await sync.begin("wecom", ctx)
    await InboxEvent.filter(account=OWN, key="tags:wecom:1:0").update(state="dead")
    await start(here)
    assert [event.run for event in await asked() if event.account == "wecom"] == [2]
    here.clock.forward(hours=1)
    await start(here)
    assert [event.run for event in await asked() if event.account == "wecom"] == [3]


async def held(here: Platforms) -> Sync:
    """So much is gone that a manager is asked."""
    boss = await hired("韩梅梅", "hanmei", here.clock)
    await Staff.filter(id=boss.id).update(role="manager")
    here.wecom.admin.stock("意向", [f"级{n}" for n in range(10)])
    await compare(here)
    for number in range(1, 10):
        await here.wecom.admin.delete(here.wecom_id(f"级{number}"), told=False)
    here.clock.forward(minutes=5)
    return await compare(here)


async def test_managers_who_know_are_not_told_again_at_a_start(here: Platforms) -> None:
    before = await held(here)
    told = await OutboxItem.all().count()
    assert (before.part, before.found["held"], told) == ("held", 9, 1)
    for _ in range(2):
        await start(here)
        await here.run()
    after = await Sync.get(account="wecom")
    assert (after.part, after.found["held"], await OutboxItem.all().count()) == ("held", 9, told)
    assert len(await living()) == 10


async def test_what_is_held_stays_so_while_the_account_does_not_answer(here: Platforms) -> None:
    await held(here)
    here.wecom.block(100 * 3600, LISTING)
    await start(here)
    for _ in range(110):
        await here.later(minutes=15)
    assert (await asked(), (await Sync.get(account="wecom")).part) == ([], "held")


async def test_what_a_manager_allowed_goes_after_the_next_reading_however_late_that_is(here: Platforms) -> None:
    told_of = (await held(here)).found["told_of"]
    async with here.act() as ctx:
        begun = await sync.begin("wecom", ctx)
        await begun.note(ctx.now, allowed=True, found={"allowed_tags": told_of})
    here.wecom.block(1800, LISTING)
    await here.run()
    here.clock.forward(hours=2)
    await start(here)
    async with here.act() as ctx:
        await dispatch(SyncDue(ctx.now + timedelta(seconds=1)), ctx)
    await here.run()
    assert ((await Sync.get(account="wecom")).part, await living()) == ("", ["意向/级0"])
