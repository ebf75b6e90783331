"""Here lives `guanxi staff`: the first administrator, and everybody after."""

import difflib
from random import SystemRandom
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.frame import CONFIG, ConfigFile, Failed, finish, group, now, plain_table, settings_of, show
from domain.permissions import Role

if TYPE_CHECKING:
    from rich.table import Table

app = group("People who work with customers, and their chat accounts.")

Name = Annotated[str, typer.Option(help="How colleagues call this person; unique.")]
Channel = Annotated[str, typer.Option(help="A channel of the settings, together with --account.")]
Account = Annotated[str, typer.Option(help="This person's id there (WeCom userid, Telegram number).")]


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What this person may do.")],
    channel: Channel = "",
    account: Account = "",
    config: ConfigFile = CONFIG,
) -> None:
    """Add a person, works while the server runs. Without --account, let them bind theirs with a code."""
    if bool(channel) != bool(account):
        raise typer.BadParameter("--channel and --account go together")
    if not name.strip():
        raise typer.BadParameter("--name is empty")
    settings = settings_of(config)
    if channel:
        _look_at(account, channel, {entry.name: entry.kind for entry in settings.channels})
    finish(_add(settings.database.url, name.strip(), role, {channel: account} if channel else {}))
    typer.echo(f"added {name.strip()} ({role})")


@app.command("list")
def everybody(config: ConfigFile = CONFIG) -> None:
    """Everybody, with their accounts."""
    show(finish(_everybody(settings_of(config).database.url)))


@app.command("bind-code")
def bind_code(
    name: Annotated[str, typer.Argument(help="Whose chat account is to be bound.")], config: ConfigFile = CONFIG
) -> None:
    """Print a code, valid 10 minutes: from their chat account the person sends "bind CODE"."""
    typer.echo(finish(_bind_code(settings_of(config).database.url, name)))


def _look_at(account: str, channel: str, kind_of: dict[str, str]) -> None:
    from bot.configuration import looked_for

    if channel not in kind_of:
        raise typer.BadParameter(f"there is no channel {channel}; there are: {', '.join(kind_of) or 'none'}")
    if fault := looked_for(kind_of[channel], account):
        raise typer.BadParameter(f"--account: {fault}")


async def _add(url: str, name: str, role: Role, accounts: dict[str, str]) -> None:
    from bot.database import opened, transaction
    from domain.messages import Address
    from models.staff import Staff

    async with opened(url), transaction():
        if await Staff.exists(name=name):
            raise Failed(f"there is already somebody called {name}; choose another --name")
        for place in accounts.items():
            holder = await Staff.behind(Address(*place))
            if holder:
                raise Failed(f"this account of {place[0]} is already bound to {holder.name}")
        await Staff.appoint(name, role, accounts, now())


async def _everybody(url: str) -> "Table":
    from bot.database import opened
    from models.staff import Staff

    table = plain_table("id", "name", "role", "language", "active", "accounts")
    async with opened(url):
        for person in await Staff.all().order_by("id").prefetch_related("accounts"):
            accounts = " ".join(f"{one.account}:{one.external_id}" for one in person.accounts)
            active = "yes" if person.active else "no"
            table.add_row(str(person.id), person.name, person.role, person.language or "-", active, accounts or "-")
    return table


async def _bind_code(url: str, name: str) -> str:
    from bot.database import opened, transaction
    from models.staff import Staff

    async with opened(url), transaction():
        person = await Staff.get_or_none(name=name, active=True)
        if person is None:
            close = difflib.get_close_matches(name, [one.name for one in await Staff.filter(active=True)], n=1)
            advice = f"did you mean {close[0]}?" if close else "see `guanxi staff list`"
            raise Failed(f"nobody active is called {name}; {advice}")
        return await person.issue_code(now(), SystemRandom())
