"""Here lives what must hold for the sealed envelope that WeCom and official accounts share."""

import base64
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.envelope import Envelope, cdata, fields, sign, tree, verify
from domain.errors import Malformed, NotAuthentic

VECTORS = json.loads((Path(__file__).parent / "fixtures/envelope/crypto-vectors.json").read_text("utf-8"))["vectors"]
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
ENVELOPE = Envelope("token", KEY, "wx5823bf96d3bd56c7")
RANDOM = b"0123456789abcdef"


def opened(envelope: Envelope, sealed: str) -> bytes:
    return envelope.open(sign("token", "1", "2", sealed), "1", "2", sealed)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_published_vectors_hold(vector: dict[str, Any]) -> None:
    token, timestamp, nonce = (vector[name] or "none" for name in ("token", "timestamp", "nonce"))
    signature = vector["signature"] or sign(token, timestamp, nonce, vector["encrypted"])
    if vector.get("should_fail"):
        with pytest.raises(NotAuthentic):
            verify(signature, token, timestamp, nonce, vector["encrypted"])
        return
    verify(signature, token, timestamp, nonce, vector["encrypted"])
    if not vector["encoding_aes_key"]:
        return
    receiver = vector.get("decrypted_receive_id", vector["receive_id"])
    envelope = Envelope(token, vector["encoding_aes_key"], receiver)
    plain = envelope.open(signature, timestamp, nonce, vector["encrypted"])
    assert plain.decode() == vector["plaintext"]
    assert envelope.seal(plain, vector["random16"].encode("latin-1")) == vector["encrypted"]


def test_reply_is_the_published_one() -> None:
    vector = next(vector for vector in VECTORS if vector["id"] == "wechatpy-encrypt-reply")
    envelope = Envelope(vector["token"], vector["encoding_aes_key"], vector["receive_id"])
    random = vector["random16"].encode()
    reply = envelope.reply(vector["plaintext"].encode(), vector["timestamp"], vector["nonce"], random)
    published = {element.tag: element.text for element in ET.fromstring(vector["envelope"])}  # noqa: S314 - our fixture
    assert {element.name: element.text for element in tree(reply).children} == published


@given(st.binary(max_size=300))
def test_what_was_sealed_opens_again(message: bytes) -> None:
    assert opened(ENVELOPE, ENVELOPE.seal(message, RANDOM)) == message


def test_envelope_for_another_account_is_not_authentic() -> None:
    with pytest.raises(NotAuthentic):
        opened(Envelope("token", KEY, "wx0000000000000001"), ENVELOPE.seal(b"<xml/>", RANDOM))


def test_signature_is_looked_at_before_anything_else() -> None:
    with pytest.raises(NotAuthentic):
        ENVELOPE.open("0" * 40, "1", "2", "not base64 at all")
    with pytest.raises(NotAuthentic):
        ENVELOPE.open("签名\ud800", "1", "2", ENVELOPE.seal(b"<xml/>", RANDOM))


@pytest.mark.parametrize(
    "sealed",
    [
        "",
        "not base64 at all",
        "汉字",
        base64.b64encode(b"short").decode(),
        ENVELOPE.seal(b"<xml/>", RANDOM)[:-4],
        base64.b64encode(base64.b64decode(ENVELOPE.seal(b"<xml/>" * 20, RANDOM))[:-32]).decode(),
        base64.b64encode(bytes(64)).decode(),
        ENVELOPE.seal(b"<xml/>", RANDOM[:7]),  # the length is read from the wrong place
    ],
)
def test_what_cannot_be_opened_is_malformed(sealed: str) -> None:
    with pytest.raises(Malformed):
        opened(ENVELOPE, sealed)


@given(st.binary(min_size=1, max_size=10).map(lambda blocks: blocks * 32))
def test_any_ciphertext_is_malformed_or_foreign(noise: bytes) -> None:
    with pytest.raises((Malformed, NotAuthentic)):
        opened(ENVELOPE, base64.b64encode(noise).decode())


@given(st.text())
def test_cdata_cannot_be_left(text: str) -> None:
    root = tree(f"<xml><Content>{cdata(text)}</Content></xml>".encode())
    assert [element.name for element in root.children] == ["Content"]
    lost = {*map(chr, range(32)), "\ufffe", "\uffff"} - set("\t\n\r")
    kept = "".join(letter for letter in text if letter not in lost)
    assert root.get("Content") == kept.replace("\r\n", "\n").replace("\r", "\n")


def test_cdata_leaves_out_what_xml_cannot_hold() -> None:
    assert cdata("a\x00\x0b\ud800\ufffeb") == "<![CDATA[ab]]>"


MESSAGE = b"""<xml>
<Content><![CDATA[  two
lines <Fake>]]]]><![CDATA[> ]]></Content><Empty></Empty>
<Outer><Content>inner</Content></Outer><Content>second</Content>
</xml>"""


def test_fields_picks_the_first_of_the_top_level() -> None:
    assert fields(MESSAGE, ("Content", "Empty", "Absent")) == {"Content": "  two\nlines <Fake>]]> ", "Empty": ""}


def test_tree_keeps_white_space_and_repeats() -> None:
    root = tree(MESSAGE)
    assert root.get("Content") == "  two\nlines <Fake>]]> "
    assert [element.text for element in root.all("Content")] == ["  two\nlines <Fake>]]> ", "second"]
    assert root.get("Outer", "Content") == "inner"
    assert root.get("Outer", "Absent") == root.get("Absent", "Content") == ""


BAD_XML = {
    "empty": b"",
    "text": b"hello",
    "json": b'{"ToUserName":"gh"}',
    "cut": b"<xml><a>1</a>",
    "other root": b"<html><a>1</a></html>",
    "two roots": b"<xml/><xml/>",
    "doctype": b"<!DOCTYPE xml><xml/>",
    "entity bomb": b'<!DOCTYPE xml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><c>&b;</c></xml>',
    "external entity": b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/hostname">]><xml><c>&a;</c></xml>',
    "unknown entity": b"<xml><c>&nbsp;</c></xml>",
    "nested": b"<xml>" + b"<a>" * 200_000,
    "latin-1": '<?xml version="1.0" encoding="latin-1"?><xml><c>\xe9</c></xml>'.encode("latin-1"),
    "surrogate": b"<xml><c>\xed\xa0\x80</c></xml>",
    "overlong": b"<xml><c>\xc0\x80</c></xml>",
    "utf-16": "<xml><c>1</c></xml>".encode("utf-16"),
    "utf-16-le": "<xml><c>1</c></xml>".encode("utf-16-le"),
    "utf-16-be": "<xml><c>1</c></xml>".encode("utf-16-be"),
    "utf-32": "<xml><c>1</c></xml>".encode("utf-32"),
    "nul": b"<xml><c>\x00</c></xml>",
}


@pytest.mark.parametrize("xml", BAD_XML.values(), ids=BAD_XML.keys())
def test_bad_xml_is_malformed(xml: bytes) -> None:
    with pytest.raises(Malformed):
        fields(xml, ("c",))
    with pytest.raises(Malformed):
        tree(xml)


@example(b"\r", b"<xml><c>%s</c></xml>")
@given(st.binary(max_size=60), st.sampled_from([b"%s", b"<xml>%s</xml>", b"<xml><c>%s</c></xml>", b"<xml %s/>"]))
def test_parsers_raise_nothing_but_malformed(noise: bytes, frame: bytes) -> None:
    xml = frame % noise
    try:
        picked = fields(xml, ("c",))
    except Malformed:
        with pytest.raises(Malformed):
            tree(xml)
        return
    xml.decode()
    found = tree(xml).all("c")
    if found and not found[0].children:
        assert picked["c"] == found[0].text
