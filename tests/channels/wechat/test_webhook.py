"""Here lives what an official account's door lets in, under which key and lane, and what it turns away."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from channels.envelope import Envelope, sign
from channels.wechat.config import Config
from channels.wechat.webhook import Webhook
from domain.channel import CallbackRequest, Intake, RawEvent
from domain.errors import Malformed, NotAuthentic
from tests.channels.wechat.conftest import OPENID, Stage

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wechat"
TEXT = (FIXTURES / "wechat-msg-text.xml").read_bytes()
CLICK = (FIXTURES / "wechat-event-click.xml").read_bytes()
TOKEN, APP_ID, KEY = "madeuptoken", "wx0000000000000001", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
SAFE = Envelope(TOKEN, KEY, APP_ID)


def webhook(aes_key: str = KEY, token: str = TOKEN, app_id: str = APP_ID) -> Webhook:
    return Webhook(
        Config(
            name="official",
            kind="wechat",
            app_id=app_id,
            app_secret=SecretStr("made-up"),
            token=SecretStr(token),
            aes_key=SecretStr(aes_key),
        )
    )


def plain_query(token: str = TOKEN) -> dict[str, str]:
    return {"signature": sign(token, "1", "2"), "timestamp": "1", "nonce": "2"}


def envelope(sealed: str, more: str = "") -> bytes:
    return f"<xml><ToUserName><![CDATA[gh]]></ToUserName>{more}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()


def sealed_query(sealed: str) -> dict[str, str]:
    return {**plain_query(), "encrypt_type": "aes", "msg_signature": sign(TOKEN, "1", "2", sealed)}


def post(door: Webhook, body: bytes, query: Mapping[str, str]) -> Intake:
    return door.receive(CallbackRequest("POST", query, {}, body))


def through(xml: bytes, door: Webhook | None = None, opener: Envelope = SAFE) -> RawEvent:
    sealed = opener.seal(xml, b"0123456789abcdef")
    intake = post(door or webhook(), envelope(sealed), sealed_query(sealed))
    assert intake.answer.body == b"success"
    (raw,) = intake.events
    return raw


def test_url_is_verified_by_the_echo() -> None:
    intake = webhook().receive(CallbackRequest("GET", {**plain_query(), "echostr": "5927"}, {}, b""))
    assert (intake.answer.body, intake.events) == (b"5927", ())
    with pytest.raises(NotAuthentic):
        webhook().receive(CallbackRequest("GET", {**plain_query("another"), "echostr": "5927"}, {}, b""))


def test_message_goes_by_its_number() -> None:
    raw = through(TEXT)
    assert raw == RawEvent("m:24943701408084401", "official:oR8fKwSRIZGf2fpWqWO002Q0k1Lh", TEXT.decode())
    assert through(TEXT).key == raw.key


def test_both_modes_give_the_same_event() -> None:
    (raw,) = post(webhook(""), TEXT, plain_query()).events
    assert raw == through(TEXT)


def test_event_goes_by_all_that_is_in_it() -> None:
    same_second = CLICK.replace(b"V1001_TODAY_MUSIC", b"V1002_OTHER")
    keys = [through(CLICK).key, through(same_second).key, through(CLICK).key]
    assert keys[0] == keys[2] != keys[1]
    assert keys[0].startswith("e:")
    assert len(keys[0]) == 34


def test_event_about_a_person_waits_in_that_persons_lane() -> None:
    raw = through((FIXTURES / "wechat-event-user-authorization-revoke.xml").read_bytes())
    assert raw.lane == "official:oR8fKwBclbi9OS_Qt-ojM4emvLwl"


def test_message_without_a_number_is_hashed() -> None:
    assert through(TEXT.replace(b"MsgId>", b"Other>")).key.startswith("e:")


def test_compatible_mode_takes_the_sealed_part_and_its_signature() -> None:
    sealed = SAFE.seal(TEXT, b"0123456789abcdef")
    forged = TEXT.decode().removeprefix("<xml>").removesuffix("</xml>").replace("24943701408084401", "1")
    raw = post(webhook(), envelope(sealed, forged), sealed_query(sealed)).events[0]
    assert raw.payload == TEXT.decode()
    with pytest.raises(NotAuthentic):
        post(webhook(), envelope(sealed, forged), plain_query())


def test_published_safe_mode_envelope_opens() -> None:
    vectors = json.loads((FIXTURES.parent / "envelope/crypto-vectors.json").read_text("utf-8"))["vectors"]
    vector = next(vector for vector in vectors if vector["id"] == "official-sample-decrypt")
    door = webhook(vector["encoding_aes_key"], vector["token"], vector["receive_id"])
    body = (FIXTURES / "wechat-envelope-safe-mode.xml").read_bytes()
    query = {"msg_signature": vector["signature"], "timestamp": vector["timestamp"], "nonce": vector["nonce"]}
    (raw,) = post(door, body, query).events
    assert raw.payload == vector["plaintext"]


def inside(xml: bytes) -> str:
    return SAFE.seal(xml, b"0123456789abcdef")


NOT_AUTHENTIC = {
    "no signature": (envelope(inside(TEXT)), plain_query()),
    "signature of another body": (envelope(inside(CLICK)), sealed_query(inside(TEXT))),
    "another app's envelope": (
        envelope(Envelope(TOKEN, KEY, "wx0000000000000002").seal(TEXT, bytes(16))),
        sealed_query(Envelope(TOKEN, KEY, "wx0000000000000002").seal(TEXT, bytes(16))),
    ),
}
MALFORMED = {
    "plaintext where encryption is configured": (TEXT, plain_query()),
    "nothing": (b"", plain_query()),
    "json": (b'{"Encrypt":"x"}', plain_query()),
    "doctype": (b"<!DOCTYPE xml>" + envelope(inside(TEXT)), sealed_query(inside(TEXT))),
    "bad base64": (envelope("!!!"), sealed_query("!!!")),
    "truncated": (envelope(inside(TEXT)[:64]), sealed_query(inside(TEXT)[:64])),
    "half a block": (
        envelope(base64.b64encode(bytes(17)).decode()),
        sealed_query(base64.b64encode(bytes(17)).decode()),
    ),
    "not xml inside": (envelope(inside(b"hello")), sealed_query(inside(b"hello"))),
    "nobody inside": (envelope(inside(b"<xml/>")), sealed_query(inside(b"<xml/>"))),
    "no kind inside": (
        envelope(inside(b"<xml><FromUserName>o</FromUserName></xml>")),
        sealed_query(inside(b"<xml><FromUserName>o</FromUserName></xml>")),
    ),
    "endless name inside": (
        envelope(inside(TEXT.replace(b"oR8f", b"o" * 100))),
        sealed_query(inside(TEXT.replace(b"oR8f", b"o" * 100))),
    ),
    "not UTF-8 inside": (
        envelope(inside(TEXT.replace(b"[text]", b"[\xff]"))),
        sealed_query(inside(TEXT.replace(b"[text]", b"[\xff]"))),
    ),
}


@pytest.mark.parametrize(("body", "query"), NOT_AUTHENTIC.values(), ids=NOT_AUTHENTIC.keys())
def test_not_authentic(body: bytes, query: Mapping[str, str]) -> None:
    with pytest.raises(NotAuthentic):
        post(webhook(), body, query)


@pytest.mark.parametrize(("body", "query"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(body: bytes, query: Mapping[str, str]) -> None:
    with pytest.raises(Malformed):
        post(webhook(), body, query)


def test_plaintext_mode_needs_the_signature_too() -> None:
    with pytest.raises(NotAuthentic):
        post(webhook(""), TEXT, {**plain_query("another")})
    with pytest.raises(NotAuthentic):
        post(webhook(""), TEXT, {})


@given(
    st.binary(max_size=80) | st.builds(lambda text: TEXT.replace(b"text", text), st.binary(max_size=20)),
    st.dictionaries(st.sampled_from(["signature", "msg_signature", "timestamp", "nonce"]), st.text(max_size=20)),
    st.sampled_from(["", KEY]),
    st.booleans(),
)
def test_whatever_comes_is_taken_or_refused(xml: bytes, query: dict[str, str], key: str, honest: bool) -> None:
    body = xml
    if honest:
        sealed = inside(xml)
        body, query = (envelope(sealed), sealed_query(sealed)) if key else (xml, plain_query())
    try:
        (raw,) = post(webhook(key), body, query).events
    except (NotAuthentic, Malformed):
        return
    assert honest
    assert raw.payload.encode() == xml


@pytest.mark.parametrize("stage", ["safe", "plain"], indirect=True)
async def test_simulator_is_understood(stage: Stage) -> None:
    assert (await stage.sandbox.wechat.verify_url("4711")).text == "4711"
    assert (await stage.sandbox.wechat.user_says(OPENID, "你好 ]]> <b>", msg_id="17")).text == "success"
    assert [(raw.key, raw.lane) for raw in stage.raws] == [("m:17", f"official:{OPENID}")]
