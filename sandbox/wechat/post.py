"""Callbacks of the official account, in plaintext or in safe mode."""

from dataclasses import replace
from typing import Any

from sandbox import markup
from sandbox.callbacks import SealedPost
from sandbox.crypto import Envelope, sign
from sandbox.postman import Answer, Letter
from sandbox.stage import Stage


class AccountPost:
    """Safe mode (安全模式) when the settings hold an AES key, plaintext mode otherwise."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        settings = stage.settings
        self._url = settings.callback_url(settings.wechat_name)
        key = settings.wechat_aes_key
        envelope = Envelope(settings.wechat_token, key, settings.app_id) if key else None
        self._sealed = SealedPost(stage, self._url, envelope, settings.gh_id) if envelope else None

    async def verify_url(self, echo: str) -> Answer:
        letter = Letter(self._url, self._signed() | {"echostr": echo}, method="GET")
        return await self._stage.postman.deliver(letter)

    async def send(self, xml: str, openid: str) -> Answer:
        params = self._signed() | {"openid": openid}
        if self._sealed is not None:
            return await self._sealed.send(xml, {}, {"encrypt_type": "aes", **params})
        answer = await self._stage.postman.deliver(
            Letter(self._url, params, xml.encode(), headers={"Content-Type": "text/xml"})
        )
        return replace(answer, reply=_plain_reply(answer))

    def _signed(self) -> dict[str, str]:
        timestamp, nonce = str(self._stage.now()), self._stage.ids.code(size=5)
        signature = sign(self._stage.settings.wechat_token, timestamp, nonce)
        return {"signature": signature, "timestamp": timestamp, "nonce": nonce}


def _plain_reply(answer: Answer) -> dict[str, Any] | None:
    if not answer.is_taken or answer.text in ("", "success"):
        return None
    try:
        return markup.read(answer.text)
    except markup.NotXml:
        return None
