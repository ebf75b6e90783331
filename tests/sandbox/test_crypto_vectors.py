"""Public crypto vectors, opened and sealed again by the simulator's own crypto."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.crypto import Envelope, Unreadable

FILE = json.loads((Path(__file__).parent / "fixtures" / "crypto-vectors.json").read_text())
VECTORS = FILE["vectors"] + FILE["own_vectors"]
SEALED = [each for each in VECTORS if each.get("random16") and each.get("encoding_aes_key")]
SIGNED = [each for each in VECTORS if each.get("signature")]


def envelope(vector: dict[str, Any], receive_id: str | None = None) -> Envelope:
    owner = receive_id or vector.get("decrypted_receive_id", vector["receive_id"])
    return Envelope(vector["token"] or "", vector["encoding_aes_key"], owner)


@pytest.mark.parametrize("vector", SEALED, ids=lambda vector: vector["id"])
def test_opens_and_seals_to_the_same_text(vector: dict[str, Any]) -> None:
    ours = envelope(vector)
    assert ours.open(vector["encrypted"]) == vector["plaintext"]
    assert ours.seal(vector["plaintext"], vector["random16"].encode("latin-1")) == vector["encrypted"]


@pytest.mark.parametrize("vector", SEALED, ids=lambda vector: vector["id"])
def test_refuses_another_receiver(vector: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        envelope(vector, "wx0000000000000000").open(vector["encrypted"])


@pytest.mark.parametrize("vector", SIGNED, ids=lambda vector: vector["id"])
def test_signature(vector: dict[str, Any]) -> None:
    ours = Envelope(vector["token"], "A" * 43, "")
    given = (vector["signature"], vector["timestamp"], vector["nonce"], vector["encrypted"])
    assert ours.is_signed(*given) == (vector.get("should_fail") != "signature")


@pytest.mark.parametrize("broken", ["", "====", "not base64!", "QUJD", "A" * 44])
def test_refuses_broken_texts(broken: str) -> None:
    with pytest.raises(Unreadable):
        Envelope("token", "A" * 43, "").open(broken)
