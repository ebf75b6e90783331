"""Group sends of the simulated WeCom: to whom a task goes, what confirming it brings, and what may be asked of it."""

from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.tiny import Api, Clock

MAKE = "externalcontact/add_msg_template"
LIST = "externalcontact/get_groupmsg_list_v2"
RESULT = "externalcontact/get_groupmsg_send_result"
TEXT = {"text": {"content": "周六到店礼"}}


@pytest.fixture
def wecom(sandbox: Sandbox) -> Any:
    for number in range(3):
        sandbox.wecom.befriend("wangfang", f"wm{number}", f"客户{number}")
    return sandbox.wecom


async def make(api: Api, **body: Any) -> str:
    answer = await api.wecom(MAKE, {"sender": "wangfang", **TEXT, **body})
    assert answer["errcode"] == 0, answer
    return str(answer["msgid"])


async def statuses(api: Api, task: str, userid: str = "wangfang") -> list[int]:
    told = await api.wecom(RESULT, {"msgid": task, "userid": userid})
    return [each["status"] for each in told["send_list"]]


def phone(sandbox: Sandbox, userid: str = "wangfang") -> list[tuple[str, str, int]]:
    """What lies on a member's phone: the name, the state and the count of each task."""
    told = [each.content for each in sandbox.stage.story.told() if each.chat == f"wecom-task:{userid}"]
    return [(each["name"], each["state"], each["count"]) for each in told]


async def test_customers_receive_what_their_member_sends(api: Api, sandbox: Sandbox, wecom: Any, clock: Clock) -> None:
    task = await make(api, external_userid=["wm0", "wm1"])
    assert phone(sandbox) == [("王芳", "waiting", 2)]
    assert wecom.received("wm0") == []
    clock.move(60)
    wecom.confirm_broadcast(task, "wangfang")
    wecom.confirm_broadcast(task, "wangfang")
    [letter] = wecom.received("wm0")
    assert (letter.by, letter.at, letter.content) == (task, clock.now, [{"type": "text", "text": "周六到店礼"}])
    assert letter.text == "周六到店礼"
    assert (len(wecom.received("wm1")), wecom.received("wm2")) == (1, [])
    assert phone(sandbox) == [("王芳", "sent", 2)]


async def test_a_task_that_was_taken_back_is_not_sent(api: Api, sandbox: Sandbox, wecom: Any) -> None:
    task = await make(api, external_userid=["wm0"])
    await api.wecom("externalcontact/cancel_groupmsg_send", {"msgid": task})
    wecom.confirm_broadcast(task, "wangfang")
    assert wecom.received("wm0") == []
    assert phone(sandbox) == [("王芳", "cancelled", 1)]


async def test_what_was_told_stays_when_a_customer_leaves_later(api: Api, wecom: Any) -> None:
    task = await make(api, external_userid=["wm0", "wm1"])
    assert await statuses(api, task) == [0, 0]
    wecom.confirm_broadcast(task, "wangfang")
    wecom.contacts["wm0"].follows.clear()
    assert await statuses(api, task) == [1, 1]


async def test_a_month_has_as_many_sends_as_days(api: Api, wecom: Any, clock: Clock) -> None:
    """The clock stands at 2026-11-21 in Beijing: November has 30 days."""
    for number in range(32):
        task = await make(api, external_userid=["wm0"])
        wecom.confirm_broadcast(task, "wangfang")
        assert await statuses(api, task) == [1 if number < 30 else 3]
    assert len(wecom.received("wm0")) == 30
    clock.move(10 * 86_400)
    api.tokens.clear()
    task = await make(api, external_userid=["wm0"])
    wecom.confirm_broadcast(task, "wangfang")
    assert await statuses(api, task) == [1]


async def test_a_company_may_allow_less(api: Api, wecom: Any) -> None:
    wecom.monthly_sends = 1
    for expected in ([1], [3]):
        task = await make(api, external_userid=["wm0"])
        wecom.confirm_broadcast(task, "wangfang")
        assert await statuses(api, task) == expected


async def test_groups_receive_what_their_owner_sends(api: Api, sandbox: Sandbox, wecom: Any) -> None:
    mine = await wecom.groups.create("VIP群", "wangfang", "wm0", told=False)
    more = await wecom.groups.create("二群", "wangfang", "wm1", told=False)
    other = await wecom.groups.create("别人的", "admin-userid", "wm2", told=False)
    gone = await wecom.groups.create("散了", "wangfang", told=False)
    await wecom.groups.dismiss(gone.chat_id, told=False)
    chosen = [mine.chat_id, other.chat_id, gone.chat_id, "wrNone"]
    answer = await api.wecom(MAKE, {"chat_type": "group", "sender": "wangfang", "chat_id_list": chosen, **TEXT})
    assert answer["fail_list"] == chosen[1:]
    wecom.confirm_broadcast(answer["msgid"], "wangfang")
    told = await api.wecom(RESULT, {"msgid": answer["msgid"], "userid": "wangfang"})
    [row] = told["send_list"]
    assert (row["chat_id"], row["status"], "external_userid" in row) == (mine.chat_id, 1, False)
    assert len(wecom.received(mine.chat_id)) == 1
    assert wecom.received("wm0") == wecom.received(more.chat_id) == []
    everything = await make(api, chat_type="group")
    assert wecom.broadcasts[everything].recipients == {"wangfang": [mine.chat_id, more.chat_id]}


async def test_the_list_tells_of_tasks_by_time_and_kind(api: Api, wecom: Any, clock: Clock) -> None:
    now = int(clock.now)
    await wecom.groups.create("VIP群", "wangfang", told=False)
    first, second = [await make(api, external_userid=["wm0"]) for _ in range(2)]
    group = await make(api, chat_type="group")
    clock.move(100)
    later = await make(api, external_userid=["wm1"])
    span = {"start_time": now - 10, "end_time": now + 10}

    async def listed(**asked: Any) -> list[str]:
        told = await api.wecom(LIST, {"chat_type": "single", **span, **asked})
        return [each["msgid"] for each in told["group_msg_list"]]

    assert await listed() == [first, second]
    assert await listed(chat_type="group") == [group]
    assert await listed(end_time=now + 200) == [first, second, later]
    assert await listed(limit=1, cursor="1") == [second]
    assert await listed(creator="wangfang") == await listed(filter_type=1) == []
    told = await api.wecom(LIST, {"chat_type": "single", **span, "filter_type": 0})
    assert told["group_msg_list"][0] == {"msgid": first, "create_time": now, "create_type": 0, **TEXT}


SPAN = {"chat_type": "single", "start_time": 1, "end_time": 2}
REFUSALS: list[tuple[str, dict[str, Any], int]] = [
    (MAKE, {**TEXT, "chat_type": "all", "sender": "wangfang"}, 40058),
    (MAKE, {**TEXT, "chat_type": "group", "chat_id_list": ["wr1"]}, 40058),
    (MAKE, {**TEXT, "chat_type": "group", "sender": "wangfang", "chat_id_list": ["wr1"] * 2001}, 40058),
    (MAKE, {**TEXT, "chat_type": "group", "sender": "wangfang"}, 41048),
    (MAKE, {**TEXT, "sender": "wangfang", "external_userid": ["wm1"] * 10_001}, 40058),
    (MAKE, {**TEXT, "sender": "nobody", "external_userid": ["wm1"]}, 60111),
    (LIST, {**SPAN, "chat_type": "all"}, 40058),
    (LIST, {**SPAN, "start_time": None}, 40058),
    (LIST, {**SPAN, "end_time": 1 + 32 * 86_400}, 40058),
    (LIST, {**SPAN, "limit": 101}, 40058),
    (RESULT, {"msgid": "none", "userid": "wangfang"}, 41047),
]


@pytest.mark.parametrize(("path", "body", "code"), REFUSALS)
async def test_refusal(api: Api, path: str, body: dict[str, Any], code: int) -> None:
    assert (await api.wecom(path, body))["errcode"] == code
