"""Administrators join customers, undo that, and take an account out; sure of what will happen before it does."""

import re
from collections.abc import Awaitable, Callable

import pytest

from domain.messages import OutboundMessage, Text, words
from domain.permissions import Role
from models.audit import AuditEntry, AuditSubject
from models.customers import Customer, Identity
from models.identities import told_apart
from models.leads import Lead
from models.merges import Merge
from models.messages import Message
from models.notes import Note
from models.search import Searchable
from models.staff import Staff
from models.tasks import Task
from tests.clock import Clock
from tests.handlers.phone import Phone, heard
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
CODE = re.compile(r"(?:确认|confirm) (\w{4})$", re.MULTILINE)


def code(answer: str) -> str:
    found = CODE.search(answer)
    assert found, answer
    return found[1]


async def confirmed(phone: Phone, typed: str) -> str:
    return await phone.say(f"确认 {code(await phone.say(typed))}")


def texts(phone: Phone, to: Phone) -> list[str]:
    return [words(out.content) for out in phone.sent if isinstance(out, OutboundMessage) and out.to == to.address]


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("老板", Role.ADMIN)


async def test_a_preview_tells_what_will_be_and_the_code_does_it(
    hire: Hire, boss: Phone, meet: Meet, clock: Clock
) -> None:
    await hire("李雷")
    staff = await Staff.get(name="李雷")
    one = await meet("张三", company="腾讯")
    other = await meet("李四", account="telegram", phone="+8613800001234", owner="李雷")
    await heard(other, Text("在吗"), clock())
    await Note.written(other, staff, "怕贵", clock())
    await Task.create(staff=staff, customer=other, text="回电", created_at=clock())
    await Lead.filter(customer_id=other.id).update(stage="talking")
    answer = (await boss.say("合并 C1 C2")).splitlines()
    assert answer[:-1] == [
        "M1 把 C2 李四 并入 C1 张三",
        "跟着过去：Telegram · 消息 1 条 · 备注 1 条 · 待办 1 条",
        "C1 补上：手机",
        "以 C1 的为准，不再用：姓名 李四",
        "李雷 在跟 · 新线索 → 沟通中",
        "并错了可以撤销：撤销合并 M1",
    ]
    assert (await Merge.get()).state == "planned"
    assert await boss.say(f"确认 {code(answer[-1])}") == (
        "M1 合并好了：C2 李四 已并入 C1 张三\n看名片：看 C1　并错了：撤销合并 M1"
    )
    one = await Customer.get(id=one.id)
    lead = await Lead.get(customer_id=one.id)
    assert (one.name, one.phone, one.company, one.owner_id) == ("张三", "+8613800001234", "腾讯", staff.id)
    assert (lead.stage, lead.owner_id) == ("talking", staff.id)
    for model in (Identity, Message, Note, Task):
        assert await model.filter(customer_id=other.id).count() == 0
    assert "张三" in await boss.say("查 13800001234")
    assert await Searchable.filter(customer_id=other.id).count() == 0


async def test_who_would_lose_a_customer_is_protected_by_another_manager(hire: Hire, boss: Phone, meet: Meet) -> None:
    lilei, wang, manager = await hire("李雷"), await hire("王芳"), await hire("韩梅梅", Role.MANAGER)
    await meet("张三", owner="李雷")
    await meet("李四", owner="王芳")
    preview = await boss.say("合并 C1 C2")
    assert "李雷 继续跟，王芳 不再跟，要另一位经理批准" in preview
    asked = "\n".join(texts(boss, manager))
    assert "M1 把 C2 李四 并入 C1 张三" in asked
    assert code(preview) not in asked
    await boss.say(f"确认 {code(preview)}")
    assert (await Merge.get()).state == "planned"
    assert "要经理以上" in await wang.say("批准 M1")
    await manager.say("批准 M1")
    assert (await Merge.get()).state == "done"
    assert any(text.startswith("C2 李四 和 C1 张三 是同一个人") for text in texts(manager, wang))
    assert texts(manager, lilei) == []


async def test_an_owner_who_comes_between_preview_and_code_stops_it(hire: Hire, boss: Phone, meet: Meet) -> None:
    await hire("李雷")
    await hire("王芳")
    await meet("张三", owner="李雷")
    other = await meet("李四")
    preview = await boss.say("合并 C1 C2")
    await Customer.filter(id=other.id).update(owner_id=(await Staff.get(name="王芳")).id)
    assert "要经理批准" in await boss.say(f"确认 {code(preview)}")
    assert await Merge.filter(state="done").count() == 0


async def test_what_changed_since_the_preview_is_previewed_again(boss: Phone, meet: Meet) -> None:
    await meet("张三")
    other = await meet("李四")
    first = await boss.say("合并 C1 C2")
    await Customer.filter(id=other.id).update(company="百度")
    second = await boss.say(f"确认 {code(first)}")
    assert "C1 补上：公司" in second
    assert (await Merge.get()).state == "planned"
    assert "合并好了" in await boss.say(f"确认 {code(second)}")


async def test_a_word_of_the_customer_since_the_preview_changes_nothing(boss: Phone, meet: Meet, clock: Clock) -> None:
    await meet("张三")
    other = await meet("李四")
    first = await boss.say("合并 C1 C2")
    await heard(other, Text("在吗"), clock.forward(minutes=2))
    await other.heard(clock())
    assert "合并好了" in await boss.say(f"确认 {code(first)}")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("合并 C1 C1", "两个都是 C1，同一位客户不用合并。"),
        ("合并 C1 L1", "两个都是 C1，同一位客户不用合并。"),
        ("合并 C1 C9", "没有 C9"),
        ("合并 C9 C1", "没有 C9"),
        ("合并 C1", "后面还差内容"),
        ("合并 C1 李四", "「李四」用不上，这里要的是客户编号（如 C12）或线索编号（如 L8）"),
        ("合并 C1 C3", "C3 已经并入 C2 了（M1）。要用 C3 就改用 C2，并错了先发：撤销合并 M1。"),
        ("撤销合并 M9", "没有 M9"),
        ("撤销合并 张三", "「张三」用不上，这里要的是合并编号（如 M3）"),
        ("解除 C1", "后面还差内容"),
        ("解除 C1 telegram", "C1 没有这个账号。有的是：公众号。"),
        ("解除 C1 公众号", "C1 只有这一个账号，拆不了。"),
    ],
)
async def test_a_mistake_is_explained(boss: Phone, meet: Meet, typed: str, answer: str) -> None:
    for name in ("张三", "李四", "王五"):
        await meet(name)
    await confirmed(boss, "合并 C2 C3")
    assert answer in await boss.say(typed)
    assert await Merge.all().count() == 1


async def test_only_administrators_may(hire: Hire, meet: Meet) -> None:
    await meet("张三")
    await meet("李四")
    manager = await hire("韩梅梅", Role.MANAGER)
    for typed in ("合并 C1 C2", "撤销合并 M1", "解除 C1 telegram"):
        assert "要管理员才能用" in await manager.say(typed)


async def test_two_administrators_at_once_join_once(hire: Hire, boss: Phone, meet: Meet) -> None:
    other = await hire("老板娘", Role.ADMIN)
    await meet("张三")
    await meet("李四")
    codes = code(await boss.say("合并 C1 C2")), code(await other.say("合并 C2 C1"))
    first, second = await overlapping(lambda: boss.say(f"确认 {codes[0]}"), lambda: other.say(f"确认 {codes[1]}"))
    assert "M1 合并好了" in first
    assert "C2 已经并入 C1 了（M1）" in second
    assert await Merge.filter(state="done").count() == 1


async def test_the_trail_tells_of_both(boss: Phone, meet: Meet) -> None:
    await meet("张三")
    await meet("李四")
    await confirmed(boss, "合并 C1 C2")
    last = await AuditEntry.all().order_by("-number").first()
    assert last is not None
    assert last.result == "done"
    subjects = await AuditSubject.filter(number=last.number).values_list("subject", flat=True)
    assert {"M1", "C1", "C2"} <= set(subjects)


async def known_in_telegram(customer: Customer, clock: Clock, *names: str) -> list[Identity]:
    return [
        await Identity.create(
            customer=customer,
            account="telegram",
            external_id=f"{700 + number}",
            name=name,
            state_at=clock(),
            added_at=clock(),
        )
        for number, name in enumerate(names)
    ]


async def test_an_account_is_taken_out_into_a_customer_of_its_own(
    hire: Hire, boss: Phone, meet: Meet, clock: Clock
) -> None:
    await hire("李雷")
    customer = await meet("张三", owner="李雷")
    (identity,) = await known_in_telegram(customer, clock, "小红")
    await Message.heard(identity, Text("你好"), clock(), "1")
    await Note.written(customer, None, "怕贵", clock())
    answer = (await boss.say("解除 C1 tg")).splitlines()
    assert answer[:-1] == [
        "M1 把 Telegram「小红」从 C1 张三 里拆出来，单独算一位客户",
        "跟着过去：消息 1 条；备注、待办留在 C1",
        "两位都还是 李雷 跟",
        "拆错了可以再合并",
    ]
    assert await boss.say(f"确认 {code(answer[-1])}") == (
        "拆好了：C2 小红 现在是单独一位客户，线索 L2，不会再自动合并\n看名片：看 C2　拆错了：合并 C1 C2"
    )
    alone = await Customer.get(id=2)
    assert alone.owner_id == customer.owner_id
    assert (await Lead.get(customer_id=2)).first_words == "你好"
    assert await Message.filter(customer_id=2).count() == await Note.filter(customer_id=1).count() == 1
    assert (await boss.say("查 小红")).startswith("C2 小红")
    assert await told_apart(1, 2)
    assert "没有可以撤销的合并" in await boss.say("撤销合并 M1")
    assert "合并好了" in await confirmed(boss, "合并 C1 C2")


async def test_of_several_accounts_one_is_chosen(boss: Phone, meet: Meet, clock: Clock) -> None:
    customer = await meet("张三")
    await known_in_telegram(customer, clock, "小红", "小明")
    assert (await boss.say("解除 C1 电报")).splitlines()[1:] == ["1. Telegram「小红」", "2. Telegram「小明」"]
    preview = await boss.say("2")
    assert "Telegram「小明」" in preview
    assert "C2 小明" in await boss.say(f"确认 {code(preview)}")
    assert "Telegram「小红」" in await boss.say("解除 C1 telegram 小红")


async def test_in_english(hire: Hire, meet: Meet, clock: Clock) -> None:
    boss = await hire("Boss", Role.ADMIN, language="en")
    await meet("Mia", company="Acme")
    await meet("Leo", account="telegram", gender="male")
    preview = await boss.say("merge C1 C2")
    assert preview.startswith("M1 merges C2 Leo into C1 Mia\nMoves along: Telegram · messages: 0\nC1 gets: gender\n")
    assert "\nC1 keeps what it has; dropped: name Leo\n" in preview
    assert (await boss.say("merge C1")).startswith("Something is still missing.\nUsage: merge CUSTOMER OTHER")
    assert "is now part of C1 Mia" in await boss.say(f"confirm {code(preview)}")
    undo = await boss.say("unmerge M1")
    assert "C1 as before: gender" in undo
    assert "two customers again" in await boss.say(f"confirm {code(undo)}")
    await known_in_telegram(await Customer.get(id=1), clock, "Ann")
    part = await boss.say("unlink C1 telegram")
    assert 'Telegram "Ann" out of C1 Mia' in part
    assert "C3 Ann is now a customer of its own" in await boss.say(f"confirm {code(part)}")
