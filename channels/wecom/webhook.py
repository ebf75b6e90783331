"""Here lives WeCom's door: the URL check, and sealed callbacks opened just as far as their key and lane need.

Source: https://developer.work.weixin.qq.com/document/path/90930
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from channels.envelope import Envelope, fields
from channels.wecom.config import Config
from domain.channel import Answer, CallbackRequest, Intake, RawEvent
from domain.errors import Malformed, NotAuthentic

OUTER: Final = frozenset({"ToUserName", "Encrypt"})
INNER: Final = frozenset({"MsgType", "MsgId", "FromUserName", "Event", "ExternalUserID", "ChatId", "OpenKfId"})
NO_REPLY: Final = Answer()  # an empty 200 means: taken, nothing to say
LONGEST: Final = 100  # the platform's own ids have at most 64 bytes


class Webhook:
    """For one account. A repeat of a callback comes sealed anew, but with the same text inside."""

    def __init__(self, config: Config) -> None:
        self._account = config.name
        self._corp_id = config.corp_id.encode()
        self._envelope = Envelope(
            config.token.get_secret_value(), config.aes_key.get_secret_value(), receiver=config.corp_id
        )

    def receive(self, request: CallbackRequest) -> Intake:
        """Raises NotAuthentic and Malformed."""
        if request.method == "GET":
            return Intake((), Answer(self._open(request.query, request.query.get("echostr", ""))))
        outer = fields(request.body, OUTER)
        if "Encrypt" not in outer:
            raise Malformed("not encrypted")
        body = self._open(request.query, outer["Encrypt"])
        if not hmac.compare_digest(outer.get("ToUserName", "").encode() or self._corp_id, self._corp_id):
            raise NotAuthentic("meant for another company")
        return Intake((self._event(body),), NO_REPLY)

    def _open(self, query: Mapping[str, str], sealed: str) -> bytes:
        return self._envelope.open(
            query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", ""), sealed
        )

    def _event(self, body: bytes) -> RawEvent:
        found = fields(body, INNER)
        return RawEvent(_key(found, body), f"{self._account}:{_lane(found)}", body.decode())


def _key(found: Mapping[str, str], body: bytes) -> str:
    """Message ids are the platform's; events have none, and sender and second do not tell two of them apart."""
    message, sender = found.get("MsgId", ""), found.get("FromUserName", "")
    if message and found.get("MsgType") != "event" and len(message) + len(sender) <= LONGEST:
        return f"m:{message}:{sender}"
    return f"e:{_digest(body)}"


def _lane(found: Mapping[str, str]) -> str:
    """Whatever must stay in order: a customer, a group chat, the tag library, the directory, or a member."""
    match found:
        case {"MsgType": "event", "ExternalUserID": customer} if customer:
            return f"c:{_short(customer)}"
        case {"MsgType": "event", "ChatId": chat} if chat:
            return f"g:{_short(chat)}"
        case {"MsgType": "event", "Event": "change_external_tag"}:
            return "tags"
        case {"MsgType": "event", "Event": "change_contact"}:
            return "staff"
        case {"MsgType": "event", "OpenKfId": desk} if desk:
            return f"k:{_short(desk)}"
        case _:
            return f"u:{_short(found.get('FromUserName', ''))}"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else _digest(name.encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
