"""Opting out: a customer writes one word on their channel, reads that it is done, and comes back with another."""

import pytest

from models.customers import Identity
from models.messages import Message
from tests.journeys.conftest import Build
from tests.journeys.town import Town

CHEN = "oSandboxCustomer00000000001"
MIA = 50001
WORDS = {
    "zh-CN": ("退订", "已退订", "TD", "已经退订过了", "恢复订阅", "已恢复订阅", "、已退订推送"),
    "en": (
        "Unsubscribe",
        "you are unsubscribed",
        "/stop",
        "unsubscribed already",
        "subscribe",
        "subscribed again",
        ", no pushes",
    ),
}


async def opted_out() -> bool:
    return (await Identity.get()).opted_out_at is not None


async def telegram_says(town: Town, text: str) -> str:
    before = len(town.telegram_texts(MIA))
    await town.telegram.user_says(MIA, text)
    await town.settled()
    return "\n".join(town.telegram_texts(MIA)[before:])


async def follower_says(town: Town, text: str) -> str:
    answer = await town.wechat.user_says(CHEN, text)
    await town.settled()
    assert answer.reply is not None
    return str(answer.reply["Content"])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_in_telegram(build: Build, language: str) -> None:
    town = await build(language=language)
    town.telegram.person(MIA, first_name="Mia", language_code="zh-hans" if language == "zh-CN" else "en")
    out, done, again, already, back, returned, shown = WORDS[language]
    await telegram_says(town, "/start")
    assert done in await telegram_says(town, out)
    assert await opted_out()
    assert already in await telegram_says(town, again)
    assert shown in await town.staff_says("看 C1")
    assert returned in await telegram_says(town, back)
    assert not await opted_out()
    await telegram_says(town, out)
    assert returned in await telegram_says(town, "/start")
    assert not await opted_out()
    assert await Message.filter(direction="in", text=out).count() == 2


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_on_an_official_account(build: Build, language: str) -> None:
    town = await build(language=language)
    out, done, again, already, back, returned, shown = WORDS[language]
    await town.wechat.follow(CHEN)
    assert done in await follower_says(town, out)
    assert await opted_out()
    assert already in await follower_says(town, again)
    assert shown in await town.staff_says("看 C1")
    assert returned in await follower_says(town, back)
    assert not await opted_out()
