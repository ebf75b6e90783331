"""Group commit: everybody gets their own result, and only after the write."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.commit import GroupCommit


async def test_callers_during_a_write_share_the_next_one() -> None:
    batches: list[list[int]] = []
    go = asyncio.Event()

    async def write(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        await go.wait()
        return [item * 2 for item in items]

    async with GroupCommit(write) as group:
        first = asyncio.create_task(group.add(1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        rest = [asyncio.create_task(group.add(n)) for n in (2, 3, 4)]
        await asyncio.sleep(0)
        go.set()
        assert await asyncio.gather(first, *rest) == [2, 4, 6, 8]
    assert batches == [[1], [2, 3, 4]]


async def test_a_failed_write_fails_its_callers_and_nobody_else() -> None:
    async def write(items: Sequence[str]) -> list[str]:
        if "bad" in items:
            raise OSError("disk full")
        return list(items)

    async with GroupCommit(write, largest=1) as group:
        bad = asyncio.create_task(group.add("bad"))
        good = asyncio.create_task(group.add("good"))
        with pytest.raises(OSError, match="disk full"):
            await bad
        assert await good == "good"
