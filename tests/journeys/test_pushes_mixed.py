"""Pushes over all channels at once, and what changes between the preview and the last message."""

import pytest

from domain.permissions import Role
from models.customers import Customer
from models.recipients import Recipient
from tests.journeys.conftest import Build
from tests.journeys.push_town import (
    ALL,
    EN,
    LANGUAGES,
    WANG,
    ZH,
    PushTown,
    ledger_equals_record,
    received,
)
from tests.journeys.test_plans import last_keyboard
from tests.journeys.town import ADMIN, Sundial

TEXT = "双十一开始了"
LATER = {ZH: "时间=明天10点", EN: 'at="tomorrow 10:00"'}
NIGHT = {"push": {"quiet_hours": "22:00-08:00"}}
CAP = {"push": {"per_customer": "1/7d"}}
UNION = "oSandboxUnion0000000000000{}"


async def many_identities(build: Build, sundial: Sundial, language: str = ZH) -> PushTown:
    """C1 is in Telegram and on the official account, C2 in Telegram, C4 on the account and in WeCom, C5 there."""
    there = await PushTown.begun(build, sundial, language)
    await there.strangers_come(2)
    openids = await there.followers_come(1)
    await there.confirms(await there.says({ZH: "合并 C1 C3", EN: "merge C1 C3"}[language]))
    there.town.wechat.add_user("oSandboxUnited000000000001").unionid = UNION.format(1)
    await there.town.wechat.follow("oSandboxUnited000000000001")
    await there.town.settled()
    await there.contacts_come(1, WANG, "王芳")
    await there.town.wecom.add_contact(WANG, "wmUnitedContact000000000001", "刘洋洋洋", unionid=UNION.format(1))
    await there.town.settled()
    assert len(openids) == 1
    return there


async def wang_confirms(there: PushTown) -> None:
    for task in [*there.town.wecom.broadcasts.values()]:
        there.town.wecom.confirm_broadcast(task.msgid, WANG)
    await there.passes(minutes=3)


async def by_customer(there: PushTown, push_id: int) -> dict[int, tuple[str, str]]:
    """Where each customer got it, or why not."""
    rows = await Recipient.filter(push_id=push_id).order_by("customer_id")
    return {row.customer_id: (row.account, row.reason or row.state) for row in rows if row.customer_id}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everybody_is_reached_once_where_it_is_best(build: Build, sundial: Sundial, language: str) -> None:
    there = await many_identities(build, sundial, language)
    living = await Customer.filter(merged_into_id=None).count()
    push = await there.pushes(TEXT)
    await there.done(push)
    await wang_confirms(there)
    found = await by_customer(there, push.id)
    assert len(found) == living
    assert found[1] == ("official", "sent")  # where they were heard last
    assert found[2] == ("telegram", "sent")
    assert await there.states(push) == {"sent": living}
    assert received(there.town, TEXT).total() == living
    await ledger_equals_record(there.town, push.id)


async def test_where_one_road_is_closed_another_is_taken(build: Build, sundial: Sundial) -> None:
    there = await many_identities(build, sundial)
    await there.passes(hours=49)  # nobody may be answered on the official account any more
    push = await there.pushes(TEXT)
    await there.done(push)
    await wang_confirms(there)
    assert (await by_customer(there, push.id))[1] == ("telegram", "sent")
    await ledger_equals_record(there.town, push.id)
    await there.town.telegram.block(there.strangers[0])
    await there.town.wechat.user_says("oSandboxFollower00000000000", "在吗")
    await there.town.settled()
    push = await there.pushes("双十一快完了")
    await there.done(push)
    await wang_confirms(there)
    assert (await by_customer(there, push.id))[1] == ("official", "sent")
    await ledger_equals_record(there.town, push.id)


async def test_the_channels_that_are_named_and_their_order(build: Build, sundial: Sundial) -> None:
    there = await many_identities(build, sundial)
    push = await there.pushes(TEXT, "渠道=电报")
    await there.done(push)
    found = await by_customer(there, push.id)
    assert (found[1], found[2]) == (("telegram", "sent"), ("telegram", "sent"))
    assert {reason for account, reason in found.values() if account != "telegram"} == {"unreachable"}
    await ledger_equals_record(there.town, push.id)


async def test_two_who_share_a_number_are_one(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    await there.strangers_come(3)
    for customer in ("C1", "C3"):
        await there.says(f"改 {customer} 手机=13800000000")
    preview = await there.previewed(TEXT)
    assert "同一个人 1" in preview
    push = await there.only(await there.confirms(preview))
    await there.done(push)
    assert await there.states(push) == {"sent": 2, "skipped(duplicate)": 1}
    await ledger_equals_record(there.town, push.id)


async def test_who_is_merged_while_it_runs_gets_it_once(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    await there.strangers_come(3)
    await there.followers_come(1)
    push = await there.pushes(TEXT, "限速=1/分")
    reached = received(there.town, TEXT)
    assert reached.total() == 1
    await there.confirms(await there.says("合并 C1 C4"))
    await there.confirms(await there.says("合并 C2 C3"))
    await there.done(push, seconds=40)
    states = await there.states(push)
    assert states["sent"] == 2
    assert states["skipped(duplicate)"] == 2
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_opted_out_between_preview_and_sending(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language)
    people = await there.strangers_come(4)
    preview = await there.previewed(TEXT, {ZH: "限速=1/分", EN: "rate=1/m"}[language])
    await there.town.telegram.user_says(people[1], {ZH: "退订", EN: "unsubscribe"}[language])
    await there.town.settled()
    push = await there.only(await there.confirms(preview))
    await there.town.telegram.user_says(people[3], "/stop")
    await there.town.settled()
    report = await there.done(push, seconds=40)
    assert await there.states(push) == {"sent": 2, "skipped(opted_out)": 2}
    assert {ZH: "已退订 2", EN: "opted out 2"}[language] in report
    assert {int(who) for _, who in received(there.town, TEXT)} == {people[0], people[2]}
    await ledger_equals_record(there.town, push.id)
    await there.town.telegram.user_says(people[1], {ZH: "订阅", EN: "subscribe"}[language])
    await there.town.settled()
    push = await there.pushes("双十一快完了")
    await there.done(push)
    assert await there.states(push) == {"sent": 3, "skipped(opted_out)": 1}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_in_quiet_hours_it_waits_and_goes_on_at_their_end(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language, **NIGHT)
    await there.strangers_come(6)
    await there.passes(hours=9, minutes=58)  # 21:58
    push = await there.pushes(TEXT, {ZH: "限速=1/分", EN: "rate=1/m"}[language])
    for _ in range(6):
        await there.passes(seconds=59)
    before = received(there.town, TEXT)
    assert 1 <= before.total() <= 3
    for _ in range(9):
        await there.passes(hours=1)
    assert received(there.town, TEXT) == before
    assert (await there.states(push))["waiting"] == 6 - before.total()
    assert "08:00" in await there.does("status")
    await there.passes(minutes=58)
    await there.done(push, seconds=59)
    assert await there.states(push) == {"sent": 6}
    await ledger_equals_record(there.town, push.id)


async def test_confirmed_in_the_night_it_starts_in_the_morning(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial, **NIGHT)
    await there.strangers_come(2)
    await there.passes(hours=11)
    preview = await there.previewed(TEXT)
    assert "08:00 (Asia/Shanghai) 开始" in preview
    answer = await there.confirms(preview)
    assert "现在是免打扰时间" in answer
    push = await there.only()
    await there.passes(hours=8, minutes=50)
    assert await there.states(push) == {"waiting": 2}
    await there.passes(minutes=15)
    assert "已发送 2" in await there.done(push)
    await ledger_equals_record(there.town, push.id)


async def test_the_cap_counts_over_all_pushes(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial, **CAP)
    people = await there.strangers_come(3)
    first = await there.pushes(TEXT, whom=f"name=客人{people[0]}")
    await there.done(first)
    preview = await there.previewed("双十一快完了", "时间=1小时后")
    assert "近期已群发 1" in preview
    late = await there.only(await there.confirms(preview))
    between = await there.pushes("双十一过半了", whom=f"name=客人{people[1]}")
    await there.done(between)
    await there.passes(minutes=61)
    await there.done(late)
    assert await there.states(late) == {"sent": 1, "skipped(capped)": 2}
    for push in (first, between, late):
        await ledger_equals_record(there.town, push.id)
    await there.passes(days=7)
    again = await there.pushes("双十二")
    await there.done(again)
    assert await there.states(again) == {"sent": 3}
    await ledger_equals_record(there.town, again.id)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_at_its_time_and_not_before(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language)
    await there.strangers_come(3)
    preview = await there.previewed(TEXT, LATER[language])
    at = f"{there.tomorrow(10):%Y-%m-%d %H:%M} (Asia/Shanghai)"
    assert at in preview
    assert at in await there.confirms(preview)
    push = await there.only()
    await there.passes(hours=21)
    await there.town.restart()
    assert "10:00" in await there.does("status")
    assert received(there.town, TEXT).total() == 0
    await there.passes(minutes=61)
    report = await there.done(push)
    assert {ZH: "已发送 3", EN: "sent 3"}[language] in report
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_too_late_it_asks_and_a_button_goes_on(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language)
    await there.strangers_come(3)
    push = await there.pushes(TEXT, LATER[language])
    await there.town.close()
    there.town.clock.forward(hours=23)
    await there.town.open()
    await there.passes(minutes=5)
    assert received(there.town, TEXT).total() == 0
    assert {ZH: "P1 没有开始", EN: "P1 did not begin"}[language] in there.last()
    message, buttons = last_keyboard(there.town, ADMIN)
    await there.town.telegram.press(int(ADMIN), message, buttons[{ZH: "继续", EN: "Go on"}[language]])
    await there.town.settled()
    await there.confirms(there.last())
    await there.done(push)
    assert await there.states(push) == {"sent": 3}
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_very_same_once_more_is_asked_about(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language)
    await there.strangers_come(2)
    twin = await there.town.hire("Twin", Role.MANAGER, telegram="20009")
    await twin.speak(language)
    push = await there.pushes(TEXT)
    answer = await there.town.staff_says(there.line(TEXT), "20009")
    assert {ZH: "刚确认过：P1", EN: "minute ago: P1"}[language] in answer
    assert await there.only() == push
    await there.done(push)
    await there.confirms((await there.previewed(TEXT)) and await there.says("1"))
    again = await there.only()
    assert again != push
    await there.done(again)
    assert set(received(there.town, TEXT).values()) == {2}
    await ledger_equals_record(there.town, again.id)
    await there.passes(minutes=11)
    assert "P3" in await there.previewed(TEXT)


async def test_an_audience_that_has_grown_is_previewed_again(build: Build, sundial: Sundial) -> None:
    there = await PushTown.begun(build, sundial)
    await there.strangers_come(2)
    preview = await there.previewed(TEXT, whom=ALL)
    await there.strangers_come(6)
    again = await there.confirms(preview)
    assert "发给 8 位客户" in again
    assert received(there.town, TEXT).total() == 0
    push = await there.only(await there.confirms(again))
    await there.done(push)
    assert await there.states(push) == {"sent": 8}
    await ledger_equals_record(there.town, push.id)
