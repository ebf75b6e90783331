"""Here lives the proof that an official account keeps what every channel must keep."""

import os

import pytest

from channels.envelope import Envelope, cdata, sign
from domain.channel import CallbackRequest
from domain.messages import Address
from tests.channels.contract import ChannelContract, Subject
from tests.channels.wechat.conftest import OPENID, Stage
from tests.channels.wechat.test_reader import FIXTURES

SEND = "message/custom/send"


def text(number: str, words: str) -> str:
    return (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName><CreateTime>1795220000</CreateTime>"
        f"<MsgType>text</MsgType><Content>{cdata(words)}</Content><MsgId>{number}</MsgId></xml>"
    )


class TestContract(ChannelContract):
    @pytest.fixture
    async def subject(self, stage: Stage) -> Subject:
        settings = stage.sandbox.stage.settings
        envelope = Envelope(settings.wechat_token, settings.wechat_aes_key, settings.app_id)
        await stage.sandbox.wechat.user_says(OPENID, "hi")

        def signed(payload: str, token: str = settings.wechat_token) -> CallbackRequest:
            sealed = envelope.seal(payload.encode(), os.urandom(16))
            query = {"timestamp": "1", "nonce": "2", "msg_signature": sign(token, "1", "2", sealed)}
            return CallbackRequest("POST", query, {}, f"<xml><Encrypt>{cdata(sealed)}</Encrypt></xml>".encode())

        return Subject(
            channel=stage.channel,
            sign=signed,
            forge=lambda payload: signed(payload, "another"),
            message=text,
            payloads={
                file.name: file.read_text("utf-8") for file in FIXTURES.glob("*.xml") if "envelope" not in file.name
            },
            reachable=Address("official", OPENID),
            order_wait=lambda: stage.sandbox.fail("wechat", SEND, body={"errcode": 45011, "errmsg": "slower"}),
            order_refusal=lambda: stage.sandbox.fail("wechat", SEND, body={"errcode": 45015, "errmsg": "too late"}),
            order_hang_up=lambda: stage.sandbox.fail("wechat", SEND, hang_up=True),
            secrets=(settings.wechat_secret, settings.wechat_token, settings.wechat_aes_key),
        )
