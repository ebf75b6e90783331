"""Customer groups of the simulated WeCom, and the group chats that an app has made."""

from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox, markup
from sandbox.crypto import Envelope
from tests.sandbox.tiny import Api, TinyServer

PAYLOADS = Path(__file__).parents[1] / "channels" / "fixtures" / "wecom"
LIST = "externalcontact/groupchat/list"
GET = "externalcontact/groupchat/get"


@pytest.fixture
def wecom(sandbox: Sandbox) -> Any:
    sandbox.wecom.befriend("wangfang", "wm0", "刘洋")
    sandbox.wecom.befriend("wangfang", "wm1", "陈晨")
    return sandbox.wecom


def told(sandbox: Sandbox, server: TinyServer) -> list[dict[str, Any]]:
    settings = sandbox.stage.settings
    envelope = Envelope(settings.wecom_token, settings.wecom_aes_key, settings.corp_id)
    return [markup.read(envelope.open(str(markup.read(each.text)["Encrypt"]))) for each in server.received]


def shape(event: dict[str, Any]) -> dict[str, Any]:
    """Of an event what is the same whatever ids and moments are in it."""
    kept = ("MsgType", "Event", "ChangeType", "UpdateDetail", "JoinScene", "QuitScene", "MemChangeCnt")
    return {name: event.get(name) for name in kept} | {"fields": sorted(event)}


async def test_what_happens_in_a_group_is_told_as_the_platform_tells_it(
    sandbox: Sandbox, server: TinyServer, wecom: Any
) -> None:
    group = await wecom.groups.create("VIP群", "wangfang", "admin-userid")
    await wecom.groups.join(group.chat_id, "wm0", "wm1", "admin-userid")
    await wecom.groups.leave(group.chat_id, "wm1")
    await wecom.groups.rename(group.chat_id, "老客群")
    await wecom.groups.hand_over(group.chat_id, "admin-userid")
    await wecom.groups.dismiss(group.chat_id)
    names = ("create", "add-member", "del-member", "change-name", "change-owner", "dismiss")
    samples = [markup.read((PAYLOADS / f"wecom-chat-{name}.xml").read_text("utf-8")) for name in names]
    events = told(sandbox, server)
    assert list(map(shape, events)) == list(map(shape, samples))
    assert {event["ChatId"] for event in events} == {group.chat_id}
    assert events[1]["MemChangeList"]["Item"] == ["wm0", "wm1", "admin-userid"]
    assert events[2]["LastMemVer"] == events[1]["CurMemVer"]


async def test_a_group_is_listed_and_told(api: Api, wecom: Any, server: TinyServer) -> None:
    group = await wecom.groups.create("VIP群", "wangfang", told=False)
    await wecom.groups.join(group.chat_id, "wm0", state="join_ch_7", told=False)
    await wecom.groups.join(group.chat_id, "wm1", scene=1, told=False)
    await wecom.groups.leave(group.chat_id, "wm1", removed=True, told=False)
    other = await wecom.groups.create("二群", "admin-userid", told=False)
    assert server.received == []
    rows = (await api.wecom(LIST, {"limit": 1}))["group_chat_list"]
    assert rows == [{"chat_id": group.chat_id, "status": 0}]
    rest = await api.wecom(LIST, {"limit": 1, "cursor": "1"})
    assert (rest["group_chat_list"], rest["next_cursor"]) == ([{"chat_id": other.chat_id, "status": 0}], "")
    own = await api.wecom(LIST, {"limit": 10, "owner_filter": {"userid_list": ["admin-userid"]}})
    assert own["group_chat_list"] == [{"chat_id": other.chat_id, "status": 0}]
    known = (await api.wecom(GET, {"chat_id": group.chat_id, "need_name": 1}))["group_chat"]
    assert (known["name"], known["owner"]) == ("VIP群", "wangfang")
    owner, customer = known["member_list"]
    assert (owner["type"], owner["name"], owner["invitor"]) == (1, "王芳", {"userid": "wangfang"})
    assert (customer["type"], customer["name"], customer["state"]) == (2, "刘洋", "join_ch_7")
    nameless = (await api.wecom(GET, {"chat_id": group.chat_id}))["group_chat"]
    assert not [member for member in nameless["member_list"] if "name" in member]


async def test_groups_that_are_gone_and_questions_that_are_too_wide(api: Api, wecom: Any) -> None:
    group = await wecom.groups.create("VIP群", "wangfang", told=False)
    await wecom.groups.dismiss(group.chat_id, told=False)
    await api.wecom("appchat/create", {"chatid": "regions", "userlist": ["wangfang", "admin-userid"]})
    wrong = [(group.chat_id, 49008), ("wrNone", 40050), ("regions", 90501), ("", 86001)]
    assert [(await api.wecom(GET, {"chat_id": chat}))["errcode"] for chat, _ in wrong] == [code for _, code in wrong]
    assert (await api.wecom(LIST, {"limit": 1001}))["errcode"] == 40058
    too_many = {"owner_filter": {"userid_list": ["wangfang"] * 101}}
    assert (await api.wecom(LIST, {"limit": 10, **too_many}))["errcode"] == 40058
    for number in range(1000):
        wecom.add_member(f"m{number}", "x")
    assert (await api.wecom(LIST, {"limit": 10}))["errcode"] == 81017


async def test_an_apps_chat_from_making_to_hearing(api: Api, wecom: Any) -> None:
    people = ["wangfang", "admin-userid", "nobody"]
    made = await api.wecom("appchat/create", {"name": "大区" * 30, "userlist": people, "chatid": "regions"})
    assert (made["errcode"], made["chatid"]) == (0, "regions")
    known = (await api.wecom("appchat/get", chatid="regions"))["chat_info"]
    assert known == {
        "chatid": "regions", "name": "大区" * 25, "owner": "wangfang", "userlist": people[:2],
    }  # fmt: skip
    text = {"chatid": "regions", "msgtype": "text", "text": {"content": "周报"}}
    answer = await api.wecom("appchat/send", text)
    assert (answer["errcode"], "msgid" in answer) == (0, False)
    assert [letter.content for letter in wecom.received("regions")] == [[{"type": "text", "text": "周报"}]]
    wecom.add_member("lina", "李娜")
    change = {"chatid": "regions", "name": "大区", "owner": "lina", "add_user_list": ["lina"]}
    assert (await api.wecom("appchat/update", {**change, "del_user_list": ["wangfang"]}))["errcode"] == 0
    chat = wecom.app_chats["regions"]
    assert (chat.name, chat.owner, chat.userlist) == ("大区", "lina", ["admin-userid", "lina"])
    made = await api.wecom("appchat/create", {"userlist": people})
    assert made["chatid"] in wecom.app_chats


BOTH = ["wangfang", "admin-userid"]
REFUSALS: list[tuple[str, dict[str, Any], int]] = [
    ("appchat/create", {"userlist": BOTH, "chatid": "空 格"}, 86001),
    ("appchat/create", {"userlist": BOTH, "chatid": "regions"}, 86215),
    ("appchat/create", {"userlist": []}, 86216),
    ("appchat/create", {"userlist": ["wangfang", "nobody"]}, 86006),
    ("appchat/create", {"userlist": BOTH, "owner": "nobody"}, 86207),
    ("appchat/update", {"chatid": "none"}, 86003),
    ("appchat/update", {"chatid": "regions", "add_user_list": ["nobody"]}, 86216),
    ("appchat/update", {"chatid": "regions", "del_user_list": ["nobody"]}, 86216),
    ("appchat/update", {"chatid": "regions", "del_user_list": ["admin-userid"]}, 86006),
    ("appchat/update", {"chatid": "regions", "owner": "nobody"}, 86207),
    ("appchat/update", {"chatid": "regions", "add_user_list": ["wangfang"] * 501}, 86006),
    ("appchat/send", {"chatid": "none", "msgtype": "text", "text": {"content": "x"}}, 86003),
    ("appchat/send", {"chatid": "", "msgtype": "text", "text": {"content": "x"}}, 86001),
    ("appchat/send", {"chatid": "regions", "msgtype": "text", "text": {"content": ""}}, 44004),
    ("appchat/send", {"chatid": "regions", "msgtype": "template_card", "template_card": {}}, 40008),
    ("appchat/send", {"chatid": "regions", "msgtype": "image", "image": {"media_id": "gone"}}, 40007),
]


@pytest.mark.parametrize(("path", "body", "code"), REFUSALS)
async def test_refusal(api: Api, path: str, body: dict[str, Any], code: int) -> None:
    await api.wecom("appchat/create", {"userlist": BOTH, "chatid": "regions"})
    assert (await api.wecom(path, body))["errcode"] == code
