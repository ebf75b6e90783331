"""Messages of the bot: sendMessage, sendPhoto, sendDocument.

Source: https://core.telegram.org/bots/api#sendmessage
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from sandbox.telegram import keyboards, texts
from sandbox.telegram.args import Args
from sandbox.telegram.bot import Bot, File, Group, Json, Person
from sandbox.telegram.errors import BadRequest, TelegramError, TooMany

PER_SECOND: Final = 30
CHAT_BURST: Final = 3
UNEVEN: Final = 0.1  # seconds that one may be nearer to the one before than it was sent
GROUP_A_MINUTE: Final = 20
UPLOAD_BYTES: Final = {"photo": 10 * 2**20, "document": 50 * 2**20}
ENTITY_TOO_LARGE: Final = 413


def send_message(bot: Bot, args: Args) -> Json:
    chat = _open_chat(bot, args, "text messages")
    text, entities = texts.message_text(args)
    return _send(bot, chat, args, {"text": text} | ({"entities": entities} if entities else {}))


def send_photo(bot: Bot, args: Args) -> Json:
    chat = _open_chat(bot, args, "photos")
    content = _captioned(args)
    file = _file(bot, args, "photo")
    sizes = [{**_reference(file), "width": 1280, "height": 960}]
    return _send(bot, chat, args, {"photo": sizes, **content})


def send_document(bot: Bot, args: Args) -> Json:
    chat = _open_chat(bot, args, "documents")
    content = _captioned(args)
    file = _file(bot, args, "document")
    return _send(bot, chat, args, {"document": {"file_name": file.name, **_reference(file)}, **content})


def _open_chat(bot: Bot, args: Args, what: str) -> Person | Group:
    if not args.text("chat_id"):
        raise BadRequest("chat_id is empty")
    chat = bot.reachable_chat(args.values["chat_id"])
    if isinstance(chat, Group):
        chat.check_rights(what)
    keyboards.check(args.values.get("reply_markup"), is_private=isinstance(chat, Person))
    reply_to = (args.values.get("reply_parameters") or {}).get("message_id")
    if reply_to and (chat.id, reply_to) not in bot.messages:
        raise BadRequest("message to be replied not found")
    return chat


def _captioned(args: Args) -> Json:
    caption, entities = texts.caption(args)
    return ({"caption": caption} if caption else {}) | ({"caption_entities": entities} if entities else {})


def _send(bot: Bot, chat: Person | Group, args: Args, content: Json) -> Json:
    _limit(bot, chat)
    message_id = bot.stage.ids.small()
    markup = args.values.get("reply_markup") or {}
    inline = {"reply_markup": markup} if "inline_keyboard" in markup else {}
    head = {"message_id": message_id, "from": bot.as_user(), "chat": chat.as_chat(), "date": bot.stage.now()}
    message = {**head, **content, **inline}
    bot.messages[chat.id, message_id] = message
    bot.arrived[chat.id].append(message)
    show(bot, message, markup)
    return message


def show(bot: Bot, message: Json, markup: Any) -> None:
    """Put a message of the bot, new or edited, on the phone."""
    chat_id = message["chat"]["id"]
    content = {"type": "text", "text": message.get("text", message.get("caption", ""))}
    match message:
        case {"photo": [*_, {"file_id": file_id}]}:
            content |= {"type": "image", "name": bot.files[file_id].name, "url": f"media/telegram/{file_id}"}
        case {"document": {"file_name": name}}:
            content |= {"type": "file", "name": name}
    more = {"message_id": message["message_id"], **keyboards.shown(markup)}
    entry_id = bot.entry_id(chat_id, message["message_id"])
    bot.stage.show(f"telegram:{chat_id}", "company", content | more, entry_id)


def _limit(bot: Bot, chat: Person | Group) -> None:
    """429 past one message a second per chat (short bursts pass), 20 a minute per group, 30 a second overall.

    Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    """
    now = bot.stage.clock()
    if (flood := max(bot.floods.get(0, now), bot.floods.get(chat.id, now)) - now) > 0:
        raise TooMany(math.ceil(flood))
    if not bot.limits_on:
        return
    bot.sent = [(at, to) for at, to in bot.sent if at > now - 60]
    level, at = bot.bursts.get(chat.id, (CHAT_BURST, now))
    level = min(CHAT_BURST, level + now - at)
    if sum(at > now - 1 for at, _ in bot.sent) >= PER_SECOND or level < 1 - UNEVEN:
        raise TooMany(1)
    here = [at for at, to in bot.sent if to == chat.id]
    if isinstance(chat, Group) and len(here) >= GROUP_A_MINUTE:
        raise TooMany(max(1, int(here[0] + 60 - now) + 1))
    bot.bursts[chat.id] = (level - 1, now)
    bot.sent.append((now, chat.id))


def _file(bot: Bot, args: Args, name: str) -> File:
    upload = args.upload(name)
    if upload is not None:
        if len(upload.content) > UPLOAD_BYTES[name]:
            raise TelegramError(ENTITY_TOO_LARGE, "Request Entity Too Large")
        if not upload.content:
            raise BadRequest("file must be non-empty")
        return keep(bot, upload.filename, upload.content)
    given = args.text(name)
    if given in bot.files:
        return bot.files[given]
    if given.startswith(("http://", "https://")):
        return keep(bot, given.rpartition("/")[2], b"")
    raise BadRequest("wrong file identifier/HTTP URL specified" if given else f"there is no {name} in the request")


def keep(bot: Bot, name: str, content: bytes, size: int = 0) -> File:
    """A file on Telegram's servers."""
    file = File(bot.stage.ids.code("AgAC", 16), bot.stage.ids.code("AQAD", 6), name, content, size or len(content))
    bot.files[file.id] = file
    return file


def _reference(file: File) -> Mapping[str, Any]:
    return {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": file.size}
