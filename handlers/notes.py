"""Here lives the keeping of notes on customers."""

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.permissions import Role
from handlers.context import Context
from handlers.customers import check_writable, meant
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
    if not asked.words.strip():
        raise Refusal("refusals/argument_needed", command=asked.command.name)
    if customer := await meant(asked, ctx):
        check_writable(customer, ctx)
        await Note.written(customer, ctx.staff, asked.words, ctx.now)
        ctx.reply("notes/kept", id=customer.short_id, name=customer.name)
