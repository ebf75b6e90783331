"""Encrypted callbacks of the simulated WeCom and WeChat, as they reach the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import markup
from sandbox.crypto import SALT, Envelope, Unreadable
from sandbox.postman import Answer, Letter
from sandbox.stage import Stage


@dataclass(frozen=True, slots=True)
class SealedPost:
    """Seals a text for one receiver, delivers it and opens the passive reply."""

    stage: Stage
    url: str
    envelope: Envelope
    to_user: str

    async def verify_url(self, echo: str) -> Answer:
        """The GET with which the console checks a callback URL."""
        sealed = self.envelope.seal(echo, self.stage.ids.random(SALT))
        params = self._signed(sealed, self.stamp()) | {"echostr": sealed}
        return await self.stage.postman.deliver(Letter(self.url, params, method="GET"))

    async def send(self, xml: str, head: Mapping[str, Any], extra: Mapping[str, str]) -> Answer:
        """`head`: the readable fields beside Encrypt. `extra`: the other query parameters, timestamp and nonce too."""
        sealed = self.envelope.seal(xml, self.stage.ids.random(SALT))
        body = markup.write({"ToUserName": self.to_user, **head, "Encrypt": sealed})
        letter = Letter(self.url, self._signed(sealed, extra), body.encode(), headers={"Content-Type": "text/xml"})
        answer = await self.stage.postman.deliver(letter)
        return Answer(answer.status, answer.text, self._reply(answer))

    def stamp(self) -> dict[str, str]:
        return {"timestamp": str(self.stage.now()), "nonce": self.stage.ids.code(size=5)}

    def _signed(self, sealed: str, params: Mapping[str, str]) -> dict[str, str]:
        return {**params, "msg_signature": self.envelope.sign(params["timestamp"], params["nonce"], sealed)}

    def _reply(self, answer: Answer) -> markup.Fields | None:
        """The passive reply; None when there is none or it is not sealed for us."""
        if not answer.is_taken or answer.text in ("", "success"):
            return None
        try:
            outer = markup.read(answer.text)
            sealed = str(outer["Encrypt"])
            signed = (str(outer["MsgSignature"]), str(outer["TimeStamp"]), str(outer["Nonce"]), sealed)
            return markup.read(self.envelope.open(sealed)) if self.envelope.is_signed(*signed) else None
        except (markup.NotXml, Unreadable, KeyError):
            return None
