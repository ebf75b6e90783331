import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.envelope import Envelope
from channels.wecom.config import Config
from channels.wecom.webhook import Webhook
from domain.channel import Answer, CallbackRequest, Intake, RawEvent
from domain.errors import Malformed, NotAuthentic
from tests.channels.wecom.sealing import (
    ENVELOPE,
    SALT,
    SETTINGS,
    body,
    inside,
    query,
    sealed_post,
    sealed_raw,
    text_message,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wecom"
VECTORS = json.loads((FIXTURES / "crypto-vectors.json").read_text("utf-8"))
SEALED = [each for each in VECTORS["vectors"] + VECTORS["own_vectors"] if each.get("plaintext") is not None]
CONFIG = Config(
    name="wecom",
    kind="wecom",
    corp_id=SETTINGS.corp_id,
    agent_id=SETTINGS.agent_id,
    secret=SETTINGS.wecom_secret,
    token=SETTINGS.wecom_token,
    aes_key=SETTINGS.wecom_aes_key,
)
WEBHOOK = Webhook(CONFIG)
GOOD = sealed_post(text_message("1", "hi"))


def event(name: str, **fields: str) -> RawEvent:
    told = "".join(f"<{key}><![CDATA[{value}]]></{key}>" for key, value in fields.items())
    head = f"<FromUserName>sys</FromUserName><CreateTime>1795219200</CreateTime><Event>{name}</Event>"
    return WEBHOOK.receive(sealed_post(f"<xml><MsgType>event</MsgType>{head}{told}</xml>")).events[0]


def test_a_message_is_taken_with_its_id_and_in_its_senders_lane() -> None:
    payload = text_message("6908228280576491588", "  帮我查 ", sender="ZhangWei")
    intake = WEBHOOK.receive(sealed_post(payload))
    assert intake == Intake((RawEvent("m:6908228280576491588:ZhangWei", "wecom:u:ZhangWei", payload),), Answer(b""))


def test_a_repeat_is_sealed_anew_and_keeps_its_key() -> None:
    payload = "<xml><FromUserName>sys</FromUserName><MsgType>event</MsgType><Event>x</Event></xml>"
    first, again = (WEBHOOK.receive(sealed_post(payload, salt)).events[0] for salt in (SALT, SALT[::-1]))
    assert first == again
    assert first.key.startswith("e:")
    assert len(first.key) == 34


def test_events_of_one_second_have_keys_of_their_own() -> None:
    first = event("change_external_contact", ExternalUserID="wm1", ChangeType="del_follow_user")
    assert first.key != event("change_external_contact", ExternalUserID="wm2", ChangeType="del_follow_user").key
    assert first.key != event("change_external_contact", ExternalUserID="wm1", ChangeType="del_external_contact").key


@pytest.mark.parametrize(
    ("raw", "lane"),
    [
        (event("change_external_contact", ExternalUserID="wm1", UserID="a"), "wecom:c:wm1"),
        (event("customer_acquisition", ExternalUserID="wm1"), "wecom:c:wm1"),
        (event("change_external_chat", ChatId="wr1"), "wecom:g:wr1"),
        (event("change_external_tag", Id="et1"), "wecom:tags"),
        (event("change_contact", UserID="a"), "wecom:staff"),
        (event("kf_msg_or_event", OpenKfId="wk1"), "wecom:k:wk1"),
        (event("batch_job_result"), "wecom:u:sys"),
    ],
)
def test_what_must_stay_in_order_shares_a_lane(raw: RawEvent, lane: str) -> None:
    assert raw.lane == lane


def test_names_longer_than_the_platforms_still_fit() -> None:
    raw = WEBHOOK.receive(sealed_post(text_message("1" * 90, "hi", sender="a" * 500))).events[0]
    assert len(raw.lane) < 60
    assert raw.key.startswith("e:")


@pytest.mark.parametrize(
    "vector", [each for each in SEALED if not each.get("should_fail")], ids=lambda each: each["id"]
)
def test_published_vectors_open(vector: dict[str, Any]) -> None:
    receiver = vector["receive_id"] if vector["receive_id"] is not None else vector["decrypted_receive_id"]
    envelope = Envelope(vector["token"], vector["encoding_aes_key"], receiver)
    opened = envelope.open(vector["signature"], vector["timestamp"], vector["nonce"], vector["encrypted"])
    assert opened.decode() == vector["plaintext"]
    assert envelope.seal(opened, vector["random16"].encode("latin-1")) == vector["encrypted"]


def test_a_published_vector_with_a_wrong_signature_is_refused() -> None:
    (vector,) = (each for each in SEALED if each.get("should_fail"))
    envelope = Envelope(vector["token"], vector["encoding_aes_key"], vector["receive_id"])
    with pytest.raises(NotAuthentic):
        envelope.open(vector["signature"], vector["timestamp"], vector["nonce"], vector["encrypted"])


def test_the_url_check_is_answered_with_the_bare_text() -> None:
    sealed = ENVELOPE.seal("5927782489442352469", SALT)
    intake = WEBHOOK.receive(CallbackRequest("GET", query(sealed, echostr=sealed), {}, b""))
    assert intake == Intake((), Answer(b"5927782489442352469", "text/plain"))


SEALED_GOOD = ENVELOPE.seal(text_message("1", "hi"), SALT)
GOOD_XML = text_message("1", "hi").encode()


def asked(sealed: str) -> CallbackRequest:
    return CallbackRequest("POST", query(sealed), {}, body(sealed))


NOT_OURS = {
    "another signature": replace(GOOD, query={**GOOD.query, "msg_signature": "0" * 40}),
    "a signature in another script": replace(GOOD, query={**GOOD.query, "msg_signature": "签名\ud800"}),
    "a signature in capitals": replace(
        GOOD, query={**GOOD.query, "msg_signature": GOOD.query["msg_signature"].upper()}
    ),
    "no signature": replace(GOOD, query={key: GOOD.query[key] for key in ("timestamp", "nonce")}),
    "nothing in the query": replace(GOOD, query={}),
    "another timestamp": replace(GOOD, query={**GOOD.query, "timestamp": "1795219201"}),
    "another nonce": replace(GOOD, query={**GOOD.query, "nonce": "other"}),
    "a changed text": replace(GOOD, body=body("A" + SEALED_GOOD[1:])),
    "another company inside": asked(sealed_raw(inside(GOOD_XML, receiver="ww9999999999999999"))),
    "no company inside": asked(sealed_raw(inside(GOOD_XML, receiver=""))),
    "another company outside": replace(GOOD, body=body(SEALED_GOOD, corp_id="ww9999999999999999")),
    "a URL check without a word": CallbackRequest("GET", {}, {}, b""),
    "a URL check that is not signed": CallbackRequest("GET", {"echostr": SEALED_GOOD}, {}, b""),
}
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
BROKEN = {
    "nothing": replace(GOOD, body=b""),
    "not XML": replace(GOOD, body=b"hello"),
    "JSON": replace(GOOD, body=b'{"encrypt": "x"}'),
    "half an XML": replace(GOOD, body=GOOD.body[:-9]),
    "another root": replace(GOOD, body=b"<html><Encrypt>x</Encrypt></html>"),
    "not UTF-8": replace(GOOD, body=b"<xml><Encrypt>\xff\xfe</Encrypt></xml>"),
    "another encoding": replace(GOOD, body="<?xml version='1.0' encoding='gbk'?><xml>中</xml>".encode("gbk")),
    "an entity bomb": replace(GOOD, body=BOMB),
    "a document type": replace(GOOD, body=b"<!DOCTYPE xml SYSTEM 'file:///etc/passwd'>" + GOOD.body),
    "an unknown entity": replace(GOOD, body=b"<xml><Encrypt>&x;</Encrypt></xml>"),
    "a plain message": replace(GOOD, body=GOOD_XML),
    "not base64": asked("%%%" + SEALED_GOOD),
    "base64 of something short": asked("AAAA"),
    "nothing sealed": asked(""),
    "a cut ciphertext": asked(SEALED_GOOD[:-24]),
    "a cut block": asked(SEALED_GOOD[:44]),
    "a padding of 0": asked(sealed_raw(inside(GOOD_XML)[:-32] + b"\x00" * 32)),
    "a padding of 33": asked(sealed_raw(inside(GOOD_XML)[:-32] + b"\x21" * 32)),
    "only a padding": asked(sealed_raw(b"\x20" * 32)),
    "a length beyond the end": asked(sealed_raw(SALT + b"\xff\xff\xff\xff" + b"\x0c" * 12)),
    "no XML inside": asked(ENVELOPE.seal("hello", SALT)),
    "nothing inside": asked(ENVELOPE.seal("", SALT)),
    "JSON inside": asked(ENVELOPE.seal("{}", SALT)),
    "no UTF-8 inside": asked(sealed_raw(inside(b"<xml><Content>\xff</Content></xml>"))),
    "an entity bomb inside": asked(ENVELOPE.seal(BOMB.decode(), SALT)),
    "a bottomless document inside": asked(ENVELOPE.seal("<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>", SALT)),
}


@pytest.mark.parametrize("request_", NOT_OURS.values(), ids=NOT_OURS)
def test_what_wecom_did_not_send_to_us_is_refused(request_: CallbackRequest) -> None:
    with pytest.raises(NotAuthentic):
        WEBHOOK.receive(request_)


@pytest.mark.parametrize("request_", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_taken_apart_is_malformed(request_: CallbackRequest) -> None:
    with pytest.raises(Malformed):
        WEBHOOK.receive(request_)


def test_an_event_of_an_unknown_kind_is_taken() -> None:
    assert event("something_of_2030", Anything="x").lane == "wecom:u:sys"
    raw = WEBHOOK.receive(sealed_post("<xml><InfoType>suite_ticket</InfoType></xml>")).events[0]
    assert raw.payload == "<xml><InfoType>suite_ticket</InfoType></xml>"


def takes_or_refuses(request: CallbackRequest) -> None:
    with suppress(NotAuthentic, Malformed):
        assert isinstance(WEBHOOK.receive(request), Intake)


QUERIES = st.dictionaries(st.sampled_from(["msg_signature", "timestamp", "nonce", "echostr"]), st.text())


@given(method=st.sampled_from(["GET", "POST"]), query=QUERIES, body=st.binary())
def test_any_request_is_taken_or_refused(method: str, query: dict[str, str], body: bytes) -> None:
    takes_or_refuses(CallbackRequest(method, query, {}, body))


@given(st.binary(max_size=400))
def test_any_signed_outside_is_taken_or_refused(sealed: bytes) -> None:
    takes_or_refuses(asked(sealed.hex()))


@given(st.binary(min_size=1, max_size=20))
def test_any_blocks_of_ciphertext_are_taken_or_refused(plain: bytes) -> None:
    takes_or_refuses(asked(sealed_raw((plain * 32)[:96])))


@given(st.binary(max_size=400))
def test_any_signed_inside_is_taken_or_refused(message: bytes) -> None:
    takes_or_refuses(asked(sealed_raw(inside(message))))


NAMES = st.sampled_from(
    ["MsgType", "MsgId", "FromUserName", "Event", "ExternalUserID", "ChatId", "OpenKfId", "xml", "a"]
)
XML = st.recursive(
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="<&\x00")),
    lambda inner: st.lists(st.builds("<{0}>{1}</{0}>".format, NAMES, inner), max_size=4).map("".join),
)


@given(XML)
def test_any_signed_xml_is_taken_or_refused(xml: str) -> None:
    takes_or_refuses(asked(sealed_raw(inside(f"<xml>{xml}</xml>".encode()))))
