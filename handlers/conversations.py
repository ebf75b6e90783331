"""Here lives the reading of a conversation, a phone's screen at a time."""

import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate
from math import ceil
from unicodedata import east_asian_width

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.messages import Other, words
from handlers.context import Context
from handlers.customers import check_readable, meant
from handlers.help import MORE
from handlers.router import colleague, command
from handlers.times import local
from models.conversations import Line, conversation
from models.customers import Customer
from models.dialogs import Dialog

USUAL, MOST = 8, 50
SCREEN = 8  # lines, of which the heading is one and the way on another
WIDTH = 40  # columns of a phone's line: 20 Chinese characters
HEAD = 20  # columns of a time and a name
MORE_LASTS = timedelta(minutes=10)
BEFORE = re.compile(r"[0-9]{1,18}")
COUNT = re.compile(r"([0-9]{1,4})条?")


@command(
    Command(
        "talk",
        "customers",
        zh=("聊天", "对话", "聊天记录"),
        en=("talk", "chat", "history"),
        targets="CL",
        takes="arguments",
    )
)
async def read(asked: Invocation, ctx: Context) -> None:
    count, before = _count(asked), _before(asked)
    if customer := await meant(asked, ctx):
        check_readable(customer, ctx)
        await _show(customer, await conversation(customer.id, count + 1, before), count, ctx)


async def _show(customer: Customer, lines: Sequence[Line], count: int, ctx: Context) -> None:
    """`lines` is the newest first, with one more than wanted where the conversation goes on."""
    page = _screen(lines, count)
    onward = {}
    if len(page) < len(lines):
        onward = {MORE: f"talk {customer.short_id} {count - len(page) or USUAL} before={page[-1].message.id}"}
    await Dialog.offer(colleague(ctx), ctx.chat, onward, ctx.now + MORE_LASTS)
    if page:
        told = [_told(line, ctx) for line in reversed(page)]
        ctx.reply("messages/talk", id=customer.short_id, name=customer.name, lines=told, more=bool(onward))
    else:
        ctx.reply("messages/silence", id=customer.short_id, name=customer.name)


def _screen(lines: Sequence[Line], count: int) -> Sequence[Line]:
    """As many as fit; one that is longer than a screen is shown whole, but alone."""
    heights = [_height(line) for line in lines[:SCREEN]]
    if len(lines) <= count and sum(heights) < SCREEN:
        return lines
    fitting = sum(1 for height in accumulate(heights[:count]) if height <= SCREEN - 2)
    return lines[: max(fitting, 1)]


def _height(line: Line) -> int:
    """How many lines of a phone it takes, the time and the name before it counted in."""
    first, *others = line.message.text.split("\n")
    widths = [HEAD + _columns(first), *map(_columns, others)]
    return sum(max(ceil(width / WIDTH), 1) for width in widths)


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _told(line: Line, ctx: Context) -> dict[str, object]:
    message = line.message
    content = message.content
    label = content.label if isinstance(content, Other) else ""
    return {
        "at": local(message.at, ctx),
        "ours": message.direction == "out",
        "who": message.staff.name if message.staff else "",
        "content": ctx.words("messages/content", kind=content.kind, label=label, text=words(content)),
        "edited": message.edited_at is not None,
        "delivery": line.delivery or "",
        "reason": line.reason if line.delivery == "dead" else "",
    }


def _count(asked: Invocation) -> int:
    if not asked.args.words:
        return USUAL
    typed = asked.args.words[0]
    found = COUNT.fullmatch(typed)
    if found is None or not int(found[1]):
        raise Refusal("refusals/bad_argument", command=asked.command.name, what=typed)
    return min(int(found[1]), MOST)


def _before(asked: Invocation) -> int | None:
    typed = asked.args.pairs.get("before", "")
    return int(typed) if BEFORE.fullmatch(typed) else None
