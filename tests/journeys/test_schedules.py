"""Recurring pushes and daily reports over real HTTP: from the command to every phone, however the clock is set."""

from datetime import datetime, timedelta

import pytest

from models.digests import Digest
from models.inbox import OWN, InboxEvent
from models.pushes import Push
from models.schedules import Schedule
from tests.journeys.conftest import Build
from tests.journeys.push_town import EN, LANGUAGES, ZH, ZONE, PushTown, ledger_equals_record, received
from tests.journeys.town import Sundial

MONDAY = {
    ZH: "定时 每周一10点 人群=创建<30天 模板=周报",
    EN: 'cron "every mon 10:00" to=created<30d tpl=weekly',
}
TEMPLATE = {
    ZH: "模板 加 周报\n本周上新了，{{ 客户 or '您' }}",
    EN: "tpl add weekly\nNew this week, {{ name or 'friend' }}",
}
MARK = {ZH: "本周上新了", EN: "New this week"}
WORDS = {
    ZH: {
        "preview": ["S1 定时群发预览：每周一 10:00，现在是 2 位客户", "接下来：", "人群：", "例 C"],
        "begun": ["S1 开始了：每周一 10:00", "第一次："],
        "fired": ["S1 到点了：P2 发给 3 位客户", "每周一 10:00 创建<30天：模板 周报"],
        "late": ["S1 错过了", "一条都没有发"],
        "made_up": "P2 发给 2 个",
    },
    EN: {
        "preview": ["S1 recurring push preview: every mon 10:00, now to 2 customers", "Next: ", "Audience: ", "E.g. C"],
        "begun": ["S1 is on: every mon 10:00", "First: "],
        "fired": ["S1 is due: P2 goes to 3 customers", "every mon 10:00 created<30d: template weekly"],
        "late": ["S1 missed", "Nothing was sent"],
        "made_up": "goes out now as P2, to 2",
    },
}


def has(text: str, parts: list[str]) -> bool:
    return all(part in text for part in parts) and len(text.splitlines()) <= 8


async def begun(build: Build, sundial: Sundial, language: str, on: str = "telegram") -> PushTown:
    """A push every Monday at ten, to two people so far."""
    there = await PushTown.begun(build, sundial, language, on)
    await there.strangers_come(2)
    await there.says(TEMPLATE[language])
    preview = await there.says(MONDAY[language])
    assert has(preview, WORDS[language]["preview"]), preview
    answer = await there.confirms(preview)
    assert has(answer, WORDS[language]["begun"]), answer  # type: ignore[arg-type]
    return there


async def turns_to(there: PushTown, moment: datetime) -> None:
    """The clock is set, and the pulse beats."""
    there.town.clock.offset += moment - there.town.clock()
    await there.town.until(looked)
    await there.passes(seconds=0.001)


async def looked() -> bool:
    """Whatever has come by now has been found."""
    due = await Schedule.filter(state="active").values_list("next_at", flat=True)
    return not due or await InboxEvent.filter(account=OWN, key__startswith="schedule:").exists()


async def monday() -> datetime:
    at = (await Schedule.get()).next_at
    assert at
    assert at.astimezone(ZONE).strftime("%a %H:%M") == "Mon 10:00"
    return at


async def the_push(there: PushTown, number: int = 1) -> Push:
    """The one that the schedule has made, as soon as it is there."""

    async def is_there() -> bool:
        return await Push.exclude(fire_key=None).count() >= number

    await there.town.until(is_there)
    push = await Push.exclude(fire_key=None).order_by("-id").first()
    assert push
    return push


def sent(there: PushTown, language: str) -> int:
    return received(there.town, MARK[language]).total()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("on", ["telegram", "wecom"])
async def test_every_monday_to_whoever_fits_then(build: Build, sundial: Sundial, language: str, on: str) -> None:
    there = await begun(build, sundial, language, on)
    await there.strangers_come(1)
    first = await monday()
    await turns_to(there, first + timedelta(seconds=1))
    push = await the_push(there)
    await there.done(push)
    assert any(has(text, WORDS[language]["fired"]) for text in there.read()), there.read()  # type: ignore[arg-type]
    assert await there.states(push) == {"sent": 3}
    await ledger_equals_record(there.town, push.id)
    there.town.clock.forward(hours=-1)
    await there.town.restart()
    there.town.clock.forward(hours=1)
    await there.passes(minutes=5)
    assert sent(there, language) == 3
    await turns_to(there, first + timedelta(days=7, seconds=1))
    second = await the_push(there, 2)
    await there.done(second)
    assert sent(there, language) == 6
    assert f"P{second.id}" in await there.says({ZH: "定时 S1", EN: "cron S1"}[language])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_was_missed_while_the_server_was_down_is_asked_about(
    build: Build, sundial: Sundial, language: str
) -> None:
    """Three Mondays, and only the last counts."""
    there = await begun(build, sundial, language)
    first = await monday()
    await there.town.close()
    there.town.clock.offset += first + timedelta(days=14, hours=3) - there.town.clock()
    await there.town.open()

    async def is_asked() -> bool:
        await there.town.settled()
        return has(there.read()[-1], WORDS[language]["late"])  # type: ignore[arg-type]

    await there.town.until(is_asked)
    assert f"{(first + timedelta(days=14)).astimezone(ZONE):%Y-%m-%d 10:00}" in there.read()[-1]
    assert await Push.exclude(fire_key=None).count() == 0
    assert WORDS[language]["made_up"] in await there.says({ZH: "定时 补 S1", EN: "cron send S1"}[language])
    push = await the_push(there)
    await there.done(push)
    assert sent(there, language) == 2
    await there.town.restart()
    await there.passes(minutes=5)
    assert await Push.exclude(fire_key=None).count() == 1


async def test_the_report_of_the_day_comes_once_after_days_of_rest(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial, ZH)
    await there.strangers_come(2)
    assert "下一次" in await there.says("日报 开 9点")
    due = (await Digest.get()).next_at

    def reports() -> list[str]:
        return [text for text in there.read() if text.startswith("日报 ")]

    async def comes(number: int) -> None:
        async def is_there() -> bool:
            await there.town.settled()
            return len(reports()) >= number

        await there.town.until(is_there)

    there.town.clock.offset += due + timedelta(seconds=1) - there.town.clock()
    await comes(1)
    assert "新客户 2 位：Telegram 2" in reports()[0]
    assert "来信 2 条，2 位客户" in reports()[0]
    await there.town.close()
    there.town.clock.forward(days=7)
    await there.town.open()
    await comes(2)
    await there.town.restart()
    await there.passes(minutes=1)
    assert len(reports()) == 2
    assert (await Digest.get()).next_at == due + timedelta(days=8)
