"""Here lives the other way to share a rate, to be compared with ours: every process leases a share for a moment."""

import asyncio
import os
import random
from collections.abc import Callable

import asyncpg

from bot.limiter import Gate
from domain.channel import Rate

LEASE = 0.5  # seconds
TABLE = """
CREATE TABLE IF NOT EXISTS share_of (process INT PRIMARY KEY, waiting INT, share FLOAT8, until FLOAT8);
CREATE TABLE IF NOT EXISTS share_lock (id INT PRIMARY KEY);
INSERT INTO share_lock VALUES (1) ON CONFLICT DO NOTHING;
"""
# Those who wait share alike; what others still hold is theirs until their lease ends, so the sum is never above 1.
LEASED = """
WITH clock AS (SELECT extract(epoch FROM clock_timestamp())::float8 AS now),
others AS (
    SELECT coalesce(sum(share), 0) AS held, count(*) FILTER (WHERE waiting > 0) AS busy
    FROM share_of, clock WHERE process <> $1 AND until > now
)
INSERT INTO share_of AS mine
SELECT $1, $2, CASE WHEN $2 = 0 THEN 0 ELSE greatest(0, least(1.0 / (busy + 1), 1 - held)) END, now + $3
FROM clock, others
ON CONFLICT (process) DO UPDATE SET waiting = $2, share = EXCLUDED.share, until = EXCLUDED.until
RETURNING share
"""


class Shares:
    """Same verbs as the limiter for one account: `turn`, `close`."""

    def __init__(self, rate: Rate, connection: asyncpg.Connection, monotonic: Callable[[], float]) -> None:
        self.statements = 0
        self._rate = rate
        self._connection = connection
        self._monotonic = monotonic
        self._gate = Gate([rate], monotonic)
        self._task = asyncio.create_task(self._renew())

    async def turn(self, priority: int) -> None:
        await self._gate.turn(priority)

    async def _renew(self) -> None:
        self._set(0.0)
        while True:
            sent = self._monotonic()
            waiting = sum(1 for _, _, future in self._gate._queue if not future.done())
            async with self._connection.transaction():
                await self._connection.execute("SELECT 1 FROM share_lock FOR UPDATE")
                share = await self._connection.fetchval(LEASED, os.getpid(), waiting, LEASE)
            self.statements += 4
            self._set(share)
            await asyncio.sleep(max(0.0, sent + LEASE * (0.4 + 0.2 * random.random()) - self._monotonic()))

    def _set(self, share: float) -> None:
        for bucket in self._gate._buckets:
            bucket.wait(self._monotonic())
            bucket.pace = max(share, 1e-6) * self._rate.count / self._rate.seconds
        self._gate._serve()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._gate.close()
