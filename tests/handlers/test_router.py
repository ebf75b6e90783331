"""Here lives who is heard as what: colleagues' words are commands, everybody else's are customers' words."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from domain.commands import Command
from domain.contacts import Profile
from domain.errors import Refusal
from domain.events import (
    AppEntered,
    ButtonPressed,
    Chat,
    ContactAdded,
    InboundEvent,
    MenuClicked,
    MessageEdited,
    MessageReceived,
    Noticed,
    Sender,
)
from domain.messages import Acknowledge, Address, Image, Text
from domain.permissions import Role
from handlers import router
from handlers.messages import hear
from models.customers import Customer, Identity
from models.messages import Message
from models.staff import Staff
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
AT = datetime(2026, 3, 2, tzinfo=UTC)


async def test_a_strangers_command_is_a_customers_message(stranger: Phone) -> None:
    await stranger.say("查 张三")
    assert (await Message.get(direction="in")).text == "查 张三"


async def test_a_strangers_picture_is_a_customers_message(stranger: Phone) -> None:
    await stranger.meet(MessageReceived(AT, Sender(stranger.address), Chat(stranger.address), Image("m1")))
    assert (await Message.get(direction="in")).content == Image("m1")


@pytest.mark.parametrize("text", ["/start", "/start from_poster", "帮助", "/help", "？", "帮助\u200b"])
async def test_a_colleague_is_helped_and_never_captured(hire: Hire, text: str) -> None:
    phone = await hire("李雷")
    assert "查 · " in await phone.say(text)
    assert await Customer.all().count() == 0


async def test_a_colleague_who_left_is_a_stranger(hire: Hire) -> None:
    phone = await hire("李雷")
    await Staff.filter(name="李雷").update(active=False)
    await phone.say("我是谁")
    assert await Identity.of(phone.address)


async def test_a_colleague_who_starts_the_bot_gets_help(hire: Hire) -> None:
    phone = await hire("李雷")
    assert "查 · " in await phone.meet(ContactAdded(AT, phone.address, Profile(name="李雷")))
    assert await Customer.all().count() == 0


@pytest.mark.parametrize(
    "happened",
    [
        lambda phone: MessageEdited(AT, Sender(phone.address), Chat(phone.address), Text("查"), "1"),
        lambda phone: AppEntered(AT, Sender(phone.address)),
    ],
)
async def test_what_a_colleague_does_besides_is_nothing(hire: Hire, happened: Callable[[Phone], InboundEvent]) -> None:
    phone = await hire("李雷")
    assert await phone.meet(happened(phone)) == ""
    assert await Customer.all().count() == 0


async def test_a_picture_from_a_colleague_is_not_understood(hire: Hire) -> None:
    phone = await hire("李雷")
    picture = MessageReceived(AT, Sender(phone.address), Chat(phone.address), Image("m1"))
    assert "只看得懂文字" in await phone.meet(picture)


async def test_a_button_is_acknowledged_and_runs_as_if_typed(hire: Hire) -> None:
    phone = await hire("李雷")
    assert "李雷，销售" in await phone.press("我是谁")
    assert phone.sent[0] == Acknowledge(phone.address, "press-1", "收到 ✓")


async def test_a_menu_entry_runs_as_if_typed(hire: Hire) -> None:
    phone = await hire("李雷")
    assert "李雷，销售" in await phone.meet(MenuClicked(AT, Sender(phone.address), "我是谁"))


@pytest.mark.parametrize("kind", ["group", "channel"])
async def test_a_group_hears_nothing(hire: Hire, stranger: Phone, kind: str) -> None:
    group = Chat(Address("telegram", "-100"), kind)  # type: ignore[arg-type]
    for person in (await hire("李雷"), stranger):
        sender = Sender(person.address)
        for event in (
            MessageReceived(AT, sender, group, Text("/帮助"), mentioned=True),
            MessageEdited(AT, sender, group, Text("/帮助"), "1"),
        ):
            await person.meet(event)
            assert person.sent == []
        await person.meet(ButtonPressed(AT, sender, group, "帮助", "p"))
        assert person.sent == [Acknowledge(person.address, "p")]  # the platform wants it answered, and no more
    assert await Customer.all().count() == 0


async def test_an_event_that_nobody_handles_is_nothing(stranger: Phone) -> None:
    assert await stranger.meet(Noticed(AT, "wecom", "location")) == ""


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("fnid zhang", "没看懂「fnid」。你是想说 find 吗？\n发 帮助 看我会什么。"),
        ("好的", "没看懂「好的」。\n发 帮助 看我会什么。"),
        ("查张三", "「查」后面要空一格，请发：\n查 张三"),
        ("看", "还差一样：客户编号（如 C12）、线索编号（如 L8），或者名字。\n写法：看 客户编号或名字\n例：看 C12"),
        (
            "看 P3",
            "「P3」用不上，这里要的是客户编号（如 C12）或线索编号（如 L8）。\n写法：看 客户编号或名字\n例：看 C12",
        ),
        ("查", "后面还差内容。\n写法：查 名字、拼音、手机号、尾号或编号；查 条件=规则\n例：查 张三"),
        ("3", "「3」对不上选项（只保留 2 分钟），请重新查一次。"),
        ("更多", "后面没有了。"),
        ("　", "想做点什么？发 帮助 看我会什么。"),
    ],
)
async def test_mistakes_teach(hire: Hire, text: str, answer: str) -> None:
    assert await (await hire("李雷")).say(text) == answer


async def test_mistakes_teach_in_english(hire: Hire) -> None:
    phone = await hire("Lucy", language="en")
    assert await phone.say("shwo") == 'I did not get "shwo". Did you mean show?\nSend help to see what I know.'


ROLES = {
    "help": None,
    "more": Role.VIEWER,
    "whoami": Role.VIEWER,
    "bind": None,
    "lang": Role.VIEWER,
    "find": Role.VIEWER,
    "show": Role.VIEWER,
    "talk": Role.VIEWER,
    "reply": Role.SALES,
    "note": Role.SALES,
}


def commands() -> tuple[Command, ...]:
    router.load()
    return router.table().commands


def test_every_command_has_its_role() -> None:
    assert {row.name: row.role for row in commands() if row.name in ROLES} == ROLES


@pytest.mark.parametrize("row", commands(), ids=lambda row: row.name)
@pytest.mark.parametrize("role", list(Role))
def test_a_command_is_for_its_role_and_those_above(row: Command, role: Role) -> None:
    staff = Staff(name="李雷", role=role)
    if row.role is None or list(Role).index(role) >= list(Role).index(row.role):
        router.authorize(staff, row)
    else:
        with pytest.raises(Refusal) as caught:
            router.authorize(staff, row)
        assert (caught.value.key, caught.value.values["role"]) == ("refusals/denied", row.role)


@pytest.mark.parametrize("row", [row for row in commands() if row.role], ids=lambda row: row.name)
def test_no_command_is_for_nobody(row: Command) -> None:
    with pytest.raises(Refusal):
        router.authorize(None, row)


async def test_a_denial_names_the_role(hire: Hire, meet: Meet) -> None:
    phone = await hire("小王", Role.VIEWER)
    customer = await meet("张三")
    assert (
        await phone.say(f"记 {customer.short_id} 怕贵") == "「给客户记一条备注」要销售以上才能用。需要的话请找管理员。"
    )


def test_a_kind_of_event_has_one_handler() -> None:
    with pytest.raises(ValueError, match="MessageReceived"):
        router.on(MessageReceived)(hear)
