"""What cannot be told to a platform for now, or was not read to its end, is said with its reason; nothing is lost."""

from collections.abc import Awaitable, Callable

import pytest

from domain.sync import SyncDue
from handlers import sync
from handlers.router import dispatch
from handlers.wants import want
from models.inbox import OWN, InboxEvent
from models.outbox import OutboxItem
from models.sync import Binding, Mark, Sync
from models.tags import Tag
from tests.handlers.phone import Phone
from tests.handlers.platforms import Platforms
from tests.handlers.test_drift import said

Hire = Callable[..., Awaitable[Phone]]
ADD, MARK = "externalcontact/add_corp_tag", "externalcontact/mark_tag"


async def test_why_changes_wait_is_said_beside_them(here: Platforms, boss: Phone, lucy: Phone) -> None:
    tags = await here.make("意向/高", scope=("wecom",))
    people = [await here.customer(name, "lilei") for name in ("张三", "李四")]
    await here.run()
    here.sandbox.fail("wecom", MARK, times=9, body={"errcode": 48002, "errmsg": "api forbidden"})
    for person in people:
        await here.tag(person, *tags)
    await here.run()
    assert "客户身上：待发 2（应用没有权限）" in await boss.say("同步")
    assert "On customers: pending 2 (the app has no right to do this)" in await lucy.say("sync")
    assert await boss.say("同步 失败") == "企业微信「wecom」待发 2 个：应用没有权限，好了会自动发"
    assert "2 pending: the app has no right to do this; told there as soon" in await lucy.say("sync failed")


@pytest.mark.parametrize(
    ("error", "told"), [("token_40125", "密钥不对，平台不认"), ("CallFailed", "连不上平台"), ("pace", "")]
)
async def test_what_a_platform_means_is_said_in_words(here: Platforms, boss: Phone, error: str, told: str) -> None:
    await here.make("意向/高", scope=("official",))
    await OutboxItem.filter(account="official", lane="official:tags").update(error=error)
    assert f"标签：待发 1{f'（{told}）' if told else ''}\n" in await boss.say("同步") + "\n"


async def test_groups_are_not_counted_as_tags_unless_something_is_wrong_with_them(here: Platforms, boss: Phone) -> None:
    await here.make("意向/高", "意向/低", "等级/VIP", scope=("wecom",))
    await here.run()
    assert "标签：一致 3\n" in await boss.say("同步")
    await Binding.filter(level="group", group__name="等级").update(reason="not_ours")
    assert "标签：一致 3 · 不是我们建的 1\n" in await boss.say("同步")


async def test_a_word_that_nobody_knows_is_answered_with_all_of_them(boss: Phone, lucy: Phone) -> None:
    assert (await boss.say("同步 现再")).splitlines()[:2] == ["「现再」我没看懂。能发：", "同步 现在（马上对一遍）"]
    assert (await boss.say("同步 预研")).splitlines()[1] == "同步 预演（只看会变什么，不改）"
    said_to_her = (await lucy.say("sync conflits")).splitlines()
    assert said_to_her[1] == "sync conflicts (what was changed on both sides)"
    assert len(said_to_her) == len((await boss.say("同步 乱说乱说")).splitlines()) == 7
    assert (await boss.say("同步 取 七")).splitlines()[:2] == ["「七」我没看懂。", "例：同步 取 4 这边"]
    assert "Which conflict" in await lucy.say("sync take")


async def test_a_run_whose_page_was_buried_is_begun_anew_at_night(here: Platforms, boss: Phone, lucy: Phone) -> None:
    here.wecom.admin.stock("意向", ["高"])
    await boss.say("同步 现在 wecom")
    await InboxEvent.filter(account=OWN).update(state="dead")
    here.clock.forward(minutes=31)
    assert "企业微信「wecom」对账停在半路了，今晚自动重新对；马上对：同步 现在 wecom" in await boss.say("同步")
    assert 'WeCom "wecom": comparison got stuck; tonight it begins anew' in await lucy.say("sync")
    async with here.act() as ctx:
        await dispatch(SyncDue(ctx.now), ctx)
    await here.run()
    assert [tag.path for tag in await Tag.living()] == ["意向/高"]
    assert (await Sync.get(account="wecom")).part == ""


async def test_a_dry_run_is_read_to_its_end_before_the_night_compares(here: Platforms, boss: Phone) -> None:
    here.wecom.admin.stock("意向", ["高"])
    await boss.say("同步 预演 wecom")
    async with here.act() as ctx:
        await dispatch(SyncDue(ctx.now), ctx)
    await here.run()
    assert any("预演完了" in text for text in await alerts(here, boss))
    done = await Sync.get(account="wecom")
    assert (done.run, done.part, done.dry) == (2, "", None)
    assert [tag.path for tag in await Tag.living()] == ["意向/高"]


async def test_whoever_waits_for_a_dry_run_that_is_cut_off_is_told(here: Platforms, boss: Phone, lucy: Phone) -> None:
    for phone, words in (
        (boss, "企业微信「wecom」的预演没做完就断了，什么都没改"),
        (lucy, 'WeCom "wecom": the dry run was cut off before its end, nothing was changed'),
    ):
        await phone.say("sync dry wecom")
        await InboxEvent.filter(account=OWN).update(state="dead")
        async with here.act() as ctx:
            await dispatch(SyncDue(ctx.now), ctx)
        assert (await said(here, phone)).splitlines()[0] == words
        await here.run(outbox=False)


async def test_who_has_too_many_tags_already_is_asked_again_by_the_next_comparison_only(here: Platforms) -> None:
    """What else they carry there we do not know yet, so by our own count there is room."""
    mia = await here.customer("Mia", fan=True)
    for number in range(20):
        here.wechat.tag_fan("oMia", here.wechat.make_tag(f"别的{number}"))
    tag = (await here.make("意向/高", scope=("official",)))[0]
    await here.tag(mia, tag)
    await here.run()
    assert (await Mark.get()).reason == "contact_full"
    sent = len(await here.sent())
    async with here.act() as ctx:
        await want([mia.id], ctx)
    await here.run()
    assert len(await here.sent()) == sent
    here.wechat.users["oMia"].tags.clear()
    async with here.act() as ctx:
        await sync.begin("official", ctx)
    await here.run()
    assert here.followed("Mia") == ["高"]


async def alerts(here: Platforms, phone: Phone) -> list[str]:
    rows = await here.outbox.model.filter(account=phone.address.account).order_by("id")
    return [getattr(row.outgoing.content, "text", "") for row in rows]  # type: ignore[union-attr]
