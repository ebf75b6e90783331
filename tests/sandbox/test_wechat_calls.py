"""The simulated official account: quotas, tokens, tags, media, and every error code as documented."""

import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from sandbox import Sandbox, markup
from sandbox.crypto import Envelope
from sandbox.wechat.errors import MESSAGES
from tests.sandbox.tiny import Api, Clock, TinyServer

CHEN = "oSandboxCustomer00000000001"
TEXT = {"touser": CHEN, "msgtype": "text", "text": {"content": "您好"}}
CLIENT = {"grant_type": "client_credential", "appid": "wx0000000000000001", "secret": "sandbox-wechat-secret"}
NOTICE = {"touser": CHEN, "template_id": "sandbox-template", "data": {"k": {"value": "v"}}}
MENU = {"type": "click", "name": "菜单", "key": "K"}


def qrcode(action: str, **scene: Any) -> dict[str, Any]:
    return {"action_name": action, "action_info": {"scene": scene}}


REFUSALS: list[tuple[str, Any, int]] = [
    ("message/custom/send", {**TEXT, "touser": "oUnknown"}, 40003),
    ("message/custom/send", {**TEXT, "msgtype": "poem"}, 40008),
    ("message/custom/send", {**TEXT, "text": {"content": ""}}, 44004),
    ("message/custom/send", {**TEXT, "text": {"content": "好" * 683}}, 45002),
    ("message/custom/send", {"touser": CHEN, "msgtype": "image", "image": {"media_id": "gone"}}, 40007),
    ("message/custom/send", {"touser": CHEN, "msgtype": "image", "image": {"media_id": ""}}, 41006),
    ("message/custom/send", {"touser": CHEN, "msgtype": "news", "news": {"articles": [{}, {}]}}, 45008),
    ("message/custom/send", TEXT, 45015),
    ("message/custom/typing", {"touser": CHEN, "command": "Dance"}, 40035),
    ("user/info", {"openid": "oUnknown"}, 40003),
    ("user/get", {"next_openid": "oUnknown"}, 40003),
    ("user/info/batchget", {"user_list": [{"openid": CHEN}] * 101}, 40032),
    ("user/info/updateremark", {"openid": CHEN, "remark": "a" * 30}, 40035),
    ("tags/create", {"tag": {"name": ""}}, 45157),
    ("tags/create", {"tag": {"name": "星标组"}}, 45157),
    ("tags/create", {"tag": {"name": "a" * 31}}, 45158),
    ("tags/update", {"tag": {"id": 2, "name": "x"}}, 45058),
    ("tags/delete", {"tag": {"id": 999}}, 45159),
    ("tags/members/batchtagging", {"openid_list": [CHEN] * 51, "tagid": 2}, 40032),
    ("tags/members/batchtagging", {"openid_list": [CHEN], "tagid": 999}, 45159),
    ("tags/members/batchtagging", {"openid_list": ["oUnknown"], "tagid": 2}, 40003),
    ("tags/members/batchtagging", {"openid_list": ["oLeft"], "tagid": 2}, 50005),
    ("user/tag/get", {"tagid": 999}, 45159),
    ("message/template/send", {**NOTICE, "template_id": "none"}, 40037),
    ("message/template/send", {**NOTICE, "data": {"k": "v"}}, 47001),
    ("message/template/send", {**NOTICE, "touser": "oLeft"}, 43004),
    ("qrcode/create", qrcode("QR_POEM"), 40035),
    ("qrcode/create", qrcode("QR_LIMIT_SCENE", scene_id=100001), 40035),
    ("qrcode/create", qrcode("QR_STR_SCENE", scene_str="a" * 65), 40035),
    ("qrcode/create", {**qrcode("QR_SCENE", scene_id=1), "expire_seconds": 2592001}, 40035),
    ("menu/get", {}, 46003),
    ("menu/create", {"button": [MENU] * 4}, 40016),
    ("menu/create", {"button": [{**MENU, "name": "名字太长了吧"}]}, 40018),
    ("menu/create", {"button": [{**MENU, "type": "x"}]}, 40017),
    ("menu/create", {"button": [{**MENU, "key": "k" * 129}]}, 40019),
    ("menu/create", {"button": [{**MENU, "type": "view", "url": ""}]}, 40020),
    ("menu/create", {"button": [{"name": "m", "sub_button": [MENU] * 6}]}, 40023),
    ("media/get", {"media_id": "gone"}, 40007),
]
GETS = ("user/info", "user/get", "menu/get", "media/get")


@pytest.fixture(autouse=True)
async def users(sandbox: Sandbox) -> None:
    sandbox.wechat.add_user(CHEN)
    sandbox.wechat.add_user("oLeft").is_follower = False


@pytest.mark.parametrize(("path", "body", "code"), REFUSALS)
async def test_refusal(api: Api, path: str, body: dict[str, Any], code: int) -> None:
    answer = await (api.wechat(path, **body) if path in GETS else api.wechat(path, body))
    assert answer["errcode"] == code
    assert answer["errmsg"].startswith(f"{MESSAGES[code]} rid: ")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"grant_type": "x"}, 40002),
        ({"appid": "wxother"}, 40013),
        ({"appid": ""}, 41002),
        ({"secret": "wrong"}, 40125),
        ({"secret": ""}, 41004),
    ],
)
async def test_refused_token(api: Api, change: dict[str, str], code: int) -> None:
    assert (await api.get("wechat/cgi-bin/token", **{**CLIENT, **change}))["errcode"] == code
    assert (await api.post("wechat/cgi-bin/stable_token", {**CLIENT, **change}))["errcode"] == code


async def works(api: Api, token: str) -> int:
    return int((await api.get("wechat/cgi-bin/getcallbackip", access_token=token)).get("errcode", 0))


async def test_a_new_plain_token_ends_the_old_one(api: Api, clock: Clock) -> None:
    first = await api.get("wechat/cgi-bin/token", **CLIENT)
    assert (first["expires_in"], "errcode" in first) == (7200, False)
    second = await api.get("wechat/cgi-bin/token", **CLIENT)
    clock.move(299)
    assert await works(api, first["access_token"]) == 0
    clock.move(1)
    assert await works(api, first["access_token"]) == 40001
    assert await works(api, second["access_token"]) == 0


async def test_stable_token_is_stable_until_five_minutes_before_its_end(api: Api, clock: Clock) -> None:
    first = await api.post("wechat/cgi-bin/stable_token", CLIENT)
    clock.move(6000)
    same = await api.post("wechat/cgi-bin/stable_token", CLIENT)
    assert (same["access_token"], same["expires_in"]) == (first["access_token"], 1200)
    clock.move(900)
    fresh = await api.post("wechat/cgi-bin/stable_token", CLIENT)
    assert fresh["access_token"] != first["access_token"]
    assert await works(api, first["access_token"]) == 0
    clock.move(300)
    assert await works(api, first["access_token"]) == 42001


async def test_force_refresh(api: Api, clock: Clock) -> None:
    forced = {**CLIENT, "force_refresh": True}
    first = (await api.post("wechat/cgi-bin/stable_token", CLIENT))["access_token"]
    second = (await api.post("wechat/cgi-bin/stable_token", forced))["access_token"]
    assert (await works(api, first), await works(api, second)) == (40001, 0)
    assert (await api.post("wechat/cgi-bin/stable_token", forced))["errcode"] == 45011
    for _ in range(19):
        clock.move(30)
        assert "access_token" in await api.post("wechat/cgi-bin/stable_token", forced)
    clock.move(30)
    assert (await api.post("wechat/cgi-bin/stable_token", forced))["errcode"] == 45009


async def test_unknown_missing_and_revoked_tokens(api: Api, sandbox: Sandbox) -> None:
    assert await works(api, "no-such-token") == 40014
    assert await works(api, "") == 41001
    await api.wechat("tags/get")
    sandbox.wechat.revoke_token()
    assert (await api.wechat("tags/get"))["errcode"] == 40014


async def test_body_charset_and_method(api: Api) -> None:
    await api.wechat("tags/get")
    token = {"access_token": api.tokens["wechat"]}
    assert (await api.get("wechat/cgi-bin/message/custom/send", **token))["errcode"] == 43002
    url = f"{api.url}/wechat/cgi-bin/message/custom/send"
    for sent, code in ((b"{", 47001), (json.dumps(TEXT).encode(), 40033)):
        async with api.session.post(url, params=token, data=sent) as response:
            assert (await response.json())["errcode"] == code


async def custom(api: Api) -> int:
    return int((await api.wechat("message/custom/send", TEXT))["errcode"])


async def test_five_messages_for_each_message_of_the_user(api: Api, sandbox: Sandbox) -> None:
    await sandbox.wechat.user_says(CHEN, "在吗")
    assert [await custom(api) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    await sandbox.wechat.user_says(CHEN, "还在吗")
    assert await custom(api) == 0


async def test_forty_eight_hours(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    await sandbox.wechat.user_says(CHEN, "在吗")
    clock.move(48 * 3600)
    assert await custom(api) == 45015


@pytest.mark.parametrize(
    "deed",
    [
        lambda wechat: wechat.follow(CHEN),
        lambda wechat: wechat.scan(CHEN, "7"),
        lambda wechat: wechat.click(CHEN, "KEY"),
    ],
)
async def test_three_messages_in_a_minute_after_an_action(
    api: Api, sandbox: Sandbox, clock: Clock, deed: Callable[[Any], Any]
) -> None:
    await deed(sandbox.wechat)
    assert [await custom(api) for _ in range(4)] == [0, 0, 0, 45047]
    clock.move(60)
    assert await custom(api) == 45015


async def test_nobody_may_be_told_who_left(api: Api, sandbox: Sandbox) -> None:
    await sandbox.wechat.user_says(CHEN, "在吗")
    await sandbox.wechat.unfollow(CHEN)
    assert await custom(api) == 45015
    assert await api.wechat("user/info", openid=CHEN) == {"subscribe": 0, "openid": CHEN}


async def test_followers(api: Api, sandbox: Sandbox) -> None:
    await sandbox.wechat.follow("oNew", "88213")
    info = await api.wechat("user/info", openid="oNew", lang="zh_CN")
    assert (info["subscribe"], info["qr_scene"], info["subscribe_scene"]) == (1, 88213, "ADD_SCENE_QR_CODE")
    batch = await api.wechat("user/info/batchget", {"user_list": [{"openid": "oNew"}, {"openid": "oLeft"}]})
    assert [each["subscribe"] for each in batch["user_info_list"]] == [1, 0]
    page = await api.wechat("user/get")
    assert (page["total"], page["data"]["openid"], page["next_openid"]) == (2, [CHEN, "oNew"], "oNew")
    assert "data" not in await api.wechat("user/get", next_openid="oNew")


async def test_media(api: Api, sandbox: Sandbox) -> None:
    await api.wechat("tags/get")
    form = aiohttp.FormData()
    form.add_field("media", b"0123", filename="a.jpg", content_type="image/jpeg")
    params = {"access_token": api.tokens["wechat"], "type": "image"}
    async with api.session.post(f"{api.url}/wechat/cgi-bin/media/upload", params=params, data=form) as response:
        media = await response.json()
    assert isinstance(media["created_at"], int)
    await sandbox.wechat.user_says(CHEN, "图")
    sent = {"touser": CHEN, "msgtype": "image", "image": {"media_id": media["media_id"]}}
    assert (await api.wechat("message/custom/send", sent))["errcode"] == 0


async def test_template_message_is_reported(api: Api, sandbox: Sandbox, server: TinyServer) -> None:
    answer = await api.wechat("message/template/send", NOTICE)
    assert isinstance(answer["msgid"], int)
    await server.arrival()
    settings = sandbox.stage.settings
    envelope = Envelope(settings.wechat_token, settings.wechat_aes_key, settings.app_id)
    event = markup.read(envelope.open(markup.read(server.received[0].text)["Encrypt"]))
    assert (event["Event"], event["Status"]) == ("TEMPLATESENDJOBFINISH", "success")
    assert event["MsgID"] == str(answer["msgid"])


async def test_qrcode_and_menu(api: Api) -> None:
    code = await api.wechat("qrcode/create", {**qrcode("QR_STR_SCENE", scene_str="expo"), "expire_seconds": 600})
    assert code["expire_seconds"] == 600
    assert "expire_seconds" not in await api.wechat("qrcode/create", qrcode("QR_LIMIT_STR_SCENE", scene_str="e"))
    assert (await api.wechat("menu/create", {"button": [MENU]}))["errcode"] == 0
    assert (await api.wechat("menu/get"))["menu"] == {"button": [MENU]}
    assert (await api.wechat("menu/delete"))["errcode"] == 0
    assert (await api.wechat("menu/get"))["errcode"] == 46003
