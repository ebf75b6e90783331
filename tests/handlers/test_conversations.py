"""Here lives the reading of conversations, the notes on them, and the answers in them."""

from collections.abc import Awaitable, Callable

import pytest

from domain.messages import Content, File, Image, Link, Location, Markdown, Other, SharedContact, Text, Video, Voice
from domain.permissions import Role
from models.customers import Customer, Identity
from models.leads import Lead
from models.messages import Message
from models.notes import Note
from models.outbox import OutboxItem
from tests.clock import Clock
from tests.handlers.phone import Phone, heard

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


async def test_a_conversation_reads_from_old_to_new(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    await heard(customer, Text("在吗"), clock())
    clock.forward(days=1, minutes=5)
    await phone.say(f"回复 {customer.short_id} 在的，请讲")
    await OutboxItem.filter(message_id__not_isnull=True).update(state="done")
    assert (await phone.say(f"聊天 {customer.short_id}")).splitlines() == [
        f"{customer.short_id} 张三 的对话",
        "03-02 17:00 张三：在吗",
        "17:05 李雷 → 在的，请讲（已发送）",
    ]


@pytest.mark.parametrize(
    ("state", "error", "told"),
    [
        ("waiting", "", "（发送中）"),
        ("sending", "", "（发送中）"),
        ("done", "", "（已发送）"),
        ("dead", "window_closed", "（失败：客户超过 48 小时没说话，公众号不让发了）"),
        ("dead", "48900", "（失败：48900）"),
        ("unsure", "no_answer", "（结果不明）"),
    ],
)
async def test_our_lines_tell_what_became_of_them(
    hire: Hire, meet: Meet, clock: Clock, state: str, error: str, told: str
) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    await heard(customer, Text("在吗"), clock())
    await phone.say(f"回复 {customer.short_id} 在的")
    await OutboxItem.filter(message_id__not_isnull=True).update(state=state, error=error)
    assert (await phone.say(f"聊天 {customer.short_id}")).endswith(f"李雷 → 在的{told}")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (Text("多少钱？\n两件"), "多少钱？\n两件"),
        (Markdown("**多少钱**"), "**多少钱**"),
        (Image("m", caption="就这款"), "[图片] 就这款"),
        (Voice("m", text="帮我看看"), "[语音] 帮我看看"),
        (Voice("m"), "[语音]"),
        (Video("m"), "[视频]"),
        (File("m", name="报价.xlsx"), "[文件] 报价.xlsx"),
        (Location(1.0, 2.0, "国贸"), "[位置] 国贸"),
        (Link("新品", "https://example.com/a"), "[链接] 新品 https://example.com/a"),
        (SharedContact("13800000000", "张三"), "[名片] 张三 13800000000"),
        (Other("sticker", "👍"), "[表情] 👍"),
        (Other("hologram"), "hologram"),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
async def test_everything_is_told_by_its_type(
    hire: Hire, meet: Meet, clock: Clock, content: Content, told: str
) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    await heard(customer, content, clock())
    answer = await phone.say(f"聊天 {customer.short_id}")
    assert answer == f"{customer.short_id} 张三 的对话\n17:00 张三：{told}"


async def test_a_correction_is_told(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    message = await heard(customer, Text("三件"), clock())
    await message.amend(Text("五件"), clock())
    assert (await phone.say(f"聊天 {customer.short_id}")).endswith("五件（改过）")


async def test_a_long_conversation_has_pages(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    for number in range(20):
        await heard(customer, Text(f"第{number}句"), clock())
    seen: list[str] = []
    answer = await phone.say(f"聊天 {customer.short_id} 20条")
    while True:
        lines = answer.splitlines()
        assert len(lines) <= 8
        seen = [line.partition("：")[2] for line in lines[1:] if "句" in line] + seen
        if lines[-1] != "更早的，发 更多":
            break
        answer = await phone.say("更多")
    assert seen == [f"第{number}句" for number in range(20)]
    assert await phone.say("更多") == "后面没有了。"


async def test_seven_short_lines_need_no_second_page(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    for number in range(7):
        await heard(customer, Text(f"第{number}句"), clock())
    assert len((await phone.say(f"聊天 {customer.short_id}")).splitlines()) == 8


async def test_a_long_text_is_shown_whole(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    await heard(customer, Text("短"), clock())
    long = "\n".join(f"{n} 行" for n in range(20))
    await heard(customer, Text(long), clock())
    answer = await phone.say(f"聊天 {customer.short_id}")
    assert long in answer
    assert answer.endswith("更早的，发 更多")
    assert (await phone.say("更多")).endswith("张三：短")


async def test_a_screen_is_counted_as_a_phone_shows_it(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    for number in range(6):
        await heard(customer, Text(f"{number}" + "价" * 600), clock())
    await heard(customer, Text("price? " * 8), clock())
    await heard(customer, Text("好"), clock())
    short = await phone.say(f"聊天 {customer.short_id}")
    assert [line.partition("：")[2].strip() for line in short.splitlines()[1:-1]] == [("price? " * 8).strip(), "好"]
    for number in (5, 4, 3):
        page = await phone.say("更多")
        assert page.splitlines()[1:] == [f"17:00 张三：{number}" + "价" * 600, "更早的，发 更多"]


async def test_two_texts_of_three_lines_are_a_screen_and_a_third_is_not(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    for number in range(3):
        await heard(customer, Text(f"{number}" + "价" * 49), clock())
    assert [line[9:10] for line in (await phone.say(f"聊天 {customer.short_id}")).splitlines()[1:-1]] == ["1", "2"]
    assert (await phone.say("更多")).splitlines()[1:] == ["17:00 张三：0" + "价" * 49]


async def test_as_many_as_were_asked_for(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    for number in range(5):
        await heard(customer, Text(f"第{number}句"), clock())
    answer = await phone.say(f"talk {customer.short_id} 2")
    assert [line[-3:] for line in answer.splitlines()[1:]] == ["第3句", "第4句", " 更多"]


@pytest.mark.parametrize("count", ["零条", "0", "abc", "20条半"])
async def test_a_number_that_is_none_teaches(hire: Hire, meet: Meet, count: str) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    answer = await phone.say(f"聊天 {customer.short_id} {count}")
    assert answer == f"「{count}」我没看懂。\n写法：聊天 客户 [条数，最多 50]\n例：聊天 C12"


async def test_silence_is_said(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    assert await phone.say(f"聊天 {customer.short_id}") == f"{customer.short_id} 张三 还没有对话。"


async def test_an_answer_goes_where_the_customer_was_heard(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    await heard(customer, Text("在吗"), clock())
    said = await phone.say(f"回复 {customer.short_id}\n您好：\n　报价见附件。 ")
    assert said == f"好，正在发给 {customer.short_id} 张三。没送到的话我会告诉你。"
    message = await Message.get(direction="out").select_related("staff")
    assert message.text == "您好：\n　报价见附件。 "
    assert message.staff is not None
    assert message.staff.name == "李雷"
    item = await OutboxItem.get(message_id=message.id)
    assert item.outgoing.to == (await Identity.get(customer_id=customer.id)).address
    assert (await Lead.get(customer_id=customer.id)).stage == "talking"


@pytest.mark.parametrize("form", ["回复 {}", "回复 {}\n ", "reply {} 　"])
async def test_an_answer_without_words_is_asked_for_and_goes_out_byte_for_byte(
    hire: Hire, meet: Meet, form: str
) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    asked = await phone.say(form.format(customer.short_id))
    assert asked == (f"要回什么？你接下来发的这条，会原样发给 {customer.short_id} 张三。\n不发了就发：取消")
    assert await Message.all().count() == 0
    assert "正在发给" in await phone.say("　“您好”\n\n 报价： 见附件 ")
    assert (await Message.get()).text == "　“您好”\n\n 报价： 见附件 "
    assert "没看懂" in await phone.say("在的")
    assert await Message.all().count() == 1


async def test_a_number_or_a_verb_that_was_asked_for_is_words(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    for words in ("3", f"记 {customer.short_id} 怕贵"):
        await phone.press(f"reply {customer.short_id}")
        await phone.say(words)
    assert await Message.all().order_by("id").values_list("text", flat=True) == ["3", f"记 {customer.short_id} 怕贵"]
    assert await Note.all().count() == 0


@pytest.mark.parametrize("leave", ["取消", "cancel", "/取消"])
async def test_who_does_not_want_to_answer_any_more_leaves(hire: Hire, meet: Meet, leave: str) -> None:
    phone = await hire("李雷")
    await phone.say(f"回复 {(await meet('张三')).short_id}")
    await phone.say(leave)
    assert "没看懂" in await phone.say("您好")
    assert await Message.all().count() == 0


async def test_who_cannot_be_written_to_is_not_asked_for_words(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", account="wecom")
    assert "请在企业微信里和客户聊" in await phone.say(f"回复 {customer.short_id}")
    assert "没看懂" in await phone.say("您好")


async def test_an_answer_goes_to_the_chat_that_was_heard_last(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    silent = {"account": "telegram", "state_at": clock(), "added_at": clock()}
    await Identity.create(customer=customer, external_id="5", **silent)
    late = await Identity.create(customer=customer, external_id="6", **silent)
    await (await Identity.get(account="official")).hear(clock())
    await phone.say(f"回复 {customer.short_id} 您好")
    await late.hear(clock.forward(seconds=5))
    await phone.say(f"回复 {customer.short_id} 在的")
    chats = await Message.all().order_by("id").select_related("identity")
    assert [message.identity.account for message in chats] == ["official", "telegram"]
    assert chats[1].identity_id == late.id


async def test_wecom_customers_cannot_be_written_to(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", account="wecom")
    assert "请在企业微信里和客户聊" in await phone.say(f"回复 {customer.short_id} 您好")


async def test_who_blocked_us_cannot_be_reached(hire: Hire, meet: Meet, clock: Clock) -> None:
    phone = await hire("李雷")
    customer = await meet("张三", account="telegram")
    await (await Identity.get(customer_id=customer.id)).reached("blocked", clock.forward(seconds=1))
    assert await phone.say(f"回复 {customer.short_id} 您好") == f"{customer.short_id} 现在已屏蔽，发不过去。"


async def test_a_note_is_kept_as_written(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    assert await phone.say(f"记 {customer.short_id} 对价格敏感，“下周”再谈") == f"记下了，{customer.short_id} 张三"
    note = await Note.get().select_related("staff")
    assert note.text == "对价格敏感，“下周”再谈"
    assert note.staff is not None
    assert note.staff.name == "李雷"


async def test_a_note_without_words_is_asked_for(hire: Hire, meet: Meet) -> None:
    phone = await hire("李雷")
    customer = await meet("张三")
    assert (await phone.say(f"记 {customer.short_id}")).startswith(f"{customer.short_id} 张三 要记什么？")
    assert await phone.say("怕贵，\n要折扣") == f"记下了，{customer.short_id} 张三"
    assert (await Note.get()).text == "怕贵，\n要折扣"


async def test_a_manager_may_answer_for_a_colleague(hire: Hire, meet: Meet, clock: Clock) -> None:
    await hire("李雷")
    phone = await hire("老板", Role.MANAGER)
    customer = await meet("张三", owner="李雷")
    await heard(customer, Text("在吗"), clock())
    assert "正在发给" in await phone.say(f"reply {customer.short_id} 您好")
