"""Accounts are asked for their tags over real HTTP: at once, every night, at the start, and again until it succeeds."""

from datetime import timedelta

from domain.messages import OutboundMessage
from domain.sync import SyncDue, TagLibraryChanged, TagsAsked
from handlers import sync
from handlers.router import dispatch
from models.customers import Identity, Relation
from models.inbox import OWN, InboxEvent
from models.leads import Lead
from models.outbox import OutboxItem
from models.sync import Sync
from models.tags import Tag
from tests.handlers.platforms import Platforms, carries


async def compare(here: Platforms, account: str = "wecom") -> Sync:
    async with here.act() as ctx:
        await sync.begin(account, ctx)
    await here.run()
    return await Sync.get(account=account)


async def asked() -> list[TagsAsked]:
    rows = await InboxEvent.filter(account=OWN, state="waiting").order_by("id")
    return [event for row in rows if isinstance(event := row.own(), TagsAsked)]


async def test_a_burst_of_changes_is_one_reading_after_all_of_them(here: Platforms) -> None:
    here.wecom.admin.stock("意向", ["高"])
    for number in range(20):
        async with here.act() as ctx:
            await dispatch(TagLibraryChanged(ctx.now, "wecom", "create", f"et{number}"), ctx)
    (event,) = await InboxEvent.filter(account=OWN, state="waiting")
    assert timedelta() < event.due_at - here.clock() <= sync.TOGETHER
    await here.later(seconds=4)
    assert [tag.path for tag in await Tag.living()] == ["意向/高"]
    assert await Sync.filter(account="wecom", run=0, part="").exists()


async def test_everything_of_an_account_is_asked_one_after_the_other(here: Platforms) -> None:
    async with here.act() as ctx:
        await sync.begin("wecom", ctx)
        await sync.ask("wecom", ctx)
        await sync.ask("wecom", ctx, timedelta(minutes=1))
    rows = await InboxEvent.filter(account=OWN, state="waiting").order_by("id")
    assert [(row.lane, row.priority) for row in rows] == [("guanxi:tags:wecom", n) for n in (0, 0, 9)]


async def test_a_run_takes_over_the_library_and_who_carries_what(here: Platforms) -> None:
    high, low = here.wecom.admin.stock("意向", ["高", "低"])
    known = await here.customer("张三", "lilei")
    here.wecom.contacts["wm张三"].follows["lilei"].tags = [high.id]
    here.wecom.befriend("hanmei", "wm李四", "李四").tags = [low.id]
    done = await compare(here)
    assert (done.part, done.reason, done.found["new"], done.found["taggings"]) == ("", "", 1, 2)
    assert done.finished_at
    assert done.took > 0
    assert await carries(known) == ["高"]
    new = await Identity.get(external_id="wm李四").select_related("customer")
    assert (new.customer.name, await carries(new.customer)) == ("李四", ["低"])
    assert await Lead.filter(customer_id=new.customer_id).exists()
    assert not [item for item in await OutboxItem.all() if isinstance(item.outgoing, OutboundMessage)]  # quietly
    again = await compare(here)
    assert again.found.get("taggings", 0) == again.found.get("new", 0) == 0
    assert not await here.sent()


async def test_what_the_platform_knows_of_a_contact_by_now_is_learned(here: Platforms) -> None:
    customer = await here.customer("张三", "lilei")
    follow = here.wecom.contacts["wm张三"].follows["lilei"]
    follow.remark, follow.remark_mobiles = "张总", ["13800001234"]
    await compare(here)
    relation = await Relation.get(identity__customer_id=customer.id)
    assert (relation.remark, relation.phones) == ("张总", ["13800001234"])
    assert relation.read_at


async def test_who_went_while_we_were_down_is_gone(here: Platforms) -> None:
    stays, gone = await here.customer("张三", "lilei"), await here.customer("李四", "lilei")
    here.clock.forward(minutes=5)
    del here.wecom.contacts["wm李四"]
    done = await compare(here)
    assert done.found["ended"] == 1
    assert await Relation.filter(identity__customer_id=stays.id, ended_at=None).exists()
    identity = await Identity.get(customer_id=gone.id)
    assert (identity.state, await Relation.filter(identity_id=identity.id, ended_at=None).count()) == ("deleted", 0)


async def test_many_who_are_missing_at_once_are_not_taken_for_gone(here: Platforms) -> None:
    for number in range(10):
        await here.customer(f"客{number}", "lilei")
    here.clock.forward(minutes=5)
    for number in range(1, 10):
        del here.wecom.contacts[f"wm客{number}"]
    done = await compare(here)
    assert done.found["held_relations"] == 9
    assert await Relation.filter(ended_at=None).count() == 10


async def test_a_run_goes_on_where_it_was_when_we_died(here: Platforms) -> None:
    here.wecom.admin.stock("意向", ["高"])
    for number in range(150):
        here.wecom.befriend("lilei", f"wm{number}", f"客{number}")
    async with here.act() as ctx:
        await sync.begin("wecom", ctx)
    for _ in range(2):  # the library, and the first page
        event = await InboxEvent.get(state="waiting", lane="guanxi:tags:wecom")
        await here.inbox.work(event)
    assert (await Sync.get(account="wecom")).found["new"] == 100
    (left,) = await asked()
    assert (left.part, bool(left.cursor)) == ("contacts", True)
    await here.run()
    done = await Sync.get(account="wecom")
    assert (done.run, done.part, done.found["new"], done.found["pages"]) == (1, "", 150, 2)


async def test_a_run_that_begins_ends_the_one_before(here: Platforms) -> None:
    async with here.act() as ctx:
        await sync.begin("wecom", ctx)
    (first,) = await InboxEvent.filter(account=OWN, state="waiting")
    async with here.act() as ctx:
        await sync.begin("wecom", ctx)
    assert [event.run for event in await asked()] == [2]
    await here.inbox.work(first)  # another process was at it
    assert (await Sync.get(account="wecom")).part == "library"
    await here.run()
    assert (await Sync.get(account="wecom")).part == ""


async def test_an_account_that_does_not_answer_is_asked_again_for_a_day(here: Platforms) -> None:
    here.wecom.admin.stock("意向", ["高"])
    here.wecom.block(3600, "externalcontact/get_corp_tag_list")
    await compare(here)
    state = await Sync.get(account="wecom")
    assert (state.part, state.reason) == ("library", "quota")
    await here.later(minutes=10)
    assert (await Sync.get(account="wecom")).reason == "quota"
    assert await Tag.all().count() == 0
    await here.later(hours=2)
    done = await Sync.get(account="wecom")
    assert (done.part, done.reason, await Tag.all().count()) == ("", "", 1)


async def test_after_a_day_the_next_night_asks(here: Platforms) -> None:
    here.wecom.block(100 * 3600, "externalcontact/get_corp_tag_list")
    await compare(here)
    for _ in range(110):
        await here.later(minutes=15)
    state = await Sync.get(account="wecom")
    assert (state.part, bool(state.reason), await asked()) == ("", True, [])


async def test_the_night_compares_all_accounts(here: Platforms) -> None:
    async with here.act() as ctx:
        await dispatch(SyncDue(ctx.now), ctx)
    assert sorted((event.account, event.run) for event in await asked()) == [("official", 1), ("wecom", 1)]


async def test_an_official_account_is_read_tag_by_tag(here: Platforms) -> None:
    customer = await here.customer("王五", fan=True)
    for name in ("老客", "新客"):
        here.wechat.tag_fan("o王五", here.wechat.make_tag(name))
    done = await compare(here, "official")
    assert (await carries(customer), done.part, done.reason) == (["老客", "新客"], "", "")
    here.wechat.untag_fan("o王五", next(tag for tag, name in here.wechat.tags.items() if name == "老客"))
    await compare(here, "official")
    assert await carries(customer) == ["新客"]
