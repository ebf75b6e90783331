"""Platforms fail in the middle of pushes: nobody is lost in silence, and nobody gets it twice."""

import asyncio
from typing import Any

import pytest

from models.batches import Batch
from models.pushes import Push
from tests.journeys.conftest import Build
from tests.journeys.push_town import LI, WANG, PushTown, ledger_equals_record, received
from tests.journeys.town import Sundial

TASKS = "externalcontact/add_msg_template"
LISTING = "externalcontact/get_groupmsg_list_v2"
TEXT = "双十一开始了"
FLOOD = {
    "ok": False,
    "error_code": 429,
    "description": "Too Many Requests: retry after 30",
    "parameters": {"retry_after": 30},
}
RESET = {"hang_up": True}
LATER = {"hang_up": True, "after_effect": True}
BAD_GATEWAY = {"status": 502, "body": "<html>bad gateway</html>"}
UNKNOWN = {
    "reset-before": (RESET, 0),
    "reset-after": (LATER, 1),
    "http-502": (BAD_GATEWAY, 0),
    "http-502-after": (BAD_GATEWAY | {"after_effect": True}, 1),
}


def refusal(code: int, words: str) -> dict[str, Any]:
    return {"status": code, "body": {"ok": False, "error_code": code, "description": words}}


def errcode(code: int) -> dict[str, Any]:
    return {"body": {"errcode": code, "errmsg": "said the platform"}}


async def telegram(build: Build, sundial: Sundial, number: int = 6) -> PushTown:
    """The boss types in WeCom, so that only customers are written to in Telegram."""
    there = await PushTown.begun(build, sundial, on="wecom")
    await there.strangers_come(number)
    return there


async def official(build: Build, sundial: Sundial, number: int = 4) -> PushTown:
    there = await PushTown.begun(build, sundial)
    await there.followers_come(number)
    return there


async def wecom(build: Build, sundial: Sundial) -> PushTown:
    there = await PushTown.begun(build, sundial)
    await there.contacts_come(2, WANG, "王芳")
    await there.contacts_come(2, LI, "李雷")
    return there


async def all_confirm(there: PushTown) -> None:
    for task in [*there.town.wecom.broadcasts.values()]:
        for member in task.recipients:
            there.town.wecom.confirm_broadcast(task.msgid, member)
    await there.passes(minutes=3)


async def stays_so(there: PushTown, push: Push) -> None:
    """What nobody knows is not sent again: not by itself, not when the failed ones are, not after a restart."""
    states, record = await there.states(push), received(there.town, TEXT)
    await there.says(f"重发失败 P{push.id}")
    await there.town.restart()
    await there.passes(minutes=30)
    assert (await there.states(push), received(there.town, TEXT)) == (states, record)
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("how", UNKNOWN)
async def test_telegram_is_silent_about_one(build: Build, sundial: Sundial, how: str) -> None:
    there = await telegram(build, sundial)
    failure, arrived = UNKNOWN[how]
    there.town.sandbox.fail("telegram", "sendMessage", times=2, **failure)
    push = await there.pushes(TEXT)
    report = await there.done(push)
    assert await there.states(push) == {"sent": 4, "unsure(no_answer)": 2}
    assert "结果不明 2" in report
    assert "不会自动重发" in report
    assert received(there.town, TEXT).total() == 4 + 2 * arrived
    await ledger_equals_record(there.town, push.id)
    await stays_so(there, push)


async def test_telegram_is_overrun_and_is_waited_for(build: Build, sundial: Sundial) -> None:
    there = await telegram(build, sundial)
    there.town.sandbox.fail("telegram", "sendMessage", times=4, status=429, body=FLOOD)
    push = await there.pushes(TEXT)
    await there.passes()
    assert (await there.states(push))["sent"] < 6
    calls = len(there.asked("telegram", "sendMessage", TEXT))
    await there.passes(seconds=20)
    assert len(there.asked("telegram", "sendMessage", TEXT)) == calls  # retry_after is obeyed
    report = await there.done(push, seconds=31)
    assert "已发送 6 · 失败 0" in report
    await ledger_equals_record(there.town, push.id)


async def test_one_chat_is_flooded_and_the_others_do_not_wait(build: Build, sundial: Sundial) -> None:
    there = await telegram(build, sundial)
    there.town.telegram.flood(300, there.strangers[0])
    push = await there.pushes(TEXT)
    for _ in range(5):
        await there.passes(seconds=2)
    assert await there.states(push) == {"sent": 5, "sending": 1}
    assert "等待 1" in await there.does("status")
    report = await there.done(push, seconds=60)
    assert "已发送 6" in report
    await ledger_equals_record(there.town, push.id)


async def test_a_storm_over_everybody(build: Build, sundial: Sundial) -> None:
    there = await telegram(build, sundial, 12)
    there.town.telegram.flood(900)  # longer than a promise is kept in the outbox
    push = await there.pushes(TEXT)
    report = await there.done(push, seconds=60)
    assert "已发送 12 · 失败 0" in report
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize(
    ("words", "reason", "state"),
    [
        ("Forbidden: bot was blocked by the user", "blocked", "blocked"),
        ("Forbidden: user is deactivated", "deactivated", "deactivated"),
        ("Forbidden: bot can't initiate conversation with a user", "never_started", "unfollowed"),
    ],
)
async def test_telegram_forbids_one(build: Build, sundial: Sundial, words: str, reason: str, state: str) -> None:
    there = await telegram(build, sundial)
    there.town.sandbox.fail("telegram", "sendMessage", **refusal(403, words))
    push = await there.pushes(TEXT)
    report = await there.done(push)
    assert await there.states(push) == {"sent": 5, f"failed({reason})": 1}
    assert "失败 1" in report
    assert await there.identity_states("telegram") == {"reachable": 5, state: 1}
    await ledger_equals_record(there.town, push.id)


async def test_telegram_answers_after_we_have_stopped_listening(build: Build, sundial: Sundial) -> None:
    there = await telegram(build, sundial, 3)
    there.town.sandbox.fail("telegram", "sendMessage", delay=30.0, hang_up=True, after_effect=True)
    await there.town.wecom.member_says("admin-userid", there.line(TEXT))
    await there.town.settled()
    sending = asyncio.create_task(there.confirms(there.town.wecom_texts()[-1]))

    async def is_out() -> bool:
        return received(there.town, TEXT).total() == 3

    await there.town.until(is_out)
    await there.town.close()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await there.town.open()
    push = await there.only()
    await there.done(push)
    states = await there.states(push)
    assert states["sent"] + states["unsure(interrupted)"] + states["unsure(no_answer)"] == 3
    assert states["sent"] == 2
    await stays_so(there, push)


@pytest.mark.parametrize("how", UNKNOWN)
async def test_an_official_account_is_silent_about_one(build: Build, sundial: Sundial, how: str) -> None:
    there = await official(build, sundial)
    failure, arrived = UNKNOWN[how]
    there.town.sandbox.fail("wechat", "message/custom/send", **failure)
    push = await there.pushes(TEXT)
    await there.done(push)
    assert await there.states(push) == {"sent": 3, "unsure(no_answer)": 1}
    assert received(there.town, TEXT).total() == 3 + arrived
    await stays_so(there, push)


@pytest.mark.parametrize(
    ("code", "states"),
    [
        (45015, {"sent": 3, "failed(window_closed)": 1}),
        (45047, {"sent": 3, "failed(quota_used)": 1}),
        (50002, {"sent": 3, "failed(50002)": 1}),
        (40003, {"sent": 3, "failed(40003)": 1}),
        (-1, {"sent": 4}),
        (45011, {"sent": 4}),
        (45009, {"sent": 4}),
    ],
)
async def test_errcodes_of_customer_messages(build: Build, sundial: Sundial, code: int, states: dict[str, int]) -> None:
    there = await official(build, sundial)
    there.town.sandbox.fail("wechat", "message/custom/send", **errcode(code))
    push = await there.pushes(TEXT)
    await there.done(push, minutes=45)
    assert await there.states(push) == states
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("how", [*UNKNOWN, "busy", "minute", "day"])
async def test_a_mass_message_is_sent_once_however_its_call_fails(build: Build, sundial: Sundial, how: str) -> None:
    there = await official(build, sundial)
    codes = {"busy": -1, "minute": 45011, "day": 45009}
    failure = errcode(codes[how]) if how in codes else UNKNOWN[how][0]
    there.town.sandbox.fail("wechat", "message/mass/send", times=1 if how == "day" else 2, **failure)
    push = await there.pushes(TEXT, "方式=群发")
    await there.done(push, minutes=20)
    assert await there.states(push) == {"sent": 4}
    assert len(there.town.wechat.masses) == 1
    await ledger_equals_record(there.town, push.id)


async def test_a_mass_message_over_the_days_quota_fails_and_says_so(build: Build, sundial: Sundial) -> None:
    there = await official(build, sundial)
    there.town.wechat.masses_a_day = 0
    push = await there.pushes(TEXT, "方式=群发")
    report = await there.done(push)
    assert "今天额度用完 4" in report
    await ledger_equals_record(there.town, push.id)
    there.town.wechat.masses_a_day = 100
    await there.confirms(await there.does("retry"))
    await there.done(push)
    assert await there.states(push) == {"sent": 4}
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("how", UNKNOWN)
async def test_a_template_message_without_an_answer_is_one(build: Build, sundial: Sundial, how: str) -> None:
    there = await official(build, sundial)
    there.town.sandbox.fail("wechat", "message/template/send", **UNKNOWN[how][0])
    push = await there.pushes(f"first: {TEXT}", "模板消息=sandbox-template")
    await there.done(push)
    assert set(received(there.town, TEXT).values()) == {1}
    assert received(there.town, TEXT).total() == 4
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("how", UNKNOWN)
async def test_a_task_without_an_answer_is_looked_for(build: Build, sundial: Sundial, how: str) -> None:
    there = await wecom(build, sundial)
    failure, was_made = UNKNOWN[how]
    there.town.sandbox.fail("wecom", TASKS, **failure)
    push = await there.pushes(TEXT)
    await there.done(push)
    assert len(there.asked("wecom", TASKS)) == 2  # one for each member, never again
    assert there.asked("wecom", LISTING)
    assert await there.states(push) == ({"awaiting": 4} if was_made else {"awaiting": 2, "unsure(no_answer)": 2})
    await all_confirm(there)
    assert await there.states(push) == ({"sent": 4} if was_made else {"sent": 2, "unsure(no_answer)": 2})
    await stays_so(there, push)


@pytest.mark.parametrize("code", [-1, 45009, 45033, 41063, 48002])
async def test_errcodes_of_tasks_that_pass_by(build: Build, sundial: Sundial, code: int) -> None:
    there = await wecom(build, sundial)
    there.town.sandbox.fail("wecom", TASKS, times=2, **errcode(code))
    push = await there.pushes(TEXT)
    await there.done(push, minutes=1, seconds=5)
    assert await there.states(push) == {"awaiting": 4}
    await all_confirm(there)
    assert await there.states(push) == {"sent": 4}
    await ledger_equals_record(there.town, push.id)


async def test_one_members_task_is_refused_and_the_others_is_not(build: Build, sundial: Sundial) -> None:
    there = await wecom(build, sundial)
    there.town.sandbox.fail("wecom", TASKS, **errcode(60111))
    push = await there.pushes(TEXT)
    report = await there.done(push)
    assert "失败 2" in report
    assert await there.states(push) == {"awaiting": 2, "failed(no_member)": 2}
    await all_confirm(there)
    assert await there.states(push) == {"sent": 2, "failed(no_member)": 2}
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("how", [RESET, BAD_GATEWAY, errcode(45009), errcode(-1), {"body": {"errcode": 0}}])
@pytest.mark.parametrize("path", ["get_groupmsg_task", "get_groupmsg_send_result"])
async def test_results_that_cannot_be_read_are_asked_for_again(
    build: Build, sundial: Sundial, path: str, how: dict[str, Any]
) -> None:
    there = await wecom(build, sundial)
    push = await there.pushes(TEXT)
    await there.done(push)
    there.town.sandbox.fail("wecom", f"externalcontact/{path}", times=2, **how)
    await all_confirm(there)
    for _ in range(4):
        await there.passes(minutes=2)
    assert await there.states(push) == {"sent": 4}
    assert not await Batch.exists(state="open")
    await ledger_equals_record(there.town, push.id)
