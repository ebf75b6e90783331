"""Here lives what every command shares: its options, its way to fail, its settings."""

import asyncio
import os
import sys
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from bot.settings import Settings

Result = TypeVar("Result")
WIDE = 200  # columns where nobody looks but a program
ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The settings; relative paths in it start there.")]
CONFIG = Path("config.yaml")


class Failed(Exception):  # noqa: N818 - named for what happened
    """The command could not do it; the message is one line that says what to do. Exit code 1."""


def group(words: str) -> typer.Typer:
    """A command, or a level of commands, that prints plain text and shows its help when nothing follows."""
    return typer.Typer(
        help=words,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def settings_of(config: Path, env: Mapping[str, str] = os.environ) -> "Settings":
    """What config.yaml says; raises Failed with one line per fault."""
    from bot.configuration import load
    from bot.problems import BadSettings

    try:
        return load(config, env)
    except BadSettings as error:
        raise Failed(str(error)) from error


def finish(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end; raises Failed when the database cannot be used."""
    from bot.database import DatabaseUnusable

    try:
        return asyncio.run(work)
    except DatabaseUnusable as error:
        raise Failed(str(error)) from error


def now() -> datetime:
    return datetime.now(UTC)


def show(table: "Table") -> None:
    """Print a table, never cut where a program reads it."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False).print(table)


def plain_table(*columns: str) -> "Table":
    """A table of words only, for people and for grep."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
