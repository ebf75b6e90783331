"""Here lives the changing of what is known of customers: all or nothing, with a trail, found by it at once."""

from collections.abc import Awaitable, Callable

import pytest

from domain.messages import Address, SharedContact
from domain.permissions import Role
from handlers.context import House
from models.changes import Change
from models.customers import Customer, Identity
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.test_races import said
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


async def test_fields_are_changed_told_and_kept_in_the_trail(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", owner="李雷", company="百度", gender="male")
    number = customer.short_id
    assert (await phone.say(f"改 {number} 手机=138 0000 1234 公司=星辰 科技 性别=女 生日=5月1日")).splitlines() == [
        f"{number} 张三 改好了：",
        "手机：（空） → 13800001234",
        "公司：百度 → 星辰 科技",
        "性别：男 → 女",
        "生日：（空） → 05-01",
    ]
    trail = await Change.filter(subject=number).order_by("id").values_list("field", "old", "new", "staff_id", "cause")
    staff = await Staff.get(name="李雷")
    cause = "telegram:k1"
    assert trail == [
        ("phone", "", "+8613800001234", staff.id, cause),
        ("company", "百度", "星辰 科技", staff.id, cause),
        ("gender", "male", "female", staff.id, cause),
        ("birthday", "", "--05-01", staff.id, cause),
    ]


async def test_the_houses_own_fields_consent_and_score_are_fields_too(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", owner="李雷", custom={"等级": "银", "车": "黑"})
    number = customer.short_id
    assert (
        await phone.say(f"改 {number} 评分=80 同意=是 自定义.等级=金 自定义.积分=1200 自定义.车=")
    ).splitlines() == [
        f"{number} 张三 改好了：",
        "评分：0 → 80",
        "接收意愿：（空） → 同意",
        "等级：银 → 金",
        "积分：（空） → 1200",
        "车：黑 → （空）",
    ]
    now = await Customer.get(id=customer.id)
    assert (now.score, now.consent, now.custom) == (80, "granted", {"等级": "金", "积分": 1200})
    trail = await Change.filter(subject=number).order_by("id").values_list("field", "old", "new")
    assert sorted(trail) == [
        ("consent", "", "granted"),
        ("custom.积分", "", "1200"),
        ("custom.等级", "银", "金"),
        ("custom.车", "黑", ""),
        ("score", "0", "80"),
    ]
    assert "本来就是这样" in await phone.say(f"改 {number} 评分=80 自定义.等级=金 自定义.没有=")
    assert "等级改成什么" in await phone.say(f"改 {number} 自定义.等级")
    assert "等级：金 → 钻石" in await phone.say("钻石")
    assert "评分写整数" in await phone.say(f"改 {number} 评分=很高")
    assert "写 同意 或 拒绝" in await phone.say(f"改 {number} 同意=也许")


@pytest.mark.parametrize("query", ["13800001234", "+86 138-0000-1234", "8613800001234", "1234", "星辰", "李四", "lisi"])
async def test_what_was_changed_is_what_is_found(hire: Hire, meet: Meet, query: str) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", phone="13900005678", company="百度")
    await phone.say(f"set {customer.short_id} phone=13800001234 company=星辰科技 name=李四")
    assert (await phone.say(f"查 {query}")).startswith(f"{customer.short_id} 李四 · 星辰科技")
    assert "没找到" in await phone.say("查 13900005678")
    assert "没找到" in await phone.say("查 百度")


async def test_all_fields_at_once_fit_a_phone(hire: Hire, meet: Meet) -> None:
    phone = await hire("Lucy", language="en")
    customer = await meet("Mia")
    answer = await phone.say(
        f"set {customer.short_id} name=Mia Novak phone=+14155552671 company=Acme position=CEO"
        " email=mia@example.com city=Split gender=female birthday=1990-05-01"
    )
    assert answer.splitlines() == [
        f"{customer.short_id} Mia Novak, changed:",
        "name: Mia → Mia Novak; phone: (empty) → +14155552671",
        "company: (empty) → Acme; position: (empty) → CEO",
        "email: (empty) → mia@example.com; city: (empty) → Split",
        "gender: (empty) → female; birthday: (empty) → 1990-05-01",
    ]


async def test_an_empty_value_clears_and_the_same_value_changes_nothing(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", company="百度")
    number = customer.short_id
    assert await phone.say(f"改 {number} 公司=百度") == f"{number} 张三 本来就是这样，没有改动。"
    assert await Change.all().count() == 0
    assert (await phone.say(f"改 {number} 公司=")).endswith("公司：百度 → （空）")
    assert (await Customer.get()).company == ""


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("公司=腾讯 手机=12345", "「12345」不像手机，什么都没改。\n手机号写 11 位，座机带上区号，国外号码以 + 开头。"),
        ("公司=腾讯 微信=x", "没有「微信」这一项。能改的有：姓名、手机、公司、职位、邮箱、城市、性别、生日"),
        ("公司=腾讯 生日=2026-03-03", "「2026-03-03」不像生日，什么都没改。"),
        (f"公司={'长' * 129}", "公司太长了，最多 128 个字。什么都没改。"),
        ("腾讯", "「腾讯」我没看懂。"),
    ],
)
async def test_one_mistake_and_nothing_is_changed(hire: Hire, meet: Meet, typed: str, told: str) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", company="百度")
    assert (await phone.say(f"改 {customer.short_id} {typed}")).startswith(told)
    assert (await Customer.get()).company == "百度"
    assert await Change.all().count() == 0


async def test_what_is_missing_is_asked_for(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    assert (await phone.say(f"改 {customer.short_id}")).startswith(f"要改 {customer.short_id} 张三 的什么？")
    assert await phone.say("手机") == f"{customer.short_id} 张三 的手机改成什么？直接发给我。\n不改了发：取消"
    assert "不像手机" in await phone.say("1380000")
    assert (await phone.say("138 0000 1234")).endswith("手机：（空） → 13800001234")
    assert (await Customer.get()).phone == "+8613800001234"


async def test_only_who_may_write_changes_and_sees_what_was_there(hire: Hire, meet: Meet) -> None:
    await hire("韩梅梅")
    taken = await meet("张三", owner="韩梅梅")
    free = await meet("李四", phone="+8613800001234")
    sales, viewer = await hire("李雷"), await hire("小王", Role.VIEWER)
    for typed in ("公司=腾讯", "", "公司"):
        assert "是 韩梅梅 在跟的客户" in await sales.say(f"改 {taken.short_id} {typed}")
    assert "要销售以上" in await viewer.say(f"改 {taken.short_id} 公司=腾讯")
    assert "手机：138****1234 → 13900000000" in await sales.say(f"改 {free.short_id} 手机=13900000000")
    assert (await Customer.get(id=taken.id)).company == ""


async def test_two_who_change_at_once_lose_nothing(hire: Hire, meet: Meet) -> None:
    first, second = await hire("李雷"), await hire("韩梅梅")
    customer = await meet("张三")
    number = customer.short_id
    answers = await overlapping(
        lambda: first.say(f"改 {number} 公司=腾讯 城市=深圳"), lambda: second.say(f"改 {number} 公司=阿里 职位=采购")
    )
    assert "公司：腾讯 → 阿里" in answers[1]
    now = await Customer.get()
    assert (now.company, now.city, now.position) == ("阿里", "深圳", "采购")
    trail = await Change.filter(field="company").order_by("id").values_list("old", "new")
    assert trail == [("", "腾讯"), ("腾讯", "阿里")]
    assert number in await first.say("查 阿里")
    assert "没找到" in await first.say("查 腾讯")


async def test_a_customer_who_is_given_away_meanwhile_is_not_changed(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await hire("韩梅梅")
    customer = await meet("张三")
    other = await Staff.get(name="韩梅梅")

    async def give_away() -> None:
        await Customer.filter(id=customer.id).update(owner_id=other.id)

    _, answer = await overlapping(give_away, lambda: phone.say(f"改 {customer.short_id} 公司=腾讯"))
    assert "是 韩梅梅 在跟的客户" in answer
    assert (await Customer.get()).company == ""


async def test_a_number_that_a_customer_shares_is_kept_in_the_same_form(meet: Meet, house: House, clock: Clock) -> None:
    customer = await meet("Mia", account="telegram")
    phone = Phone(Address("telegram", (await Identity.get(customer_id=customer.id)).external_id), clock, house)
    await phone.meet(said(phone, SharedContact("8613800001234", "Mia", own=True)))
    assert (await Customer.get()).phone == "+8613800001234"
