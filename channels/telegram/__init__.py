"""Here lives one Telegram bot: its rooms joined together.

aiogram takes seconds to import, so `reader` and `sender` are imported when first needed, in a thread.
"""

import asyncio
import contextlib
import importlib
import threading
from typing import TYPE_CHECKING, Any

from channels import Tools
from channels.parts import divided
from channels.telegram.api import Api
from channels.telegram.config import Config
from channels.telegram.limits import limits
from channels.telegram.parts import pieces
from channels.telegram.polling import pull
from channels.telegram.registration import Registration
from channels.telegram.webhook import Door
from domain.channel import CallbackRequest, DeliveryResult, Finding, Intake, Page, RawEvent
from domain.events import InboundEvent
from domain.messages import Acknowledge, CommandMenu, MessageEdit
from domain.outgoing import Outgoing

if TYPE_CHECKING:
    from channels.telegram.reader import Reader
    from channels.telegram.sender import Sender


class Telegram:
    """One bot; see `domain.channel.Channel` and `Pollable` for what the methods promise."""

    kind = "telegram"

    def __init__(self, config: Config, tools: Tools) -> None:
        self.account = config.name
        self.limits = limits(tools.limits)
        self._config = config
        self._tools = tools
        self._door = Door(config)
        self._api = Api(config, tools.session)
        self._registration = Registration(self._api, config, tools)
        self._rooms: tuple[Reader, Sender] | None = None

    async def start(self) -> None:
        await self._registration.register()

    async def warm_up(self) -> None:
        """Import aiogram."""
        await self._opened()

    async def close(self) -> None:
        """Nothing to give up: the connections belong to the program's own session."""

    async def check(self) -> tuple[Finding, ...]:
        return await self._registration.check()

    async def receive(self, request: CallbackRequest) -> Intake:
        return self._door.receive(request)

    @property
    def polls(self) -> bool:
        return self._config.mode == "polling"

    async def pull(self, cursor: str) -> Page:
        return await pull(self._api, self._config, cursor)

    async def read(self, raw: RawEvent) -> InboundEvent | None:
        reader, _ = await self._opened()
        return await reader.read(raw)

    def parts(self, outgoing: Outgoing) -> tuple[Outgoing, ...]:
        return divided(outgoing, pieces)

    async def deliver(self, key: str, outgoing: Outgoing) -> DeliveryResult:  # noqa: ARG002 - Telegram takes no key
        _, sender = await self._opened()
        return await sender.deliver(outgoing, repeatable=self.repeatable(outgoing))

    def repeatable(self, outgoing: Outgoing) -> bool:
        """Telegram knows no idempotency key: a message sent twice is there twice.

        An edit to the same text is refused as "not modified", a press that is acknowledged again as "too old",
        and a menu is replaced by an equal one: these three do no harm.
        """
        return isinstance(outgoing, MessageEdit | Acknowledge | CommandMenu)

    def is_group(self, chat_id: str) -> bool:
        """Groups and channels have negative ids (https://core.telegram.org/bots/api#chat)."""
        return chat_id.startswith("-")

    async def _opened(self) -> "tuple[Reader, Sender]":
        if self._rooms is None:
            reader, sender = await _imported("reader"), await _imported("sender")
            self._rooms = (
                reader.Reader(self.account, self._api, self._tools.clock),
                sender.Sender(self._api, self._config, self._tools.clock),
            )
        return self._rooms


async def _imported(room: str) -> Any:
    """Import a room in a thread for which a stop does not wait, as it would for one of the event loop's own."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def work() -> None:
        try:
            importlib.import_module(f"channels.telegram.{room}")
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(done.set)

    threading.Thread(target=work, name=f"import {room}", daemon=True).start()
    await done.wait()
    return importlib.import_module(f"channels.telegram.{room}")


def open_channel(config: Config, tools: Tools) -> Telegram:
    """The bot of one `channels:` entry; talks to nobody yet."""
    return Telegram(config, tools)
