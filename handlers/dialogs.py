"""Here lives how a person is asked for what is missing, and how they leave."""

from collections.abc import Mapping
from datetime import timedelta

from domain.messages import Button
from handlers.context import Context
from handlers.router import colleague
from models.dialogs import Dialog

PATIENCE = timedelta(minutes=10)


async def ask(
    ctx: Context,
    asks: str,
    template: str,
    *,
    choices: Mapping[str, str] | None = None,
    buttons: tuple[Button, ...] = (),
    **values: object,
) -> None:
    r"""Ask with `template`; what is typed next completes `asks` ("reply C12\n", "defer T5 "), or is one of `choices`.

    `choices` maps what may be typed to a whole command. The words of the template say how to leave: 取消 / cancel.
    """
    await Dialog.offer(colleague(ctx), ctx.chat, dict(choices or {}), ctx.now + PATIENCE, asks)
    if ctx.group:
        ctx.reply("groups/asked", buttons=buttons, question=ctx.words(template, **values))
    else:
        ctx.reply(template, buttons=buttons, **values)
