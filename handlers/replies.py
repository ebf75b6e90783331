"""Here lives a colleague's answer to a customer."""

from typing import Any

from domain.commands import Command, Invocation
from domain.messages import Text
from domain.permissions import Role
from handlers.context import Context
from handlers.customers import check_writable, meant
from handlers.dialogs import ask
from handlers.messages import answer, chat_with
from handlers.router import command


@command(
    Command(
        "reply",
        "customers",
        zh=("回复", "回", "答复"),
        en=("reply", "answer", "r"),
        role=Role.SALES,
        tier="write",
        targets="CL",
        takes="text",
    )
)
async def reply(asked: Invocation, ctx: Context) -> None:
    """Without words the next text is the answer; whether it could be sent is found out before it is typed."""
    customer = await meant(asked, ctx)
    if customer is None:
        return
    check_writable(customer, ctx)
    values: dict[str, Any] = {"id": customer.short_id, "name": customer.name}
    if asked.words.strip():
        await answer(customer, Text(asked.words), ctx)
        ctx.reply("messages/answering", **values)
    else:
        await chat_with(customer, ctx)
        await ask(ctx, f"reply {customer.short_id}\n", "messages/ask", **values)
