"""Bad input: a clear answer, nothing stored, no traceback, and the next good callback is taken as ever."""

import asyncio
import gzip
import io
import json
import zlib
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from models.customers import Customer
from models.inbox import InboxEvent
from models.leads import Lead
from sandbox import SandboxSettings
from sandbox.crypto import Envelope
from tests.journeys.conftest import Build
from tests.journeys.town import Town

NAMES = SandboxSettings(server_url="")
CHEN = "oSandboxCustomer00000000001"
MIB = 1024 * 1024
HEADER = {"X-Telegram-Bot-Api-Secret-Token": NAMES.webhook_secret}
MESSAGE = (
    f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{CHEN}</FromUserName><CreateTime>1795219200</CreateTime>"
    "<MsgType>text</MsgType><Content>hi</Content><MsgId>1</MsgId></xml>"
)
ENTITIES = (
    '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><Encrypt>&c;</Encrypt></xml>'
)
OUTSIDE = '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Encrypt>&x;</Encrypt></xml>'


class Account:
    """One sealed account as the platform knows it; `other` is somebody else's with the same secrets."""

    def __init__(self, name: str, token: str, key: str, receiver: str) -> None:
        self.name = name
        self.envelope = Envelope(token, key, receiver)
        self.other = Envelope(token, key, receiver[:-1] + "9")

    def query(self, sealed: str) -> dict[str, str]:
        return {"timestamp": "1", "nonce": "2", "msg_signature": self.envelope.sign("1", "2", sealed)}


WECOM = Account("wecom", NAMES.wecom_token, NAMES.wecom_aes_key, NAMES.corp_id)
OFFICIAL = Account("official", NAMES.wechat_token, NAMES.wechat_aes_key, NAMES.app_id)
BOTH = pytest.mark.parametrize("account", [WECOM, OFFICIAL], ids=["wecom", "official"])


def wrapped(sealed: str) -> bytes:
    return f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()


async def post(town: Town, name: str, body: bytes, query: Mapping[str, str], headers: Mapping[str, str]) -> int:
    url = f"{town.url}/callbacks/{name}"
    return (await town.http.post(url, data=io.BytesIO(body), params=query, headers=headers)).status


async def test_nothing_bad_is_stored(town: Town, logged: io.StringIO) -> None:
    """All of it in one town, one after the other, for every sealed account; then everything works as before."""
    for account in (WECOM, OFFICIAL):
        sealed = account.envelope.seal(MESSAGE, bytes(16))
        right = account.query(sealed)
        truncated = sealed[: len(sealed) // 2 // 4 * 4]
        foreign = account.other.seal(MESSAGE, bytes(16))
        inner = account.envelope.seal("<xml><MsgType>text</MsgType", bytes(16))
        json_inside = account.envelope.seal('{"MsgType": "text"}', bytes(16))
        bomb_inside = account.envelope.seal(ENTITIES, bytes(16))
        cases: list[tuple[str, bytes, dict[str, str], int]] = [
            ("no query", wrapped(sealed), {}, 403),
            ("wrong signature", wrapped(sealed), right | {"msg_signature": "0" * 40}, 403),
            ("signature of another text", wrapped(foreign), right, 403),
            ("signature that is no ascii", wrapped(sealed), right | {"msg_signature": "密" * 40}, 403),
            ("signature that is no text", wrapped(sealed), right | {"msg_signature": "\udcff"}, 403),
            ("another nonce", wrapped(sealed), right | {"nonce": "3"}, 403),
            ("for another receiver", wrapped(foreign), account.query(foreign), 403),
            ("empty", b"", right, 400),
            ("not XML", b"hello", right, 400),
            ("half of an XML", wrapped(sealed)[:-8], right, 400),
            ("JSON", b'{"Encrypt": "x"}', right, 400),
            ("bytes", bytes(range(256)), right, 400),
            ("not encrypted", MESSAGE.encode(), right, 400),
            ("not base64", wrapped("????"), account.query("????"), 400),
            ("nothing sealed", wrapped(""), account.query(""), 400),
            ("truncated", wrapped(truncated), account.query(truncated), 400),
            ("inside not XML", wrapped(inner), account.query(inner), 400),
            ("inside JSON", wrapped(json_inside), account.query(json_inside), 400),
            ("entities inside", wrapped(bomb_inside), account.query(bomb_inside), 400),
            ("entities outside", ENTITIES.encode(), right, 400),
            ("a file", OUTSIDE.encode(), right, 400),
            ("deep", b"<xml>" * 5000, right, 400),
        ]
        for what, body, query, expected in cases:
            assert await post(town, account.name, body, query, {}) == expected, (account.name, what)
    await check_unharmed(town, logged)


async def test_nothing_bad_is_stored_from_telegram(town: Town, logged: io.StringIO) -> None:
    numbers = (b'"1"', b"true", b"1.5", b"null", b"[1]", b'1, "x": "\\ud800"')
    for body in (b"", b"{", b"[]", b'"x"', b"null", b"{}", b"\xff\xfe", *(b'{"update_id": %b}' % n for n in numbers)):
        assert await post(town, "telegram", body, {}, HEADER) == 400, body
    assert await post(town, "telegram", b'{"update_id": 1}', {}, {}) == 403
    await check_unharmed(town, logged)


async def test_nobody_has_no_callback(town: Town, logged: io.StringIO) -> None:
    for path in ("/callbacks/nobody", "/callbacks/", "/callbacks", "/callbacks/wecom/x", "/callbacks/%ff", "/nothing"):
        assert (await town.http.post(town.url + path, data=b"x")).status == 404, path
    for method in ("PUT", "DELETE", "PATCH"):
        assert (await town.http.request(method, f"{town.url}/callbacks/official", data=b"x")).status == 405
    await check_unharmed(town, logged)


async def test_a_body_over_one_mebibyte_is_too_large_and_one_of_it_is_not(town: Town, logged: io.StringIO) -> None:
    def update(size: int) -> bytes:
        head = b'{"update_id": 1, "x": "'
        return head + b"x" * (size - len(head) - 2) + b'"}'

    assert await post(town, "telegram", update(MIB + 1), {}, HEADER) == 413
    assert await post(town, "official", b"x" * (MIB + 1), {}, {}) == 413
    assert await post(town, "telegram", update(4 * MIB), {}, HEADER) == 413
    packed = gzip.compress(update(64 * MIB))
    assert len(packed) < MIB
    assert await post(town, "telegram", packed, {}, HEADER | {"Content-Encoding": "gzip"}) in {400, 413}
    await check_unharmed(town, logged)
    assert await post(town, "telegram", update(MIB), {}, HEADER) == 200


async def test_a_body_that_says_it_is_packed_and_is_not_is_malformed(town: Town, logged: io.StringIO) -> None:
    broken = zlib.compress(b'{"update_id": 1}')[:-4] + b"oops"
    for encoding, body in (("gzip", b"not packed at all"), ("deflate", broken), ("br", b"\xff\xff")):
        status = await post(town, "telegram", body, {}, HEADER | {"Content-Encoding": encoding})
        assert status == 400, encoding
    await check_unharmed(town, logged)


async def test_who_hangs_up_in_the_middle_is_nobody(town: Town, logged: io.StringIO) -> None:
    address = urlsplit(town.url)
    for rest in (b'{"update', b""):
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(b"POST /callbacks/telegram HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + rest)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    for words in (b"\x16\x03\x01\x00\xa5 tls\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST\r\n\r\n", b"\r\n \r\n"):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(words)
        await writer.drain()
        assert b" 400 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()
    await check_unharmed(town, logged)


async def test_in_plaintext_mode_the_signature_decides(build: Build, logged: io.StringIO) -> None:
    town = await build(secrets={"wechat_aes_key": ""})
    for query in ({}, {"signature": "0" * 40, "timestamp": "1", "nonce": "2"}):
        assert await post(town, "official", MESSAGE.encode(), query, {}) == 403
    assert (await town.wechat.post_raw("<xml><FromUserName>x</FromUserName></xml>")).status == 400
    assert (await town.wechat.post_raw(ENTITIES)).status == 400
    assert (await town.wechat.post_raw("")).status == 400
    await check_unharmed(town, logged)


@BOTH
async def test_the_verification_of_a_stranger_is_refused(town: Town, account: Account) -> None:
    url = f"{town.url}/callbacks/{account.name}"
    query = {"msg_signature": "0" * 40, "signature": "0" * 40, "timestamp": "1", "nonce": "2", "echostr": "hello"}
    answer = await town.http.get(url, params=query)
    assert (answer.status, await answer.text()) == (403, "")
    assert (await town.http.get(url)).status == 403


async def test_no_answer_tells_what_was_wrong(town: Town) -> None:
    answer = await town.http.post(f"{town.url}/callbacks/wecom", data=b"<xml><Encrypt>x</Encrypt></xml>")
    assert (answer.status, await answer.read()) == (403, b"")


async def check_unharmed(town: Town, logged: io.StringIO) -> None:
    """Nothing stored, nothing in the log but lines of ours, and a good message becomes a lead."""
    await town.settled()
    assert await InboxEvent.filter(account__in=["wecom", "official", "telegram"]).count() == 0
    assert "Traceback" not in logged.getvalue()
    assert [line for line in map(json.loads, logged.getvalue().splitlines()) if line["level"] == "error"] == []
    assert (await town.http.get(f"{town.url}/healthz")).status == 200
    assert (await town.wechat.user_says(CHEN, "周末营业吗？")).status == 200
    await town.settled()
    assert await Lead.all().count() == 1
    await Customer.all().delete()
    await InboxEvent.filter(account="official").delete()
