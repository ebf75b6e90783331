"""Every error code of the simulated WeCom comes out as documented."""

from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.wecom.corp import Member
from sandbox.wecom.errors import MESSAGES
from sandbox.wecom.library import CorpTag, TagGroup
from tests.sandbox.tiny import Api, Clock

APP = {"touser": "wangfang", "agentid": 1000002}
TEXT = {**APP, "msgtype": "text", "text": {"content": "hi"}}
BUTTON = {"text": "领取", "key": "claim:1"}
CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "新线索"},
    "task_id": "lead_1@7",
    "button_list": [BUTTON],
}
PAIR = {"userid": "wangfang", "external_userid": "wmKnown"}
WELCOME = {"welcome_code": "fresh", "text": {"content": "您好"}}
LINK = {"title": "礼", "desc": "", "url": "https://example.com"}


def card(**changes: Any) -> dict[str, Any]:
    return {**APP, "msgtype": "template_card", "template_card": {**CARD, **changes}}


def textcard(**changes: Any) -> dict[str, Any]:
    held = {"title": "t", "description": "d", "url": "https://example.com", **changes}
    return {**APP, "msgtype": "textcard", "textcard": held}


def attached(*attachments: dict[str, Any]) -> dict[str, Any]:
    return {**WELCOME, "attachments": list(attachments)}


REFUSALS: list[tuple[str, Any, int]] = [
    ("message/send", {**TEXT, "agentid": None}, 41011),
    ("message/send", {**TEXT, "agentid": "1000002"}, 40056),
    ("message/send", {**TEXT, "agentid": 1000003}, 301002),
    ("message/send", {**TEXT, "touser": ""}, 82001),
    ("message/send", {**TEXT, "touser": ["wangfang"]}, 40058),
    ("message/send", {**TEXT, "touser": "nobody|none"}, 81013),
    ("message/send", {**TEXT, "touser": "|".join(f"u{n}" for n in range(1001))}, 40032),
    ("message/send", {**TEXT, "toparty": "|".join(map(str, range(101)))}, 82002),
    ("message/send", {**TEXT, "totag": "|".join(map(str, range(101)))}, 82003),
    ("message/send", {**TEXT, "msgtype": "poem"}, 40008),
    ("message/send", {**APP, "msgtype": "text"}, 44004),
    ("message/send", {**TEXT, "text": {"content": ""}}, 44004),
    ("message/send", {**TEXT, "text": {"content": "好" * 683}}, 45002),
    ("message/send", {**APP, "msgtype": "markdown", "markdown": {"content": "a" * 2049}}, 45002),
    ("message/send", {**APP, "msgtype": "image", "image": {"media_id": ""}}, 41006),
    ("message/send", {**APP, "msgtype": "image", "image": {"media_id": "gone"}}, 40007),
    ("message/send", textcard(title=""), 41016),
    ("message/send", textcard(description=""), 41033),
    ("message/send", textcard(url=""), 40063),
    ("message/send", textcard(title="好" * 43), 40058),
    ("message/send", textcard(description="a" * 513), 40058),
    ("message/send", textcard(btntxt="五个字多了"), 40058),
    ("message/send", {**APP, "msgtype": "news", "news": {"articles": []}}, 40063),
    ("message/send", {**APP, "msgtype": "news", "news": {"articles": [LINK] * 9}}, 45008),
    ("message/send", card(card_type="poster"), 42031),
    ("message/send", card(task_id=""), 42014),
    ("message/send", card(task_id="空格 no"), 42014),
    ("message/send", card(task_id="a" * 129), 42014),
    ("message/send", card(main_title={"desc": "x"}), 41016),
    ("message/send", card(button_list=[]), 42039),
    ("message/send", card(button_list=[BUTTON] * 7), 40058),
    ("message/send", card(button_list=[{"key": "k"}]), 42038),
    ("message/send", card(button_list=[{"text": "t"}]), 42039),
    ("message/send", card(button_list=[{"text": "t", "key": "k" * 1025}]), 42039),
    ("message/send", card(button_list=[BUTTON] * 2), 42039),
    ("message/send", card(horizontal_content_list=[{"keyname": "k"}] * 7), 40058),
    ("message/update_template_card", {"agentid": 1000002, "response_code": "x"}, 40063),
    ("message/update_template_card", {"agentid": 1000002, "userids": ["u"], "response_code": "x"}, 42016),
    ("message/update_template_card", {"agentid": 1000002, "userids": ["u"] * 1001, "response_code": "x"}, 40032),
    ("externalcontact/list", {"userid": ""}, 41009),
    ("externalcontact/list", {"userid": "nobody"}, 60111),
    ("externalcontact/list", {"userid": "admin-userid"}, 84061),
    ("externalcontact/get", {"external_userid": ""}, 41035),
    ("externalcontact/get", {"external_userid": "wmUnknown"}, 40096),
    ("externalcontact/get", {"external_userid": "wmKnown", "cursor": "x"}, 40058),
    ("externalcontact/batch/get_by_user", {"userid_list": []}, 41009),
    ("externalcontact/batch/get_by_user", {"userid_list": ["wangfang"] * 101}, 40058),
    ("externalcontact/batch/get_by_user", {"userid_list": ["wangfang"], "limit": 101}, 40058),
    ("externalcontact/batch/get_by_user", {"userid_list": ["nobody"]}, 60111),
    ("externalcontact/batch/get_by_user", {"userid_list": ["admin-userid"]}, 84061),
    ("externalcontact/remark", PAIR, 40058),
    ("externalcontact/remark", {**PAIR, "remark": "字" * 21}, 40058),
    ("externalcontact/remark", {**PAIR, "userid": "admin-userid", "remark": "x"}, 84061),
    ("externalcontact/send_welcome_msg", {"text": {"content": "x"}}, 41049),
    ("externalcontact/send_welcome_msg", {**WELCOME, "welcome_code": "unknown"}, 41050),
    ("externalcontact/send_welcome_msg", {"welcome_code": "fresh"}, 40063),
    ("externalcontact/send_welcome_msg", {**WELCOME, "text": {"content": "好" * 1334}}, 40058),
    ("externalcontact/send_welcome_msg", attached(*[{"msgtype": "link", "link": LINK}] * 10), 41064),
    ("externalcontact/send_welcome_msg", attached({"msgtype": "voice"}), 41065),
    ("externalcontact/send_welcome_msg", attached({"msgtype": "link", "link": {**LINK, "title": "a" * 129}}), 40058),
    ("externalcontact/send_welcome_msg", attached({"msgtype": "image", "image": {"media_id": "gone"}}), 40007),
    ("externalcontact/add_corp_tag", {"group_name": "意向"}, 40063),
    ("externalcontact/add_corp_tag", {"tag": [{"name": "高"}]}, 40063),
    ("externalcontact/add_corp_tag", {"group_id": "none", "tag": [{"name": "高"}]}, 40068),
    ("externalcontact/add_corp_tag", {"group_id": "g1", "tag": [{"name": "A"}]}, 40071),
    ("externalcontact/add_corp_tag", {"group_id": "g1", "tag": [{"name": "字" * 31}]}, 40058),
    ("externalcontact/add_corp_tag", {"group_id": "g1", "tag": [{"name": "x", "order": -1}]}, 40058),
    ("externalcontact/add_corp_tag", {"group_id": "g1", "tag": [{"name": f"n{n}"} for n in range(2999)]}, 40126),
    ("externalcontact/edit_corp_tag", {"id": "none", "name": "x"}, 40068),
    ("externalcontact/edit_corp_tag", {"id": "t1", "name": "B"}, 40071),
    ("externalcontact/del_corp_tag", {}, 40068),
    ("externalcontact/del_corp_tag", {"tag_id": ["none"]}, 40068),
    ("externalcontact/mark_tag", PAIR, 40063),
    ("externalcontact/mark_tag", {**PAIR, "add_tag": ["none"]}, 40068),
    ("externalcontact/mark_tag", {**PAIR, "external_userid": "wmUnknown", "add_tag": ["t1"]}, 40096),
    ("externalcontact/mark_tag", {**PAIR, "userid": "nobody", "add_tag": ["t1"]}, 60111),
    ("externalcontact/mark_tag", {**PAIR, "userid": "admin-userid", "add_tag": ["t1"]}, 84061),
    ("externalcontact/add_msg_template", {"text": {"content": "x"}}, 40058),
    ("externalcontact/add_msg_template", {"text": {"content": "x"}, "external_userid": ["wmUnknown"]}, 41048),
    ("externalcontact/get_groupmsg_task", {"msgid": "none"}, 41047),
    ("user/get", {"userid": "nobody"}, 60111),
    ("user/get", {"userid": ""}, 41009),
    ("user/simplelist", {"department_id": "9"}, 60003),
    ("user/list_id", {"limit": 10001}, 40058),
    ("department/list", {"id": "9"}, 60003),
    ("agent/get", {"agentid": "9"}, 301002),
    ("agent/get", {"agentid": "x"}, 40056),
    ("media/get", {"media_id": ""}, 41006),
    ("media/get", {"media_id": "gone"}, 40007),
]
GETS = ("externalcontact/list", "externalcontact/get", "user/get", "user/simplelist", "department/list", "agent/get",
        "media/get")  # fmt: skip


@pytest.fixture(autouse=True)
async def customer(sandbox: Sandbox) -> None:
    sandbox.wecom.befriend("wangfang", "wmKnown", "刘洋")
    tags = {each: CorpTag(each, name, 1) for each, name in (("t1", "A"), ("t2", "B"))}
    sandbox.wecom.tags.groups["g1"] = TagGroup("g1", "客户等级", 1, tags=tags)


@pytest.mark.parametrize(("path", "body", "code"), REFUSALS)
async def test_refusal(api: Api, path: str, body: dict[str, Any], code: int) -> None:
    answer = await (api.wecom(path, **body) if path in GETS else api.wecom(path, body))
    assert answer["errcode"] == code
    assert answer["errmsg"].startswith(MESSAGES[code])
    assert answer["errmsg"].endswith(f"more info at https://open.work.weixin.qq.com/devtool/query?e={code}")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"corpid": "", "corpsecret": "x"}, 41002),
        ({"corpid": "ww0000000000000001", "corpsecret": ""}, 41004),
        ({"corpid": "wwother", "corpsecret": "sandbox-wecom-secret"}, 40013),
        ({"corpid": "ww0000000000000001", "corpsecret": "wrong"}, 40001),
    ],
)
async def test_refused_token(api: Api, asked: dict[str, str], code: int) -> None:
    assert (await api.get("wecom/cgi-bin/gettoken", **asked))["errcode"] == code


async def test_token_life(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    assert (await api.wecom("getcallbackip"))["errcode"] == 0
    first = api.tokens.pop("wecom")
    await api.wecom("getcallbackip")
    assert api.tokens["wecom"] == first
    clock.move(7200)
    assert (await api.wecom("getcallbackip"))["errcode"] == 42001
    api.tokens.pop("wecom")
    assert (await api.wecom("getcallbackip"))["errcode"] == 0
    sandbox.wecom.revoke_token()
    assert (await api.wecom("getcallbackip"))["errcode"] == 40014
    assert (await api.get("wecom/cgi-bin/getcallbackip"))["errcode"] == 41001


async def test_method_body_and_charset(api: Api) -> None:
    await api.wecom("getcallbackip")
    url = f"{api.url}/wecom/cgi-bin/message/send"
    token = {"access_token": api.tokens["wecom"]}
    assert (await api.get("wecom/cgi-bin/message/send", **token))["errcode"] == 40063
    for sent, code in ((b"{", 40058), (b"[]", 40058), (b'{"text":"\\u4f60"}', 40033), (b'{"text":"\\\\u4f60"}', 41011)):
        async with api.session.post(url, params=token, data=sent) as response:
            assert (await response.json())["errcode"] == code, sent


async def test_unknown_path_is_no_json(api: Api) -> None:
    async with api.session.get(f"{api.url}/wecom/cgi-bin/no/such") as response:
        assert response.status == 404


async def test_welcome_code_lives_twenty_seconds(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    code = await sandbox.wecom.add_contact("wangfang", "wmNew", "陈晨")
    clock.move(21)
    answer = await api.wecom("externalcontact/send_welcome_msg", {**WELCOME, "welcome_code": code})
    assert answer["errcode"] == 41050


async def test_welcome_code_works_once(api: Api, sandbox: Sandbox) -> None:
    first = await sandbox.wecom.add_contact("wangfang", "wmNew", "陈晨")
    second = await sandbox.wecom.add_contact("wangfang", "wmNew", "陈晨")
    codes = [
        (await api.wecom("externalcontact/send_welcome_msg", {**WELCOME, "welcome_code": code}))["errcode"]
        for code in (first, first, second)
    ]
    assert codes == [0, 41096, 41051]


async def test_repeated_task_id(api: Api) -> None:
    assert (await api.wecom("message/send", card()))["errcode"] == 0
    assert (await api.wecom("message/send", card()))["errcode"] == 42014


async def test_surplus_of_a_member_is_dropped_silently(api: Api, sandbox: Sandbox) -> None:
    sandbox.wecom.limits_on = True
    answers = [await api.wecom("message/send", TEXT) for _ in range(31)]
    assert {each["errcode"] for each in answers} == {0}
    shown = [each for each in sandbox.stage.story.told() if each.chat == "wecom:wangfang"]
    assert len(shown) == 30


async def test_group_send_reminders_and_cancelling(api: Api, clock: Clock) -> None:
    created = await api.wecom(
        "externalcontact/add_msg_template", {"external_userid": ["wmKnown"], "text": {"content": "x"}}
    )
    task = {"msgid": created["msgid"]}
    reminders = [(await api.wecom("externalcontact/remind_groupmsg_send", task))["errcode"] for _ in range(4)]
    assert reminders == [0, 0, 0, 41094]
    clock.move(90_000)
    api.tokens.pop("wecom")
    cancels = [(await api.wecom("externalcontact/cancel_groupmsg_send", task))["errcode"] for _ in range(2)]
    assert cancels == [0, 41093]


async def test_member_from_another_department(api: Api, sandbox: Sandbox) -> None:
    sandbox.wecom.members["far"] = Member("far", "远", [9])
    assert (await api.wecom("message/send", {**TEXT, "touser": "", "toparty": "9"}))["invaliduser"] == ""
    assert (await api.wecom("message/send", {**TEXT, "touser": "", "toparty": "8"}))["errcode"] == 81013
