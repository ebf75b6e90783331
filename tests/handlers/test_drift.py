"""A manager sees how far tags are in step, has them compared, and reads beforehand what would change."""

from collections.abc import Awaitable, Callable

import pytest

from domain.messages import Card, OutboundMessage, words
from domain.permissions import Role
from models.sync import Binding, Mark, Sync
from models.tags import Tag, Tagging
from tests.handlers.phone import Phone
from tests.handlers.platforms import Platforms

Hire = Callable[..., Awaitable[Phone]]
LONGEST = 8


async def test_before_anything_was_compared(boss: Phone, lucy: Phone) -> None:
    assert (await boss.say("同步")).splitlines() == [
        "标签同步",
        "企业微信「wecom」还没对过",
        "标签：还没有",
        "客户身上：还没有",
        "公众号「official」还没对过",
        "标签：还没有",
        "客户身上：还没有",
    ]
    assert (await lucy.say("sync")).splitlines()[:4] == [
        "Tags in step",
        'WeCom "wecom": not compared yet',
        "Tags: none yet",
        "On customers: none yet",
    ]


async def test_it_tells_what_is_in_step_and_what_is_not(here: Platforms, boss: Phone, lucy: Phone) -> None:
    tags = await here.make("意向/高", "意向/低", "等级/VIP", scope=("wecom",))
    customer = await here.customer("张三", "lilei")
    await here.run()
    await here.tag(customer, *tags[:2])
    await here.run()
    await here.tag(customer, tags[2])
    await Binding.filter(tag_id=tags[1].id).update(reason="not_ours")
    await Mark.filter(binding__tag_id=tags[0].id).update(state="failed", reason="quota")
    await boss.say("同步 现在 企微")
    await here.run(outbox=False)
    await Mark.filter(binding__tag_id=tags[0].id).update(state="failed", reason="quota")
    told = (await boss.say("同步")).splitlines()
    assert told[1].startswith("企业微信「wecom」")
    assert "对过，用了" in told[1]
    assert told[2:4] == [
        "标签：一致 2 · 不是我们建的 1",
        "客户身上：一致 1 · 待发 1 · 失败 1（平台的额度用完了）",
    ]
    assert len(told) <= LONGEST
    (answer,) = [out for out in boss.sent if isinstance(out, OutboundMessage)]
    assert isinstance(answer.content, Card)
    assert [button.data for button in answer.content.buttons] == ["sync now", "sync failed"]
    assert "Tags: in step 2 · not ours 1" in await lucy.say("sync")


async def test_failures_are_listed_by_reason(here: Platforms, boss: Phone, lucy: Phone) -> None:
    tags = await here.make("意向/高", scope=("wecom",))
    for name in ("张三", "李四", "王五", "赵六"):
        customer = await here.customer(name, "lilei")
        await here.tag(customer, *tags)
    await here.run()
    assert "没有失败的" in await boss.say("同步 失败")
    await Mark.all().update(state="failed", reason="no_right")
    told = await boss.say("同步 失败")
    assert told.splitlines()[0] == "企业微信「wecom」客户 4 个：应用没有权限（C1 张三、C2 李四、C3 王五 等）"
    assert "(C1 张三, C2 李四, C3 王五 …)" in await lucy.say("sync failed wecom")


async def test_one_comparison_at_a_time(here: Platforms, boss: Phone) -> None:
    assert (await boss.say("同步 现在")).splitlines()[0] == "开始对账：公众号「official」、企业微信「wecom」"
    assert (await boss.say("同步 现在 wecom")).splitlines()[0] == "企业微信「wecom」正在对账，等它对完"
    assert "正在对账，先读标签库" in await boss.say("同步")
    await here.run()
    assert "开始对账：企业微信「wecom」" in await boss.say("同步 现在 wecom")


async def test_one_that_was_buried_keeps_no_other_from_beginning(here: Platforms, boss: Phone) -> None:
    await boss.say("同步 现在 wecom")
    here.clock.forward(hours=1)
    assert "开始对账：企业微信「wecom」" in await boss.say("同步 现在 wecom")


async def test_a_dry_run_tells_every_change_and_makes_none(here: Platforms, boss: Phone) -> None:
    (high, low, vip) = here.wecom.admin.stock("意向", ["高", "低", "VIP"])
    customer = await here.customer("张三", "lilei")
    follow = here.wecom.contacts["wm张三"].follows["lilei"]
    follow.tags = [high.id, low.id]
    await boss.say("同步 现在 wecom")
    await here.run()
    await here.wecom.admin.rename(high.id, "很高", told=False)
    await here.wecom.admin.delete(low.id, told=False)
    await here.wecom.admin.create_tags("等级", "金卡", told=False)
    follow.tags = [vip.id]
    here.wecom.befriend("lilei", "wm李四", "李四")
    here.clock.forward(minutes=1)
    before = await everything()
    assert "开始预演" in await boss.say("同步 预演 企微")
    await here.run(outbox=False)
    assert await everything() == before
    told = await said(here, boss)
    assert told.splitlines() == [
        "企业微信「wecom」预演完了，什么都没改",
        "标签库：4 处会变",
        "新增 等级",
        "改名 意向/高 → 很高",
        "删除 意向/低",
        "新增 等级/金卡",
        "客户：打上 1，去掉 2，新客户 1",
        f"C{customer.id} ＋意向/VIP",
        f"C{customer.id} －意向/高",
        f"C{customer.id} －意向/低",
    ]
    assert (await Sync.get(account="wecom")).part == ""


async def test_a_dry_run_in_english_where_nothing_changes(here: Platforms, lucy: Phone) -> None:
    here.wecom.admin.stock("意向", ["高"])
    await lucy.say("sync now wecom")
    await here.run()
    await lucy.say("sync dry wecom")
    await here.run(outbox=False)
    assert (await said(here, lucy)).splitlines() == [
        'WeCom "wecom": dry run done, nothing was changed',
        "Library: no changes",
        "Customers: 0 given, 0 taken",
    ]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("同步 乱说", "「乱说」我没看懂"),
        ("同步 现在 telegram", "没有叫「telegram」的渠道"),
        ("同步 放行", "没有等着放行的"),
        ("同步 取 7 这边", "没有编号 7 的冲突"),
        ("同步 取 七", "我没看懂"),
        ("同步 冲突", "没有冲突"),
    ],
)
async def test_what_cannot_be_done_is_said(boss: Phone, typed: str, told: str) -> None:
    assert told in await boss.say(typed)


async def test_without_channels_that_have_tags(hire: Hire) -> None:
    phone = await hire("韩梅梅", Role.MANAGER)
    assert "没有要同步标签的渠道" in await phone.say("同步")


async def test_only_managers_may(hire: Hire) -> None:
    assert "经理" in await (await hire("李雷")).say("同步")


async def everything() -> list[object]:
    return [
        await Tag.all().order_by("id").values(),
        await Binding.all().order_by("id").values(),
        await Mark.all().order_by("id").values(),
        await Tagging.all().order_by("id").values(),
    ]


async def said(here: Platforms, phone: Phone) -> str:
    """The last alert."""
    rows = await here.outbox.model.filter(account=phone.address.account).order_by("-id")
    outgoing = rows[0].outgoing
    assert isinstance(outgoing, OutboundMessage)
    return words(outgoing.content)
