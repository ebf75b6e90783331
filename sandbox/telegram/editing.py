"""Changes to messages the bot has sent: editMessageText, editMessageReplyMarkup.

Source: https://core.telegram.org/bots/api#editmessagetext
"""

from typing import Final

from sandbox.telegram import keyboards, texts
from sandbox.telegram.args import Args
from sandbox.telegram.bot import Bot, Json, Person
from sandbox.telegram.errors import BadRequest
from sandbox.telegram.sending import show

NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)


def edit_message_text(bot: Bot, args: Args) -> Json:
    """Without a reply_markup the keyboard goes."""
    message = _own_message(bot, args)
    text, entities = texts.message_text(args)
    content = {"text": text} | ({"entities": entities} if entities else {})
    kept = {name: value for name, value in message.items() if name not in ("text", "entities", "reply_markup")}
    return _change(bot, args, message, kept | content)


def edit_message_reply_markup(bot: Bot, args: Args) -> Json:
    message = _own_message(bot, args)
    return _change(bot, args, message, {name: value for name, value in message.items() if name != "reply_markup"})


def _own_message(bot: Bot, args: Args) -> Json:
    chat = bot.reachable_chat(args.values.get("chat_id"))
    keyboards.check(args.values.get("reply_markup"), is_private=isinstance(chat, Person))
    keyboards.inline_only(args.values.get("reply_markup"))
    message = bot.messages.get((chat.id, args.integer("message_id")))
    if message is None:
        raise BadRequest("message to edit not found")
    if message["from"]["id"] != bot.id:
        raise BadRequest("message can't be edited")
    return message


def _change(bot: Bot, args: Args, before: Json, after: Json) -> Json:
    markup = args.values.get("reply_markup")
    after |= {"reply_markup": markup} if markup and markup["inline_keyboard"] else {}
    if {name: value for name, value in before.items() if name != "edit_date"} == {
        name: value for name, value in after.items() if name != "edit_date"
    }:
        raise BadRequest(NOT_MODIFIED)
    after["edit_date"] = bot.stage.now()
    bot.messages[after["chat"]["id"], after["message_id"]] = after
    show(bot, after, markup)
    return after
