"""Quick replies: kept in one chat, sent to another, in both languages; blanks filled for the customer who reads."""

from domain.permissions import Role
from models.messages import Message
from models.snippets import Snippet
from tests.journeys.town import Town

CHEN = "oSandboxCustomer00000000001"
SALES = "20002"
MIA = 50001


async def test_a_quick_reply_from_wecom_to_a_follower_and_back(town: Town) -> None:
    await town.wechat.user_says(CHEN, "多少钱？")
    await town.settled()
    assert "记下了" in await town.member_says("话术 加 报价\n{客户}，您好！\n　我是“{我}”，{{原价}} 8 折 ")
    assert "1. 报价：" in await town.member_says("话术")
    assert "写的）：" in await town.member_says("话术 看 报价")
    assert "正在发给 C1" in await town.member_says("话术 报价 C1")
    assert town.wechat_texts(CHEN)[-1] == "您好！\n　我是“管理员”，{原价} 8 折 "
    assert "8 折" in await town.member_says("聊天 C1")
    assert "删掉了" in await town.member_says("话术 删 报价")
    assert await Snippet.all().count() == 0


async def test_the_same_in_telegram_and_in_english(town: Town) -> None:
    await town.hire("Wang", Role.SALES, telegram=SALES)
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    await town.staff_says("lang en", SALES)
    assert "Your next message is kept" in await town.staff_says("snippets add quote", SALES)
    assert "Kept" in await town.staff_says("Hi {customer},\nthis is {me}.", SALES)
    assert "1. quote: Hi {customer}, this" in await town.staff_says("snippets", SALES)
    assert "Who shall get" in await town.staff_says("1", SALES)
    assert "On its way to C1 Mia" in await town.staff_says("Mia", SALES)
    assert town.telegram_texts(MIA)[-1] == "Hi Mia Novak,\nthis is Wang."
    assert "Nothing fills" in await town.staff_says("snippets add quote {price}", SALES)
    assert "is gone" in await town.staff_says("snippets del quote", SALES)
    assert await Message.filter(direction="out", text__startswith="Hi").count() == 1
