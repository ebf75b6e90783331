"""Here lives the menu of commands that some platforms offer while one types: each colleague has that of their role.

Customers, strangers and groups are offered nothing of ours: a customer's private chat has /start.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime

from domain.messages import Address, CommandMenu
from domain.permissions import Role
from handlers.context import Context, House
from handlers.router import table
from models.cursors import Cursor
from models.outbox import OutboxItem
from models.staff import Staff
from templates import LANGUAGES
from templates.terms import terms

OFFERING = frozenset({"telegram"})  # platforms with such a menu
MARK = "guanxi.menus"  # a channel's name has no dot
START = "start"


def menu(language: str, role: Role) -> tuple[tuple[str, str], ...]:
    """What a person of this role may run, as (Latin name, one line of help)."""
    lines = terms(language)["commands"]
    return tuple((row.en[0], lines[row.name]["help"]) for row in table().commands if row.open_to(role))


def offer_here(ctx: Context) -> None:
    """For who is new here, or has opened this chat only now."""
    if ctx.staff and not ctx.group and ctx.house.accounts.get(ctx.chat.account) in OFFERING:
        ctx.send(_of(ctx.staff, ctx.chat, ctx.house))


async def offer(person: Staff, ctx: Context) -> None:
    """No language is named, so that the platform shows this menu whatever the language of the person's phone."""
    for place in await _places(person, ctx.house):
        ctx.send(_of(person, place, ctx.house))


async def take_away(person: Staff, ctx: Context) -> None:
    """Whoever left is offered what strangers are."""
    for place in await _places(person, ctx.house):
        ctx.send(CommandMenu(place, "", ()))


async def renew(house: House, now: datetime) -> None:
    """At the start, where people or commands are others than at the last one; one of all processes does it."""
    menus = [*_strangers(house)]
    for person in await Staff.filter(active=True).order_by("id").prefetch_related("accounts"):
        menus += [_of(person, place, house) for place in await _places(person, house)]
    if await _is_news(_digest(menus)):
        for each in menus:
            await OutboxItem.enqueue(each, now)


def _of(person: Staff, place: Address, house: House) -> CommandMenu:
    return CommandMenu(place, "", menu(person.language or house.language, person.role))


def _strangers(house: House) -> Iterator[CommandMenu]:
    """In the language of the phone, if it is one of ours, else in that of the house."""
    for account, kind in house.accounts.items():
        for language in LANGUAGES if kind in OFFERING else ():
            told = "" if language == house.language else language
            yield CommandMenu(Address(account, ""), told, ((START, terms(language)["menus"][START]),))


async def _places(person: Staff, house: House) -> list[Address]:
    """The person's chats on platforms that offer menus."""
    await person.fetch_related("accounts")
    found = sorted(person.accounts, key=lambda each: each.id)
    return [Address(each.account, each.external_id) for each in found if house.accounts.get(each.account) in OFFERING]


def _digest(menus: list[CommandMenu]) -> str:
    told = json.dumps([(each.to.account, each.to.id, each.language, each.commands) for each in menus])
    return hashlib.sha256(told.encode()).hexdigest()


async def _is_news(digest: str) -> bool:
    """Whether this is the first to say so."""
    await Cursor.get_or_create({"value": ""}, account=MARK)
    return bool(await Cursor.filter(account=MARK).exclude(value=digest).update(value=digest))
