"""Here lives the group commit: whoever comes while a transaction is under way shares the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Hands items to `write`, as many at once as wait, and each caller its own result after the commit.

    `write` gets 1 to `largest` items and returns a result for each, in order, once they are durable.
    There is no timer: while one batch is being written the next one gathers, so batches grow with the load.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], largest: int = 500) -> None:
        self._write = write
        self._largest = largest
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._came = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def add(self, item: Item) -> Result:
        """Wait until `item` is committed; raises what `write` raised for its batch."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._came.set()
        return await future

    async def _run(self) -> None:
        while True:
            await self._came.wait()
            batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
            if not self._waiting:
                self._came.clear()
            await self._commit(batch)

    async def _commit(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._write([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - every caller of this batch gets it
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)


class GroupLook(GroupCommit[Item, Result]):
    """The same for questions. It runs while somebody asks, so it need not be entered; never inside a transaction."""

    async def add(self, item: Item) -> Result:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await super().add(item)

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
            await self._commit(batch)
