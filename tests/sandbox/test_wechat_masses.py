"""The simulated official account's mass and template messages: quotas, repeats, and how each is told to have ended."""

import asyncio
from typing import Any

import pytest

from sandbox import Sandbox, markup
from sandbox.crypto import Envelope
from sandbox.wechat.errors import MESSAGES
from tests.sandbox.tiny import Api, Clock, TinyServer

FANS = [f"oSandboxFan{number:017}" for number in range(6)]
TEXT = {"touser": FANS, "msgtype": "text", "text": {"content": "上新"}}
NOTICE = {"touser": FANS[0], "template_id": "sandbox-template", "data": {"k": {"value": "v"}}}
SEND, NOTIFY = "message/mass/send", "message/template/send"


@pytest.fixture(autouse=True)
async def fans(sandbox: Sandbox) -> None:
    for fan in FANS:
        sandbox.wechat.add_user(fan)
    sandbox.wechat.mass_seconds = 0


def opened(sandbox: Sandbox, text: str) -> markup.Fields:
    settings = sandbox.stage.settings
    envelope = Envelope(settings.wechat_token, settings.wechat_aes_key, settings.app_id)
    return markup.read(envelope.open(str(markup.read(text)["Encrypt"])))


async def told(sandbox: Sandbox, server: TinyServer, number: int = 1) -> markup.Fields:
    """The report with this number."""
    async with asyncio.timeout(5):
        while len(server.received) < number:
            await asyncio.sleep(0.01)
    return opened(sandbox, server.received[number - 1].text)


def later(api: Api, clock: Clock, seconds: float) -> None:
    """So late that the token has to be a new one."""
    clock.move(seconds)
    api.tokens.clear()


def had(sandbox: Sandbox, fan: str) -> list[tuple[str, str]]:
    return [(each.way, each.text) for each in sandbox.wechat.received(fan)]


async def test_a_mass_message_and_its_end(api: Api, sandbox: Sandbox, server: TinyServer) -> None:
    left, refusing, full, failing, *others = FANS
    platform = sandbox.wechat
    platform.users[left].is_follower = False
    platform.refuse(refusing)
    platform.mass_failing = {failing}
    for number in range(4):
        await api.wechat(SEND, TEXT | {"touser": [full, full], "clientmsgid": f"{number}"})
    await told(sandbox, server, 4)
    answer = await api.wechat(SEND, TEXT | {"touser": [*FANS, "oNobody"]})
    assert (answer["errcode"], answer["errmsg"]) == (0, "send job submission success")
    event = await told(sandbox, server, 5)
    assert (event["Event"], event["MsgID"]) == ("MASSSENDJOBFINISH", str(answer["msg_id"]))
    assert event["Status"] == "send success"
    counts = [event[name] for name in ("TotalCount", "FilterCount", "SentCount", "ErrorCount")]
    assert counts == ["5", "3", "2", "1"]
    assert [had(sandbox, fan) for fan in (left, refusing, failing)] == [[], [], []]
    assert had(sandbox, full) == [("mass", "上新")] * 4
    assert [had(sandbox, fan) for fan in others] == [[("mass", "上新")]] * 2
    status = await api.wechat("message/mass/get", {"msg_id": answer["msg_id"]})
    assert status["msg_status"] == "SEND_SUCCESS"
    assert (await api.wechat("message/mass/delete", {"msg_id": answer["msg_id"]}))["errcode"] == 40059


async def test_until_its_end_is_told_it_is_under_way(api: Api, sandbox: Sandbox) -> None:
    sandbox.wechat.mass_seconds = 60
    answer = await api.wechat(SEND, TEXT)
    asked = await api.wechat("message/mass/get", {"msg_id": answer["msg_id"]})
    assert asked == {"msg_id": answer["msg_id"], "msg_status": "SENDING"}


async def test_the_month_begins_anew(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    for number in range(5):
        await api.wechat(SEND, TEXT | {"clientmsgid": f"{number}"})
    later(api, clock, 30 * 86_400)
    await api.wechat(SEND, TEXT | {"clientmsgid": "later"})
    assert len(had(sandbox, FANS[0])) == 5


async def test_a_clientmsgid_is_remembered_for_a_day(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    first = await api.wechat(SEND, TEXT | {"clientmsgid": "a"})
    later(api, clock, 86_399)
    again = await api.wechat(SEND, TEXT | {"clientmsgid": "a"})
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    assert again["errmsg"].startswith("clientmsgid exist rid: ")
    clock.move(1)
    assert (await api.wechat(SEND, TEXT | {"clientmsgid": "a"}))["errcode"] == 0
    assert len(had(sandbox, FANS[0])) == 2


async def test_without_one_the_same_words_to_the_same_people_are_the_same(api: Api, sandbox: Sandbox) -> None:
    assert (await api.wechat(SEND, TEXT))["errcode"] == 0
    assert (await api.wechat(SEND, TEXT))["errcode"] == 45065
    assert (await api.wechat(SEND, TEXT | {"touser": FANS[:2]}))["errcode"] == 0
    assert len(had(sandbox, FANS[0])) == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"touser": FANS[:1]}, 40130),
        ({"touser": []}, 40130),
        ({"touser": FANS * 1667}, 40032),
        ({"msgtype": "poem"}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"clientmsgid": "k" * 65}, 45067),
        ({"msgtype": "image", "images": {"media_ids": ["gone"]}}, 40007),
        ({"msgtype": "image", "images": {"media_ids": []}}, 41006),
    ],
)
async def test_refusals(api: Api, body: dict[str, Any], code: int) -> None:
    answer = await api.wechat(SEND, TEXT | body)
    assert answer["errcode"] == code
    assert answer["errmsg"].startswith(MESSAGES[code])
    assert (await api.wechat("message/mass/get", {"msg_id": 1}))["errcode"] == 40059


async def test_quotas_of_the_minute_and_of_the_day(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    sandbox.wechat.masses_a_day = 70
    codes = [(await api.wechat(SEND, TEXT | {"clientmsgid": f"{number}"}))["errcode"] for number in range(61)]
    assert codes == [0] * 60 + [45011]
    clock.move(60)
    codes = [(await api.wechat(SEND, TEXT | {"clientmsgid": f"b{number}"}))["errcode"] for number in range(11)]
    assert codes == [0] * 10 + [45028]
    later(api, clock, 86_400)
    assert (await api.wechat(SEND, TEXT | {"clientmsgid": "tomorrow"}))["errcode"] == 0


async def test_what_is_judged_unfit_or_fails_reaches_nobody(api: Api, sandbox: Sandbox, server: TinyServer) -> None:
    for number, (status, failed) in enumerate((("err(20001)", "0"), ("send fail", "6")), 1):
        sandbox.wechat.mass_status = status
        answer = await api.wechat(SEND, TEXT | {"clientmsgid": status})
        event = await told(sandbox, server, number)
        assert (event["Status"], event["SentCount"], event["ErrorCount"]) == (status, "0", failed)
        asked = await api.wechat("message/mass/get", {"msg_id": answer["msg_id"]})
        assert asked["msg_status"] == "SEND_FAIL"
    assert had(sandbox, FANS[0]) == []


async def test_a_subscription_account_sends_neither(api: Api, sandbox: Sandbox) -> None:
    sandbox.wechat.account_type = "subscription"
    assert (await api.wechat(SEND, TEXT))["errcode"] == 48001
    assert (await api.wechat(NOTIFY, NOTICE))["errcode"] == 48001


async def test_a_client_msg_id_is_remembered_for_ten_minutes(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    first = await api.wechat(NOTIFY, NOTICE | {"client_msg_id": "a"})
    clock.move(599)
    assert await api.wechat(NOTIFY, NOTICE | {"client_msg_id": "a"}) == first
    assert had(sandbox, FANS[0]) == [("notice", "v")]
    clock.move(1)
    assert (await api.wechat(NOTIFY, NOTICE | {"client_msg_id": "a"}))["msgid"] != first["msgid"]
    await api.wechat(NOTIFY, NOTICE)
    await api.wechat(NOTIFY, NOTICE)
    assert len(had(sandbox, FANS[0])) == 4


async def test_who_refuses_gets_neither_notice_nor_message(api: Api, sandbox: Sandbox, server: TinyServer) -> None:
    await sandbox.wechat.user_says(FANS[0], "hi")
    sandbox.wechat.refuse(FANS[0])
    assert (await api.wechat(NOTIFY, NOTICE))["errcode"] == 0
    assert (await told(sandbox, server, 2))["Status"] == "failed:user block"
    answer = await api.wechat("message/custom/send", {**TEXT, "touser": FANS[0]})
    assert answer["errcode"] == 48002
    assert had(sandbox, FANS[0]) == []


async def test_every_way_to_a_phone_is_kept(api: Api, sandbox: Sandbox, server: TinyServer) -> None:
    await sandbox.wechat.user_says(FANS[0], "hi")
    await api.wechat("message/custom/send", {**TEXT, "touser": FANS[0]})
    await api.wechat(NOTIFY, NOTICE)
    await api.wechat(SEND, TEXT)
    assert had(sandbox, FANS[0]) == [("message", "上新"), ("notice", "v"), ("mass", "上新")]
