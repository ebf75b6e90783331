"""What the simulated platforms post to the server: signed, sealed, repeated."""

from sandbox import Sandbox, SandboxSettings, markup
from sandbox.crypto import Envelope, sign
from tests.sandbox.tiny import Clock, TinyServer


def opened(settings: SandboxSettings, text: str) -> dict[str, str]:
    sealed = markup.read(text)["Encrypt"]
    keys = (settings.wecom_token, settings.wecom_aes_key, settings.corp_id)
    return markup.read(Envelope(*keys).open(sealed))


async def test_wecom_message_is_signed_and_sealed(sandbox: Sandbox, server: TinyServer) -> None:
    answer = await sandbox.wecom.member_says("wangfang", "查 ]]> 张三\n 第二行 ", msg_id="6908228280576491588")
    assert answer.is_taken
    [got] = server.received
    settings = sandbox.stage.settings
    sealed = markup.read(got.text)["Encrypt"]
    signed = sign(settings.wecom_token, got.query["timestamp"], got.query["nonce"], sealed)
    assert (got.path, got.query["msg_signature"]) == ("/callbacks/wecom", signed)
    assert opened(settings, got.text) == {
        "ToUserName": settings.corp_id,
        "FromUserName": "wangfang",
        "CreateTime": "1795219200",
        "MsgType": "text",
        "Content": "查 ]]> 张三\n 第二行 ",
        "MsgId": "6908228280576491588",
        "AgentID": "1000002",
    }


async def test_wecom_passive_reply_is_opened(sandbox: Sandbox, server: TinyServer) -> None:
    settings = sandbox.stage.settings
    envelope = Envelope(settings.wecom_token, settings.wecom_aes_key, settings.corp_id)
    server.answers = [(200, sealed_reply(envelope, "收到"))]
    answer = await sandbox.wecom.member_says("wangfang", "帮助")
    assert answer.reply is not None
    assert answer.reply["Content"] == "收到"


def sealed_reply(envelope: Envelope, content: str) -> str:
    sealed = envelope.seal(markup.write({"MsgType": "text", "Content": content}), b"0123456789abcdef")
    signature = envelope.sign("1795219200", "nonce", sealed)
    return markup.write({"Encrypt": sealed, "MsgSignature": signature, "TimeStamp": 1795219200, "Nonce": "nonce"})


async def test_wechat_safe_mode(sandbox: Sandbox, server: TinyServer) -> None:
    settings = sandbox.stage.settings
    envelope = Envelope(settings.wechat_token, settings.wechat_aes_key, settings.app_id)
    server.answers = [(200, sealed_reply(envelope, "您好"))]
    answer = await sandbox.wechat.user_says("oSandboxCustomer00000000001", "在吗")
    [got] = server.received
    query = got.query
    outer = markup.read(got.text)
    assert query["signature"] == sign(settings.wechat_token, query["timestamp"], query["nonce"])
    assert envelope.is_signed(query["msg_signature"], query["timestamp"], query["nonce"], outer["Encrypt"])
    assert markup.read(envelope.open(outer["Encrypt"]))["Content"] == "在吗"
    assert (outer["ToUserName"], query["encrypt_type"]) == (settings.gh_id, "aes")
    assert answer.reply is not None
    assert answer.reply["Content"] == "您好"


async def test_wechat_plaintext_mode(server: TinyServer, clock: Clock) -> None:
    sandbox = Sandbox(SandboxSettings(server_url=server.url, wechat_aes_key=""), clock)
    await sandbox.start()
    server.answers = [(200, markup.write({"MsgType": "text", "Content": "您好"}))]
    answer = await sandbox.wechat.follow("oSandboxCustomer00000000001", "88213")
    await sandbox.close()
    [got] = server.received
    assert markup.read(got.text)["EventKey"] == "qrscene_88213"
    assert "encrypt_type" not in got.query
    assert answer.reply is not None
    assert answer.reply["Content"] == "您好"


async def test_url_verification(sandbox: Sandbox, server: TinyServer) -> None:
    await sandbox.wecom.verify_url("echo+/=")
    await sandbox.wechat.verify_url("echo+/=")
    settings = sandbox.stage.settings
    sealed, plain = (each.query for each in server.received)
    envelope = Envelope(settings.wecom_token, settings.wecom_aes_key, settings.corp_id)
    assert envelope.open(sealed["echostr"]) == "echo+/="
    assert plain["echostr"] == "echo+/="


async def test_delivery_is_tried_three_times(sandbox: Sandbox, server: TinyServer) -> None:
    server.answers = [(503, ""), (500, "")]
    answer = await sandbox.wecom.enter_agent("wangfang")
    assert (answer.status, len(server.received)) == (200, 3)
    assert len({each.text for each in server.received}) == 1
    server.answers = [(503, "")] * 5
    answer = await sandbox.telegram.user_says(50001, "hi")
    assert (answer.status, len(server.received)) == (503, 6)


async def test_delivery_may_be_tried_once(sandbox: Sandbox, server: TinyServer) -> None:
    sandbox.stage.postman.tries = 1
    server.answers = [(403, "")]
    answer = await sandbox.wechat.unfollow("oSandboxCustomer00000000001")
    assert (answer.status, len(server.received)) == (403, 1)


async def test_nobody_answers(clock: Clock) -> None:
    sandbox = Sandbox(SandboxSettings(server_url="http://127.0.0.1:1"), clock)
    await sandbox.start()
    answer = await sandbox.wecom.enter_agent("wangfang")
    await sandbox.close()
    assert (answer.status, answer.is_taken) == (0, False)


async def test_added_contact_brings_a_welcome_code(sandbox: Sandbox, server: TinyServer) -> None:
    code = await sandbox.wecom.add_contact("wangfang", "wmSandbox01", "刘洋", "ch_expo", half=True)
    event = opened(sandbox.stage.settings, server.received[0].text)
    assert event["ChangeType"] == "add_half_external_contact"
    assert (event["WelcomeCode"], event["State"], event["FromUserName"]) == (code, "ch_expo", "sys")
    assert "AgentID" not in event
    assert await sandbox.wecom.add_contact("wangfang", "wmSandbox01", "刘洋", welcome=False) == ""
    assert "WelcomeCode" not in opened(sandbox.stage.settings, server.received[1].text)
