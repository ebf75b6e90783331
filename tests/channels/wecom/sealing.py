"""Here lives how WeCom seals a callback, by the simulator's crypto, which is not the server's."""

from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from domain.channel import CallbackRequest
from sandbox import SandboxSettings
from sandbox.crypto import Envelope

SETTINGS = SandboxSettings(server_url="http://127.0.0.1:1")
ENVELOPE = Envelope(SETTINGS.wecom_token, SETTINGS.wecom_aes_key, SETTINGS.corp_id)
SALT = b"0123456789abcdef"


def query(sealed: str, **changes: str) -> dict[str, str]:
    signature = ENVELOPE.sign("1795219200", "nonce", sealed)
    return {"msg_signature": signature, "timestamp": "1795219200", "nonce": "nonce", **changes}


def body(sealed: str, corp_id: str = SETTINGS.corp_id) -> bytes:
    return f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()


def sealed_post(payload: str, salt: bytes = SALT) -> CallbackRequest:
    """An authentic callback that carries `payload`."""
    sealed = ENVELOPE.seal(payload, salt)
    return CallbackRequest("POST", query(sealed), {}, body(sealed))


def sealed_raw(whole: bytes) -> str:
    """Bytes encrypted as they are, so that a test can build a wrong inside; a multiple of 16 of them."""
    key = b64decode(SETTINGS.wecom_aes_key + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return b64encode(encryptor.update(whole) + encryptor.finalize()).decode()


def inside(message: bytes, receiver: str = SETTINGS.corp_id) -> bytes:
    """What an authentic callback has inside, padded."""
    whole = SALT + len(message).to_bytes(4, "big") + message + receiver.encode()
    pad = 32 - len(whole) % 32
    return whole + bytes([pad]) * pad


def text_message(message_id: str, text: str, sender: str = "wangfang") -> str:
    quoted = text.replace("]]>", "]]]]><![CDATA[>")
    return (
        f"<xml><ToUserName><![CDATA[{SETTINGS.corp_id}]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
        f"<CreateTime>1795219200</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{quoted}]]></Content>"
        f"<MsgId>{message_id}</MsgId><AgentID>{SETTINGS.agent_id}</AgentID></xml>"
    )
