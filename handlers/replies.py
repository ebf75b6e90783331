"""Here lives a colleague's answer to a customer."""

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.messages import Text
from domain.permissions import Role
from handlers.context import Context
from handlers.customers import check_writable, meant
from handlers.messages import answer
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
    if not asked.words.strip():
        raise Refusal("refusals/nothing_to_say", id=str(asked.target))
    if customer := await meant(asked, ctx):
        check_writable(customer, ctx)
        await answer(customer, Text(asked.words), ctx)
        ctx.reply("messages/answering", id=customer.short_id, name=customer.name)
