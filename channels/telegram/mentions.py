"""Here lives how a message in a group names our bot, or another one."""

import re
from typing import Final, NamedTuple

from aiogram import types

from channels.telegram.api import Me

# `/report@some_bot`; Telegram itself knows Latin commands only, people type Chinese ones the same way.
COMMAND: Final = re.compile(r"[/／!！]\w+(?P<at>@(?P<bot>[A-Za-z0-9_]+))")


class Said(NamedTuple):
    """`text` without our name in its first line; `to_another` when it is another bot's command."""

    text: str
    mentioned: bool = False
    to_another: bool = False


def said(message: types.Message, me: Me) -> Said:
    """What a group message or its caption says, and to whom. What follows the first line is never touched."""
    whole = message.text or message.caption or ""
    first, newline, rest = whole.partition("\n")
    command = COMMAND.match(first)
    ours = command is not None and command["bot"].lower() == me.username.lower()
    if command and ours:
        first = first[: command.start("at")] + first[command.end() :]
    name = re.compile(rf"(?<![A-Za-z0-9_])@{re.escape(me.username)}(?![A-Za-z0-9_])[ \t\u3000]*", re.IGNORECASE)
    first, names = name.subn("", first)
    mentioned = ours or names > 0 or name.search(rest) is not None or _points_at(message, me)
    text = first + newline + rest if first or not names else rest
    return Said(text, mentioned, to_another=command is not None and not mentioned)


def _points_at(message: types.Message, me: Me) -> bool:
    """A reply to us, or a mention by id; what opens a topic counts as answered by everything in it, so it does not."""
    answered = message.reply_to_message
    if answered and answered.from_user and answered.from_user.id == me.id and not answered.forum_topic_created:
        return True
    entities = message.entities or message.caption_entities or []
    return any(entity.user and entity.user.id == me.id for entity in entities)
