"""Here lives the keeping of notes on customers."""

from typing import Any

from domain.commands import Command, Invocation
from domain.permissions import Role
from handlers.context import Context
from handlers.customers import check_writable, meant
from handlers.dialogs import ask
from handlers.router import command
from models.notes import Note


@command(
    Command(
        "note",
        "customers",
        zh=("记", "备注", "记录", "记一下"),
        en=("note",),
        role=Role.SALES,
        tier="write",
        targets="CL",
        takes="text",
    )
)
async def keep(asked: Invocation, ctx: Context) -> None:
    customer = await meant(asked, ctx)
    if customer is None:
        return
    check_writable(customer, ctx)
    values: dict[str, Any] = {"id": customer.short_id, "name": customer.name}
    if asked.words.strip():
        await Note.written(customer, ctx.staff, asked.words, ctx.now)
        ctx.reply("notes/kept", **values)
    else:
        await ask(ctx, f"note {customer.short_id}\n", "notes/ask", **values)
