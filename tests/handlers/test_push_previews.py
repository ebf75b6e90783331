"""Here lives what must hold of the preview of a push: what it tells, and what it refuses."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest

from domain.permissions import Role
from domain.pushes import PushRules
from handlers.context import House
from models.customers import Identity, Relation
from models.groups import Group, GroupLabel
from models.plans import Plan
from models.pushes import Push
from models.recipients import Recipient
from tests.clock import Clock
from tests.handlers.massing import Meet, confirmed, people
from tests.handlers.phone import Phone, heard
from tests.handlers.planning import code_of
from tests.handlers.pushing import MEDIA, to_follow

Hire = Callable[..., Awaitable[Phone]]


@pytest.fixture
def house(house: House) -> House:
    return replace(house, media=MEDIA, approval_over=10, push=PushRules(cap=(1, timedelta(days=7))))


@pytest.fixture
async def chief(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def test_in_english(hire: Hire, meet: Meet, clock: Clock) -> None:
    emma = await hire("Emma", Role.MANAGER, "en")
    await meet("Mia", account="telegram", city="上海")
    preview = (await emma.say('push to=city=上海 at="2030-01-02 10:00" rate=2/s\nHello {{ name }}')).splitlines()
    assert preview == [
        "P1 preview: to 1 customer",
        'Audience: city is "上海"; Telegram message 1',
        "E.g. C1 Mia: Hello Mia",
        "Starts 2030-01-02 10:00 (Asia/Shanghai), takes about 1 s",
        f"Within 10 minutes send: confirm {code_of(emma)}",
    ]
    answer = await emma.say(f"confirm {code_of(emma)}")
    assert "It starts 2030-01-02 10:00 (Asia/Shanghai)" in answer
    assert (await Push.get()).state == "queued"


async def test_every_road_is_named_and_who_has_to_confirm(chief: Phone, meet: Meet, hire: Hire, clock: Clock) -> None:
    await hire("李雷")
    some = [await meet(f"客户{n}", account="wecom", city="上海") for n in range(3)]
    followed = await meet("粉丝", account="official", city="上海")
    await heard(followed, to_follow(), clock())
    silent = await meet("沉默", account="official", city="上海")
    for n, one in enumerate(some[:2]):
        identity = await Identity.get(customer=one)
        await Relation.create(identity=identity, userid=("lilei", "m9")[n], added_at=clock())
    answer = await chief.say("群发 人群=城市=上海\n您好")
    assert "企业微信企业群发 2、公众号消息 1" in answer
    assert "不发 2：没有成员能发 1、超过 48 小时没说话 1" in answer
    assert "要 2 位成员在企业微信里确认才发出：lilei、m9" in answer
    assert len(answer.splitlines()) <= 8
    await confirmed(chief)
    rows = {row.customer_id: row for row in await Recipient.all()}
    assert [(rows[one.id].way, rows[one.id].member) for one in some] == [
        ("task", "lilei"),
        ("task", "m9"),
        ("task", ""),
    ]
    assert (rows[silent.id].state, rows[silent.id].reason) == ("skipped", "window_closed")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("群发 人群=城市=火星\n您好", "一个符合的都没有"),
        ("群发 人群=城市=北京\n您好", "这 1 个一个都发不到，没有群发：\n联系不上 1"),
        ("群发 人群=城市=上海\n{{ 商品 }}到了", "商品"),
        (
            f"群发 人群=城市=上海\n{'好' * 4097}",
            "telegram（Telegram消息）来说太长：写给 C1 的超出 1 个字符，最多 4096",
        ),
        ("群发 人群=城市=上海 模板=没有", "没有"),
        ("群发 人群=城市=上海 时间=昨天\n您好", "「昨天」已经过去了"),
        ("群发 人群=城市=上海 时间=随便\n您好", "「随便」里没看出时间"),
        ("群发 人群=城市=上海 限速=31/秒\n您好", "Telegram 每秒最多 30 条"),
        ("群发 人群=城市=上海 限速=很快\n您好", "「很快」不是限速"),
        ("群发 人群=城市=上海 渠道=电报 方式=企业群发\n您好", "telegram（Telegram）没有企业群发这种方式"),
        ("群发 人群=城市=上海 方式=飞鸽\n您好", "没有「飞鸽」这种方式"),
        ("群发 人群=城市=上海 渠道=飞鸽\n您好", "没有叫「飞鸽」的渠道"),
        ("群发 人群=城市=上海 到群=#a\n您好", "只能写一个"),
        ("群发 人群=城市=== \n您好", "^"),
        ("群发 人群=城市=上海 人群=城市=北京\n您好", "写了两次"),
        ("群发 人群=城市=上海 图片=ftp://x/y.png\n您好", "不是能打开的网址"),
        ("群发 人群=城市=上海 链接=https://a.example/x\n您好", "卡片要有标题"),
        ("群发 到群=#没有\n您好", "没有一个群带 #没有，没有群发。看有哪些群：群；给群打标签：群 Q7 标签 +没有"),
    ],
)
async def test_mistakes_teach_and_nothing_is_sent(chief: Phone, meet: Meet, typed: str, said: str) -> None:
    await meet("张三", account="telegram", city="上海")
    nowhere = await meet("李四", account="telegram", city="北京")
    await Identity.filter(customer=nowhere).delete()
    answer = await chief.say(typed)
    assert said in answer
    assert len(answer.splitlines()) <= 8
    assert [await row.all().count() for row in (Plan, Push, Recipient)] == [0, 0, 0]


async def test_a_list_that_is_too_short_for_the_platform(chief: Phone, meet: Meet) -> None:
    await meet("张三", account="official", city="上海")
    answer = await chief.say("群发 人群=城市=上海 方式=群发\n您好")
    assert "official（公众号群发）一次至少要 2 人，现在只有 1 人" in answer
    await meet("李四", account="official", city="上海")
    assert "公众号群发 2" in await chief.say("群发 人群=城市=上海 方式=群发\n您好")


async def test_words_that_differ_do_not_fit_a_list(chief: Phone, meet: Meet) -> None:
    await people(meet, 2)
    answer = await chief.say("群发 人群=城市=上海 方式=群发\n{{ 客户 }}您好")
    assert "「客户」填不了" in answer
    assert '写个默认：{{ 客户 or "…" }}，或用 渠道=、方式= 只走逐个发的消息' in answer
    answer = await chief.say('群发 人群=城市=上海 方式=群发\n{{ 客户 or "您" }}好')
    assert "例 C1 客户0：您好" in answer


async def test_what_a_medium_cannot_carry(chief: Phone, meet: Meet) -> None:
    await people(meet, 2)
    answer = await chief.say("群发 人群=城市=上海 方式=群发 文件=https://a.example/x.pdf")
    assert "official（公众号群发）发不了文件" in answer


async def test_what_is_missing_is_asked_for(chief: Phone, meet: Meet) -> None:
    await meet("张三", account="telegram", city="上海")
    await chief.say("人群 存 沪 = 城市=上海")
    assert "1. 沪" in await chief.say("群发 渠道=电报")
    assert "给「@沪」发什么" in await chief.say("1")
    assert "P1 群发预览：发给 1 位客户" in await chief.say("您好\n再见")
    assert (await Push.get()).content.text == "您好\n再见"  # type: ignore[union-attr]
    await chief.say("取消")
    assert "发给谁" in await chief.say("群发\n您好 \n\n再见")
    assert "P1 群发预览" not in await chief.say("城市=上海")
    assert (await Push.all().order_by("-id").first()).content.text == "您好 \n\n再见"  # type: ignore[union-attr]


async def test_quiet_hours_are_said(chief: Phone, meet: Meet) -> None:
    chief.house = replace(chief.house, push=PushRules(quiet_hours=(time(0), time(23, 59))))
    await people(meet, 2)
    answer = await chief.say("群发 人群=城市=上海 方式=群发\n您好")
    assert "23:59 (Asia/Shanghai) 开始" in answer
    assert "；00:00–23:59 不发" in answer
    assert "现在是免打扰时间" in await confirmed(chief)


async def test_a_cap_counts_what_was_sent_lately(chief: Phone, meet: Meet, clock: Clock) -> None:
    one, _ = [await meet(name, account="telegram", city="上海") for name in ("张三", "李四")]
    await chief.say("群发 人群=姓名=张三\n您好")
    await confirmed(chief)
    await Recipient.filter(customer_id=one.id).update(state="sent", sent_at=clock())
    assert "不发 1：近期已群发 1" in await chief.say("群发 人群=城市=上海\n店庆了")
    later = clock() + timedelta(days=9)
    assert "发给 2 位客户\n" in await chief.say(f"群发 人群=城市=上海 时间={later:%Y-%m-%d} 12:00\n店庆了")


async def test_a_template_with_a_value_of_its_own(chief: Phone, meet: Meet) -> None:
    await meet("张三", account="telegram", city="上海")
    await chief.say("模板 加 双十一 折扣=八折\n{{ 客户 }}，全场{{ 折扣 }}")
    assert "例 C1 张三：张三，全场八折" in await chief.say("群发 人群=城市=上海 模板=双十一")
    assert "例 C1 张三：张三，全场五折" in await chief.say("群发 人群=城市=上海 模板=双十一 折扣=五折")
    assert "内容写了两样" in await chief.say("群发 人群=城市=上海 模板=双十一\n您好")


async def test_a_card_and_a_picture(chief: Phone, meet: Meet) -> None:
    await meet("张三", account="telegram", city="上海")
    answer = await chief.say("群发 人群=城市=上海 链接=https://a.example/x 标题=店庆 说明=全场八折")
    assert "例 C1 张三：[链接]店庆 全场八折 https://a.example/x" in answer
    assert "例 C1 张三：[图片]张三您好" in await chief.say(
        "群发 人群=城市=上海 图片=https://a.example/x.png\n{{客户}}您好"
    )


async def test_addresses_are_shown_as_typed_and_measured_as_sent(chief: Phone, meet: Meet) -> None:
    rules = PushRules(public_url="https://crm.example", link_key=b"key")
    chief.house = replace(chief.house, push=rules)
    await meet("张三", account="telegram", city="上海")
    preview = await chief.say("群发 人群=城市=上海\n您好 https://a.cn/11")
    assert "例 C1 张三：您好 https://a.cn/11" in preview
    longer = len("https://crm.example/t/") + 24 - len("https://a.cn/11")
    answer = await chief.say(f"群发 人群=城市=上海\n{'好' * 4080} https://a.cn/11")
    assert f"超出 {longer + 4080 + 16 - 4096} 个字符" in answer


async def test_group_chats_by_label(chief: Phone, clock: Clock) -> None:
    for n, writable in enumerate((True, False), 1):
        group = await Group.create(account="telegram", external_id=f"-{n}", title=f"群{n}", writable=writable)
        await GroupLabel.create(group=group, folded="区域a", name="区域A")
    preview = (await chief.say("群发 到群=#区域A\n各位好")).splitlines()
    assert preview[:4] == [
        "P1 群发预览：发给 1 个群（共 2）",
        "群：#区域A；Telegram消息 1",
        "不发 1：不能发言 1",
        "例 Q1 群1：各位好",
    ]
    assert "发给 1 个群" in await confirmed(chief)
    assert await Recipient.filter(state="waiting", group_id=1, address="-1").count() == 1
