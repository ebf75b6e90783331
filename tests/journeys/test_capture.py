"""A stranger writes, follows or is added: one customer with one lead, whatever repeats."""

from models.customers import Customer, Identity
from models.inbox import InboxEvent
from models.leads import Lead
from models.messages import Message
from models.outbox import OutboxItem
from tests.journeys.town import Town

CHEN = "oSandboxCustomer00000000001"


async def test_a_stranger_on_the_official_account_becomes_a_lead_and_is_answered_at_once(town: Town) -> None:
    answer = await town.wechat.user_says(CHEN, "你好，周末营业吗？")
    assert answer.status == 200
    assert answer.reply is not None
    assert answer.reply["MsgType"] == "text"
    await town.settled()
    assert await Customer.all().count() == await Lead.all().count() == 1
    assert [m.direction for m in await Message.all().order_by("id")] == ["in", "out"]
    assert [item.state for item in await OutboxItem.filter(account="official")] == ["done"]
    assert town.wechat_texts(CHEN) == []  # said in the HTTP answer, not twice
    assert "C1" in town.telegram_texts()[-1] or "C1" in town.wecom_texts()[-1]


async def test_a_repeat_of_the_same_message_gets_the_same_answer_and_changes_nothing(town: Town) -> None:
    first = await town.wechat.user_says(CHEN, "你好", msg_id="77")
    again = await town.wechat.user_says(CHEN, "你好", msg_id="77")
    assert first.reply is not None
    assert again.reply is not None
    assert first.reply["Content"] == again.reply["Content"]
    await town.settled()
    assert await InboxEvent.filter(account="official").count() == 1
    assert await Message.filter(direction="out").count() == 1


async def test_staff_finds_and_reads_what_a_telegram_customer_wrote(town: Town) -> None:
    await town.telegram.user_says(50001, "Is the X200 in stock?", first_name="Mia", last_name="Novak")
    await town.settled()
    assert "C1" in await town.staff_says("查 mia")
    assert "X200" in await town.staff_says("聊天 C1")
    await town.staff_says("回复 C1 Yes, come by any time")
    assert town.telegram_texts(50001)[-1] == "Yes, come by any time"


async def test_a_contact_added_in_wecom_is_welcomed_within_its_twenty_seconds(town: Town) -> None:
    await town.wecom.add_contact("wangfang", "wmSandboxContact0000000000001", "刘洋", state="expo")
    await town.settled()
    welcomes = town.calls("wecom", "externalcontact/send_welcome_msg")
    assert [call.answer["errcode"] for call in welcomes] == [0]
    identity = await Identity.get(account="wecom")
    assert (identity.source, identity.name) == ("expo", "刘洋")
