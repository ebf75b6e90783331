"""Here lives where staff may be answered in front of others: in groups that an administrator has opened."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from domain.events import ButtonPressed, Chat, ChatMigrated, GroupChanged, MessageReceived, Sender
from domain.messages import Acknowledge, Address, Card, OutboundMessage, Text
from domain.permissions import Role
from models.customers import Customer, Identity
from models.groups import Group
from models.messages import Message
from models.staff import Staff
from models.tags import Tag
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
DEALERS, ELSEWHERE = Address("telegram", "-100"), Address("telegram", "-200")


@dataclass
class Room(Phone):
    """A group chat; what is said there is said by somebody."""

    async def hears(self, person: Phone, text: str, *, mentioned: bool = False) -> str:
        at, chat = self.clock(), Chat(self.address, "group", "经销商")
        return await self.meet(MessageReceived(at, Sender(person.address), chat, Text(text), mentioned=mentioned))

    async def sees(self, person: Phone, data: str) -> str:
        at, chat = self.clock(), Chat(self.address, "group", "经销商")
        return await self.meet(ButtonPressed(at, Sender(person.address), chat, data, "press-1"))


@pytest.fixture
def room(stranger: Phone) -> Room:
    return Room(DEALERS, stranger.clock, stranger.house)


@pytest.fixture
async def admin(hire: Hire) -> Phone:
    return await hire("管理员", Role.ADMIN)


async def test_an_administrator_opens_and_closes_a_group(hire: Hire, admin: Phone, room: Room) -> None:
    lilei = await hire("李雷")
    assert await room.hears(lilei, "/我是谁") == ""
    assert "不说话" in await room.hears(admin, "/群聊")
    assert "现在可以在这个群里用命令" in await room.hears(admin, "/group on")
    assert (await Group.get()).title == "经销商"
    assert "李雷，销售" in await room.hears(lilei, "/我是谁")
    assert "可以用命令" in await room.hears(admin, "/群聊")
    assert "不再说话" in await room.hears(admin, "/群聊 关")
    assert await room.hears(lilei, "/我是谁") == ""


async def test_nobody_else_opens_a_group(hire: Hire, room: Room, stranger: Phone) -> None:
    for person in (await hire("韩梅梅", Role.MANAGER), stranger):
        assert await room.hears(person, "/群聊 开", mentioned=True) == ""
    assert (await Group.get()).allowed_at is None  # known, and no more


async def test_an_open_group_is_closed_to_managers_too(hire: Hire, admin: Phone, room: Room) -> None:
    await room.hears(admin, "/群聊 开")
    assert "要管理员" in await room.hears(await hire("韩梅梅", Role.MANAGER), "/群聊 关")
    assert await Group.allows(DEALERS)


@pytest.mark.parametrize("typed", ["/群聊 开", "/群聊", "group off"])
async def test_a_private_chat_is_no_group(admin: Phone, typed: str) -> None:
    assert "要在 Telegram 群里发" in await admin.say(typed)
    assert await Group.all().count() == 0


async def test_what_is_not_understood_teaches(admin: Phone, room: Room) -> None:
    assert "「也许」我没看懂" in await room.hears(admin, "/群聊 也许")


async def test_only_what_is_meant_for_us_is_heard(hire: Hire, admin: Phone, room: Room, stranger: Phone) -> None:
    lilei = await hire("李雷")
    await room.hears(admin, "/群聊 开")
    assert await room.hears(lilei, "我是谁") == ""
    assert "李雷" in await room.hears(lilei, "我是谁", mentioned=True)
    for text in ("/我是谁", "/start", "绑定 7K3F9Q", "你好"):
        assert await room.hears(stranger, text, mentioned=True) == ""
        assert room.sent == []
    assert await Identity.all().count() == await Message.all().count() == 0


async def test_who_left_is_not_heard_in_a_group(hire: Hire, admin: Phone, room: Room) -> None:
    lilei = await hire("李雷")
    await room.hears(admin, "/群聊 开")
    await Staff.filter(name="李雷").update(active=False)
    assert await room.hears(lilei, "/我是谁") == ""


async def test_a_choice_is_made_with_a_sign_by_whom_it_was_offered(
    hire: Hire, meet: Meet, admin: Phone, room: Room
) -> None:
    lilei, wang = await hire("李雷"), await hire("小王")
    await room.hears(admin, "/群聊 开")
    await meet("张三")
    await meet("张三丰")
    assert "2. " in await room.hears(lilei, "/看 张三")
    assert "对不上选项" in await room.hears(wang, "/2")
    assert await room.hears(lilei, "2") == ""
    assert "C" in await room.hears(lilei, "/2")
    assert "对不上选项" in await lilei.say("2")  # what was offered in the group is offered there only


async def test_a_question_is_answered_by_a_reply_to_it(hire: Hire, meet: Meet, admin: Phone, room: Room) -> None:
    lilei = await hire("李雷")
    customer = await meet("张三")
    await room.hears(admin, "/群聊 开")
    assert "点「回复」再写" in await room.hears(lilei, f"/回复 {customer.short_id}")
    assert await room.hears(lilei, "大家中午吃什么") == ""
    assert "正在发给" in await room.hears(lilei, "您好，在的", mentioned=True)
    assert (await Message.get()).text == "您好，在的"


async def test_a_press_counts_for_who_pressed(hire: Hire, meet: Meet, admin: Phone, room: Room) -> None:
    await hire("李雷")
    wang, bystander = await hire("小王"), Phone(Address("telegram", "888"), room.clock, room.house)
    customer = await meet("张三", owner="李雷")
    await room.hears(admin, "/群聊 开")
    assert "李雷 在跟" in await room.sees(wang, f"talk {customer.short_id}")
    assert await room.sees(bystander, f"show {customer.short_id}") == ""
    assert room.sent == [Acknowledge(DEALERS, "press-1")]


async def test_no_menu_is_offered_in_a_group(admin: Phone, room: Room) -> None:
    await room.hears(admin, "/群聊 开")
    assert "查 · " in await room.hears(admin, "/帮助")
    assert all(isinstance(out, OutboundMessage) and isinstance(out.content, Text | Card) for out in room.sent)


async def test_a_group_that_moves_stays_open(admin: Phone, room: Room, clock: Clock) -> None:
    await room.hears(admin, "/群聊 开")
    for _ in range(2):  # told in the old chat and in the new one
        await admin.meet(ChatMigrated(clock(), DEALERS, ELSEWHERE))
    assert await Group.allows(ELSEWHERE)
    assert not await Group.allows(DEALERS)


async def test_a_group_that_moves_while_it_moves_stays_open(admin: Phone, room: Room, clock: Clock) -> None:
    await Group.allow(DEALERS, "经销商", clock())
    await overlapping(lambda: Group.migrate(DEALERS, ELSEWHERE), lambda: Group.migrate(DEALERS, ELSEWHERE))
    assert [group.external_id for group in await Group.all()] == ["-200"]


async def test_a_silent_group_that_moves_stays_silent(admin: Phone, clock: Clock) -> None:
    await admin.meet(ChatMigrated(clock(), DEALERS, ELSEWHERE))
    assert await Group.all().count() == 0
    await admin.meet(GroupChanged(clock(), DEALERS, "bot_joined", title="总代"))
    await admin.meet(ChatMigrated(clock(), DEALERS, ELSEWHERE))
    assert (await Group.get()).external_id == "-200"
    assert not await Group.allows(ELSEWHERE)


async def test_a_group_that_throws_us_out_has_to_be_opened_again(admin: Phone, room: Room, clock: Clock) -> None:
    await room.hears(admin, "/群聊 开")
    await admin.meet(GroupChanged(clock(), DEALERS, "renamed", title="总代"))
    assert (await Group.get()).title == "总代"
    await admin.meet(GroupChanged(clock(), DEALERS, "member_left", title="总代", members=("5",)))
    assert await Group.allows(DEALERS)
    await admin.meet(GroupChanged(clock(), DEALERS, "bot_left", title="总代"))
    assert (await Group.get()).gone_at == clock()
    await admin.meet(GroupChanged(clock(), DEALERS, "bot_joined", title="总代"))
    group = await Group.get()
    assert (group.gone_at, group.allowed_at, group.writable) == (None, None, True)  # pushes may go there, commands not


async def test_a_group_is_shown_nobodys_whole_number(admin: Phone, room: Room, meet: Meet) -> None:
    await meet("张三", phone="+8613800001234")
    await room.hears(admin, "/群聊 开")
    assert "13800001234" in await admin.say("看 C1")
    told = await room.hears(admin, "/看 C1")
    assert "138****1234" in told.replace("电话 ", "")
    assert "13800001234" not in told


async def test_a_command_is_no_name_of_a_tag_in_a_group_either(admin: Phone, room: Room, meet: Meet) -> None:
    await meet("Mia")
    await room.hears(admin, "/群聊 开")
    assert "要建什么标签" in await room.hears(admin, "/建标签")
    assert (await room.hears(admin, "看 C1", mentioned=True)).startswith("C1 Mia")
    assert await Tag.all().count() == 0
