"""Pace: the platform's figures are kept, and whoever waits for an answer does not wait for a push."""

import asyncio

from bot.database import transaction
from domain.messages import Address, OutboundMessage, Priority, Text
from models.outbox import OutboxItem
from tests.journeys.conftest import FAST, Build
from tests.journeys.town import ADMIN, Town

SLOW = FAST | {"telegram.messages_per_second": 15}
RECIPIENTS = 60


async def pushed(town: Town, to: list[str]) -> None:
    """A push to many, as a running campaign leaves it in the outbox."""
    async with transaction():
        for number in to:
            town.telegram.person(int(number), first_name="Somebody").has_started = True
            push = OutboundMessage(Address("telegram", number), Text("News of the week"), Priority.PUSH)
            await OutboxItem.enqueue(push, town.clock())
    await town.looked_around()


def order(town: Town) -> list[str]:
    return [str(call.body["chat_id"]) for call in town.calls("telegram", "sendMessage")]


async def test_an_answer_overtakes_a_push_to_many(build: Build) -> None:
    town = await build(limits=SLOW)
    await town.staff_says("我是谁")
    await pushed(town, [str(60_000 + number) for number in range(RECIPIENTS)])

    async def it_runs() -> bool:
        return len(order(town)) > 3

    await town.until(it_runs)
    said = len(order(town))
    await town.telegram.user_says(int(ADMIN), "我是谁")

    async def answered() -> bool:
        return ADMIN in order(town)[said:]

    await town.until(answered)
    assert order(town)[said:].index(ADMIN) < 20  # one that waited for a free place would come after thirty
    assert await OutboxItem.filter(state="waiting").exists()
    await town.settled()
    assert len(order(town)) == RECIPIENTS + 2


async def test_an_answer_overtakes_what_waits_for_the_same_chat(build: Build) -> None:
    town = await build(limits=FAST | {"telegram.messages_per_chat_second": 4, "telegram.chat_burst": 1})
    await pushed(town, [ADMIN] * 12)

    async def it_runs() -> bool:
        return len(order(town)) > 0

    await town.until(it_runs)
    await town.telegram.user_says(int(ADMIN), "我是谁")

    async def answered() -> bool:
        return any("管理员" in text for text in town.telegram_texts())

    await town.until(answered)
    place = next(place for place, text in enumerate(town.telegram_texts()) if "管理员" in text)
    assert place < 6
    await town.close()


async def test_a_push_is_no_faster_than_the_figure(build: Build) -> None:
    town = await build(limits=FAST | {"telegram.messages_per_second": 30})
    await pushed(town, [str(60_000 + number) for number in range(45)])
    await town.settled()
    calls = town.calls("telegram", "sendMessage")
    assert len(calls) == 45
    assert calls[-1].at - calls[0].at >= 44 / 30 - 0.1


async def test_a_stop_does_not_wait_for_the_platforms_pace_and_loses_nothing(build: Build) -> None:
    town = await build(limits=FAST | {"telegram.messages_per_second": 2})
    numbers = [str(60_000 + number) for number in range(RECIPIENTS)]
    await pushed(town, numbers)

    async def it_runs() -> bool:
        return len(order(town)) > 1

    await town.until(it_runs)
    async with asyncio.timeout(5):  # nine more turns would take that long, and forty lanes wait for one
        await town.close()
    states = {item.state for item in await OutboxItem.filter(priority=Priority.PUSH)}
    assert states == {"done", "waiting"}
    done = await OutboxItem.filter(priority=Priority.PUSH, state="done").count()
    assert done == len(order(town)) < 10


async def test_each_of_a_crowd_is_answered_once_in_one_way_or_the_other(build: Build) -> None:
    town = await build(limits=FAST)
    crowd = [f"oSandboxCrowd{number:015}" for number in range(80)]
    answers = await asyncio.gather(*(town.wechat.user_says(openid, "你好") for openid in crowd))
    assert {answer.status for answer in answers} == {200}
    await town.settled()
    heard = [
        (answer.reply is not None) + len(town.wechat_texts(who)) for who, answer in zip(crowd, answers, strict=True)
    ]
    assert set(heard) == {1}
