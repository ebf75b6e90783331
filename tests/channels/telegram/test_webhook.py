import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.telegram.webhook import Door
from domain.channel import RawEvent
from domain.errors import Malformed, NotAuthentic
from tests.channels.telegram.conftest import BOT, FIXTURES, SECRET, entry, post

DOOR = Door(entry())
TEXT = (FIXTURES / "telegram-message-text.json").read_text("utf-8")
INTEGERS = st.integers(-(2**63), 2**63 - 1)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


def lane(name: str) -> str:
    return DOOR.receive(post((FIXTURES / f"telegram-{name}.json").read_text("utf-8"))).events[0].lane


def test_an_update_is_kept_as_it_came() -> None:
    intake = DOOR.receive(post(TEXT))
    assert intake.events == (RawEvent(f"u:{BOT}:684213501", "telegram:5550001111", TEXT),)
    assert intake.answer.body == b""


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x", SECRET[:-1], SECRET.upper(), "héslo", "密码", "\udcff"])
def test_a_wrong_secret_is_not_telegram(secret: str) -> None:
    with pytest.raises(NotAuthentic):
        DOOR.receive(post(TEXT, secret))


def test_no_secret_at_all_is_not_telegram() -> None:
    with pytest.raises(NotAuthentic):
        DOOR.receive(replace(post(TEXT), headers={}))


@pytest.mark.parametrize("given_secret", ["", "x"])
def test_without_a_configured_secret_nobody_comes_in(given_secret: str) -> None:
    with pytest.raises(NotAuthentic):
        Door(entry(mode="polling", webhook_secret="")).receive(post(TEXT, given_secret))


def test_the_secret_is_looked_at_before_the_body() -> None:
    with pytest.raises(NotAuthentic):
        DOOR.receive(post(b"\xff not json", "wrong"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"7",
        b'"text"',
        b'{"update_id": 1',
        b'{"update_id": "1"}',
        b'{"update_id": 1.0}',
        b'{"update_id": true}',
        b'{"update_id": null}',
        b'[{"update_id": 1}]',
        b'{"update_id": 1, "message": {"text": "\xff"}}',
        b"\xef\xbb\xbf" + b'{"update_id": 1}',
        b"<xml></xml>",
        b"[" * 100_000,
    ],
)
def test_what_is_no_update_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        DOOR.receive(post(body))


def test_only_a_post_brings_an_update() -> None:
    with pytest.raises(Malformed):
        DOOR.receive(replace(post(TEXT), method="GET"))


def test_an_unknown_kind_is_stored() -> None:
    (event,) = DOOR.receive(post('{"update_id": 5, "telepathy": {"chat": {"id": -7}}}')).events
    assert (event.key, event.lane) == (f"u:{BOT}:5", "telegram:-7")


def test_the_same_number_of_another_bot_is_another_event() -> None:
    (ours,) = DOOR.receive(post(TEXT)).events
    (theirs,) = Door(entry(token=f"{BOT + 1}:another")).receive(post(TEXT)).events
    assert ours.key != theirs.key
    assert ours.lane == theirs.lane


def test_an_empty_update_has_a_lane() -> None:
    assert DOOR.receive(post('{"update_id": 5}')).events == (RawEvent(f"u:{BOT}:5", "telegram:0", '{"update_id": 5}'),)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("message-text", "5550001111"),
        ("callback_query", "5550001111"),
        ("callback_query-inaccessible", "5550001111"),
        ("my_chat_member-blocked", "5550001111"),
        ("message_reaction", "5550001111"),
        ("poll_answer", "5550001111"),
        ("callback_query-group", "-1001987654321"),
        ("message-command-group", "-1001987654321"),
        ("chat_member-joined", "-1001987654321"),
        ("my_chat_member-promoted", "-1001987654321"),
        ("callback_query-inline-message", "6120045893"),
        ("poll", "0"),
    ],
)
def test_what_can_overtake_a_message_of_the_same_chat_shares_its_lane(name: str, place: str) -> None:
    assert lane(name) == f"telegram:{place}"


@given(st.binary())
def test_noise_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        DOOR.receive(post(body))


@given(INTEGERS, JSON_VALUES, JSON_VALUES)
def test_whatever_an_update_holds_it_has_a_key_and_a_lane(number: int, first: object, second: object) -> None:
    body = json.dumps({"update_id": number, "message": first, "callback_query": {"message": second}})
    (event,) = DOOR.receive(post(body)).events
    assert event.key == f"u:{BOT}:{number}"
    assert event.lane.startswith("telegram:")


@given(st.text())
def test_no_secret_breaks_the_comparison(secret: str) -> None:
    with pytest.raises(NotAuthentic):
        DOOR.receive(post(TEXT, secret))
