"""What the simulated WeCom answers when a call is right, and what it remembers of it."""

import io
from typing import Any

import aiohttp
import pytest

from sandbox import Sandbox, markup
from sandbox.crypto import Envelope
from sandbox.wecom.corp import Department, Follow
from tests.sandbox.tiny import Api, Clock, TinyServer

APP = {"touser": "wangfang|nobody", "agentid": 1000002}
CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "新线索", "desc": "来自公众号"},
    "task_id": "lead_1",
    "horizontal_content_list": [{"keyname": "编号", "value": "L1"}],
    "button_list": [{"text": "领取", "key": "claim:1"}],
}


def on_phone(sandbox: Sandbox, chat: str) -> list[dict[str, Any]]:
    return [each.content for each in sandbox.stage.story.told() if each.chat == chat]


async def upload(api: Api, kind: str, name: str, content: bytes) -> dict[str, Any]:
    await api.wecom("getcallbackip")
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("media", io.BytesIO(content), filename=name, content_type="application/octet-stream")
    params = {"access_token": api.tokens["wecom"], "type": kind}
    async with api.session.post(f"{api.url}/wecom/cgi-bin/media/upload", params=params, data=form) as response:
        answer: dict[str, Any] = await response.json()
        return answer


async def test_text_reaches_the_member_and_names_the_unknown(api: Api, sandbox: Sandbox) -> None:
    body = {**APP, "msgtype": "text", "text": {"content": "你好👋"}}
    answer = await api.wecom("message/send", body)
    assert (answer["errcode"], answer["invaliduser"]) == (0, "nobody")
    assert on_phone(sandbox, "wecom:wangfang") == [{"type": "text", "text": "你好👋"}]
    call = sandbox.calls[-1]
    assert (call.platform, call.method_or_path, call.body) == ("wecom", "message/send", body)
    assert (call.answer_status, call.answer) == (200, answer)


async def test_image_is_uploaded_sent_and_fetched(api: Api, sandbox: Sandbox) -> None:
    media = await upload(api, "image", "图.png", b"0123456789")
    assert isinstance(media["created_at"], str)
    sent = {**APP, "msgtype": "image", "image": {"media_id": media["media_id"]}}
    assert (await api.wecom("message/send", sent))["errcode"] == 0
    assert on_phone(sandbox, "wecom:wangfang")[0]["name"] == "图.png"
    params = {"access_token": api.tokens["wecom"], "media_id": media["media_id"]}
    async with api.session.get(f"{api.url}/wecom/cgi-bin/media/get", params=params) as response:
        assert await response.read() == b"0123456789"
        assert response.content_disposition is not None
        assert response.content_disposition.filename == "图.png"
    as_file = {**APP, "msgtype": "file", "file": {"media_id": media["media_id"]}}
    assert (await api.wecom("message/send", as_file))["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [("poem", b"0123456789", 40005), ("image", b"12345", 40006), ("voice", b"0" * (2 * 2**20 + 1), 45001)],
)
async def test_refused_uploads(api: Api, kind: str, content: bytes, code: int) -> None:
    assert (await upload(api, kind, "x", content))["errcode"] == code


async def test_card_is_pressed_and_updated_once(api: Api, sandbox: Sandbox, server: TinyServer) -> None:
    sent = await api.wecom("message/send", {**APP, "msgtype": "template_card", "template_card": CARD})
    assert sent["response_code"]
    await sandbox.wecom.member_presses("wangfang", "claim:1", "lead_1")
    settings = sandbox.stage.settings
    envelope = Envelope(settings.wecom_token, settings.wecom_aes_key, settings.corp_id)
    event = markup.read(envelope.open(markup.read(server.received[0].text)["Encrypt"]))
    assert (event["Event"], event["EventKey"], event["TaskId"]) == ("template_card_event", "claim:1", "lead_1")
    change = {
        "agentid": 1000002,
        "userids": ["wangfang", "nobody"],
        "response_code": event["ResponseCode"],
        "button": {"replace_name": "已领取"},
    }
    assert (await api.wecom("message/update_template_card", change))["invaliduser"] == ["nobody"]
    [card] = on_phone(sandbox, "wecom:wangfang")
    assert (card["replaced"], card["buttons"]) == ("已领取", [])
    assert (await api.wecom("message/update_template_card", change))["errcode"] == 42016


async def test_card_is_replaced_by_a_card(api: Api, sandbox: Sandbox) -> None:
    sent = await api.wecom("message/send", {**APP, "msgtype": "template_card", "template_card": CARD})
    fresh = {**CARD, "main_title": {"title": "已完成"}}
    change = {"agentid": 1000002, "userids": ["wangfang"], "response_code": sent["response_code"]}
    assert (await api.wecom("message/update_template_card", {**change, "template_card": fresh}))["errcode"] == 0
    assert [card["title"] for card in on_phone(sandbox, "wecom:wangfang")] == ["已完成"]


async def test_customer_with_two_followers(api: Api, sandbox: Sandbox) -> None:
    wecom = sandbox.wecom
    wecom.befriend("wangfang", "wmKnown", "刘洋", "ch_expo", unionid="oU", gender=1)
    wecom.befriend("admin-userid", "wmKnown", "刘洋")
    added = await api.wecom(
        "externalcontact/add_corp_tag", {"group_name": "意向", "tag": [{"name": "高", "order": 2}, {"name": "高"}]}
    )
    [tag] = added["tag_group"]["tag"]
    marked = {"userid": "wangfang", "external_userid": "wmKnown", "add_tag": [tag["id"]]}
    assert (await api.wecom("externalcontact/mark_tag", marked))["errcode"] == 0
    await api.wecom("externalcontact/remark", {**marked, "remark": "刘总", "remark_mobiles": ["13800000001"]})
    got = await api.wecom("externalcontact/get", external_userid="wmKnown")
    first, second = got["follow_user"]
    assert got["external_contact"]["unionid"] == "oU"
    assert first["tags"] == [{"group_name": "意向", "tag_name": "高", "tag_id": tag["id"], "type": 1}]
    assert (first["remark"], first["remark_mobiles"], first["state"]) == ("刘总", ["13800000001"], "ch_expo")
    assert "state" not in second
    assert (await api.wecom("externalcontact/list", userid="wangfang"))["external_userid"] == ["wmKnown"]
    users = (await api.wecom("externalcontact/get_follow_user_list"))["follow_user"]
    assert users == ["admin-userid", "wangfang"]


async def test_followers_over_five_hundred_come_in_pages(api: Api, sandbox: Sandbox) -> None:
    sandbox.wecom.befriend("wangfang", "wmKnown", "刘洋")
    follows = sandbox.wecom.contacts["wmKnown"].follows
    for number in range(500):
        follows[f"m{number}"] = Follow(f"m{number}", 1)
    first = await api.wecom("externalcontact/get", external_userid="wmKnown")
    assert (len(first["follow_user"]), first["next_cursor"]) == (500, "500")
    second = await api.wecom("externalcontact/get", external_userid="wmKnown", cursor="500")
    assert (len(second["follow_user"]), "next_cursor" in second) == (1, False)


async def test_batch_comes_in_pages(api: Api, sandbox: Sandbox) -> None:
    for number in range(3):
        sandbox.wecom.befriend("wangfang", f"wm{number}", f"客户{number}")
    asked = {"userid_list": ["wangfang"], "limit": 2}
    first = await api.wecom("externalcontact/batch/get_by_user", asked)
    assert [each["external_contact"]["name"] for each in first["external_contact_list"]] == ["客户0", "客户1"]
    rest = await api.wecom("externalcontact/batch/get_by_user", {**asked, "cursor": first["next_cursor"]})
    assert [each["follow_info"]["tag_id"] for each in rest["external_contact_list"]] == [[]]
    assert rest["next_cursor"] == ""


async def test_tag_library(api: Api, sandbox: Sandbox) -> None:
    one = (await api.wecom("externalcontact/add_corp_tag", {"group_name": "等级", "tag": [{"name": "A"}]}))["tag_group"]
    two = (await api.wecom("externalcontact/add_corp_tag", {"group_name": "等级", "tag": [{"name": "B"}]}))["tag_group"]
    assert one["group_id"] == two["group_id"]
    [tag] = two["tag"]
    assert (await api.wecom("externalcontact/edit_corp_tag", {"id": tag["id"], "name": "C"}))["errcode"] == 0
    assert (await api.wecom("externalcontact/edit_corp_tag", {"id": one["group_id"], "name": "级别"}))["errcode"] == 0
    [group] = (await api.wecom("externalcontact/get_corp_tag_list", {}))["tag_group"]
    assert (group["group_name"], [each["name"] for each in group["tag"]]) == ("级别", ["A", "C"])
    [only] = (await api.wecom("externalcontact/get_corp_tag_list", {"tag_id": [tag["id"]]}))["tag_group"]
    assert [each["name"] for each in only["tag"]] == ["C"]
    await api.wecom("externalcontact/del_corp_tag", {"tag_id": [tag["id"]], "group_id": [one["group_id"]]})
    assert (await api.wecom("externalcontact/get_corp_tag_list", {"group_id": [one["group_id"]]}))["tag_group"] == []
    assert sandbox.wecom.tags.groups == {}


async def test_deleted_tag_leaves_the_customers(api: Api, sandbox: Sandbox) -> None:
    follow = sandbox.wecom.befriend("wangfang", "wmKnown", "刘洋")
    added = await api.wecom("externalcontact/add_corp_tag", {"group_name": "等级", "tag": [{"name": "A"}]})
    follow.tags = [added["tag_group"]["tag"][0]["id"]]
    await api.wecom("externalcontact/del_corp_tag", {"tag_id": list(follow.tags)})
    assert follow.tags == []


async def test_directory(api: Api, sandbox: Sandbox) -> None:
    sandbox.wecom.departments[12] = Department(12, "华南", 1)
    sandbox.wecom.add_member("lina", "李娜", 12)
    user = await api.wecom("user/get", userid="lina")
    assert (user["name"], user["main_department"], "mobile" in user) == ("李娜", 12, False)
    near = (await api.wecom("user/simplelist", department_id="1"))["userlist"]
    deep = (await api.wecom("user/simplelist", department_id="1", fetch_child="1"))["userlist"]
    assert (len(near), len(deep)) == (2, 3)
    assert [each["name"] for each in (await api.wecom("department/list", id="12"))["department"]] == ["华南"]
    rows = await api.wecom("user/list_id", {"limit": 2})
    assert (len(rows["dept_user"]), rows["next_cursor"]) == (2, "2")
    assert (await api.wecom("agent/get", agentid="1000002"))["agentid"] == 1000002


async def test_group_send_from_task_to_result(api: Api, sandbox: Sandbox) -> None:
    for number in range(3):
        sandbox.wecom.befriend("wangfang", f"wm{number}", f"客户{number}")
    made = await api.wecom(
        "externalcontact/add_msg_template",
        {"external_userid": ["wm0", "wm1", "wm2", "wmGone"], "text": {"content": "周六到店礼"}},
    )
    assert made["fail_list"] == ["wmGone"]
    task = {"msgid": made["msgid"]}
    assert (await api.wecom("externalcontact/get_groupmsg_task", task))["task_list"][0]["status"] == 0
    sandbox.wecom.broadcasts[made["msgid"]].capped.add("wm1")
    sandbox.wecom.contacts["wm2"].follows.clear()
    sandbox.wecom.confirm_broadcast(made["msgid"], "wangfang")
    result = await api.wecom("externalcontact/get_groupmsg_send_result", {**task, "userid": "wangfang"})
    assert [each["status"] for each in result["send_list"]] == [1, 3, 2]
    assert (await api.wecom("externalcontact/get_groupmsg_task", task))["task_list"][0]["status"] == 2
    assert on_phone(sandbox, "wecom-contact:wm0") == [{"type": "text", "text": "周六到店礼"}]


async def test_group_send_by_tags(api: Api, sandbox: Sandbox) -> None:
    sandbox.wecom.befriend("wangfang", "wm0", "甲").tags = ["t1", "t2"]
    sandbox.wecom.befriend("wangfang", "wm1", "乙").tags = ["t1"]
    groups = {"group_list": [{"tag_list": ["t1"]}, {"tag_list": ["t2", "t3"]}]}
    made = await api.wecom(
        "externalcontact/add_msg_template",
        {"sender": "wangfang", "tag_filter": groups, "text": {"content": "x"}},
    )
    assert sandbox.wecom.broadcasts[made["msgid"]].recipients == {"wangfang": ["wm0"]}


async def test_duplicate_check(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    body = {**APP, "msgtype": "text", "text": {"content": "hi"}, "enable_duplicate_check": 1}
    for _ in range(2):
        assert (await api.wecom("message/send", body))["errcode"] == 0
    assert len(on_phone(sandbox, "wecom:wangfang")) == 1
    clock.move(1800)
    await api.wecom("message/send", body)
    assert len(on_phone(sandbox, "wecom:wangfang")) == 2
    wrong = {**body, "duplicate_check_interval": 14401}
    assert (await api.wecom("message/send", wrong))["errcode"] == 40058


async def test_a_refused_card_leaves_its_task_id_free(api: Api) -> None:
    wrong = {**CARD, "button_list": []}
    assert (await api.wecom("message/send", {**APP, "msgtype": "template_card", "template_card": wrong}))["errcode"]
    sent = await api.wecom("message/send", {**APP, "msgtype": "template_card", "template_card": CARD})
    assert sent["errcode"] == 0
