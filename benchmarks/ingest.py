"""Durable ingest of encrypted messages against bare aiohttp in one run.

    python benchmarks/ingest.py [--rounds 9] [--postgres postgres://postgres@127.0.0.1:5432/postgres]

Each request is verified, decrypted, stored (SQLite synchronous=FULL, or PostgreSQL) and only then answered.
Short rounds rotate over the servers; the ratios are of medians. CPU per request is the steadier figure on a
busy machine, since neighbours can only add to it: the least round counts.
"""

import argparse
import asyncio
import itertools
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import servers
from load import Round, post, run

from channels.envelope import Envelope, sign
from sandbox import SandboxSettings

MESSAGE = (
    "<xml><ToUserName><![CDATA[gh_000000000001]]></ToUserName><FromUserName><![CDATA[oBench{who:023d}]]></FromUserName>"
    "<CreateTime>1795220000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[请问这款价格？周末营业吗？{number}]]></Content><MsgId>{number}</MsgId></xml>"
)

MEMBERS = (
    "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[member{who:023d}]]></FromUserName>"
    "<CreateTime>1795220000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[请问这款价格？周末营业吗？{number}]]></Content><MsgId>{number}</MsgId>"
    "<AgentID>{agent}</AgentID></xml>"
)


def messages(numbers: Iterator[int], count: int, senders: int = 500) -> list[bytes]:
    """So many encrypted callbacks, all different, from so many people."""
    names = SandboxSettings("")
    envelope = Envelope(names.wechat_token, names.wechat_aes_key, names.app_id)
    made = []
    for number in itertools.islice(numbers, count):
        plain = MESSAGE.format(who=number % senders, number=number).encode()
        stamp, nonce = str(int(time.time())), str(number)
        sealed = envelope.seal(plain, secrets.token_bytes(16))
        query = urlencode(
            {
                "signature": sign(names.wechat_token, stamp, nonce),
                "timestamp": stamp,
                "nonce": nonce,
                "encrypt_type": "aes",
                "msg_signature": sign(names.wechat_token, stamp, nonce, sealed),
            }
        )
        body = f"<xml><ToUserName><![CDATA[gh_000000000001]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        made.append(post("127.0.0.1", f"/callbacks/official?{query}", body.encode()))
    return made


def app_messages(numbers: Iterator[int], count: int, senders: int = 500) -> list[bytes]:
    """The same of a company's members: who is answered in the HTTP answer would wait for what nobody here says."""
    names = SandboxSettings("")
    envelope = Envelope(names.wecom_token, names.wecom_aes_key, names.corp_id)
    made = []
    for number in itertools.islice(numbers, count):
        plain = MEMBERS.format(who=number % senders, number=number, corp=names.corp_id, agent=names.agent_id).encode()
        stamp, nonce = str(int(time.time())), str(number)
        sealed = envelope.seal(plain, secrets.token_bytes(16))
        signature = sign(names.wecom_token, stamp, nonce, sealed)
        query = urlencode({"msg_signature": signature, "timestamp": stamp, "nonce": nonce})
        head = f"<ToUserName><![CDATA[{names.corp_id}]]></ToUserName><AgentID><![CDATA[{names.agent_id}]]></AgentID>"
        body = f"<xml>{head}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        made.append(post("127.0.0.1", f"/callbacks/wecom?{query}", body.encode()))
    return made


def table(rounds: dict[str, list[Round]]) -> None:
    bare_rate = statistics.median(r.rate for r in rounds["bare aiohttp"])
    bare_cpu = min(r.cpu for r in rounds["bare aiohttp"])
    print(f"{'server':<22}{'req/s':>9}{'p99 ms':>9}{'CPU µs':>9}{'x wall':>9}{'x CPU':>9}")
    for name, those in rounds.items():
        rate, cpu = statistics.median(r.rate for r in those), min(r.cpu for r in those)
        p99 = statistics.median(r.p99 for r in those)
        print(f"{name:<22}{rate:>9.0f}{p99:>9.1f}{cpu:>9.0f}{rate / bare_rate:>9.2f}{bare_cpu / cpu:>9.2f}")
        assert not sum(r.refused for r in those), f"{name} refused requests"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("--size", type=int, default=3000)
    arguments.add_argument("--postgres", default=os.environ.get("TEST_POSTGRES_URL"))
    asked = arguments.parse_args()
    numbers = itertools.count(int(time.time()) * 1_000_000)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = {"bare aiohttp": stack.enter_context(servers.bare())}
        running["SQLite FULL"] = stack.enter_context(
            servers.guanxi(folder, f"sqlite://{folder}/ingest.db", roles="web")
        )
        if asked.postgres:
            url = stack.enter_context(servers.postgres_database(asked.postgres))
            running["PostgreSQL"] = stack.enter_context(servers.guanxi(folder, url, roles="web"))
        rounds: dict[str, list[Round]] = {name: [] for name in running}
        for _ in range(asked.rounds):
            for name, (port, pid) in running.items():
                rounds[name].append(asyncio.run(run(port, pid, app_messages(numbers, asked.size))))
    table(rounds)


if __name__ == "__main__":
    main()
