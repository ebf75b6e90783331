"""Pressed inline buttons and their one answer: answerCallbackQuery.

Source: https://core.telegram.org/bots/api#answercallbackquery
"""

from typing import Final

from sandbox.telegram.args import Args
from sandbox.telegram.bot import Bot
from sandbox.telegram.errors import BadRequest

LIFE: Final = 150
TEXT: Final = 200


def answer_callback_query(bot: Bot, args: Args) -> bool:
    query = bot.queries.get(args.text("callback_query_id"))
    if query is None or query.is_answered or bot.stage.clock() > query.born + LIFE:
        raise BadRequest("query is too old and response timeout expired or query ID is invalid")
    text = args.text("text")
    if len(text) > TEXT:
        raise BadRequest("MESSAGE_TOO_LONG")
    query.is_answered = True
    if text:
        bot.stage.show(f"telegram:{query.chat_id}", "note", {"type": "toast", "text": text})
    return True
