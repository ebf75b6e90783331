"""What colleagues ask for is in the trail, whatever came of it, and is found by what it was about."""

from collections.abc import Awaitable, Callable
from random import SystemRandom

import pytest

from domain.commands import VEIL
from domain.contacts import Profile
from domain.events import ButtonPressed, Chat, ContactAdded, MessageReceived, Sender
from domain.messages import Address, Image, Text
from domain.permissions import Role
from handlers.context import House
from handlers.customers import PAGE as FOUND
from models.audit import AuditEntry, AuditHead, AuditSubject
from models.chain import verify
from models.customers import Customer
from models.dialogs import Dialog
from models.groups import Group
from models.staff import BindCode, Staff
from tests.clock import Clock
from tests.handlers.phone import KEY, Phone

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture(autouse=True)
async def begun(house: House) -> None:
    """The server was here before anybody else."""
    await AuditHead.begin(KEY)


async def trail() -> list[tuple[str, str, str, str]]:
    """Typed, understood, subjects, result; and the chain is whole."""
    assert (await verify(KEY)).fault is None
    rows = await AuditEntry.all().order_by("number")
    return [(row.typed, row.understood, row.subjects, row.result) for row in rows]


async def test_what_is_typed_is_kept_with_what_it_was_understood_as(hire: Hire, meet: Meet, clock: Clock) -> None:
    lilei = await hire("李雷")
    await meet("张三", owner="李雷")
    await lilei.say("记：Ｃ1　怕贵")
    assert await trail() == [("记：Ｃ1　怕贵", "note C1 怕贵", "C1", "done")]
    entry = await AuditEntry.get()
    staff = await Staff.get(name="李雷")
    assert (entry.staff_id, entry.staff_name, entry.at) == (staff.id, "李雷", clock())
    assert (entry.account, entry.sender, entry.chat) == ("telegram", lilei.address.id, lilei.address.id)
    assert entry.cause == f"telegram:k{lilei.key}"


async def test_what_is_refused_and_denied_is_kept_too(hire: Hire, meet: Meet) -> None:
    await hire("李雷")
    await meet("张三", owner="李雷")
    other, reader = await hire("韩梅梅"), await hire("Lucy", Role.VIEWER)
    await other.say("看 C1")
    await other.say("看 C9")
    await other.say("帮我看看")
    await reader.say("记 C1 怕贵")
    await other.say("日志 C1")
    assert await trail() == [
        ("看 C1", "show C1", "C1", "taken"),
        ("看 C9", "show C9", "C9", "no_such_id"),
        ("帮我看看", "", "", "unknown_command"),
        ("记 C1 怕贵", "note C1 怕贵", "C1", "denied"),
        ("日志 C1", "log C1", "", "denied"),
    ]


async def test_a_choice_is_kept_with_what_was_chosen(hire: Hire, meet: Meet) -> None:
    lilei = await hire("李雷")
    for _ in range(FOUND + 1):
        await meet("张三")
    await lilei.say("记 张三 怕贵")
    await lilei.say("2")
    await lilei.say("查 张三")
    await lilei.say("更多")
    told = await trail()
    assert told[1][0] == "2"
    assert told[1][1].startswith("note C")
    assert told[1][1].endswith("怕贵")
    assert told[3] == ("更多", "find 张三 page=2", "", "done")


async def test_a_button_is_kept_as_the_command_that_it_stands_for(hire: Hire, meet: Meet) -> None:
    lilei = await hire("李雷")
    await meet("张三", owner="李雷")
    await lilei.press("show C1")
    assert await trail() == [("show C1", "show C1", "C1", "done")]


async def test_a_second_press_of_a_button_is_no_command(hire: Hire, meet: Meet, clock: Clock) -> None:
    lilei = await hire("李雷")
    await meet("张三", owner="李雷")
    press = ButtonPressed(clock(), Sender(lilei.address), Chat(lilei.address), "show C1", "p", message_id="m1")
    await lilei.meet(press)
    await lilei.meet(press)
    assert len(await trail()) == 1


async def asked(phone: Phone, asks: str) -> None:
    """A wizard waits for the rest of a command."""
    staff = await Staff.behind(phone.address)
    assert staff
    await Dialog.offer(staff, phone.address, {}, phone.clock.now.replace(year=2100), asks)


async def test_an_answer_to_a_question_is_kept_with_the_whole_command(hire: Hire, meet: Meet) -> None:
    lilei = await hire("李雷")
    await meet("张三", owner="李雷")
    await asked(lilei, "note C1 ")
    await lilei.say("@韩梅梅 说怕贵")
    assert await trail() == [("@韩梅梅 说怕贵", "note C1 @韩梅梅 说怕贵", "C1", "done")]


async def test_a_command_with_its_sign_leaves_the_question(hire: Hire, meet: Meet) -> None:
    lilei = await hire("李雷")
    await meet("张三", owner="李雷")
    await asked(lilei, "reply C1\n")
    await lilei.say("/看 C1")
    await lilei.say("查 张三")
    assert [understood for _, understood, *_ in await trail()] == ["show C1", "find 张三"]


async def test_what_is_no_command_is_not_in_the_trail(hire: Hire, stranger: Phone, clock: Clock) -> None:
    lilei = await hire("李雷")
    await stranger.say("查 张三")
    await lilei.meet(MessageReceived(clock(), Sender(lilei.address), Chat(lilei.address), Image("m1")))
    await lilei.meet(ContactAdded(clock(), lilei.address, Profile(name="李雷")))
    await lilei.meet(
        MessageReceived(clock(), Sender(lilei.address), Chat(Address("telegram", "-1"), "group"), Text("嗨"))
    )
    assert await trail() == []


async def test_a_command_in_a_group_is_kept_with_the_group(hire: Hire, clock: Clock) -> None:
    lilei, group = await hire("李雷"), Address("telegram", "-100")
    await Group.allow(group, "销售", clock())
    room = Phone(group, clock, lilei.house)
    for text in ("/我是谁", "@韩梅梅 我是谁", "我是谁"):
        await room.meet(MessageReceived(clock(), Sender(lilei.address), Chat(group, "group"), Text(text)))
    entry = await AuditEntry.get()
    assert (entry.typed, entry.sender, entry.chat) == ("/我是谁", lilei.address.id, "-100")


@pytest.mark.parametrize("form", ["绑定 {}", "/bind {}", "绑定{}", "BIND：{}"])
async def test_a_code_to_bind_is_never_in_the_trail(hire: Hire, stranger: Phone, clock: Clock, form: str) -> None:
    lilei = await hire("李雷")
    code = await (await Staff.get(name="李雷")).issue_code(clock(), SystemRandom())
    await lilei.say(form.format(code))
    assert await BindCode.all().count() == 1
    await stranger.say(f"绑定 {code}")
    told = await trail()
    assert told[-1] == (f"绑定 {VEIL}", f"bind {VEIL}", "", "done")
    assert len(told) == 2
    assert code.lower() not in str([await AuditEntry.all().values()]).lower()


async def test_a_code_to_confirm_is_never_in_the_trail(hire: Hire) -> None:
    lilei = await hire("李雷", Role.ADMIN)
    for typed in ("确认 7K3F", "confirm 7k3f", "确认7K3F"):
        await lilei.say(typed)
    await lilei.press("confirm 7K3F")
    told = await trail()
    assert len(told) == 4
    assert "7k3f" not in str(told).lower()


async def test_subjects_that_a_handler_adds_are_found(hire: Hire, meet: Meet) -> None:
    lilei = await hire("李雷")
    await meet("张三", owner="李雷")
    await lilei.say("看 张三")
    assert await AuditSubject.filter(subject="C1").count() == 1
