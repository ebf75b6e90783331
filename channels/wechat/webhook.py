"""Here lives the door of an official account: who sent it, under which key and in which lane it waits."""

import hashlib
from collections.abc import Mapping
from typing import Final

from channels.envelope import Envelope, fields, verify
from channels.wechat.config import Config
from domain.channel import Answer, CallbackRequest, Intake, RawEvent
from domain.errors import Malformed

TAKEN: Final = Answer(b"success")
LONGEST_ID: Final = 64
HEAD: Final = ("FromUserName", "MsgType", "MsgId", "OpenID")


class Webhook:
    """https://developers.weixin.qq.com/doc/service/guide/dev/push/ , both for plaintext and for safe mode."""

    def __init__(self, config: Config) -> None:
        self._account = config.name
        self._token = config.token.get_secret_value()
        key = config.aes_key.get_secret_value()
        self._envelope = Envelope(self._token, key, config.app_id) if key else None

    def receive(self, request: CallbackRequest) -> Intake:
        """Raises NotAuthentic and Malformed, nothing else."""
        query = request.query
        if request.method == "GET":
            self._verify(query)
            return Intake((), Answer(query.get("echostr", "").encode("utf-8", "replace")))
        return Intake((self._raw(self._opened(query, request.body)),), TAKEN)

    def _verify(self, query: Mapping[str, str]) -> None:
        verify(query.get("signature", ""), self._token, query.get("timestamp", ""), query.get("nonce", ""))

    def _opened(self, query: Mapping[str, str], body: bytes) -> bytes:
        if self._envelope is None:
            self._verify(query)
            return body
        sealed = fields(body, ("Encrypt",)).get("Encrypt")
        if sealed is None:
            raise Malformed("not encrypted")
        signature, timestamp, nonce = query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", "")
        return self._envelope.open(signature, timestamp, nonce, sealed)

    def _raw(self, xml: bytes) -> RawEvent:
        head = fields(xml, HEAD)
        sender = head.get("OpenID") or head.get("FromUserName", "")  # OpenID: whom a revoked authorization is about
        if not 0 < len(sender) <= LONGEST_ID or not head.get("MsgType"):
            raise Malformed("no sender or no kind")
        return RawEvent(_key(head, xml), f"{self._account}:{sender}", xml.decode())  # expat let only UTF-8 through

    def answer(self, message: bytes, timestamp: str, random: bytes) -> Answer:
        """A passive reply as this account wants it, sealed in safe mode; `random` is 32 fresh random bytes."""
        if self._envelope is not None:
            message = self._envelope.reply(message, timestamp, random[16:].hex(), random[:16])
        return Answer(message, "application/xml")


def _key(head: Mapping[str, str], xml: bytes) -> str:
    """Messages have a number of their own; sender and second do not tell two events apart, so those are hashed."""
    number = head.get("MsgId", "")
    if head["MsgType"] != "event" and number and len(number) <= LONGEST_ID:
        return f"m:{number}"
    return f"e:{hashlib.sha256(xml).hexdigest()[:32]}"
