from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from domain.channel import CallbackRequest, Channel
from domain.messages import Address
from sandbox import Sandbox
from tests.channels.contract import ChannelContract, Subject
from tests.channels.wecom.sealing import SETTINGS, sealed_post, text_message

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wecom"
SALTS = count(10**15)


def sign_anew(payload: str) -> CallbackRequest:
    return sealed_post(payload, str(next(SALTS)).encode())


def forge(payload: str) -> CallbackRequest:
    good = sealed_post(payload)
    return replace(good, query={**good.query, "msg_signature": "0" * 40})


class TestWeCom(ChannelContract):
    @pytest.fixture
    def subject(self, channel: Channel, sandbox: Sandbox) -> Subject:
        sandbox.fail("wecom", "user/get", body={"errcode": 60111, "errmsg": "userid not found"})
        return Subject(
            channel,
            sign=sign_anew,
            forge=forge,
            message=text_message,
            payloads={path.name: path.read_text("utf-8") for path in sorted(FIXTURES.glob("*.xml"))},
            reachable=Address("wecom", "zhangwei"),
            order_wait=lambda: sandbox.fail("wecom", "message/send", body={"errcode": 45009, "errmsg": "freq"}),
            order_refusal=lambda: sandbox.fail(
                "wecom", "message/send", body={"errcode": 81013, "errmsg": "all invalid"}
            ),
            order_hang_up=lambda: sandbox.fail("wecom", "message/send", hang_up=True, after_effect=True),
            secrets=(SETTINGS.wecom_secret, SETTINGS.wecom_token, SETTINGS.wecom_aes_key),
        )
