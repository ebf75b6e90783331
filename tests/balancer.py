"""Here lives what stands before several web processes, as nginx would: each new connection goes to the next of them."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import count

CHUNK = 65_536


class Balancer:
    """Relays bytes. Who refuses a connection is passed over; nobody knows that one who takes it is asleep."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = ports
        self._turns = count()
        self._server: asyncio.Server | None = None
        self._meetings: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> None:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", port)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for meeting in self._meetings:
            meeting.cancel()
        await asyncio.gather(*self._meetings, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._meetings.add(task)
        try:
            await self._relay(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._meetings.discard(task)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await self._opened()
        ways = [asyncio.create_task(_pour(reader, back)), asyncio.create_task(_pour(there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            back.close()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Raises OSError when nobody is there."""
        first = next(self._turns)
        for turn in range(len(self.ports)):
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self.ports[(first + turn) % len(self.ports)])
        raise ConnectionRefusedError


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await source.read(CHUNK):
            target.write(chunk)
            await target.drain()
