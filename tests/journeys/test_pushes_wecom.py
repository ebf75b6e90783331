"""Pushes in WeCom, in both languages: tasks that members confirm (企业群发), the app's messages, group chats."""

from collections import Counter

import pytest

from models.batches import Batch
from models.groups import Group
from models.recipients import Recipient
from sandbox.ledger import How
from sandbox.wecom.corp import AppChat
from tests.journeys.conftest import Build
from tests.journeys.push_town import EN, LANGUAGES, LI, WANG, ZH, PushTown, ledger_equals_record, received
from tests.journeys.town import BOSS, Sundial

TASKS = "externalcontact/add_msg_template"
REMIND, CANCEL = "externalcontact/remind_groupmsg_send", "externalcontact/cancel_groupmsg_send"
WORDS = {ZH: "双十一开始了", EN: "The sale is on"}
APP = {ZH: "方式=消息", EN: "by=message"}


async def two_members(build: Build, sundial: Sundial, language: str = ZH, on: str = "telegram") -> PushTown:
    """王芳 has three customers and 李雷 two, one of whom 王芳 has, too."""
    there = await PushTown.begun(build, sundial, language, on)
    contacts = await there.contacts_come(3, WANG, "王芳")
    await there.contacts_come(1, LI, "李雷")
    there.town.clock.forward(seconds=2)
    await there.town.wecom.add_contact(LI, contacts[0], "客人0000")
    await there.town.settled()
    return there


async def writers_come(there: PushTown) -> None:
    """Three who write to our app and are no colleagues of ours."""
    for userid, name in (("zhaoliu", "赵六六"), ("sunqi", "孙七七"), ("zhouba", "周八八")):
        there.town.wecom.add_member(userid, name)
        await there.town.wecom.member_says(userid, "你好")
        await there.town.settled()


def task_of(there: PushTown, member: str) -> str:
    """The only task that lies on a member's phone."""
    (found,) = (task.msgid for task in there.town.wecom.broadcasts.values() if member in task.recipients)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("on", ["telegram", "wecom"])
async def test_one_member_confirms_and_the_other_does_not(
    build: Build, sundial: Sundial, language: str, on: str
) -> None:
    there = await two_members(build, sundial, language, on)
    preview = await there.previewed(WORDS[language])
    said = {
        ZH: ["企业微信企业群发 4", "要 2 位成员在企业微信里确认才发出：王芳、李雷"],
        EN: ["WeCom task 4", "2 members have to confirm it in WeCom"],
    }
    assert all(part in preview for part in said[language]), preview
    push = await there.only(await there.confirms(preview))
    report = await there.done(push)
    told = {ZH: ["4 人", "待成员确认 4", "2 位成员还要在企业微信里确认"], EN: ["4 people", "awaiting member 4"]}
    assert all(part in report for part in told[language]), report
    assert received(there.town, WORDS[language]).total() == 0
    await ledger_equals_record(there.town, push.id)
    there.town.wecom.confirm_broadcast(task_of(there, WANG), WANG)
    await there.passes(minutes=3)
    number = len(there.town.wecom.broadcasts[task_of(there, WANG)].recipients[WANG])
    assert await there.states(push) == {"sent": number, "awaiting": 4 - number}
    await ledger_equals_record(there.town, push.id)
    status = await there.does("status")
    assert {ZH: f"已发送 {number}", EN: f"sent {number}"}[language] in status
    assert {ZH: "提醒了成员确认 P1：李雷", EN: "Reminded of P1: 李雷"}[language] in await there.does("remind")
    assert [call.body["msgid"] for call in there.asked("wecom", REMIND)] == [task_of(there, LI)]
    assert {ZH: "刚刚提醒过", EN: "P1"}[language] in await there.does("remind")
    assert {ZH: "正在收回 1 个企业群发任务", EN: "Taking back 1 WeCom task"}[language] in await there.does("cancel")
    assert await there.states(push) == {"sent": number, "skipped(cancelled)": 4 - number}
    assert there.town.wecom.broadcasts[task_of(there, LI)].is_cancelled
    there.town.wecom.confirm_broadcast(task_of(there, LI), LI)  # too late
    await there.passes(minutes=3)
    assert received(there.town, WORDS[language]).total() == number
    assert {ZH: "P1 的结果到齐了", EN: "P1 has all its results"}[language] in "\n".join(there.read())
    await ledger_equals_record(there.town, push.id)


async def test_a_customer_of_both_is_asked_of_one_member(build: Build, sundial: Sundial) -> None:
    there = await two_members(build, sundial)
    push = await there.pushes("双十一开始了")
    await there.done(push)
    shares = [task.recipients for task in there.town.wecom.broadcasts.values()]
    listed = [contact for share in shares for contacts in share.values() for contact in contacts]
    assert len(listed) == len(set(listed)) == 4
    for member in (WANG, LI):
        there.town.wecom.confirm_broadcast(task_of(there, member), member)
    await there.passes(minutes=3)
    assert await there.states(push) == {"sent": 4}
    assert "P1 的结果到齐了：4 人" in there.last()
    await ledger_equals_record(there.town, push.id)
    assert set(received(there.town, "双十一").values()) == {1}


async def test_each_customer_has_their_own_result(build: Build, sundial: Sundial) -> None:
    there = await two_members(build, sundial)
    push = await there.pushes("双十一开始了")
    await there.done(push)
    task = there.town.wecom.broadcasts[task_of(there, WANG)]
    capped, left, *_ = task.recipients[WANG]
    task.capped.add(capped)
    there.town.wecom.contacts[left].follows.clear()
    there.town.wecom.confirm_broadcast(task.msgid, WANG)
    await there.passes(minutes=3)
    states = await there.states(push)
    assert (states["failed(received_another)"], states["failed(not_friend)"]) == (1, 1)
    await ledger_equals_record(there.town, push.id)


async def test_who_is_no_contact_any_more_fails_alone(build: Build, sundial: Sundial) -> None:
    there = await two_members(build, sundial)
    preview = await there.previewed("双十一开始了")
    gone = next(reversed(there.town.wecom.contacts["wmPushContact" + "0" * 14 + "1"].follows))
    del there.town.wecom.contacts["wmPushContact" + "0" * 14 + "1"].follows[gone]  # and the callback is lost
    push = await there.only(await there.confirms(preview))
    report = await there.done(push)
    assert "没有成员加着" in report
    assert (await there.states(push))["failed(no_relation)"] == 1
    for member in (WANG, LI):
        there.town.wecom.confirm_broadcast(task_of(there, member), member)
    await there.passes(minutes=3)
    assert await there.states(push) == {"sent": 3, "failed(no_relation)": 1}
    await ledger_equals_record(there.town, push.id)


async def test_a_member_whom_nobody_has_any_more_fails_alone(build: Build, sundial: Sundial) -> None:
    there = await two_members(build, sundial)
    preview = await there.previewed("双十一开始了")
    del there.town.wecom.members[LI]  # has left the company, and we are not told
    push = await there.only(await there.confirms(preview))
    await there.done(push)
    there.town.wecom.confirm_broadcast(task_of(there, WANG), WANG)
    await there.passes(minutes=3)
    states = await there.states(push)
    assert states["failed(no_member)"] >= 1
    assert states["sent"] + states["failed(no_member)"] == 4
    await ledger_equals_record(there.town, push.id)


async def test_the_months_quota_of_tasks(build: Build, sundial: Sundial) -> None:
    there = await two_members(build, sundial)
    there.town.wecom.monthly_sends = 1
    for number, text in enumerate(("双十一开始了", "双十一快完了"), 1):
        push = await there.pushes(text)
        await there.done(push)
        for task in [*there.town.wecom.broadcasts.values()]:
            for member in task.recipients:
                there.town.wecom.confirm_broadcast(task.msgid, member)
        await there.passes(minutes=3)
        assert await there.states(push) == [{"sent": 4}, {"failed(received_another)": 4}][number - 1]
        await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize(
    ("how", "state", "count"),
    [
        ({"hang_up": True}, "unsure(no_answer)", 2),
        ({"hang_up": True, "after_effect": True}, "unsure(no_answer)", 3),
        ({"status": 502, "body": "<html>bad gateway</html>"}, "unsure(no_answer)", 2),
        ({"body": {"errcode": 45009, "errmsg": "api freq out of limit"}}, "sent", 3),
        ({"body": {"errcode": 45033, "errmsg": "api concurrent out of limit"}}, "sent", 3),
        ({"body": {"errcode": 81013, "errmsg": "user & party & tag all invalid"}}, "failed(no_such_member)", 2),
    ],
)
async def test_the_apps_message_when_the_platform_fails(
    build: Build, sundial: Sundial, how: How, state: str, count: int
) -> None:
    there = await PushTown.begun(build, sundial)
    await writers_come(there)
    there.town.sandbox.fail("wecom", "message/send", **how)
    push = await there.pushes(WORDS[ZH], APP[ZH])
    await there.done(push, minutes=2)
    assert await there.states(push) == Counter({"sent": 2}) + Counter({state: 1})
    assert received(there.town, WORDS[ZH]).total() == count
    await there.passes(minutes=30)
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_apps_message_to_who_writes_to_it(build: Build, sundial: Sundial, language: str) -> None:
    there = await PushTown.begun(build, sundial, language)
    await writers_come(there)
    preview = await there.previewed(WORDS[language], APP[language])
    assert {ZH: "企业微信消息 3", EN: "WeCom message 3"}[language] in preview
    del there.town.wecom.members["sunqi"]  # has left the company, and we are not told
    push = await there.only(await there.confirms(preview))
    report = await there.done(push)
    assert {ZH: "P1 发完了：3 人", EN: "P1 is done: 3 people"}[language] in report
    assert await there.states(push) == {"sent": 2, "failed(no_such_member)": 1}
    await ledger_equals_record(there.town, push.id)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_customer_groups_by_their_owners_and_the_apps_own_chat(
    build: Build, sundial: Sundial, language: str
) -> None:
    there = await two_members(build, sundial, language)
    corp = there.town.wecom
    groups = [
        await corp.groups.create(name, owner)
        for name, owner in (("上海群聊", WANG), ("北京群聊", WANG), ("华南群聊", LI))
    ]
    corp.app_chats["team1"] = AppChat("team1", "华东群聊", BOSS, [BOSS, WANG])
    await there.town.settled()
    await there.passes(seconds=4)
    await there.says({ZH: "群 加 team1 华东群聊", EN: "groups add team1 华东群聊"}[language])
    assert await Group.all().count() == 4
    command = {ZH: "群发 到群=全部", EN: "push groups=all"}[language]
    preview = await there.says(f"{command}\n{WORDS[language]}")
    said = {
        ZH: ["发给 4 个群", "企业群发 3", "消息 1", "2 位成员"],
        EN: ["to 4 chats", "task 3", "message 1", "2 members"],
    }
    assert all(part in preview for part in said[language]), preview
    push = await there.only(await there.confirms(preview))
    await corp.groups.hand_over(groups[1].chat_id, LI, told=False)  # 王芳 cannot send there any more
    await there.done(push)
    for member in (WANG, LI):
        corp.confirm_broadcast(task_of(there, member), member)
    await there.passes(minutes=3)
    assert await there.states(push) in ({"sent": 3, "failed(not_writable)": 1}, {"sent": 3, "failed(not_friend)": 1})
    assert {ZH: "P1 的结果到齐了：4 个群", EN: "P1 has all its results: 4 chats"}[language] in there.last()
    await ledger_equals_record(there.town, push.id)


async def test_nobody_ever_confirms(build: Build, sundial: Sundial) -> None:
    there = await two_members(build, sundial)
    push = await there.pushes("双十一开始了")
    await there.done(push)
    for _ in range(80):
        await there.passes(hours=1, minutes=1)
    assert not await Batch.exists(state="open")
    assert await there.states(push) == {"awaiting": 4}
    assert "一直没等到成员确认" in "\n".join(there.read())
    await ledger_equals_record(there.town, push.id)
    assert await Recipient.filter(told=True).count() == 0


async def test_a_group_that_is_over_by_then_is_left_out(build: Build, sundial: Sundial) -> None:
    there = await two_members(build, sundial)
    corp = there.town.wecom
    kept, over = [await corp.groups.create(name, WANG) for name in ("上海群聊", "北京群聊")]
    await there.town.settled()
    await there.passes(seconds=4)
    push = await there.only(await there.confirms(await there.says("群发 到群=全部 时间=1小时后\n各位早安")))
    await corp.groups.dismiss(over.chat_id)
    await there.town.settled()
    await there.passes(seconds=4)
    await there.passes(minutes=61)
    await there.done(push)
    assert await there.states(push) == {"awaiting": 1, "skipped(gone)": 1}
    corp.confirm_broadcast(task_of(there, WANG), WANG)
    await there.passes(minutes=3)
    assert received(there.town, "各位早安") == {("wecom", kept.chat_id): 1}
    await ledger_equals_record(there.town, push.id)
