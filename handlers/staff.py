"""Here lives what concerns colleagues themselves: who they are here, their accounts, their language, their leaving."""

from typing import Any

from domain.codes import LOCKED, code_in
from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.events import StaffChanged
from domain.messages import Address
from domain.permissions import Role
from handlers.context import Context
from handlers.menus import offer, offer_here, take_away
from handlers.notices import tell
from handlers.router import colleague, command, on
from models.customers import Customer
from models.dialogs import Dialog
from models.plans import Plan
from models.staff import BindAttempt, BindCode, Staff, StaffAccount

NAMED = 6  # customers of somebody who left that are named

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
        team=staff.team if staff.role is Role.MANAGER else "",
        language=ctx.language,
        accounts=[{"channel": ctx.house.accounts.get(a.account, a.account), "id": a.external_id} for a in accounts],
    )


@command(Command("bind", "me", zh=("绑定",), en=("bind",), role=None, tier="write", takes="text"))
async def bind(asked: Invocation, ctx: Context) -> None:
    """A wrong code is answered and not refused, because a refusal would forget that it was tried.

    Of who is not known yet, only the verb tells which language they read.
    """
    if ctx.staff:
        ctx.reply("staff/bound_already", name=ctx.staff.name)
        return
    ctx.language = "en" if asked.verb in asked.command.en else "zh-CN"
    if await BindAttempt.locked(ctx.chat, ctx.now):
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
    await offer(staff, ctx)


@on(StaffChanged)
async def follow_directory(event: StaffChanged, ctx: Context) -> None:
    """Who left WeCom, or is disabled there, loses every chat account here at once.

    Whoever is back there stays out here until an administrator says otherwise: an id may have another owner by then.
    """
    member = event.member
    if event.new_id:
        member = Address(member.account, event.new_id)
        await StaffAccount.rename(event.member, member)
    person = await Staff.behind(member)
    if person and not event.active:
        await dismiss(person, ctx, member=True)


async def dismiss(person: Staff, ctx: Context, *, member: bool = False) -> bool:
    """Somebody does not work here any more; `member` when WeCom said so. False when that was known already."""
    if not await person.leave():
        return False
    await Dialog.filter(staff_id=person.id).delete()
    for plan in await Plan.filter(staff_id=person.id, state="open"):
        await plan.cancel(ctx.now)
    await take_away(person, ctx)
    await _tell_managers(person, ctx, member=member)
    return True


async def _tell_managers(person: Staff, ctx: Context, *, member: bool) -> None:
    """How many customers nobody looks after now, and how they get somebody."""
    theirs = Customer.filter(owner_id=person.id, merged_into_id=None)
    named = await theirs.order_by("-seen_at", "-id").limit(NAMED)
    values: dict[str, Any] = {
        "name": person.name,
        "member": member,
        "count": await theirs.count(),
        "customers": [f"{each.short_id} {each.name}".strip() for each in named],
        "example": named[0].short_id if named else "",
    }
    for manager in await Staff.managers():
        if manager.id != person.id and (await manager.scope()).sees(person.id):
            await tell(manager, ctx, "staff/dismissed", **values)


async def _welcome(staff: Staff, ctx: Context) -> None:
    await StaffAccount.bind(ctx.chat, staff, ctx.now)
    ctx.staff, ctx.language = staff, staff.language or ctx.house.language
    ctx.reply("staff/bound", name=staff.name, role=staff.role.value)
    offer_here(ctx)
