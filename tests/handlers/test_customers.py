"""Here lives what colleagues find, and what they may see of it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.leads import Stage
from domain.messages import Card, Image, OutboundMessage, Text
from domain.permissions import Role
from models.audit import AuditEntry
from models.customers import Customer, Identity, Relation
from models.leads import Lead
from models.notes import Note
from models.staff import Staff
from models.tasks import Task
from tests.clock import Clock
from tests.handlers.phone import Phone, heard

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


def pressable(phone: Phone) -> list[tuple[str, str]]:
    """The buttons of the last answer: what they say, and what they stand for."""
    contents = [out.content for out in phone.sent if isinstance(out, OutboundMessage)]
    return [(button.label, button.data) for card in contents if isinstance(card, Card) for button in card.buttons]


async def test_one_match_is_shown_at_once(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", phone="13800000000", company="腾讯", owner="李雷")
    lead = await Lead.get(customer_id=customer.id)
    assert (await phone.say("查 张三")).splitlines() == [
        f"{customer.short_id} 张三 · 腾讯",
        "电话 13800000000 · 李雷 在跟",
        "公众号 可联系",
        f"{lead.short_id} 新线索 · 来源：自己找来的",
        f"看对话：聊天 {customer.short_id}　回客户：回复 {customer.short_id} 内容",
    ]
    assert pressable(phone) == [("回复", f"reply {customer.short_id}"), ("看对话", f"talk {customer.short_id}")]


@pytest.mark.parametrize("verb", ["查", "查询", "查客户", "客户", "找", "find", "customer", "/查", "！搜"])
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
    assert "没有" in await (await hire("李雷")).say(text)


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
        assert await phone.say(text) == f"{number} 是 韩梅梅 在跟的客户，内容只有 韩梅梅 和 韩梅梅 的经理能看。"
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


async def full(customer: Customer, clock: Clock) -> None:
    """Everything that a card can tell."""
    staff = await Staff.get(name="李雷")
    wecom = await Identity.get(customer_id=customer.id)
    told = {"remark": "", "company": "字节", "source": "state-9", "phones": ["13911112222"], "added_at": clock()}
    await Relation.create(identity=wecom, userid="lilei", **told)
    await wecom.reached("deleted", clock.forward(seconds=1))
    second = {"account": "telegram", "external_id": "5", "username": "zhang3", "source": "direct"}
    await Identity.create(customer=customer, **second, state_at=clock(), added_at=clock())
    await Lead.filter(customer_id=customer.id).update(first_words="多少钱\n" * 30, stage=Stage.TALKING)
    for day in range(4):
        await Note.written(customer, staff, f"第{day}次\n怕贵", clock() - timedelta(days=4 - day))


async def test_a_card_holds_everything_and_fits_a_phone(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", owner="李雷", account="wecom", source="poster-7")
    await full(customer, clock)
    answer = (await phone.say(f"看 {customer.short_id}")).splitlines()
    assert answer[:3] == [
        f"{customer.short_id} 张三 · 字节",
        "电话 13911112222 · 李雷 在跟",
        "企业微信 已删除 · Telegram「zhang3」 可联系",
    ]
    assert answer[3].startswith("L1 沟通中 · 来源：poster-7、state-9 · 第一句：多少钱 多少钱")
    assert answer[3].endswith("多少钱 多少钱…")
    assert answer[4:6] == ["📝 03-01 17:00 李雷：第3次 怕贵", "📝 02-28 17:00 李雷：第2次 怕贵"]
    assert len(answer) == 7


async def test_a_card_tells_who_they_are_what_was_said_and_what_is_to_be_done(
    hire: Hire, meet: Meet, clock: Clock
) -> None:
    phone = await hire("李雷")
    known = {"position": "采购", "email": "z@example.com", "city": "北京", "gender": "female", "birthday": "--05-01"}
    customer = await meet("张三", owner="李雷", account="wecom", phone="+8613800001234", **known)
    staff = await Staff.get(name="李雷")
    for content in (Text("一"), Text("在吗\n" * 30), Image("m", caption="就这款")):
        await heard(customer, content, clock())
    await phone.say(f"回复 {customer.short_id} 在的")
    await full(customer, clock)
    for text, due in (("发合同", None), ("报价", clock() + timedelta(days=1)), ("回访", clock() + timedelta(days=2))):
        await Task.create(staff=staff, customer=customer, text=text, due_at=due, created_at=clock())
    await Task.create(staff=staff, customer=customer, text="寄样品", state="done", created_at=clock())
    answer = (await phone.say(f"看 {customer.short_id}")).splitlines()
    assert answer[0] == f"{customer.short_id} 张三 · 字节 · 采购"
    assert answer[1] == ("电话 13800001234、13911112222 · 李雷 在跟 · z@example.com · 北京 · 女 · 生日 05-01")
    assert answer[4:8] == [
        "☐ T2 03-03 17:00 报价；T3 03-04 17:00 回访；…",
        "📝 03-01 17:00 李雷：第3次 怕贵",
        "💬 17:00 李雷 → 在的",
        f"看对话：聊天 {customer.short_id}　回客户：回复 {customer.short_id} 内容",
    ]
    await phone.say("语言 英文")
    in_english = (await phone.say(f"show {customer.short_id}")).splitlines()
    assert len(answer) == len(in_english) == 8


async def test_a_customer_whom_nobody_has_can_be_claimed_from_the_card(hire: Hire, meet: Meet) -> None:
    customer = await meet("张三", account="wecom")
    lead = await Lead.get(customer_id=customer.id)
    sales, viewer = await hire("李雷"), await hire("小王", Role.VIEWER)
    number = customer.short_id
    assert (await sales.say(f"看 {number}")).endswith(f"我来跟：领 {lead.short_id}　聊天请用企业微信")
    assert pressable(sales) == [("看对话", f"talk {number}"), ("我来跟", f"claim {lead.short_id}")]
    assert (await viewer.say(f"看 {number}")).endswith(f"\n看对话：聊天 {number}")
    assert pressable(viewer) == [("看对话", f"talk {number}")]
    await Identity.filter(customer_id=customer.id).update(account="official")
    assert "回客户" in await sales.say(f"看 {number}")
    await viewer.say("语言 英文")
    assert (await viewer.say(f"看 {number}")).endswith(f"\nTo read: talk {number}.")


@pytest.mark.parametrize("tasks", [0, 1])
async def test_of_the_last_words_and_notes_a_card_shows_both(hire: Hire, meet: Meet, clock: Clock, tasks: int) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", owner="李雷")
    staff = await Staff.get(name="李雷")
    for number in range(tasks):
        await Task.create(staff=staff, customer=customer, text=f"报价{number}", created_at=clock())
    for text in ("一", "二", "三"):
        await heard(customer, Text(text), clock())
    assert [line[0] for line in (await phone.say(f"看 {customer.short_id}")).splitlines()[4:-1]] == [
        *"☐"[:tasks],
        *"💬💬",
    ]
    for text in ("甲", "乙"):
        await Note.written(customer, staff, text, clock())
    lines = (await phone.say(f"看 {customer.short_id}")).splitlines()
    assert [line[0] for line in lines[4:-1]] == [*"☐"[:tasks], *"📝💬💬"[: 3 - tasks]]
    assert lines[-2].endswith("三")
    assert len(lines) == 8


@pytest.mark.parametrize("form", ["看 {}", "查 {}", "find {}"])
@pytest.mark.parametrize("query", ["张三", "zhangsan", "13800001234", "1234"])
async def test_who_has_a_stand_in_is_found_by_name_and_phone(hire: Hire, meet: Meet, form: str, query: str) -> None:
    owner, mei = await hire("李雷"), await hire("韩梅梅")
    boss, other = await hire("老板", Role.MANAGER), await hire("小红")
    customer = await meet("张三", owner="李雷", phone="+8613800001234")
    await owner.say(f"接手 {customer.short_id} @韩梅梅")
    for phone in (owner, mei, boss):
        assert "李雷 在跟（韩梅梅 代跟）" in await phone.say(form.format(query))
    assert "没找到" in await other.say(form.format(query))
    await owner.say(f"交回 {customer.short_id}")
    assert "没找到" in await mei.say(form.format(query))


async def test_who_was_merged_into_another_is_that_other_for_every_command(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    kept, once, twice = [await meet(name) for name in ("张三", "三哥", "小张")]
    await Customer.filter(id=once.id).update(merged_into=kept)
    await Customer.filter(id=twice.id).update(merged_into=once)
    for form in (f"看 {twice.short_id}", f"查 {once.short_id}"):
        assert (await phone.say(form)).splitlines()[0] == (
            f"{kept.short_id} 张三（{form.split()[1]} 已并入 {kept.short_id}）"
        )
    assert (await phone.say(f"看 {kept.short_id}")).splitlines()[0] == f"{kept.short_id} 张三"
    lead = await Lead.get(customer_id=once.id)
    assert await phone.say(f"记 {lead.short_id} 怕贵") == f"记下了，{kept.short_id} 张三"
    assert (await Note.get()).customer_id == kept.id
    told = await AuditEntry.filter(typed__startswith="记").get()
    assert lead.short_id in told.subjects
    assert kept.short_id in told.subjects
    assert "没找到" in await phone.say("查 三哥")


async def test_commands_by_name_are_in_the_trail_of_the_customer(hire: Hire, meet: Meet) -> None:
    customer = await meet("张三")
    await (await hire("李雷")).say("看 张三")
    assert customer.short_id in (await AuditEntry.get()).subjects


async def test_a_card_in_english(hire: Hire, meet: Meet) -> None:
    customer = await meet("", owner="")
    answer = await (await hire("Lucy", language="en")).say(f"show {customer.short_id}")
    assert answer.splitlines()[:4] == [
        f"{customer.short_id} (no name)",
        "nobody's yet",
        "Official account reachable",
        "L1 new · Source: came by themselves",
    ]
