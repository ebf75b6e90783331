"""Here lives what can happen and be asked: each event's handler, and the one table of commands."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, TypeVar

import handlers
from domain.commands import Command, Invocation, Table
from domain.errors import Refusal
from handlers.context import Context
from models.aside import PATIENCE, Overlong
from templates import LANGUAGES
from templates.terms import terms

Event = TypeVar("Event")
Handler = Callable[[Event, Context], Awaitable[None]]
Run = Callable[[Invocation, Context], Awaitable[None]]

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
    """Every registered command, in the order in which `templates/words/commands` explains them."""
    order = {name: place for place, name in enumerate(terms(LANGUAGES[0])["commands"])}
    return Table(sorted(_commands, key=lambda row: order.get(row.name, len(order))))


def handler_of(kind: type) -> Handler[Any] | None:
    return _handlers.get(kind)


async def run(asked: Invocation, ctx: Context) -> None:
    """Raises Refusal for a mistake, and for a rule that keeps the database busy for too long: once is enough."""
    try:
        await _runs[asked.command.name](asked, ctx)
    except Overlong as error:
        raise Refusal("refusals/rule_slow", seconds=f"{PATIENCE:.0f}") from error
