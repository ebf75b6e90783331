"""Here lives what the commands that take over a table share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.frame import Failed, finish, now
from bot.commands.progress import progress

if TYPE_CHECKING:
    from bot.importing import Kind
    from bot.settings import Settings
    from bot.tables import Columns

File = Annotated[Path, typer.Argument(metavar="FILE.csv", help="UTF-8, or as Excel writes it in China.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; only say which rows would be rejected.")]
LONGEST = 64


def _named(source: str) -> str:
    if not 0 < len(source) <= LONGEST or not source.isprintable():
        raise typer.BadParameter(f"a name of 1 to {LONGEST} characters that can be seen")
    return source


Source = Annotated[
    str, typer.Option(callback=_named, help="The system that tells of it: what two tell of are two things.")
]


def imported(
    settings: "Settings", file: Path, columns: "Columns", needed: int, kind: "Kind[Any]", *, dry: bool
) -> None:
    """Take it over, and say what came of it; raises Failed for what is no table."""
    from bot.importing import take_over
    from bot.tables import BadTable, Table

    try:
        table = Table(file, columns, needed)
    except BadTable as error:
        raise Failed(str(error)) from error
    with progress() as told:
        outcome = finish(take_over(settings, kind, table, told, now(), dry=dry))
    typer.echo(f"{outcome.new:,} rows would be taken over" if dry else str(outcome))
    if beside := table.reject(outcome.rejected):
        typer.echo(f"{len(outcome.rejected):,} rows were rejected, with the reasons in {beside}")
