"""Here lives `guanxi staff`: the first administrator, and everybody after."""

import difflib
from random import SystemRandom
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from bot.commands.frame import CONFIG, ConfigFile, Failed, finish, group, now, plain_table, settings_of, show
from domain.permissions import Role

if TYPE_CHECKING:
    from rich.table import Table

    from bot.settings import Settings
    from models.staff import Staff

app = group("People who work with customers, and their chat accounts.")

Name = Annotated[str, typer.Option(help="How colleagues call this person; unique.")]
Channel = Annotated[str, typer.Option(help="A channel of the settings, together with --account.")]
Account = Annotated[str, typer.Option(help="This person's id there (WeCom userid, Telegram number).")]
Who = Annotated[str, typer.Argument(metavar="NAME", help="How colleagues call this person.")]


class Newcomer(NamedTuple):
    """`accounts` are the person's ids by the name of the channel."""

    name: str
    role: Role
    team: str
    accounts: dict[str, str]


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What this person may do.")],
    channel: Channel = "",
    account: Account = "",
    team: Annotated[str, typer.Option(help="Managers with a team see that team's customers only.")] = "",
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
    finish(_add(settings, Newcomer(name.strip(), role, team.strip(), {channel: account} if channel else {})))
    typer.echo(f"added {name.strip()} ({role})")


@app.command("list")
def everybody(config: ConfigFile = CONFIG) -> None:
    """Everybody, with their teams and accounts."""
    show(finish(_everybody(settings_of(config).database.address)))


@app.command("bind-code")
def bind_code(
    name: Annotated[str, typer.Argument(help="Whose chat account is to be bound.")], config: ConfigFile = CONFIG
) -> None:
    """Print a code, valid 10 minutes: from their chat account the person sends "bind CODE"."""
    typer.echo(finish(_bind_code(settings_of(config).database.address, name)))


@app.command()
def deactivate(name: Who, config: ConfigFile = CONFIG) -> None:
    """Take all access away at once; managers are told which customers are left without a colleague."""
    typer.echo(finish(_deactivate(settings_of(config), name)))


@app.command()
def activate(name: Who, config: ConfigFile = CONFIG) -> None:
    """Let somebody who was deactivated, here or in WeCom, in again with the accounts they had."""
    typer.echo(finish(_activate(settings_of(config), name)))


@app.command()
def role(name: Who, new: Annotated[Role, typer.Argument(metavar="ROLE")], config: ConfigFile = CONFIG) -> None:
    """Give somebody another role: admin, manager, sales or viewer. It counts from their next message on."""
    typer.echo(finish(_role(settings_of(config), name, new)))


@app.command()
def team(name: Who, new: Annotated[str, typer.Argument(metavar="TEAM")] = "", config: ConfigFile = CONFIG) -> None:
    """Put somebody into a team, or without TEAM into none. Managers with a team see that team's customers only."""
    typer.echo(finish(_team(settings_of(config), name, new.strip())))


def _look_at(account: str, channel: str, kind_of: dict[str, str]) -> None:
    from bot.configuration import looked_for

    if channel not in kind_of:
        raise typer.BadParameter(f"there is no channel {channel}; there are: {', '.join(kind_of) or 'none'}")
    if fault := looked_for(kind_of[channel], account):
        raise typer.BadParameter(f"--account: {fault}")


async def _add(settings: "Settings", new: "Newcomer") -> None:
    from bot.acting import acting
    from domain.messages import Address
    from handlers.menus import offer
    from models.staff import Staff

    async with acting(settings, now(), f"staff add {new.name} {new.role}") as ctx:
        if await Staff.exists(name=new.name):
            raise Failed(f"there is already somebody called {new.name}; choose another --name")
        for place in new.accounts.items():
            holder = await Staff.behind(Address(*place))
            if holder:
                raise Failed(f"this account of {place[0]} is already bound to {holder.name}")
        await offer(await Staff.appoint(new.name, new.role, new.accounts, ctx.now, new.team), ctx)


async def _deactivate(settings: "Settings", name: str) -> str:
    from bot.acting import acting
    from handlers.staff import dismiss

    async with acting(settings, now(), f"staff deactivate {name}") as ctx:
        gone = await dismiss(await _called(name), ctx)
    return f"{name} has no access any more" if gone else f"nothing to do, {name} has no access"


async def _activate(settings: "Settings", name: str) -> str:
    from bot.acting import acting
    from handlers.menus import offer

    async with acting(settings, now(), f"staff activate {name}") as ctx:
        person = await _called(name)
        if not await person.come_back():
            return f"nothing to do, {name} is active"
        await offer(person, ctx)
    return f"{name} is active again"


async def _role(settings: "Settings", name: str, new: Role) -> str:
    from bot.acting import acting
    from handlers.menus import offer

    async with acting(settings, now(), f"staff role {name} {new}") as ctx:
        person = await _called(name)
        await person.become(new)
        if person.active:
            await offer(person, ctx)
    return f"{name} is {new} now"


async def _team(settings: "Settings", name: str, new: str) -> str:
    from bot.acting import acting

    async with acting(settings, now(), f"staff team {name} {new}".rstrip()):
        await (await _called(name)).join(new)
    return f"{name} is in team {new} now" if new else f"{name} is in no team now"


async def _called(name: str, *, active: bool = False) -> "Staff":
    """Raises Failed, with the nearest name there is."""
    from models.staff import Staff

    everybody = {one.name: one for one in await Staff.all() if one.active or not active}
    if name not in everybody:
        close = difflib.get_close_matches(name, everybody, n=1)
        advice = f"did you mean {close[0]}?" if close else "see `guanxi staff list`"
        raise Failed(f"nobody{' active' if active else ''} is called {name}; {advice}")
    return everybody[name]


async def _everybody(url: str) -> "Table":
    from bot.database import opened
    from models.staff import Staff

    table = plain_table("id", "name", "role", "team", "language", "active", "accounts")
    async with opened(url):
        for person in await Staff.all().order_by("id").prefetch_related("accounts"):
            accounts = " ".join(f"{one.account}:{one.external_id}" for one in person.accounts)
            active = "yes" if person.active else "no"
            words = person.name, person.role, person.team or "-", person.language or "-", active, accounts or "-"
            table.add_row(str(person.id), *words)
    return table


async def _bind_code(url: str, name: str) -> str:
    from bot.database import opened, transaction

    async with opened(url), transaction():
        return await (await _called(name, active=True)).issue_code(now(), SystemRandom())
