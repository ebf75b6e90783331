"""Here lives how the simulated official account keeps tags."""

import pytest

from sandbox import Sandbox
from tests.sandbox.tiny import Api, Clock, TinyServer

CHEN = "oSandboxCustomer00000000001"


@pytest.fixture(autouse=True)
async def chen(sandbox: Sandbox) -> None:
    sandbox.wechat.add_user(CHEN)


async def test_tags(api: Api, sandbox: Sandbox) -> None:
    made = (await api.wechat("tags/create", {"tag": {"name": "广东"}}))["tag"]
    tagging = {"openid_list": [CHEN], "tagid": made["id"]}
    assert (await api.wechat("tags/members/batchtagging", tagging))["errcode"] == 0
    assert await api.wechat("tags/getidlist", {"openid": CHEN}) == {"tagid_list": [made["id"]]}
    assert {"id": made["id"], "name": "广东", "count": 1} in (await api.wechat("tags/get"))["tags"]
    assert (await api.wechat("tags/update", {"tag": {**made, "name": "广西"}}))["errcode"] == 0
    assert (await api.wechat("tags/members/batchuntagging", tagging))["errcode"] == 0
    assert (await api.wechat("tags/delete", {"tag": made}))["errcode"] == 0
    sandbox.wechat.users[CHEN].tags = list(range(200, 220))
    assert (await api.wechat("tags/members/batchtagging", {**tagging, "tagid": 2}))["errcode"] == 45059
    for number in range(100):
        assert "tag" in await api.wechat("tags/create", {"tag": {"name": f"n{number}"}})
    assert (await api.wechat("tags/create", {"tag": {"name": "one more"}}))["errcode"] == 45056


async def test_a_tags_followers_come_in_pages(api: Api, sandbox: Sandbox) -> None:
    wechat = sandbox.wechat
    tag_id = wechat.make_tag("老客")
    everybody = [f"oFan{number:05}" for number in range(10_001)]
    for openid in everybody:
        wechat.add_user(openid)
        wechat.tag_fan(openid, tag_id)
    page = await api.wechat("user/tag/get", {"tagid": tag_id, "next_openid": ""})
    assert (page["count"], page["data"]["openid"], page["next_openid"]) == (10_000, everybody[:-1], everybody[-2])
    page = await api.wechat("user/tag/get", {"tagid": tag_id, "next_openid": everybody[-2]})
    assert page == {"count": 1, "data": {"openid": everybody[-1:]}, "next_openid": everybody[-1]}
    page = await api.wechat("user/tag/get", {"tagid": tag_id, "next_openid": everybody[-1]})
    assert page == {"count": 0, "next_openid": ""}
    wechat.untag_fan(everybody[-1], tag_id)
    assert (await api.wechat("user/tag/get", {"tagid": tag_id, "next_openid": everybody[-1]}))["errcode"] == 40003


async def test_a_tag_of_very_many_followers_cannot_be_deleted(api: Api, sandbox: Sandbox) -> None:
    tag_id = sandbox.wechat.make_tag("老客")
    for number in range(100_001):
        sandbox.wechat.add_user(f"oFan{number}").tag(tag_id)
    assert (await api.wechat("tags/delete", {"tag": {"id": tag_id}}))["errcode"] == 45057
    sandbox.wechat.untag_fan("oFan7", tag_id)
    assert (await api.wechat("tags/delete", {"tag": {"id": tag_id}}))["errcode"] == 0


async def test_the_operator_changes_tags_and_nobody_is_told(api: Api, sandbox: Sandbox, server: TinyServer) -> None:
    wechat = sandbox.wechat
    tag_id = wechat.make_tag("老客")
    wechat.rename_tag(tag_id, "常客")
    wechat.tag_fan(CHEN, tag_id)
    assert {"id": tag_id, "name": "常客", "count": 1} in (await api.wechat("tags/get"))["tags"]
    wechat.delete_tag(tag_id)
    assert (await api.wechat("user/info", openid=CHEN))["tagid_list"] == []
    assert server.received == []


async def test_the_days_quota_of_a_method_begins_anew_at_midnight_in_beijing(
    api: Api, sandbox: Sandbox, clock: Clock
) -> None:
    sandbox.wechat.quotas["tags/get"] = 2
    answers = [await api.wechat("tags/get") for _ in range(3)]
    assert [answer.get("errcode", 0) for answer in answers] == [0, 0, 45009]
    assert "tag" in await api.wechat("tags/create", {"tag": {"name": "老客"}})
    clock.move(86_400 - (clock() + 8 * 3600) % 86_400)
    sandbox.wechat.revoke_token()
    api.tokens.pop("wechat")
    assert "tags" in await api.wechat("tags/get")
