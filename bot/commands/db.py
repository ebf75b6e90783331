"""Here lives `guanxi db`: the migrations of the database."""

import typer

from bot.commands.frame import CONFIG, ConfigFile, finish, group, settings_of

app = group("Migrations of the database.")


@app.command()
def upgrade(config: ConfigFile = CONFIG) -> None:
    """Bring the database up to date. SQLite does it by itself when the server starts."""
    from bot.database import migrate

    applied = finish(migrate(settings_of(config).database.url))
    for name in applied:
        typer.echo(f"applied  {name}")
    if not applied:
        typer.echo("nothing to do, the database is up to date")


@app.command()
def status(config: ConfigFile = CONFIG) -> None:
    """Which migrations the database has and lacks."""
    from bot.database import status as ask

    found = finish(ask(settings_of(config).database.url))
    for word, names in (("applied", found.applied), ("pending", found.pending), ("unknown", found.unknown)):
        for name in names:
            typer.echo(f"{word}  {name}")
