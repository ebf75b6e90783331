"""What the bot is and knows: getMe, getChat, getFile and the command menus.

Source: https://core.telegram.org/bots/api#getme
"""

import json
import re
from typing import Any, Final

from sandbox.telegram.args import Args
from sandbox.telegram.bot import Bot, Json
from sandbox.telegram.errors import BadRequest

COMMANDS: Final = 100
COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
DESCRIPTION: Final = 256
GIFTS: Final = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)
DOWNLOAD_BYTES: Final = 20 * 2**20
SCOPES: Final = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat",
                 "chat_administrators", "chat_member")  # fmt: skip


def get_me(bot: Bot, _args: Args) -> Json:
    abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
    return bot.as_user() | abilities | {"can_connect_to_business": False, "has_main_web_app": False}


def get_chat(bot: Bot, args: Args) -> Json:
    chat = bot.chat(args.values.get("chat_id")).as_chat()
    return chat | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(GIFTS, False)}


def get_file(bot: Bot, args: Args) -> Json:
    """Up to 20 MB."""
    file = bot.files.get(args.text("file_id"))
    if file is None:
        raise BadRequest("wrong file_id or the file is temporarily unavailable")
    if file.size > DOWNLOAD_BYTES:
        raise BadRequest("file is too big")
    named = {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": file.size}
    return named | {"file_path": file.path}


def set_my_commands(bot: Bot, args: Args) -> bool:
    commands = args.values.get("commands")
    if not isinstance(commands, list) or len(commands) > COMMANDS:
        raise BadRequest(
            "expected an Array of BotCommand" if not isinstance(commands, list) else "BOT_COMMANDS_TOO_MUCH"
        )
    for command in commands:
        _check_command(command)
    bot.commands[_scope(bot, args)] = commands
    return True


def _check_command(command: Any) -> None:
    if not isinstance(command, dict) or not COMMAND.fullmatch(str(command.get("command", "")).removeprefix("/")):
        raise BadRequest("BOT_COMMAND_INVALID")
    if not 1 <= len(str(command.get("description", ""))) <= DESCRIPTION:
        raise BadRequest("BOT_COMMAND_DESCRIPTION_INVALID")


def get_my_commands(bot: Bot, args: Args) -> list[Json]:
    return bot.commands.get(_scope(bot, args), [])


def delete_my_commands(bot: Bot, args: Args) -> bool:
    bot.commands.pop(_scope(bot, args), None)
    return True


def _scope(bot: Bot, args: Args) -> tuple[str, str]:
    """The list that is meant: its scope as JSON, and its language."""
    scope = args.values.get("scope") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in SCOPES:
        raise BadRequest("can't parse BotCommandScope: unsupported type specified")
    if "chat_id" in scope:
        bot.chat(scope["chat_id"])
    language = args.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise BadRequest("invalid language code specified")
    return json.dumps(scope, sort_keys=True), language
