"""Here live the group chats as we hear of them, and in which of them staff may give commands (群聊).

What they are called by, and where pushes go, is in handlers/group_chats.py (群).
"""

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.events import ChatMigrated, GroupChanged
from domain.permissions import Role
from handlers.context import Context
from handlers.group_readings import ask, note
from handlers.router import command, on
from models import group_members
from models.groups import Group

ON, OFF = ("开", "打开", "开启", "允许", "on", "open"), ("关", "关闭", "关掉", "禁止", "off", "close")
GONE = ("bot_left", "dismiss")
HERE = ("bot_joined", "bot_changed", "create")  # from then on we are in it
TO_BE_READ = ("create", "update")  # of which the platform tells that it changed, and no more
CAME, LEFT = ("member_joined", "add_member"), ("member_left", "del_member")


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
async def change(event: GroupChanged, ctx: Context) -> None:
    """Whoever brings us back must be an administrator's choice again, for commands; pushes may go there at once."""
    if event.change in GONE:
        if group := await Group.of(event.group):
            await group.leave(event.at)
        return
    kind = event.kind or ("customer" if event.change in TO_BE_READ else "group")
    met, _ = await Group.met(event.group, event.at, kind, event.title)
    group = await Group.held(met.id) or met
    await _learn(group, event)
    for words, came in ((CAME, True), (LEFT, False)):
        if {event.change, event.detail} & set(words):
            await note(group, await group_members.moved(group, event.members, event.at, came=came), event.at, ctx)
    if event.change in TO_BE_READ:
        await ask(event.group, ctx)


async def _learn(group: Group, event: GroupChanged) -> None:
    told: dict[str, object] = {"title": event.title, "group": event.kind}
    news = {name: value for name, value in told.items() if value}
    if event.change in HERE and (group.gone_at is None or group.gone_at <= event.at):
        news |= {"gone_at": None, "writable": True}
    if event.writable is not None:
        news["writable"] = event.writable
    await group.learn(**news)
