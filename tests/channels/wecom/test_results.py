import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.wecom import WeCom
from channels.wecom.config import Config
from domain.channel import Delivered, Reporting
from domain.push_events import PushAsked, PushResult, PushResultRead, PushUnread
from sandbox import Sandbox
from tests.channels.wecom.tasks import RESULT, TASK, bodies, edit, push, refuse

FIXTURE = Path(__file__).parents[1] / "fixtures" / "wecom" / "wecom-groupmsg-result-ok.json"
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
BAD_LISTS: list[Any] = [{"send_list": None}, {}, {"send_list": [], "next_cursor": 7}, {"send_list": "no"}]


@pytest.fixture
def channel(settings: dict[str, Any], tools: Any) -> WeCom:
    return WeCom(Config(**settings), tools)


def asked(task: str, cursor: str = "", member: str = "zhangwei") -> PushAsked:
    return PushAsked(AT, "wecom", 7, task, member, cursor)


async def made(channel: WeCom, sandbox: Sandbox, *contacts: str, chats: bool = False) -> str:
    if not chats:
        for contact in contacts:
            sandbox.wecom.befriend("zhangwei", contact, "客户")
    result = await channel.deliver("k", push(*contacts, chats=chats))
    assert isinstance(result, Delivered)
    return result.platform_id


async def read(channel: WeCom, question: PushAsked) -> PushResultRead:
    told = await channel.results(question)
    assert isinstance(told, PushResultRead)
    assert told.asked is question
    return told


async def test_until_the_member_confirms_nothing_has_changed(channel: WeCom, sandbox: Sandbox) -> None:
    assert isinstance(channel, Reporting)
    task = await made(channel, sandbox, "wm0", "wm1")
    told = await read(channel, asked(task))
    assert (told.results, told.cursor) == ((), "")
    assert bodies(sandbox, TASK) == [{"msgid": task, "limit": 1000}]
    assert bodies(sandbox, RESULT) == []


async def test_each_customer_is_told_of_after_that(channel: WeCom, sandbox: Sandbox, clock: Any) -> None:
    task = await made(channel, sandbox, "wm0", "wm1", "wm2")
    sandbox.wecom.contacts["wm1"].follows.clear()
    sandbox.wecom.broadcasts[task].capped.add("wm2")
    clock.pass_by(60)
    sandbox.wecom.confirm_broadcast(task, "zhangwei")
    clock.pass_by(60)
    told = await read(channel, asked(task))
    assert told.results == (
        PushResult("wm0", "sent", at=AT + timedelta(seconds=60)),
        PushResult("wm1", "failed", "not_friend"),
        PushResult("wm2", "failed", "received_another"),
    )
    assert told.at == AT + timedelta(seconds=120)
    sandbox.wecom.befriend("zhangwei", "wm1", "回来了")
    assert await read(channel, asked(task)) == told


async def test_each_group_is_told_of(channel: WeCom, sandbox: Sandbox) -> None:
    one = await sandbox.wecom.groups.create("甲", "zhangwei", "wm0", told=False)
    two = await sandbox.wecom.groups.create("乙", "zhangwei", "wangfang", told=False)
    task = await made(channel, sandbox, one.chat_id, two.chat_id, chats=True)
    await sandbox.wecom.groups.hand_over(two.chat_id, "wangfang", told=False)
    sandbox.wecom.confirm_broadcast(task, "zhangwei")
    results = (await read(channel, asked(task))).results
    assert [(each.contact, each.state) for each in results] == [(one.chat_id, "sent"), (two.chat_id, "failed")]
    assert len(sandbox.wecom.received(one.chat_id)) == 1
    assert sandbox.wecom.received(two.chat_id) == []


async def test_many_are_told_of_page_by_page(channel: WeCom, sandbox: Sandbox) -> None:
    people = tuple(f"wm{number}" for number in range(2500))
    task = await made(channel, sandbox, *people)
    sandbox.wecom.confirm_broadcast(task, "zhangwei")
    found, question = list[str](), asked(task)
    while True:
        told = await read(channel, question)
        found += [each.contact for each in told.results]
        if not told.cursor:
            break
        question = asked(task, told.cursor)
    assert tuple(found) == people
    assert len(bodies(sandbox, RESULT)) == 3
    assert len(bodies(sandbox, TASK)) == 1


async def test_the_platforms_own_answer(channel: WeCom, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", TASK, body={"errcode": 0, "task_list": [{"userid": "ZhangWei", "status": 2}]})
    sandbox.fail("wecom", RESULT, body=json.loads(FIXTURE.read_text("utf-8")))
    assert (await read(channel, asked("m1", member="ZhangWei"))).results == (
        PushResult("wmQ7kPDgAAwJSkRjaxuUSvvUYSSoF0j8", "sent", at=datetime.fromtimestamp(1795219800, UTC)),
        PushResult("wmQ7kPDgAAkPtlDAVaS3dBzwqHVVX363", "waiting"),
        PushResult("wmQ7kPDgAAHcCF78Y97o-UjYp7RNmxNy", "failed", "not_friend"),
        PushResult("wmQ7kPDgAAHaYV9NOd8r0q8C_mSiWMFG", "failed", "received_another"),
    )


async def test_what_is_new_to_us_decides_nothing(channel: WeCom, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", TASK, body={"errcode": 0, "task_list": [{"userid": "other", "status": 0}, "zhangwei"]})
    rows = [{"external_userid": "wm0", "status": 9}, {"status": 1}, {"external_userid": 7, "status": 1}, None]
    rows.append({"external_userid": "wm1", "status": 1, "send_time": "soon"})
    sandbox.fail("wecom", RESULT, body={"errcode": 0, "send_list": rows})
    assert (await read(channel, asked("m1"))).results == (PushResult("wm0", "waiting"), PushResult("wm1", "sent"))


@pytest.mark.parametrize(
    ("code", "reason", "wait"),
    [
        (41047, "task_gone", timedelta(days=1)),
        (41093, "cancelled", timedelta(days=1)),
        (60111, "no_member", timedelta(days=1)),
        (41063, "dispatching", timedelta(seconds=30)),
        (45009, "quota", timedelta(minutes=1)),
        (-1, "busy", timedelta(seconds=3)),
        (48002, "no_right", timedelta(minutes=5)),
        (40001, "bad_secret", timedelta(minutes=5)),
        (40058, "40058", timedelta(seconds=30)),
    ],
)
@pytest.mark.parametrize("path", [TASK, RESULT])
async def test_a_question_that_is_turned_down_is_asked_again(
    channel: WeCom, sandbox: Sandbox, path: str, code: int, reason: str, wait: timedelta
) -> None:
    refuse(sandbox, path, code)
    sandbox.fail("wecom", TASK, body={"errcode": 0, "task_list": []})
    question = asked("m1")
    assert await channel.results(question) == PushUnread(AT, question, reason, AT + wait)


@pytest.mark.parametrize(
    "how",
    [{"hang_up": True}, {"status": 502, "body": "<html>"}, *({"body": {"errcode": 0, **each}} for each in BAD_LISTS)],
    ids=str,
)
async def test_no_usable_answer_is_asked_again(channel: WeCom, sandbox: Sandbox, how: dict[str, Any]) -> None:
    sandbox.fail("wecom", TASK, body={"errcode": 0, "task_list": []})
    sandbox.fail("wecom", RESULT, **how)
    question = asked("m1")
    assert await channel.results(question) == PushUnread(AT, question, "unreachable", AT + timedelta(seconds=30))


async def test_a_cursor_that_leads_nowhere_is_no_page(channel: WeCom, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", RESULT, body={"errcode": 0, "send_list": [], "next_cursor": "c1"})
    told = await channel.results(asked("m1", "c1"))
    assert isinstance(told, PushUnread)


async def test_a_task_that_was_taken_back_stays_unconfirmed(channel: WeCom, sandbox: Sandbox) -> None:
    task = await made(channel, sandbox, "wm0")
    await channel.deliver("k", edit(task, "cancel"))
    sandbox.wecom.confirm_broadcast(task, "zhangwei")
    assert (await read(channel, asked(task))).results == ()
    assert sandbox.wecom.received("wm0") == []
