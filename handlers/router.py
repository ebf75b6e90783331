"""Here lives the way from what happened to who handles it: who is it, may they, which function."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, TypeVar

import handlers
from domain.binding import code_in, ends_in_code
from domain.commands import Command, Invocation, Table, Tier, parse
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
from domain.permissions import Role
from handlers.context import Context
from models.dialogs import Dialog
from models.staff import Staff, StaffAccount

Event = TypeVar("Event")
Handler = Callable[[Event, Context], Awaitable[None]]
Run = Callable[[Invocation, Context], Awaitable[None]]

TIERS: tuple[Tier, ...] = ("read", "write", "danger")
START = "/start"
HELP = "/help"

_handlers: dict[type, Handler[Any]] = {}
_runs: dict[str, Run] = {}
_commands: list[Command] = []


def on(kind: type[Event]) -> Callable[[Handler[Event]], Handler[Event]]:
    """Let a function handle every event of one kind."""

    def register(handler: Handler[Event]) -> Handler[Event]:
        if kind in _handlers:
            raise ValueError(f"{kind.__name__} has a handler")
        _handlers[kind] = handler
        return handler

    return register


def command(row: Command) -> Callable[[Run], Run]:
    """Let a function run a command of the staff's chat."""

    def register(run: Run) -> Run:
        _commands.append(row)
        _runs[row.name] = run
        return run

    return register


def load() -> None:
    """Import every handler, so that all are registered."""
    for module in pkgutil.iter_modules(handlers.__path__):
        importlib.import_module(f"handlers.{module.name}")
    table.cache_clear()


@lru_cache(maxsize=1)
def table() -> Table:
    """Every registered command, the harmless first."""
    return Table(sorted(_commands, key=lambda row: (TIERS.index(row.tier), row.name)))


async def dispatch(event: InboundEvent, ctx: Context) -> None:
    """Hand an event to its handler; raises Refusal for a person's mistake."""
    match event:
        case MessageReceived(chat=Chat(kind=kind)) | MessageEdited(chat=Chat(kind=kind)) if kind != "private":
            return  # no group is allowed yet, and in any other we are silent
        case ButtonPressed(chat=Chat(kind=kind)) if kind != "private":
            return
        case _:
            pass
    ctx.staff = await _staff_behind(event, ctx)
    if ctx.staff:
        ctx.language = ctx.staff.language or ctx.house.language
        await _serve(event, ctx)
    elif isinstance(event, MessageReceived) and (asked := _binding(event)):
        await _runs["bind"](asked, ctx)
    elif handler := _handlers.get(type(event)):
        await handler(event, ctx)


def authorize(staff: Staff | None, wanted: Command) -> None:
    """Raise Refusal, naming the role that is needed, unless this person may run the command."""
    if wanted.role is None or (staff is not None and wanted.open_to(staff.role)):
        return
    raise Refusal("refusals/denied", command=wanted.name, role=wanted.role.value)


def colleague(ctx: Context) -> Staff:
    """Who asks; a command that is not open to strangers is never run for one."""
    if ctx.staff is None:
        raise Refusal("refusals/denied", command="whoami", role=Role.VIEWER.value)
    return ctx.staff


async def obey(typed: str, ctx: Context) -> None:
    """Run what a staff member typed, pressed or chose."""
    role = ctx.staff.role if ctx.staff else Role.VIEWER
    asked = parse(typed, table(), role=role)
    authorize(ctx.staff, asked.command)
    await _runs[asked.command.name](asked, ctx)


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


async def _serve(event: InboundEvent, ctx: Context) -> None:
    """What a colleague does is a command or nothing; it never makes them a customer."""
    match event:
        case MessageReceived(content=Text(text=text)):
            await _answer(text, ctx)
        case MessageReceived():
            raise Refusal("refusals/text_only")
        case ButtonPressed(press=press, data=data, message_id=message):
            ctx.send(Acknowledge(ctx.chat, press, ctx.words("help/pressed"), message=message))
            await _answer(data, ctx)
        case MenuClicked(key=key):
            await _answer(key, ctx)
        case ContactAdded():
            await obey(HELP, ctx)
        case _:
            return


async def _answer(text: str, ctx: Context) -> None:
    plain = plainly(text).plain.strip()
    if plain.split(" ")[0].lower() == START:
        await obey(HELP, ctx)
    elif plain.isdecimal():
        await choose(plain, ctx)
    else:
        await obey(text, ctx)


async def choose(typed: str, ctx: Context) -> None:
    """Run what the last answer offered under this number or word."""
    offered = await Dialog.chosen(ctx.staff, ctx.chat, typed, ctx.now) if ctx.staff else None
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
