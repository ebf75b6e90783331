"""Colleagues: bound by a code, told of their customers, answering them, each in their own language and chat."""

from random import SystemRandom

from domain.permissions import Role
from models.customers import Customer
from models.leads import Lead
from models.messages import Message
from models.notes import Note
from models.staff import Staff, StaffAccount
from tests.journeys.conftest import Build
from tests.journeys.town import ADMIN, Town

CHEN = "oSandboxCustomer00000000001"
LIU = "wmSandboxContact0000000000001"
MIA = 50001
SALES = "20002"


async def new_colleague(town: Town, name: str = "王芳") -> tuple[Staff, str]:
    """Somebody without a chat account, and the code with which they get one."""
    staff = await Staff.appoint(name, Role.SALES, {}, town.clock())
    return staff, await staff.issue_code(town.clock(), SystemRandom())


def offered(town: Town, chat: str) -> list[dict[str, str]]:
    """The commands that Telegram shows in this chat, and in no other."""
    return next((menu for (scope, _), menu in town.telegram.commands.items() if f": {chat}," in scope), [])


async def test_a_code_makes_a_chat_a_colleagues(town: Town) -> None:
    _, code = await new_colleague(town)
    town.telegram.person(int(SALES), first_name="Fang").has_started = True
    assert "王芳" in await town.staff_says(f"绑定 {code}", SALES)
    assert "王芳" in await town.staff_says("whoami", SALES)
    assert "find" in {each["command"] for each in offered(town, SALES)}
    assert await Customer.all().count() == 0
    assert "wrong or too old" in await town.staff_says(f"bind {code}", "20003")  # it serves once


async def test_the_same_in_wecom_and_in_english(town: Town) -> None:
    _, code = await new_colleague(town)
    assert "王芳" in await town.member_says(f"bind {code.lower()}", "wangfang")
    assert "王芳" in await town.member_says("我是谁", "wangfang")


async def test_after_five_wrong_codes_the_right_one_is_not_looked_at_for_a_while(town: Town) -> None:
    _, code = await new_colleague(town)
    for number in range(5):
        assert "不对" in await town.staff_says(f"绑定 AAAAA{number}", SALES)
    assert "试错太多次" in await town.staff_says(f"绑定 {code}", SALES)
    assert "不对" in await town.staff_says("绑定 BBBBB1", "20003")  # somebody else is not locked out
    town.clock.forward(minutes=5)
    assert "试错太多次" in await town.staff_says(f"绑定 {code}", SALES)
    assert await StaffAccount.filter(external_id=SALES).count() == 0


async def test_a_code_is_good_for_ten_minutes(town: Town) -> None:
    _, code = await new_colleague(town)
    town.clock.forward(minutes=11)
    assert "不对，或者过期了" in await town.staff_says(f"绑定 {code}", SALES)


async def test_who_was_a_customer_and_is_bound_speaks_as_a_colleague_from_then_on(town: Town) -> None:
    _, code = await new_colleague(town)
    await town.staff_says("你好", SALES)
    assert await Customer.all().count() == 1
    await town.staff_says(f"绑定 {code}", SALES)
    assert "王芳" in await town.staff_says("我是谁", SALES)
    assert [message.text for message in await Message.filter(direction="in")] == ["你好"]


async def test_who_left_is_a_stranger(town: Town) -> None:
    wang = await town.hire("王芳", Role.SALES, telegram=SALES)
    await town.staff_says("查 C1", SALES)
    assert await Customer.all().count() == 0
    await Staff.filter(id=wang.id).update(active=False)
    await town.staff_says("查 C1", SALES)
    assert [message.text for message in await Message.filter(direction="in")] == ["查 C1"]


async def test_a_new_lead_and_what_follows_is_told_to_all_managers_with_its_short_id(town: Town) -> None:
    await town.hire("韩梅梅", Role.MANAGER, telegram="20005")
    await town.hire("王芳", Role.SALES, telegram=SALES)
    await town.telegram.user_says(MIA, "Is the X200 in stock?", first_name="Mia")
    await town.telegram.user_says(MIA, "Hello?", first_name="Mia")
    await town.settled()
    for texts in (town.telegram_texts("20005"), town.telegram_texts()):
        assert len(texts) == 2
        assert "L1" in texts[0]
        assert "Is the X200 in stock?" in texts[0]
        assert "C1 Mia" in texts[1]
        assert "Hello?" in texts[1]
        assert "回复 C1" in texts[1]
    assert town.telegram_texts(SALES) == []


async def test_an_owned_customers_words_go_to_the_owner_alone(town: Town) -> None:
    wang = await town.hire("王芳", Role.SALES, telegram=SALES)
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    await Customer.filter().update(owner_id=wang.id)
    before = len(town.telegram_texts())
    await town.telegram.user_says(MIA, "are you open on Sunday?", first_name="Mia")
    await town.settled()
    assert "are you open on Sunday?" in town.telegram_texts(SALES)[-1]
    assert len(town.telegram_texts()) == before


async def test_a_reply_reaches_the_customer_byte_for_byte_and_moves_the_lead(town: Town) -> None:
    await town.wechat.user_says(CHEN, "你好")
    await town.settled()
    assert "正在发给 C1" in await town.member_says("回复 C1\n  第一行“原样”\n\n——第二行 ")
    assert town.wechat_texts(CHEN) == ["  第一行“原样”\n\n——第二行 "]
    assert (await Lead.get()).stage == "talking"
    line = await Message.filter(direction="out").order_by("-id").first()
    assert line is not None
    assert (line.staff_id, line.text) == (1, "  第一行“原样”\n\n——第二行 ")


async def test_the_commands_of_the_day_work_in_both_chats_and_languages(town: Town) -> None:
    await town.telegram.user_says(MIA, "Is the X200 in stock?", first_name="Mia", last_name="Novak")
    await town.settled()
    for says in (town.member_says, town.staff_says):
        assert "C1" in await says("查 novak")
        assert "Mia Novak" in await says("看 C1")
        assert "X200" in await says("聊天 C1 20条")
        assert "记下了" in await says("记 C1 对价格敏感")
        assert "对价格敏感" in await says("看 C1")
    await town.staff_says("lang en")
    assert "Mia Novak" in await town.staff_says("show C1")
    assert "Noted" in await town.staff_says("note C1 wants two")
    assert "X200" in await town.staff_says("talk C1 20")
    assert "C1" in await town.staff_says("find Mia")
    assert "C9" in await town.staff_says("reply C9 hi")
    assert await Note.all().count() == 3


async def test_each_colleague_reads_their_own_language(town: Town) -> None:
    await town.hire("Emma", Role.MANAGER, telegram="20006")
    await town.staff_says("语言 英文", "20006")
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    assert "New lead" in town.telegram_texts("20006")[-1]
    assert "新线索" in town.telegram_texts()[-1]
    assert "find" in await town.staff_says("fnd Mia", "20006")


async def test_a_mistake_is_answered_and_changes_nothing(town: Town) -> None:
    for typed, expected in (
        ("查", "还差"),
        ("看 C999", "没有 C999"),
        ("回复 C1", "没有 C1"),
        ("回复 C1 您好", "没有 C1"),
        ("差 张三", "查"),
        ("7", "对不上选项"),
    ):
        assert expected in await town.staff_says(typed), typed
    assert await Customer.all().count() == 0


async def test_several_of_one_name_are_offered_by_number(town: Town) -> None:
    for number in (1, 2, 3):
        await town.telegram.user_says(MIA + number, "hello", first_name="Mia", last_name=f"No{number}")
    await town.settled()
    offered = await town.staff_says("看 Mia")
    assert "1. C" in offered
    assert "3. C" in offered
    assert "Mia No" in await town.staff_says("2")
    town.clock.forward(minutes=3)
    assert "对不上选项" in await town.staff_says("1")


async def test_sales_see_what_is_theirs_and_of_others_only_whose_it_is(town: Town) -> None:
    wang = await town.hire("王芳", Role.SALES, telegram=SALES)
    await town.hire("赵强", Role.SALES, telegram="20007")
    await town.wecom.add_contact("wangfang", LIU, "刘洋")
    await town.settled()
    await Customer.filter().update(owner_id=wang.id)
    assert "刘洋" in await town.staff_says("看 C1", SALES)
    taken = await town.staff_says("看 C1", "20007")
    assert "王芳" in taken
    assert "刘洋" not in taken
    for typed in ("聊天 C1", "记 C1 抢过来", "回复 C1 您好"):
        assert "王芳" in await town.staff_says(typed, "20007")
    assert await Note.all().count() == 0


async def test_the_people_of_the_settings_are_bound_at_every_start(build: Build) -> None:
    town = await build()
    await StaffAccount.all().delete()
    await town.restart()
    assert "管理员" in await town.staff_says("我是谁")
    assert "管理员" in await town.member_says("我是谁")
    assert await Staff.all().count() == 1


async def directory(town: Town, change: str, userid: str, **fields: object) -> None:
    """Somebody changes a member of the company in WeCom's own console."""
    await town.wecom.system_event("change_contact", {"ChangeType": change, "UserID": userid, **fields})
    await town.settled()


async def test_who_leaves_wecom_is_out_of_every_chat_at_once_and_managers_are_told(town: Town) -> None:
    await town.hire("王芳", Role.SALES, wecom="wangfang", telegram=SALES)
    await town.wecom.add_contact("wangfang", LIU, "刘洋")
    await town.staff_says("帮助", SALES)
    assert "刘洋" in await town.staff_says("看 C1", SALES)
    assert offered(town, SALES)
    await directory(town, "update_user", "wangfang", Name="王芳", Status=2)
    (told,) = town.telegram_texts() + town.wecom_texts()
    assert told.startswith("王芳 的账号停用了（企业微信里已停用或离职）")
    assert "C1 刘洋" in told
    assert offered(town, SALES) == []
    assert "刘洋" not in await town.staff_says("看 C1", SALES) + await town.member_says("看 C1", "wangfang")
    assert "分给" in await town.staff_says("分配 C1")  # the customer is given to somebody else
    await directory(town, "update_user", "wangfang", Name="王芳", Status=1)
    assert "刘洋" not in await town.staff_says("看 C1", SALES)


async def test_a_member_who_is_called_otherwise_is_the_same_colleague(town: Town) -> None:
    await town.hire("王芳", Role.SALES, wecom="wangfang")
    town.wecom.add_member("fang.wang", "王芳")
    await directory(town, "update_user", "wangfang", NewUserID="fang.wang")
    assert "王芳，" in await town.member_says("我是谁", "fang.wang")
    assert "王芳，" not in await town.member_says("我是谁", "wangfang")
    await directory(town, "delete_user", "fang.wang")
    assert "王芳，" not in await town.member_says("我是谁", "fang.wang")


async def test_customers_and_groups_are_offered_no_commands_of_the_staff(town: Town) -> None:
    await town.staff_says("帮助")
    menus = {key: {each["command"] for each in menu} for key, menu in town.telegram.commands.items()}
    hers = {key: menu for key, menu in menus.items() if ADMIN in key[0]}
    assert [menu >= {"group", "find"} for menu in hers.values()] == [True]
    everybody = {key: menu for key, menu in menus.items() if key not in hers}
    assert {language for _, language in everybody} == {"", "en"}
    assert all("all_private_chats" in scope for scope, _ in everybody)
    assert list(everybody.values()) == [{"start"}, {"start"}]


async def test_a_new_language_is_the_menus_too(town: Town) -> None:
    await town.staff_says("lang en")
    assert {"command": "whoami", "description": "who you are and what you may do"} in offered(town, ADMIN)
