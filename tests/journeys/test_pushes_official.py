"""Pushes of an official account, in both languages: 客服消息, 群发 and 模板消息."""

import pytest

from models.batches import Batch
from models.recipients import Recipient
from tests.journeys.conftest import Build
from tests.journeys.push_town import EN, LANGUAGES, ZH, PushTown, ledger_equals_record, received
from tests.journeys.town import Sundial

MASS = {ZH: "方式=群发", EN: "by=mass"}
NOTICE = {ZH: "模板消息=sandbox-template", EN: "notice=sandbox-template"}
FIELDS = {
    ZH: "first: 双十一发货了\nkeyword1: {{ 单号 or '无' }}",
    EN: "first: Your sale order\nkeyword1: {{ number or 'none' }}",
}
WORDS = {ZH: "双十一开始了", EN: "The sale is on"}
FINISHED = {ZH: "P1 发完了", EN: "P1 is done"}


async def told(there: PushTown) -> None:
    """The platform tells of the end a while after it has taken a mass message."""

    async def is_told() -> bool:
        await there.passes()
        return not await Batch.exists(state="open")

    await there.town.until(is_told)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_customer_messages_go_to_who_wrote_within_48_hours(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language)
    silent = await there.followers_come(1)
    await there.passes(hours=49)
    late, *_ = recent = await there.followers_come(3)
    preview = await there.previewed(WORDS[language])
    said = {ZH: ["发给 3 位客户（共 4）", "公众号消息 3", "超过 48 小时没说话 1"], EN: ["silent for over 48 hours 1"]}
    assert all(part in preview for part in said[language]), preview
    there.town.wechat.users[late].grants.clear()  # the platform counts otherwise than we do
    push = await there.only(await there.confirms(preview))
    report = await there.done(push)
    assert FINISHED[language] in report
    assert await there.states(push) == {"sent": 2, "skipped(window_closed)": 1, "failed(window_closed)": 1}
    assert {who for _, who in received(there.town, WORDS[language])} == set(recent) - {late}
    assert silent[0] not in {who for _, who in received(there.town, WORDS[language])}
    await ledger_equals_record(there.town, push.id)


async def test_the_window_closes_between_preview_and_time(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    await there.followers_come(1)
    await there.passes(hours=20)
    await there.followers_come(1)
    push = await there.pushes("双十一开始了", "时间=30小时后")
    for _ in range(6):
        await there.passes(hours=5, minutes=1)
    await there.done(push)
    assert await there.states(push) == {"sent": 1, "skipped(window_closed)": 1}
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_mass_message_and_what_the_platform_reports(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language)
    people = await there.followers_come(5)
    there.town.wechat.mass_failing.add(people[1])
    there.town.wechat.refuse(people[2])
    push = await there.pushes(WORDS[language], MASS[language])
    report = await there.done(push)
    assert FINISHED[language] in report
    await told(there)
    told_of = {
        ZH: ["P1 的结果到齐了", "公众号回报：收到 3，没收到 2"],
        EN: ["P1 has all its results", "received 3, not received 2"],
    }
    assert all(part in there.last() for part in told_of[language]), there.read()[-2:]
    assert await there.states(push) == {"sent": 5}  # it is not told for whom it failed
    assert len(there.asked("wechat", "message/mass/send")) == 1
    await ledger_equals_record(there.town, push.id)
    assert "3" in await there.does("status")


@pytest.mark.parametrize("status", ["err(10001)", "send fail"])
async def test_a_mass_message_that_reaches_nobody(build: Build, sundial: Sundial, status: str) -> None:
    there = await PushTown.begun(build, sundial)
    await there.followers_come(3)
    there.town.wechat.mass_status = status
    push = await there.pushes("双十一开始了", MASS[ZH])
    await there.done(push)
    await told(there)
    reason = {"err(10001)": "judged_advertising", "send fail": "send_failed"}[status]
    assert await there.states(push) == {f"failed({reason})": 3}
    report = there.last()
    assert "P1 的结果到齐了：3 人" in report
    assert {"err(10001)": "被判为广告 3", "send fail": "平台没发成 3"}[status] in report
    await ledger_equals_record(there.town, push.id)


async def test_when_no_report_comes_the_platform_is_asked(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    await there.followers_come(3)
    there.town.wechat.mass_seconds = 10**6
    push = await there.pushes("双十一开始了", MASS[ZH])
    await there.done(push)
    assert "公众号还没回报最后结果" in there.last()
    for mass in there.town.wechat.masses.values():
        mass.status = "SEND_SUCCESS"
    await there.passes(minutes=61)
    assert not await Batch.exists(state="open")
    assert await there.states(push) == {"sent": 3}
    await ledger_equals_record(there.town, push.id)


async def test_the_fifth_of_a_month_reaches_nobody_twice_over(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    await there.followers_come(3)
    for number in range(4):
        push = await there.pushes(f"第{number}次，双十一开始了", MASS[ZH])
        await there.done(push)
        await told(there)
        await ledger_equals_record(there.town, push.id)
    answer = await there.previewed("第五次", MASS[ZH])
    assert "一个都发不到" in answer
    assert "本月次数用完 3" in answer


@pytest.mark.parametrize("language", LANGUAGES)
async def test_template_messages_and_what_becomes_of_each(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language)
    people = await there.followers_come(4)
    await there.passes(hours=72)  # they need not have written lately
    there.town.wechat.refuse(people[1])
    there.town.wechat.users[people[2]].is_follower = False  # and the callback is lost
    number = {ZH: "单号=A17", EN: "number=A17"}[language]
    push = await there.pushes(FIELDS[language], f"{NOTICE[language]} {number}")
    await there.done(push)
    await there.passes()

    async def is_told() -> bool:
        await there.town.settled()
        return not await Recipient.exists(push_id=push.id, state="sent")

    await there.town.until(is_told)
    assert await there.states(push) == {"delivered": 2, "failed(blocked_by_user)": 1, "failed(unfollowed)": 1}
    assert await there.identity_states("official") == {"reachable": 3, "unfollowed": 1}
    assert there.town.wechat.received(people[0])[-1].text == FIELDS[language].splitlines()[0][7:] + "\nA17"
    assert {ZH: "送达 2", EN: "delivered 2"}[language] in await there.does("status")
    await ledger_equals_record(there.town, push.id)


async def test_retried_template_messages_go_to_the_failed_ones(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    await there.followers_come(2)
    there.town.wechat.template_status = "failed: system failed"
    push = await there.pushes(FIELDS[ZH], NOTICE[ZH])
    await there.done(push)

    async def is_told() -> bool:
        await there.town.settled()
        return not await Recipient.exists(push_id=push.id, state="sent")

    await there.town.until(is_told)
    assert await there.states(push) == {"failed(system_failed)": 2}
    there.town.wechat.template_status = "success"
    await there.confirms(await there.does("retry"))
    await there.done(push)
    await there.town.until(is_told)
    assert await there.states(push) == {"delivered": 2}
    await ledger_equals_record(there.town, push.id)


async def test_of_a_mass_message_who_opted_out_meanwhile_is_left_out(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    people = await there.followers_come(4)
    push = await there.pushes("双十一开始了", f"{MASS[ZH]} 时间=1小时后")
    await there.town.wechat.user_says(people[0], "退订")
    await there.town.wechat.unfollow(people[1])
    await there.town.settled()
    await there.passes(minutes=61)
    await there.done(push)
    await told(there)
    assert await there.states(push) == {"sent": 2, "skipped(opted_out)": 1, "skipped(unfollowed)": 1}
    await ledger_equals_record(there.town, push.id)


async def test_too_few_are_left_for_a_mass_message(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    people = await there.followers_come(2)
    push = await there.pushes("双十一开始了", f"{MASS[ZH]} 时间=1小时后")
    await there.town.wechat.user_says(people[0], "退订")
    await there.town.settled()
    await there.passes(minutes=61)
    await there.done(push)
    assert await there.states(push) == {"skipped(opted_out)": 1, "skipped(too_few)": 1}
    await ledger_equals_record(there.town, push.id)
