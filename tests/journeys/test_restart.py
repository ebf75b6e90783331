"""The server stops and starts again on the same database: nothing is lost, nothing is said twice, doubts are told."""

from domain.messages import Acknowledge, Address, OutboundMessage, Text
from models.inbox import InboxEvent
from models.leads import Lead
from models.messages import Message
from models.outbox import OutboxItem
from tests.journeys.conftest import Build
from tests.journeys.town import BOSS, Town

CHEN = "oSandboxCustomer00000000001"
MIA = 50001


async def customer(town: Town) -> None:
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()


async def test_what_was_in_flight_is_in_doubt_and_what_waited_is_sent(build: Build) -> None:
    town = await build(staff=[{"name": "管理员", "role": "admin", "accounts": {"wecom": BOSS}}])
    await customer(town)
    await town.member_says("回复 C1 we deliver on Monday")
    said = town.telegram_texts(MIA)
    await town.close()
    line = await OutboxItem.get(payload__contains="Monday")
    await OutboxItem.filter(id=line.id).update(state="sending")  # as a process leaves it that dies in the middle
    waiting = OutboundMessage(Address("telegram", str(MIA)), Text("and this waited"))
    await OutboxItem.enqueue(waiting, town.clock())
    await town.open()
    await town.settled()
    assert town.telegram_texts(MIA) == [*said, "and this waited"]
    await line.refresh_from_db()
    assert (line.state, line.error) == ("unsure", "interrupted")
    assert any("结果不明" in text and "we deliver on Monday" in text for text in town.wecom_texts())


async def test_what_does_no_harm_twice_is_done_again(town: Town) -> None:
    await customer(town)
    await town.close()
    item = await OutboxItem.enqueue(Acknowledge(Address("telegram", str(MIA)), "press-1", "ok"), town.clock())
    await OutboxItem.filter(id=item.id).update(state="sending")
    await town.open()
    await town.settled()
    assert (await OutboxItem.get(id=item.id)).state == "done"
    assert len(town.calls("telegram", "answerCallbackQuery")) == 1


async def test_a_second_restart_has_no_second_doubt(build: Build) -> None:
    town = await build(staff=[{"name": "管理员", "role": "admin", "accounts": {"wecom": BOSS}}])
    await customer(town)
    await town.member_says("回复 C1 we deliver on Monday")
    await town.close()
    await OutboxItem.filter(payload__contains="Monday").update(state="sending")
    await town.open()
    await town.settled()
    await town.restart()
    await town.settled()
    assert sum("结果不明" in text for text in town.wecom_texts()) == 1


async def test_events_that_were_stored_and_not_handled_are_handled_by_the_next_server(town: Town) -> None:
    await customer(town)
    await town.close()
    await InboxEvent.filter(account="telegram").update(state="waiting")
    await Message.all().delete()
    await Lead.all().delete()
    await Lead.create(customer_id=1, created_at=town.clock())
    await town.open()
    await town.settled()
    assert [message.text for message in await Message.filter(direction="in")] == ["hello"]


async def test_a_server_that_is_told_to_stop_finishes_what_is_in_flight(town: Town) -> None:
    await customer(town)
    town.sandbox.fail("telegram", "sendMessage", delay=0.5)
    await town.wecom.member_says(BOSS, "回复 C1 we deliver on Monday")

    async def in_flight() -> bool:
        return await OutboxItem.filter(state="sending", lane=f"telegram:{MIA}").exists()

    await town.until(in_flight)
    await town.close()
    item = await OutboxItem.get(payload__contains="Monday", lane=f"telegram:{MIA}")
    assert item.state == "done"
    assert town.telegram_texts(MIA)[-1] == "we deliver on Monday"


async def test_a_repeat_after_the_restart_gets_the_same_answer(town: Town) -> None:
    first = await town.wechat.user_says(CHEN, "请问多少钱？", msg_id="77")
    await town.settled()
    await town.restart()
    again = await town.wechat.user_says(CHEN, "请问多少钱？", msg_id="77")
    assert first.reply is not None
    assert again.reply is not None
    assert first.reply["Content"] == again.reply["Content"]
    await town.settled()
    assert await Lead.all().count() == 1
    assert town.wechat_texts(CHEN) == []
