"""The simulator's own reading of the message crypto of WeCom and WeChat, independent of the server's."""

import base64
import hashlib
import hmac
import struct
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK: Final = 32
SALT: Final = 16


class Unreadable(Exception):  # noqa: N818 - named for what happened
    """A sealed text is not one of ours: wrong padding, wrong length or another receiver."""


def sign(*parts: str) -> str:
    """Hex SHA-1 over the sorted parts, as in `signature` and `msg_signature`.

    Source: https://developer.work.weixin.qq.com/document/path/90968
    """
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


class Envelope:
    """Seals and opens texts for one receiver (a corp id or an app id)."""

    def __init__(self, token: str, aes_key: str, receive_id: str) -> None:
        self._token = token
        self._receive_id = receive_id.encode()
        key = base64.b64decode(aes_key + "=")
        self._aes = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        return sign(self._token, timestamp, nonce, encrypted)

    def is_signed(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bool:
        return hmac.compare_digest(signature.encode(), self.sign(timestamp, nonce, encrypted).encode())

    def seal(self, text: str, salt: bytes) -> str:
        """Base64 of the AES text; `salt` is the 16 random bytes in front."""
        message = text.encode()
        plain = salt + struct.pack("!I", len(message)) + message + self._receive_id
        pad = BLOCK - len(plain) % BLOCK
        encryptor = self._aes.encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def open(self, encrypted: str) -> str:
        """The text inside; raises `Unreadable`."""
        try:
            sealed = base64.b64decode(encrypted, validate=True)
            decryptor = self._aes.decryptor()
            plain = decryptor.update(sealed) + decryptor.finalize()
            length = struct.unpack("!I", plain[SALT : SALT + 4])[0]
            text = plain[SALT + 4 : SALT + 4 + length].decode()
        except (ValueError, struct.error) as error:
            raise Unreadable("not a sealed text") from error
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or plain[SALT + 4 + length : -pad] != self._receive_id:
            raise Unreadable("another receiver or a broken padding")
        return text
