import json

import pytest

from channels.telegram import Telegram
from domain.channel import CallbackRequest
from domain.messages import Address
from sandbox import Sandbox
from tests.channels.contract import ChannelContract, Subject
from tests.channels.telegram.conftest import FIXTURES, SETTINGS, post

MIA = {"id": 50001, "is_bot": False, "first_name": "Mia"}
PAYLOADS = {path.name: path.read_text("utf-8") for path in sorted(FIXTURES.glob("telegram-*.json"))}


def text_message(number: str, text: str) -> str:
    chat = {"id": 50001, "type": "private", "first_name": "Mia"}
    message = {"message_id": int(number), "from": MIA, "chat": chat, "date": 1795209507, "text": text}
    return json.dumps({"update_id": 700 + int(number), "message": message})


def forge(payload: str) -> CallbackRequest:
    return post(payload, "sandbox-webhook-secres")


class TestTelegram(ChannelContract):
    @pytest.fixture
    def subject(self, bot: Telegram, sandbox: Sandbox) -> Subject:
        wait = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 7}}
        blocked = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
        return Subject(
            bot,
            sign=post,
            forge=forge,
            message=text_message,
            payloads={name: text for name, text in PAYLOADS.items() if "-response-" not in name},
            reachable=Address("telegram", "50001"),
            order_wait=lambda: sandbox.fail("telegram", "sendMessage", status=429, body=wait),
            order_refusal=lambda: sandbox.fail("telegram", "sendMessage", status=403, body=blocked),
            order_hang_up=lambda: sandbox.fail("telegram", "sendMessage", hang_up=True, after_effect=True),
            secrets=(SETTINGS.telegram_token, SETTINGS.webhook_secret),
        )
