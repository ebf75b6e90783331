"""Here lives what is asked of a colleague, and that nothing meant for us is ever said to a customer."""

from collections.abc import Awaitable, Callable

import pytest

from domain.messages import Text
from domain.permissions import Role
from models.customers import Customer
from models.dialogs import Dialog
from models.messages import Message
from models.tags import Tag
from tests.clock import Clock
from tests.handlers.phone import Phone, heard

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@pytest.fixture
async def lilei(hire: Hire, meet: Meet, clock: Clock) -> Phone:
    """A salesman with a customer who has written, and who is being asked what to reply."""
    phone = await hire("李雷")
    customer = await meet("Mia", owner="李雷")
    await heard(customer, Text("在吗"), clock())
    assert "原样发给 C1" in await phone.say("回复 C1")
    return phone


async def said() -> list[str]:
    """What went to customers."""
    return list(await Message.filter(direction="out").order_by("id").values_list("text", flat=True))  # type: ignore[arg-type]


async def test_the_answer_goes_to_the_customer_byte_for_byte(lilei: Phone) -> None:
    await lilei.say("  您好！\n报价：１００ 元  ")
    assert await said() == ["  您好！\n报价：１００ 元  "]
    assert not await Dialog.exists()


@pytest.mark.parametrize("way", ["取消", "取消。", "取消！", "Cancel.", "/取消", "cancel", "／cancel"])
async def test_every_way_of_leaving_leaves(lilei: Phone, way: str) -> None:
    await lilei.say(way)
    assert not await Dialog.exists()
    await lilei.say("查 Mia")
    assert await said() == []


@pytest.mark.parametrize(
    "override", ["/查 没有这个人", "/查查 Mia", "/领 L1", "/看 C99", "/start", "！帮助", "取消 M9"]
)
async def test_a_command_with_its_sign_ends_the_question_whatever_becomes_of_it(lilei: Phone, override: str) -> None:
    await lilei.say(override)
    await lilei.say("帮助")
    assert await said() == []


async def test_a_pressed_button_ends_the_question_also_when_it_is_refused(lilei: Phone) -> None:
    await lilei.press("claim L99")
    await lilei.say("帮助")
    assert await said() == []


async def test_a_code_is_never_said_to_a_customer(lilei: Phone) -> None:
    assert "这个码在这里用不上" in await lilei.say("确认 7K3F")
    await lilei.say("好的")
    assert await said() == ["好的"]


async def test_a_refused_answer_says_that_the_question_is_still_open(lilei: Phone) -> None:
    assert "取消" in await lilei.say("   ")
    await lilei.say("取消")
    await lilei.say("待办 加 报价")
    await lilei.say("改期 T1")
    told = await lilei.say("没有时间")
    assert told.endswith("还在等你回答上面的问题；不答了就发 取消")
    assert "没有 9 这一项" in await lilei.say("9")
    assert "2026" in await lilei.say("1")


@pytest.mark.parametrize("asks", ["建标签", "打标 C1", "改标签 G1", "改标签 等级/", "newtag", "tag C1", "edittag G1"])
@pytest.mark.parametrize("command", ["看 C1", "show C1", "看：C1", "看 C99"])
async def test_a_command_is_no_name_of_a_tag(hire: Hire, meet: Meet, asks: str, command: str) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await meet("Mia")
    await boss.say("建标签 等级/VIP")
    await boss.say(asks)
    assert await Dialog.exists()
    told = await boss.say(command)
    assert told.startswith("没有 C99" if command.endswith("C99") else "C1 Mia")
    assert not await Dialog.exists()
    assert [tag.path for tag in await Tag.living()] == ["等级/VIP"]


@pytest.mark.parametrize(
    ("asks", "answer", "paths"),
    [
        ("建标签", '"看"', ["等级/VIP", "未分组/看"]),
        ("建标签 看", "", ["等级/VIP", "未分组/看"]),
        ("newtag", "stage/done 看板", ["等级/VIP", "stage/done", "未分组/看板"]),
        ("edittag G1", "name = show", ["等级/show"]),
        ("edittag G1", "group = level", ["level/VIP"]),
    ],
)
async def test_a_tag_may_be_called_like_a_command(hire: Hire, asks: str, answer: str, paths: list[str]) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await boss.say("建标签 等级/VIP")
    await boss.say(asks)
    if answer:
        await boss.say(answer)
    assert [tag.path for tag in await Tag.living()] == paths


@pytest.mark.parametrize("again", ["回复 C1 明天发您", "reply c1 明天发您", "回复：Ｌ１ 明天发您", "回 C1\n明天发您"])
async def test_who_types_the_whole_command_once_more_says_only_its_words(lilei: Phone, again: str) -> None:
    assert (await lilei.say(again)).startswith("好，正在发给 C1")
    assert await said() == ["明天发您"]
    assert not await Dialog.exists()


async def test_it_may_be_aimed_at_somebody_else(lilei: Phone, meet: Meet, clock: Clock) -> None:
    await heard(await meet("Tom", owner="李雷"), Text("hi"), clock())
    assert (await lilei.say("回复 C2 明天发您")).startswith("好，正在发给 C2")


@pytest.mark.parametrize("answer", ["回复 晚了，抱歉", "回复", "回复 T1", "记 C1 怕贵"])
async def test_what_only_begins_like_it_is_the_answer(lilei: Phone, answer: str) -> None:
    await lilei.say(answer)
    assert await said() == [answer]


@pytest.mark.parametrize(
    ("asks", "again", "told"),
    [
        ("记 C1", "记 C1 怕贵", "记下了，C1 Mia"),
        ("改 C1", "改 C1 公司=星辰", "公司：（空） → 星辰"),
        ("改 C1 公司", "改 C1 公司=星辰", "公司：（空） → 星辰"),
        ("跟进 L1", "跟进 L1 有意向", "→ 有意向"),
        ("待办 加", "待办 加 明天10点 报价", "记下了，T1 报价"),
        ("待办 加 明天", "todo add fri 10:00 quote", "T1 quote"),
    ],
)
async def test_so_it_is_wherever_something_is_asked(lilei: Phone, asks: str, again: str, told: str) -> None:
    await lilei.say("取消")
    await lilei.say(asks)
    assert await Dialog.exists()
    assert told in await lilei.say(again)
    assert not await Dialog.exists()


@pytest.mark.parametrize("command", ["看 C1", "分配 L1 @李雷", "帮助 查"])
async def test_a_command_is_no_name_of_a_colleague(lilei: Phone, hire: Hire, command: str) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await boss.say("分配 L1")
    assert await Dialog.exists()
    assert "没有叫" not in await boss.say(command)


@pytest.mark.parametrize("look", ["看 C1", "show c1", "看：Ｃ１。", "聊天 L1", "看 C99"])
async def test_a_mere_look_at_somebody_is_no_answer(lilei: Phone, look: str) -> None:
    assert "Mia" in await lilei.say(look) or "C99" in look
    assert await said() == []
    assert not (await lilei.say("1")).startswith("好，正在发给")


async def test_elsewhere_an_answer_may_begin_like_a_command(lilei: Phone) -> None:
    await lilei.say("看 C1 的报价")
    assert await said() == ["看 C1 的报价"]


async def test_what_is_typed_without_end_is_told_again_in_short(hire: Hire) -> None:
    phone = await hire("李雷", Role.ADMIN)
    for verb in ("查", "看", "线索", "帮助", "语言", "日志", "撤销合并", "待办"):
        assert len(await phone.say(f"{verb} {'长' * 4000}")) < 400
