"""Here lives a Telegram that only takes messages, cheaply, and keeps its limit: `push_platform.py PORT RATE`.

It runs in a process of its own, so that what it costs is nobody else's. Above RATE messages in any second it answers
429, as Telegram does.
"""

import asyncio
import json
import sys
import time
import urllib.request
from collections import deque

import uvloop

SECOND = 1.0


class Platform:
    """When each message came, to whom, and how many were too many."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.moments: list[float] = []
        self.chats: dict[int, int] = {}
        self.refused = 0
        self.last: deque[float] = deque()

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        if path == "/seen":
            seen = {"moments": self.moments, "refused": self.refused, "people": len(self.chats)}
            return 200, json.dumps(seen).encode()
        if path == "/count":
            return 200, str(len(self.moments)).encode()
        if path.endswith("/getWebhookInfo"):
            return 200, b'{"ok":true,"result":{"url":"","pending_update_count":0}}'
        if not path.endswith("/sendMessage"):
            return 200, b'{"ok":true,"result":true}'
        return self.take(int(json.loads(body)["chat_id"]))

    def take(self, chat: int) -> tuple[int, bytes]:
        now = time.monotonic()
        while self.last and now - self.last[0] >= SECOND:
            self.last.popleft()
        if len(self.last) >= self.rate:
            self.refused += 1
            told = {
                "ok": False,
                "error_code": 429,
                "description": "Too Many Requests",
                "parameters": {"retry_after": 1},
            }
            return 429, json.dumps(told).encode()
        self.last.append(now)
        self.moments.append(now)
        self.chats[chat] = self.chats.get(chat, 0) + 1
        number = len(self.moments)
        result = b'{"message_id":%d,"date":1,"chat":{"id":%d,"type":"private"},"text":"x"}' % (number, chat)
        return 200, b'{"ok":true,"result":' + result + b"}"


class Line(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            status, body = self.platform.answer(head.split(b" ", 2)[1].decode(), rest[:length])
            words = b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            self.transport.write(words % (status, len(body)) + body)


def ask(port: int, what: str) -> str:
    """`count` or `seen`, from another process."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{what}", timeout=10) as answer:
        return answer.read().decode()


async def serve(port: int, rate: float) -> None:
    platform = Platform(rate)
    server = await asyncio.get_running_loop().create_server(lambda: Line(platform), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2])))
