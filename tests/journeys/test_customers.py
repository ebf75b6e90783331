"""Customers seen, changed, answered and handed over, in WeCom and in Telegram, by button and by word."""

from domain.permissions import Role
from models.changes import Change
from models.customers import Customer
from models.messages import Message
from models.notes import Note
from models.staff import Staff
from tests.journeys.town import ADMIN, Town

MIA = 30001
LILEI, LUCY = "lilei", "20002"


async def customer_of_li(town: Town) -> None:
    """Li Lei works in WeCom and in Chinese, Lucy in Telegram and in English; Mia, who writes in Telegram, is Li's."""
    li = await town.hire("李雷", Role.SALES, wecom=LILEI)
    lucy = await town.hire("Lucy", Role.SALES, telegram=LUCY)
    await Staff.filter(id=lucy.id).update(language="en")
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    await Customer.all().update(owner_id=li.id)


async def mia_says(town: Town, text: str) -> None:
    await town.telegram.user_says(MIA, text, first_name="Mia")
    await town.settled()


def buttons_in_wecom(town: Town) -> list[tuple[str, str]]:
    """Of the last card: what its buttons say, and what they stand for."""
    cards = [call.body["template_card"] for call in town.calls("wecom", "message/send") if "template_card" in call.body]
    return [(button["text"], button["key"]) for button in cards[-1]["button_list"]]


def buttons_in_telegram(town: Town) -> list[tuple[str, str]]:
    sent = [call.body for call in town.calls("telegram", "sendMessage") if call.body.get("reply_markup")]
    return [(one["text"], one["callback_data"]) for row in sent[-1]["reply_markup"]["inline_keyboard"] for one in row]


async def test_a_customer_is_changed_noted_and_shown_in_wecom(town: Town) -> None:
    await customer_of_li(town)
    told = await town.member_says("改 C1 手机=138 0000 1234 公司=星辰科技 生日=5月1日", LILEI)
    assert told.splitlines()[1:] == ["手机：（空） → 13800001234", "公司：（空） → 星辰科技", "生日：（空） → 05-01"]
    assert "改成什么" in await town.member_says("修改 C1 城市", LILEI)
    assert "城市：（空） → 北京" in await town.member_says("北京", LILEI)
    assert "要记什么" in await town.member_says("记 C1", LILEI)
    await town.member_says("怕贵", LILEI)
    card = await town.member_says("查 13800001234", LILEI)
    assert "C1 Mia · 星辰科技\n电话 13800001234 · 李雷 在跟 · 北京 · 生日 05-01" in card
    assert "李雷：怕贵" in card
    assert "Mia：hello" in card
    assert buttons_in_wecom(town) == [("回复", "reply C1"), ("看对话", "talk C1")]
    assert "不像邮箱" in await town.member_says("改 C1 邮箱=x 公司=y", LILEI)
    assert (await Customer.get()).company == "星辰科技"
    assert await Change.filter(subject="C1", field="phone").count() == 1


async def test_a_message_is_answered_by_the_button_in_wecom(town: Town) -> None:
    await customer_of_li(town)
    await mia_says(town, "are you open?")
    assert buttons_in_wecom(town) == [("回复", "reply C1")]
    await town.wecom.member_presses(LILEI, "reply C1", last_task(town))
    await town.settled()
    assert "原样发给 C1 Mia" in town.wecom_texts(LILEI)[-1]
    assert "正在发给 C1 Mia" in await town.member_says("  Yes,\n until 8 ", LILEI)
    assert town.telegram_texts(MIA)[-1] == "  Yes,\n until 8 "


def last_task(town: Town) -> str:
    cards = [call.body["template_card"] for call in town.calls("wecom", "message/send") if "template_card" in call.body]
    return str(cards[-1]["task_id"])


async def test_a_customer_is_handed_over_and_back_across_channels_and_languages(town: Town) -> None:
    await customer_of_li(town)
    assert "is 李雷's customer" in await town.staff_says("takeover C1", LUCY)
    assert "现在由 Lucy 代跟" in await town.member_says("接手 C1 @lucy", LILEI)
    assert "李雷 asks you to stand in with C1 Mia" in town.telegram_texts(LUCY)[-1]
    assert buttons_in_telegram(town) == [("Reply", "reply C1")]
    heard = len(town.wecom_texts(LILEI))
    await mia_says(town, "are you open?")
    assert "are you open?" in town.telegram_texts(LUCY)[-1]
    assert len(town.wecom_texts(LILEI)) == heard
    await town.telegram.press(int(LUCY), 1, "reply C1")
    await town.settled()
    assert "What you send next goes to C1 Mia as it is" in town.telegram_texts(LUCY)[-1]
    await town.staff_says("Yes, until 8", LUCY)
    assert town.telegram_texts(MIA)[-1] == "Yes, until 8"
    assert "phone: (empty) → 13800001234" in await town.staff_says("set C1 phone=13800001234", LUCY)
    assert "is handed back" in await town.staff_says("handback C1", LUCY)
    assert town.wecom_texts(LILEI)[-1] == "Lucy 结束了 C1 Mia 的代跟，客户的消息又发给你了。"
    await mia_says(town, "thanks")
    assert "thanks" in town.wecom_texts(LILEI)[-1]
    assert "only 李雷 and their managers" in await town.staff_says("show C1", LUCY)


async def test_the_same_in_telegram_in_chinese_and_in_wecom_in_english(town: Town) -> None:
    await customer_of_li(town)
    assert "好，C1 Mia 现在由你代跟（李雷 的客户）" in await town.staff_says("/接手 C1")
    assert "管理员" in town.wecom_texts(LILEI)[-1]
    await mia_says(town, "hi again")
    assert "C1 Mia（Telegram）说：\nhi again" in town.telegram_texts(ADMIN)[-1]
    assert buttons_in_telegram(town) == [("回复", "reply C1")]
    assert "公司：（空） → Acme" in await town.staff_says("改 C1 公司=Acme")
    await town.member_says("语言 英文", LILEI)
    assert "管理员 stands in with C1 already" in await town.member_says("takeover C1 @Lucy", LILEI)
    assert "is handed back" in await town.member_says("handback C1", LILEI)
    assert "company: Acme → Acme Ltd" in await town.member_says("set C1 company=Acme Ltd", LILEI)
    assert "What shall I note" in await town.member_says("note C1", LILEI)
    await town.member_says("price sensitive", LILEI)
    assert (await Note.get()).text == "price sensitive"
    assert "On its way" in await town.member_says("reply C1 hello", LILEI)
    assert await Message.filter(direction="out", text="hello").count() == 1
    assert "with 李雷" in await town.member_says("show C1", LILEI)
