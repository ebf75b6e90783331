"""Here lives the reading of a conversation, a phone's screen at a time."""

import re
from collections.abc import Sequence
from datetime import timedelta

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
    """As many as fit; a single long one is shown whole all the same."""
    if len(lines) <= count and sum(map(_height, lines)) < SCREEN:
        return lines
    taken = 0
    room = SCREEN - 2
    for line in lines[:count]:
        room -= _height(line)
        if room < 0 and taken:
            break
        taken += 1
    return lines[:taken]


def _height(line: Line) -> int:
    return line.message.text.count("\n") + 1


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
