"""Here lives `guanxi db`: the migrations of the database, and its move to another one."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.frame import CONFIG, ConfigFile, Failed, finish, group, plain_table, settings_of, show
from bot.commands.progress import progress

if TYPE_CHECKING:
    from rich.table import Table

    from bot.copying import Copied

Source = Annotated[str, typer.Argument(help="sqlite://FILE; a relative one starts where the settings are.")]
Target = Annotated[str, typer.Argument(help="postgres://USER@HOST/DATABASE; the password may be in PGPASSWORD.")]

app = group("Migrations of the database, and its move from SQLite to PostgreSQL.")


@app.command()
def upgrade(config: ConfigFile = CONFIG) -> None:
    """Bring the database up to date. SQLite does it by itself when the server starts."""
    applied = finish(_upgrade(settings_of(config).database.address))
    for name in applied:
        typer.echo(f"applied  {name}")
    if not applied:
        typer.echo("nothing to do, the database is up to date")


async def _upgrade(address: str) -> tuple[str, ...]:
    """Tables are changed while no server uses them; where there is nothing to change, one may."""
    from bot.database import migrate
    from bot.database import status as ask
    from bot.presence import unserved

    found = await ask(address)
    if found.unknown:
        raise Failed(f"the database was made by a newer program ({found.unknown[-1]}): upgrade this one")
    if not found.pending:
        return ()
    async with nullcontext() if address.startswith("sqlite") else unserved(address):
        return await migrate(address)


@app.command()
def status(config: ConfigFile = CONFIG) -> None:
    """Which migrations the database has and lacks."""
    from bot.database import status as ask

    found = finish(ask(settings_of(config).database.address))
    for word, names in (("applied", found.applied), ("pending", found.pending), ("unknown", found.unknown)):
        for name in names:
            typer.echo(f"{word}  {name}")


@app.command()
def copy(source: Source, target: Target, config: ConfigFile = CONFIG) -> None:
    """Copy all rows of a SQLite file into a fresh PostgreSQL database; stop the server first. Say it again to go on."""
    from bot.copying import copy as copied

    with progress() as told:
        found = finish(copied(source, target, base=config.absolute().parent, told=told))
    show(_compared(found))
    for one in found:
        for column, count in one.mended.items():
            typer.echo(f"{one.table}.{column}: NUL characters left out of {count} values, PostgreSQL keeps none")
    if different := [one.table for one in found if not one.is_same]:
        raise Failed(f"the copy is not the same in {', '.join(different)}; copy again, into a fresh database")
    typer.echo("the copy is complete and the same; set database.url to it")


def _compared(found: "Sequence[Copied]") -> "Table":
    table = plain_table("table", "rows", "checksum", "ok")
    for one in found:
        rows = {f"{one.source.rows:,}": None, f"{one.target.rows:,}": None}
        checksums = {one.source.checksum: None, one.target.checksum: None}
        table.add_row(one.table, " → ".join(rows), " → ".join(checksums), "✓" if one.is_same else "✗")
    return table
