"""Here lives the load of every benchmark: ready-made requests over keep-alive connections, and what they cost."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Round:
    """One short round against one server: requests per second, its CPU per request in µs, the 99th percentile in ms."""

    rate: float
    cpu: float
    p99: float
    refused: int


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None], times: list[float]) -> None:
        self.requests, self.done, self.times = requests, done, times
        self.refused, self.buffer, self.sent = 0, b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self.times.append(time.perf_counter() - self.sent)
        self.refused += not head.startswith(b"HTTP/1.1 200")
        self.buffer = body[_length(head) :]
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            return
        self.sent = time.perf_counter()
        self.transport.write(request)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def post(host: str, path: str, body: bytes, content_type: str = "text/xml") -> bytes:
    """One POST as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def run(port: int, pid: int, requests: Sequence[bytes], connections: int = 50) -> Round:
    """Send every request once over so many connections."""
    loop = asyncio.get_running_loop()
    queue, times = iter(requests), []
    before, started = cpu_seconds(pid), time.perf_counter()
    ends = [loop.create_future() for _ in range(connections)]
    links = [
        (await loop.create_connection(lambda end=end: Connection(queue, end, times), "127.0.0.1", port))[1]
        for end in ends
    ]
    await asyncio.gather(*ends)
    elapsed = time.perf_counter() - started
    times.sort()
    return Round(
        rate=len(times) / elapsed,
        cpu=(cpu_seconds(pid) - before) / len(times) * 1e6,
        p99=times[int(len(times) * 0.99)] * 1e3,
        refused=sum(link.refused for link in links),
    )
