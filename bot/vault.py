"""Here lives the sealing of secrets that lie in the database: AES-256-GCM, under keys made from `secret_key`."""

import hashlib
import hmac
import os
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE: Final = 12
KEY_ID: Final = 4
MARK: Final = 16  # hexadecimal digits


class Vault:
    """Sealed bytes are the key's id, a nonce and the ciphertext; `place` is `table.column:row` and bound to it.

    `random` gives so many random bytes.
    """

    def __init__(self, key: bytes, random: Callable[[int], bytes] = os.urandom) -> None:
        """`key` has 32 bytes."""
        self._cipher = AESGCM(_derived(key, b"guanxi seal"))
        self._marks = _derived(key, b"guanxi mark")
        self._key_id = _derived(key, b"guanxi key id")[:KEY_ID]
        self._random = random

    def seal(self, secret: str, place: str) -> bytes:
        """Another text each time. Sealed for one place, it opens in no other."""
        nonce = self._random(NONCE)
        return self._key_id + nonce + self._cipher.encrypt(nonce, secret.encode(), place.encode())

    def open(self, sealed: bytes, place: str) -> str | None:
        """None where there is nothing that this key has sealed for this place."""
        head, nonce, rest = sealed[:KEY_ID], sealed[KEY_ID : KEY_ID + NONCE], sealed[KEY_ID + NONCE :]
        if head != self._key_id or len(nonce) < NONCE:
            return None
        try:
            return self._cipher.decrypt(nonce, rest, place.encode()).decode()
        except InvalidTag:
            return None

    def mark(self, secret: str) -> str:
        """The same for the same secret: names it without telling it to anyone who has not the key."""
        return hmac.new(self._marks, secret.encode(), hashlib.sha256).hexdigest()[:MARK]


def _derived(key: bytes, purpose: bytes) -> bytes:
    """A key of its own for each purpose."""
    return hmac.new(key, purpose, hashlib.sha256).digest()
