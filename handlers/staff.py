"""Here lives what concerns colleagues themselves: who they are here, their accounts, their language."""

from domain.binding import LOCKED, code_in
from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.messages import CommandMenu
from domain.permissions import Role
from handlers.context import Context
from handlers.help import menu
from handlers.router import colleague, command
from models.staff import BindAttempt, BindCode, Staff, StaffAccount

LANGUAGES = {
    "zh-CN": ("中文", "汉语", "简体", "zh", "zh-cn", "cn", "chinese"),
    "en": ("英文", "英语", "en", "english"),
}


@command(Command("whoami", "me", zh=("我是谁", "身份"), en=("whoami", "me")))
async def introduce(asked: Invocation, ctx: Context) -> None:  # noqa: ARG001 - every command is given its invocation
    staff = colleague(ctx)
    accounts = await StaffAccount.of(staff)
    ctx.reply(
        "staff/whoami",
        name=staff.name,
        role=staff.role.value,
        language=ctx.language,
        accounts=[{"channel": ctx.house.accounts.get(a.account, a.account), "id": a.external_id} for a in accounts],
    )


@command(Command("bind", "me", zh=("绑定",), en=("bind",), role=None, tier="write", takes="text"))
async def bind(asked: Invocation, ctx: Context) -> None:
    """A wrong code is answered and not refused, because a refusal would forget that it was tried."""
    if ctx.staff:
        ctx.reply("staff/bound_already", name=ctx.staff.name)
    elif await BindAttempt.locked(ctx.chat, ctx.now):
        ctx.reply("staff/bind_locked", minutes=int(LOCKED.total_seconds() // 60))
    elif staff := await BindCode.redeem(code_in(asked.text) or "", ctx.now):
        await _welcome(staff, ctx)
    else:
        await BindAttempt.failed(ctx.chat, ctx.now)
        ctx.reply("staff/bind_wrong")


@command(Command("lang", "me", zh=("语言",), en=("lang", "language"), tier="write", takes="arguments"))
async def switch(asked: Invocation, ctx: Context) -> None:
    if not asked.args.words:
        ctx.reply("staff/language_now", language=ctx.language)
        return
    wanted = asked.args.words[0]
    language = next((name for name, words in LANGUAGES.items() if wanted.lower() in words), None)
    if language is None:
        raise Refusal("refusals/bad_argument", command="lang", what=wanted)
    staff = colleague(ctx)
    await staff.speak(language)
    ctx.language = language
    ctx.reply("staff/language", language=language)
    _offer_commands(staff.role, ctx)


async def _welcome(staff: Staff, ctx: Context) -> None:
    await StaffAccount.bind(ctx.chat, staff, ctx.now)
    ctx.staff, ctx.language = staff, staff.language or ctx.house.language
    ctx.reply("staff/bound", name=staff.name, role=staff.role.value)
    _offer_commands(staff.role, ctx)


def _offer_commands(role: Role, ctx: Context) -> None:
    """No language is named, so that the platform shows this menu whatever the language of the person's phone."""
    ctx.send(CommandMenu(ctx.chat, "", menu(ctx.language, role)))
