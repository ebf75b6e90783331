"""A running push keeps nobody waiting: who writes to us is answered before the messages that are still to be sent."""

from models.outbox import OutboxItem
from sandbox import Call
from tests.journeys.conftest import Build
from tests.journeys.town import Town
from tests.push_ordeal import received, settled

PEOPLE, CUSTOMER = 90, 777
PACES = {"telegram.messages_per_second": 30}


async def test_a_reply_overtakes_a_running_push(build: Build) -> None:
    """By the order of the calls: of a push at 30 a second less than a second's messages go before the answer."""
    town = await build(limits=PACES, push={"quiet_hours": "00:00-00:00"})
    await settled(town.sandbox, PEOPLE)
    await town.looked_around()
    await town.until(lambda: sent(town, 15))
    before = len(town.sandbox.calls)
    await town.telegram.user_says(CUSTOMER, "价格")
    await town.until(lambda: answered(town))
    said = [call for call in town.sandbox.calls[before:] if call.method_or_path == "sendMessage"]
    assert next(n for n, call in enumerate(said) if is_answer(call)) < PACES["telegram.messages_per_second"] / 2
    assert await OutboxItem.filter(state="waiting", recipient_id__isnull=False).exists(), "it was over already"
    await town.until(lambda: sent(town, PEOPLE))


async def sent(town: Town, number: int) -> bool:
    return sum(received(town.sandbox).values()) >= number


async def answered(town: Town) -> bool:
    return bool(town.telegram_texts(CUSTOMER))


def is_answer(call: Call) -> bool:
    return str(call.body["chat_id"]) == str(CUSTOMER)
