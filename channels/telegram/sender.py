"""Here lives how everything that we say reaches Telegram, and what Telegram's answer means."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from aiogram import Bot
from aiogram.types import BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat, InlineKeyboardMarkup

from channels import Clock
from channels.parts import is_shown
from channels.telegram.api import Api, Rejected
from channels.telegram.config import Config
from channels.telegram.layout import look
from channels.telegram.parts import pieces
from channels.telegram.storms import Storms
from channels.telegram.texts import CAPTION, TOAST
from channels.telegram.verdicts import verdict
from channels.telegram.wire import Misfit, Wire
from channels.texts import cut, units
from domain.channel import Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.errors import CallFailed
from domain.messages import (
    Acknowledge,
    Address,
    CommandMenu,
    Content,
    File,
    Image,
    MessageEdit,
    Notice,
    OutboundMessage,
    Welcome,
)
from domain.outgoing import GroupPush, GroupPushEdit, Outgoing, TagChange, TagEdit

SOON: Final = timedelta(seconds=5)
BAD_REQUEST: Final = 400
TOO_MANY: Final = 429
COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")  # https://core.telegram.org/bots/api#botcommand
MOST_COMMANDS: Final = 100
LONGEST_DESCRIPTION: Final = 256


class Sender:
    """Says everything for one bot."""

    def __init__(self, api: Api, config: Config, clock: Clock) -> None:
        self._api = api
        self._bot = Bot(config.token.get_secret_value(), session=Wire(api, config))
        self._clock = clock
        self._storms = Storms()

    async def deliver(self, outgoing: Outgoing, *, repeatable: bool) -> DeliveryResult:
        try:
            return await self._carry_out(outgoing)
        except Rejected as no:
            return self._refused(no, _chat(outgoing.to))
        except Misfit as odd:
            return Delivered(_message_id(odd.result))
        except CallFailed as lost:
            if lost.sent and not repeatable:
                return Unsure("no_answer")
            return Deferred(self._clock() + SOON, "unreachable")

    def _refused(self, no: Rejected, chat: int | str) -> DeliveryResult:
        now = self._clock()
        result = verdict(no, now)
        if no.code == TOO_MANY and isinstance(result, Deferred):
            return replace(result, whole_account=self._storms.hits_all(chat, now))
        return result

    async def _carry_out(self, outgoing: Outgoing) -> DeliveryResult:
        match outgoing:
            case OutboundMessage(to=to, content=content):
                return await self._say(_chat(to), content)
            case MessageEdit():
                return await self._edit(outgoing)
            case Acknowledge():
                return await self._acknowledge(outgoing)
            case CommandMenu():
                return await self._offer(outgoing)
            case Welcome() | TagEdit() | TagChange() | GroupPush() | GroupPushEdit():
                return Refused("unsupported")

    async def _say(self, chat: int | str, content: Content) -> DeliveryResult:
        """A group that has become a supergroup is written to under its new id, at once."""
        if not is_shown(content, pieces(content)):
            return Refused("too_long")
        try:
            return await self._send(chat, content)
        except Rejected as no:
            if not no.moved_to:
                raise
            moved_to = no.moved_to
        result = await self._send(moved_to, content)
        return replace(result, moved_to=str(moved_to)) if isinstance(result, Delivered) else result

    async def _send(self, chat: int | str, content: Content) -> DeliveryResult:
        match content:
            case Image() | File() if not (content.media or content.url):
                return Refused("no_media")
            case Notice():
                return Refused("unsupported")
            case Image():
                caption = cut(content.caption, CAPTION, units)
                sent = await self._bot.send_photo(chat, content.media or content.url, caption=caption or None)
            case File():
                caption = cut(content.caption, CAPTION, units)
                sent = await self._bot.send_document(chat, content.media or content.url, caption=caption or None)
            case _:
                text, keyboard = look(content)
                if not text.strip():
                    return Refused("empty")
                return await self._write(chat, text, keyboard)
        return Delivered(str(sent.message_id))

    async def _write(self, chat: int | str, text: str, keyboard: InlineKeyboardMarkup | None) -> DeliveryResult:
        """What is sent most is sent as it is: aiogram's models take as long for it as the whole call.

        https://core.telegram.org/bots/api#sendmessage
        """
        buttons = {"reply_markup": keyboard.model_dump(exclude_none=True)} if keyboard else {}
        return Delivered(_message_id(await self._api.call("sendMessage", {"chat_id": chat, "text": text, **buttons})))

    async def _edit(self, edit: MessageEdit) -> DeliveryResult:
        """Without buttons in the new content the old ones go away (https://core.telegram.org/bots/api#editmessagetext).

        A message that is gone is refused and not sent anew: a repeat could not tell that it has been sent.
        """
        text, keyboard = look(edit.content)
        if not text.strip():
            return Refused("empty")
        if not edit.message.isdecimal():
            return Refused("message_gone")
        await self._bot.edit_message_text(
            text, chat_id=_chat(edit.to), message_id=int(edit.message), reply_markup=keyboard
        )
        return Delivered(edit.message)

    async def _acknowledge(self, pressed: Acknowledge) -> DeliveryResult:
        """Stop the button's waiting, take the buttons away; nobody misses either when it is too late for it.

        https://core.telegram.org/bots/api#answercallbackquery
        """
        with _too_late_is_fine():
            await self._bot.answer_callback_query(pressed.press, text=cut(pressed.label, TOAST, units) or None)
        if pressed.message.isdecimal():
            with _too_late_is_fine():
                message, chat = int(pressed.message), _chat(pressed.to)
                await self._bot.edit_message_reply_markup(chat_id=chat, message_id=message)
        return Delivered()

    async def _offer(self, menu: CommandMenu) -> DeliveryResult:
        """Telegram takes Latin names only; the Chinese ones work all the same when they are typed.

        A menu for everybody is one for private chats: in groups nothing is offered. Nobody misses one in a chat that
        is not there. https://core.telegram.org/bots/api#setmycommands
        """
        commands = [
            BotCommand(command=name, description=cut(description, LONGEST_DESCRIPTION, units))
            for name, description in menu.commands
            if COMMAND.fullmatch(name) and description
        ]
        scope = BotCommandScopeChat(chat_id=_chat(menu.to)) if menu.to.id else BotCommandScopeAllPrivateChats()
        language = menu.language.partition("-")[0].lower() or None
        with _too_late_is_fine():
            if commands:
                await self._bot.set_my_commands(commands[:MOST_COMMANDS], scope=scope, language_code=language)
            else:
                await self._bot.delete_my_commands(scope=scope, language_code=language)
        return Delivered()


@contextmanager
def _too_late_is_fine() -> Iterator[None]:
    try:
        yield
    except Rejected as no:
        if no.code != BAD_REQUEST:
            raise


def _chat(to: Address) -> int | str:
    return int(to.id) if re.fullmatch(r"-?[0-9]+", to.id) else to.id


def _message_id(result: Any) -> str:
    found = result.get("message_id") if isinstance(result, dict) else None
    return str(found) if isinstance(found, int) else ""
