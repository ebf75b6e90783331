"""Here lives what colleagues find, and what they may see of it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.permissions import Role
from models.customers import Customer, Identity, Relation
from models.leads import Lead
from models.notes import Note
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


async def test_one_match_is_shown_at_once(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", phone="13800000000", company="腾讯", owner="李雷")
    lead = await Lead.get(customer_id=customer.id)
    assert (await phone.say("查 张三")).splitlines() == [
        f"{customer.short_id} 张三 · 腾讯",
        "电话 13800000000 · 李雷 在跟",
        "公众号 可联系",
        "来源：自己找来的",
        f"{lead.short_id} 新线索",
        f"看对话：聊天 {customer.short_id}　回客户：回复 {customer.short_id} 内容",
    ]


@pytest.mark.parametrize("verb", ["查", "查客户", "客户", "找", "find", "customer", "/查", "！搜"])
async def test_the_ways_to_ask_are_one_command(hire: Hire, meet: Meet, verb: str) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    assert customer.short_id in await phone.say(f"{verb} 张三")


async def test_several_matches_are_numbered_and_chosen(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    first = await meet("王芳", company="百度")
    second = await meet("王芳", phone="13900001234")
    answer = (await phone.say("查 王芳")).splitlines()
    assert answer[0] == "回数字看名片："
    assert answer[1:] == [f"1. {second.short_id} 王芳 · 139****1234", f"2. {first.short_id} 王芳 · 百度"]
    assert (await phone.say("２")).startswith(f"{first.short_id} 王芳 · 百度")


async def test_a_choice_is_over_after_two_minutes(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    await meet("王芳")
    await meet("王芳")
    await phone.say("查 王芳")
    clock.forward(minutes=2, seconds=1)
    assert "对不上选项" in await phone.say("1")


async def test_a_choice_is_for_one_person_in_one_chat(hire: Hire, meet: Meet) -> None:
    mine, other = await hire("李雷"), await hire("韩梅梅")
    await meet("王芳")
    await meet("王芳")
    await mine.say("查 王芳")
    assert "对不上选项" in await other.say("1")


async def test_a_long_list_has_pages(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    everybody = {(await meet("王芳")).short_id for _ in range(14)}
    seen: list[str] = []
    answer = await phone.say("查 王芳")
    while True:
        lines = answer.splitlines()
        assert len(lines) <= 8
        seen += [line.split()[1] for line in lines if line[1:3] == ". "]
        if lines[-1] != "后面还有，发 更多":
            break
        answer = await phone.say("更多")
    assert len(seen) == 14
    assert set(seen) == everybody
    assert await phone.say("more") == "后面没有了。"


async def test_nobody_found(hire: Hire) -> None:
    assert await (await hire("李雷")).say("查 赵六") == (
        "没找到「赵六」。换个写法试试：名字、拼音、手机尾号或编号都行。"
    )


@pytest.mark.parametrize("text", ["查 C999", "看 C999", "看 L999", "聊天 C999"])
async def test_an_id_of_nobody(hire: Hire, text: str) -> None:
    assert "没找到" in await (await hire("李雷")).say(text)


@pytest.mark.parametrize("form", ["看 {}", "show {}", "查 {}", "find {}", "/看 {}"])
async def test_a_customer_by_id_or_by_lead(hire: Hire, meet: Meet, form: str) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    lead = await Lead.get(customer_id=customer.id)
    for target in (customer.short_id, customer.short_id.lower(), lead.short_id):
        assert (await phone.say(form.format(target))).startswith(f"{customer.short_id} 张三")


async def test_several_matches_for_a_command_run_it_on_the_one_chosen(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    await meet("王芳")
    await meet("王芳")
    answer = (await phone.say("记 王芳 怕贵，\n要折扣")).splitlines()
    assert answer[0] == "「王芳」有好几位，回数字选一位（2 分钟内）："
    assert await Note.all().count() == 0
    await phone.say("2")
    note = await Note.get().select_related("customer")
    assert note.text == "怕贵，\n要折扣"
    assert note.customer.short_id == answer[2].split()[1]


async def test_a_colleagues_customer_is_taken_and_nothing_else_is_told(hire: Hire, meet: Meet) -> None:
    await hire("韩梅梅")
    phone = await hire("李雷")
    customer = await meet("张三", owner="韩梅梅", phone="13800000000", company="腾讯")
    number = customer.short_id
    for text in (f"看 {number}", f"查 {number}", f"聊天 {number}", f"记 {number} 怕贵", f"回复 {number} 您好"):
        assert await phone.say(text) == f"{number} 是 韩梅梅 在跟的客户，内容只有 韩梅梅 和经理能看。"
    assert "没找到" in await phone.say("查 张三")
    assert await Note.all().count() == 0


@pytest.mark.parametrize(
    ("role", "phone_shown"),
    [(Role.VIEWER, "138****0000"), (Role.MANAGER, "13800000000"), (Role.ADMIN, "13800000000")],
)
async def test_who_sees_all_customers_sees_the_phone_by_role(
    hire: Hire, meet: Meet, role: Role, phone_shown: str
) -> None:
    await hire("韩梅梅")
    customer = await meet("张三", owner="韩梅梅", phone="13800000000")
    answer = await (await hire("老板", role)).say(f"看 {customer.short_id}")
    assert f"电话 {phone_shown} · 韩梅梅 在跟" in answer


async def test_the_phone_of_an_unowned_customer_is_masked_for_sales(hire: Hire, meet: Meet) -> None:
    customer = await meet("张三", phone="13800000000")
    assert "电话 138****0000 · 还没人跟" in await (await hire("李雷")).say(f"看 {customer.short_id}")


async def test_a_card_holds_everything_and_fits_a_phone(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", owner="李雷", account="wecom", source="poster-7")
    staff = await Staff.get(name="李雷")
    wecom = await Identity.get(customer_id=customer.id)
    await Relation.create(
        identity=wecom, userid="lilei", company="字节", source="state-9", phones=["13911112222"], added_at=clock()
    )
    await wecom.reached("deleted", clock.forward(seconds=1))
    await Identity.create(
        customer=customer,
        account="telegram",
        external_id="5",
        username="zhang3",
        source="direct",
        state_at=clock(),
        added_at=clock(),
    )
    await Lead.filter(customer_id=customer.id).update(first_words="多少钱\n" * 30)
    for day in range(4):
        await Note.written(customer, staff, f"第{day}次\n怕贵", clock() - timedelta(days=4 - day))
    answer = (await phone.say(f"看 {customer.short_id}")).splitlines()
    assert answer[:4] == [
        f"{customer.short_id} 张三 · 字节",
        "电话 13911112222 · 李雷 在跟",
        "企业微信 已删除 · Telegram「zhang3」 可联系",
        "来源：poster-7、state-9",
    ]
    assert answer[4].endswith("多少钱 多少钱…")
    assert answer[5:7] == ["📝 03-01 17:00 李雷：第3次 怕贵", "📝 02-28 17:00 李雷：第2次 怕贵"]
    assert len(answer) == 8


async def test_a_card_in_english(hire: Hire, meet: Meet) -> None:
    customer = await meet("", owner="")
    answer = await (await hire("Lucy", language="en")).say(f"show {customer.short_id}")
    assert answer.splitlines()[:4] == [
        f"{customer.short_id} (no name)",
        "nobody's yet",
        "Official account reachable",
        "Source: came by themselves",
    ]
