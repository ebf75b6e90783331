"""Here live the group chats in which staff may give commands: opened by an administrator, else we are silent there."""

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.events import ChatMigrated, GroupChanged
from domain.permissions import Role
from handlers.context import Context
from handlers.router import command, on
from models.groups import Group

ON, OFF = ("开", "打开", "开启", "允许", "on", "open"), ("关", "关闭", "关掉", "禁止", "off", "close")
GONE = ("bot_left", "dismiss")


@command(Command("group", "admin", zh=("群聊",), en=("group",), role=Role.ADMIN, tier="write", takes="text"))
async def allow(asked: Invocation, ctx: Context) -> None:
    if ctx.group is None:
        raise Refusal("refusals/group_only")
    wanted = asked.text.lower()
    if wanted in ON:
        await Group.allow(ctx.chat, ctx.group.title, ctx.now)
        ctx.reply("groups/on")
    elif wanted in OFF:
        await Group.silence(ctx.chat)
        ctx.reply("groups/off")
    elif wanted:
        raise Refusal("refusals/bad_argument", command="group", what=asked.text)
    else:
        ctx.reply("groups/state", allowed=await Group.allows(ctx.chat))


@on(ChatMigrated)
async def move(event: ChatMigrated, ctx: Context) -> None:  # noqa: ARG001 - every handler is given the context
    await Group.migrate(event.old, event.new)


@on(GroupChanged)
async def change(event: GroupChanged, ctx: Context) -> None:  # noqa: ARG001 - every handler is given the context
    """Whoever brings us back must be an administrator's choice again."""
    if event.change in GONE:
        await Group.silence(event.group)
    elif event.title:
        await Group.rename(event.group, event.title)
