"""Here lives `guanxi check`: what is wrong with settings, database and channels, and how to mend it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from bot.commands.frame import CONFIG, ConfigFile, finish, now, plain_table, settings_of, show

if TYPE_CHECKING:
    from bot.settings import Database, Settings
    from domain.channel import Finding


class Row(NamedTuple):
    """One line of the table: which part of the house, and what was found there."""

    part: str
    finding: "Finding"


def check(config: ConfigFile = CONFIG) -> None:
    """Check the settings, open the database, and ask every channel's platform whether the account works."""
    settings = settings_of(config)
    rows = finish(_examine(settings))
    _print(rows, settings.language)
    if not all(row.finding.ok for row in rows):
        raise typer.Exit(1)


async def _examine(settings: "Settings") -> list[Row]:
    import aiohttp

    from channels import Tools, open_channel
    from domain.channel import Finding

    rows = [Row("config.yaml", Finding("settings", ok=True)), Row("database", await _database(settings.database))]
    async with aiohttp.ClientSession() as session:
        for entry in settings.channels:
            limits = settings.limits_of(entry.name, entry.kind)
            # with no tokens of other processes: those would prove nothing about these secrets
            channel = open_channel(entry, Tools(session, now, settings.server.public_url, limits))
            rows += [Row(entry.name, finding) for finding in await _asked(channel)]
    return rows


async def _asked(channel: Any) -> Sequence["Finding"]:
    try:
        findings: Sequence[Finding] = await channel.check()
    finally:
        await channel.close()
    return findings


async def _database(place: "Database") -> "Finding":
    from bot.database import DatabaseUnusable, status
    from domain.channel import Finding

    try:
        found = await status(place.address)
    except DatabaseUnusable as error:
        return Finding("open", ok=False, detail=str(error), remedy="database_closed")
    if found.pending and place.url.startswith("postgres"):
        return Finding("migrations", ok=False, detail=found.pending[0], remedy="database_behind")
    return Finding("migrations", ok=not found.unknown, remedy="database_newer" if found.unknown else "")


def _print(rows: Sequence[Row], language: str) -> None:
    import templates

    folder = f"check/{language}"
    table = plain_table(*templates.render(f"{folder}/columns.txt").split("\n"))
    for part, finding in rows:
        known = finding.remedy and templates.exists(f"{folder}/{finding.remedy}.txt")
        remedy = templates.render(f"{folder}/{finding.remedy}.txt") if known else finding.remedy
        table.add_row(part, finding.what, "✓" if finding.ok else "✗", finding.detail, remedy)
    show(table)
