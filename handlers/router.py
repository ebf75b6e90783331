"""Here lives the way from what happened to who handles it: who is it, may they, which function."""

from dataclasses import replace

import structlog

from domain.codes import code_in, ends_in_code
from domain.commands import Command, Invocation, Table, Target, is_prefixed, parse, target_in
from domain.errors import Refusal
from domain.events import (
    AppEntered,
    ButtonPressed,
    Chat,
    ContactAdded,
    ContactRemoved,
    ContactReturned,
    InboundEvent,
    MenuClicked,
    MessageEdited,
    MessageReceived,
    SourceScanned,
)
from domain.lines import plainly
from domain.messages import Acknowledge, Address, Text
from domain.permissions import Role, Scope, scope_of
from domain.plans import code_in as plan_code
from handlers.context import Context, Promise
from handlers.registry import command, handler_of, load, on, run, table
from models.audit import Entry
from models.dialogs import Dialog
from models.groups import Group
from models.presses import Press
from models.staff import Staff, StaffAccount

START = "/start"
HELP = "/help"
GROUP, CANCEL, CONFIRM = "group", "cancel", "confirm"
MARKS = " 。.!,，、~…"  # behind a word that a person types in a hurry
log = structlog.get_logger()

__all__ = ["authorize", "colleague", "command", "dispatch", "load", "on", "scope", "table"]


async def dispatch(event: InboundEvent, ctx: Context) -> None:
    """Hand an event to its handler; raises Refusal for a person's mistake."""
    ctx.staff = await _staff_behind(event, ctx)
    if ctx.staff:
        ctx.language = ctx.staff.language or ctx.house.language
        ctx.scope = await ctx.staff.scope()
    if isinstance(chat := getattr(event, "chat", None), Chat) and chat.kind != "private":
        ctx.group = chat
        await Group.heard(chat.address, chat.kind, chat.title, event.at)
        if ctx.staff and await _addressed(event, chat, ctx):
            await _serve(event, ctx)
        elif isinstance(event, ButtonPressed):
            ctx.send(Acknowledge(ctx.chat, event.press))  # a bystander's press does nothing, but it is answered
    elif ctx.staff:
        await _serve(event, ctx)
    elif isinstance(event, MessageReceived) and (asked := _binding(event)):
        await run(asked, ctx)
        _tell(f"{asked.verb} {asked.text}", asked, event.sender.address.id, ctx)
    elif handler := handler_of(type(event)):
        await handler(event, ctx)


def authorize(staff: Staff | None, wanted: Command) -> None:
    """Raise Refusal, naming the role that is needed, unless this person may run the command."""
    if wanted.role is None or (staff is not None and wanted.open_to(staff.role)):
        return
    log.warning("denied", staff=staff.id if staff else None, command=wanted.name, needed=wanted.role.value)
    raise Refusal("refusals/denied", command=wanted.name, role=wanted.role.value)


def colleague(ctx: Context) -> Staff:
    """Who asks; a command that is not open to strangers is never run for one."""
    if ctx.staff is None:
        raise Refusal("refusals/denied", command="whoami", role=Role.VIEWER.value)
    return ctx.staff


def scope(ctx: Context) -> Scope:
    """Whose customers who asks may see."""
    return ctx.scope or scope_of(colleague(ctx).role, colleague(ctx).id)


async def obey(typed: str, ctx: Context) -> None:
    """Run what a staff member typed, pressed or chose."""
    asked = parse(typed, table(), role=ctx.staff.role if ctx.staff else Role.VIEWER)
    if ctx.entry:
        ctx.entry = replace(ctx.entry, understood=table().veiled(asked.line), subjects=asked.subjects)
    authorize(ctx.staff, asked.command)
    await run(asked, ctx)


def _tell(typed: str, asked: Invocation | None, sender: str, ctx: Context) -> None:
    """Let the audit trail tell of this; of a stranger's words only once they turned out to be a colleague's."""
    if ctx.staff is None:
        return
    ctx.entry = Entry(
        at=ctx.now,
        staff_id=ctx.staff.id,
        staff_name=ctx.staff.name,
        account=ctx.chat.account,
        sender=sender,
        chat=ctx.chat.id,
        cause=ctx.actor.cause,
        typed=table().veiled(typed),
        understood=table().veiled(asked.line) if asked else "",
    )


async def _staff_behind(event: InboundEvent, ctx: Context) -> Staff | None:
    address = _person(event)
    staff = await Staff.behind(address) if address else None
    if staff and address:
        await StaffAccount.used(address, ctx.now)
    return staff


def _person(event: InboundEvent) -> Address | None:
    match event:
        case MessageReceived() | MessageEdited() | ButtonPressed() | MenuClicked() | AppEntered():
            return event.sender.address
        case ContactAdded() | ContactRemoved() | ContactReturned() | SourceScanned():
            return event.contact
        case _:
            return None


async def _addressed(event: InboundEvent, chat: Chat, ctx: Context) -> bool:
    """A group hears us where an administrator allowed it, and only what says that it is meant for us."""
    match event:
        case MessageReceived(content=Text(text=text)) if event.mentioned or is_prefixed(text):
            return await Group.allows(chat.address) or _allows_group(text, ctx)
        case ButtonPressed():
            return await Group.allows(chat.address)
        case _:
            return False


def _allows_group(text: str, ctx: Context) -> bool:
    """The one command that an administrator can give where nothing is allowed yet."""
    try:
        asked = parse(text, table())
    except Refusal:
        return False
    return asked.command.name == GROUP and ctx.staff is not None and asked.command.open_to(ctx.staff.role)


async def _serve(event: InboundEvent, ctx: Context) -> None:
    """What a colleague does is a command or nothing; it never makes them a customer."""
    match event:
        case MessageReceived(content=Text(text=text)):
            _tell(text, None, event.sender.address.id, ctx)
            await _answer(text, ctx)
        case MessageReceived():
            raise Refusal("refusals/text_only")
        case ButtonPressed(press=press, data=data, message_id=message):
            fresh = not message or await Press.once(event.chat.address, message, ctx.now)
            label = ctx.words("help/pressed")
            ctx.send(Acknowledge(ctx.chat, press, label, message=message))
            if fresh:
                _tell(data, None, event.sender.address.id, ctx)
                await _answer(_whole(data), ctx)
        case MenuClicked(key=key):
            _tell(key, None, event.sender.address.id, ctx)
            await _answer(_whole(key), ctx)
        case ContactAdded():
            await obey(HELP, ctx)
        case _:
            return


async def _answer(text: str, ctx: Context) -> None:
    """A number chosen from what was offered, the answer to what was asked, or a command."""
    plain = plainly(text).plain.strip()
    bare = plain.lstrip("/! ")
    dialog = await Dialog.at(colleague(ctx), ctx.chat, ctx.now)
    if plain.split(" ")[0].lower() == START:
        await _overrule(ctx)
        await obey(HELP, ctx)
    elif dialog and (offered := dialog.chosen(bare)):
        if dialog.asks:  # answered; a mere list may be chosen from again
            await Dialog.close(colleague(ctx), ctx.chat)
        await obey(offered, ctx)
    elif dialog and dialog.asks:
        await _reply(text, bare, dialog, ctx)
    elif bare.isdecimal():
        raise Refusal("refusals/choice_over", typed=bare)
    else:
        await obey(text, ctx)


async def _reply(text: str, bare: str, dialog: Dialog, ctx: Context) -> None:
    """What is asked may be said to a customer: nothing goes there that looks like a way out, or like a secret."""
    ctx.asked = True
    word, _, rest = bare.strip(MARKS).partition(" ")
    row = table().by_alias.get(word.lower())
    if row and row.name == CANCEL and not rest:
        await obey(f"/{CANCEL}", ctx)
    elif row and row.name == CANCEL and target_in(rest):
        await _overrule(ctx)
        await obey(f"/{CANCEL} {rest}", ctx)
    elif row and row.name == CONFIRM and plan_code(rest):
        await obey(f"/{CONFIRM} {rest}", ctx)
    elif is_prefixed(text) or _gives_way(dialog, text):
        await _overrule(ctx)
        await obey(text, ctx)
    elif dialog.choices and bare.isdecimal():
        raise Refusal("refusals/not_offered", typed=bare)
    else:
        await Dialog.close(colleague(ctx), ctx.chat)
        await obey(dialog.asks + text, ctx)


def _gives_way(dialog: Dialog, text: str) -> bool:
    """Whether this is a command where none is asked for, what is being asked typed out as a whole, or a mere look."""
    asking, typed = table().called(dialog.asks), table().called(text)
    if asking is None or typed is None:
        return False
    return asking.yields or _is_whole(text, again=typed is asking)


def _is_whole(text: str, *, again: bool) -> bool:
    """Whether a command names by its id what it is about, or has nothing to name: 回复 晚了 is no such one.

    If it is not the same command `again`, it reads, and there is nothing else to it: 看 C1, but not 看 C1 的报价.
    """
    try:
        asked = parse(text, table())
    except Refusal:
        return False
    if again:
        return not asked.command.targets or isinstance(asked.target, Target)
    return asked.command.tier == "read" and isinstance(asked.target, Target) and not asked.words


def why(refusal: Refusal, ctx: Context) -> str:
    """What is said of a refusal; whoever is still being asked something is told how to leave."""
    said = ctx.words(refusal.key, **refusal.values)
    return f"{said}\n{ctx.words('help/still_asked')}" if ctx.asked else said


def still_said(ctx: Context) -> list[Promise]:
    """What of a refused event goes out all the same: a press is answered, but its buttons stay for who may use them."""
    return [
        Promise(replace(promise.outgoing, message="") if ctx.group else promise.outgoing, None)
        for promise in ctx.promises
        if isinstance(promise.outgoing, Acknowledge)
    ]


async def _overrule(ctx: Context) -> None:
    """What is a command and no answer ends what is being asked, whatever becomes of the command."""
    ctx.asked = False
    ctx.overruled = True
    await Dialog.close(colleague(ctx), ctx.chat)


def _whole(command: str) -> str:
    """What is pressed is a command by itself, whatever is being asked."""
    return command if is_prefixed(command) else f"/{command}"


async def choose(typed: str, ctx: Context) -> None:
    """Run what the last answer offered under this number or word."""
    dialog = await Dialog.at(colleague(ctx), ctx.chat, ctx.now)
    offered = dialog.chosen(typed) if dialog else None
    if offered is None:
        raise Refusal("refusals/choice_over", typed=typed)
    await obey(offered, ctx)


def _binding(event: MessageReceived) -> Invocation | None:
    """A code sent to bind this chat account; anything else that strangers write is a customer's message."""
    if not isinstance(event.content, Text) or not ends_in_code(event.content.text):
        return None
    try:
        asked = parse(event.content.text, Table([row for row in table().commands if row.name == "bind"]))
    except Refusal:
        return None
    return asked if code_in(asked.text) else None
