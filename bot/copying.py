"""Here lives the move of an installation from SQLite to PostgreSQL: copied in pieces, resumed, compared at the end."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bot.database import DatabaseUnusable, Place, alone, located, status
from bot.destination import FRESH, Destination
from bot.origin import Origin
from bot.presence import unserved
from models.copying import Sum, Table, tables

Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """One table on both sides, and the columns that lost NUL characters, with the number of their values."""

    table: str
    source: Sum
    target: Sum
    mended: dict[str, int]

    @property
    def is_same(self) -> bool:
        return self.source == self.target


async def copy(source: str, target: str, *, base: Path, told: Told) -> list[Copied]:
    """Copy every row of a SQLite file into a fresh PostgreSQL database, or go on with that; raises DatabaseUnusable.

    `told` hears of each step: its name, rows done, rows there are. The target is marked as half a copy until
    everything in it was compared with the source and is the same.
    """
    here, there = located(source, base), located(target, base)
    if not here.file or there.file:
        raise DatabaseUnusable(
            "a copy goes from SQLite to PostgreSQL: sqlite://data/guanxi.db postgres://host/database"
        )
    if not here.file.is_file():
        raise DatabaseUnusable(f"there is no database {here.name}")
    with _plainly(here, there), alone(here.file), closing(Origin(here.file)) as old:
        await _ready(there)
        async with unserved(there.url), Destination.opened(there) as new:
            return await _copied(old, new, await tables(), told)


async def _ready(there: Place) -> None:
    found = await status(there.url)
    if found.unknown:
        raise DatabaseUnusable(f"{there.name} was made by a newer program ({found.unknown[-1]}): upgrade this one")
    if found.pending:
        raise DatabaseUnusable(
            f"{there.name} is not up to date ({found.pending[0]}): run `guanxi db upgrade` first, with database.url"
            " set to it"
        )


async def _copied(old: Origin, new: Destination, plan: Sequence[Table], told: Told) -> list[Copied]:
    await new.check()
    old.check(await new.applied())
    mended = {table.name: old.fitting(table) for table in plan}
    if await new.begun(plan):
        for table in plan:
            await _unchanged(old, new, table, mended[table.name])
    for table in plan:
        await _move(old, new, table, mended[table.name], told)
    found = [await _compared(old, new, table, mended[table.name], told) for table in plan]
    if all(one.is_same for one in found):
        await new.finish(plan)
    return found


async def _unchanged(old: Origin, new: Destination, table: Table, mended: dict[str, int]) -> None:
    """What an earlier run copied is still what the source has."""
    position = await new.position(table)
    if position is not None:
        before = old.sum(table, mended, upto=position)
        if before != await new.sum(table, lambda _: None):
            raise DatabaseUnusable(
                f"{old.name} is not what {new.place.name} holds a part of (table {table.name}): {FRESH}"
            )


async def _move(old: Origin, new: Destination, table: Table, mended: dict[str, int], told: Told) -> None:
    position = await new.position(table)
    total = old.count(table)
    done = 0 if position is None else old.count(table, upto=position)
    told(f"copying {table.name}", done, total)
    for rows in old.pieces(table, mended, beyond=position):
        await new.write(table, rows)
        done += len(rows)
        told(f"copying {table.name}", done, total)
    await new.number(table, old.last_number(table))


async def _compared(old: Origin, new: Destination, table: Table, mended: dict[str, int], told: Told) -> Copied:
    before = old.sum(table, mended)
    after = await new.sum(table, lambda done: told(f"comparing {table.name}", done, before.rows))
    return Copied(table.name, before, after, mended)


@contextmanager
def _plainly(here: Place, there: Place) -> Iterator[None]:
    """Errors in one sentence; those about a value name no value."""
    try:
        yield
    except (asyncpg.DataError, asyncpg.InterfaceError) as exc:
        raise DatabaseUnusable(f"the database {there.name} cannot be used: {type(exc).__name__}") from exc
    except (asyncpg.PostgresError, ConnectionError, TimeoutError) as exc:
        raise DatabaseUnusable(f"the database {there.name} cannot be used: {_reason(exc)}") from exc
    except (sqlite3.Error, OSError) as exc:
        raise DatabaseUnusable(f"the database {here.name} cannot be used: {_reason(exc)}") from exc


def _reason(exc: Exception) -> str:
    return str(exc).partition("\n")[0] or type(exc).__name__
