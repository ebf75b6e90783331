"""Here lives what a comparison changes in many rows at once, each kind by a few statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from tortoise.models import Model

from domain.tags import Level, Remote, Shape
from models.database import insert_many
from models.sql import select
from models.sync import Binding
from models.tags import Tag, TagGroup

MOST = 1_000  # ids in one statement
# What was on its way was for a tag that is no more: its answer tells nothing of the one that is made instead.
UNMARK = """UPDATE tag_mark SET agreed = FALSE, sending = NULL, state = 'pending'
    WHERE binding_id IN ({marks}) AND wanted RETURNING id"""
FORGET = "DELETE FROM tag_mark WHERE binding_id IN ({marks}) AND NOT wanted RETURNING id"
UNBIND = "DELETE FROM tag_binding WHERE id IN ({marks}) RETURNING id"
BEARERS = """SELECT DISTINCT i.customer_id, b.tag_id FROM tag_mark AS m JOIN tag_binding AS b ON b.id = m.binding_id
    JOIN identity AS i ON i.id = m.identity_id WHERE m.agreed AND m.binding_id IN ({marks})
    ORDER BY i.customer_id, b.tag_id"""


class Place(NamedTuple):
    """What of ours is where on an account: `subject` is our group or tag."""

    subject: int
    remote: Remote


async def made_groups(shapes: Sequence[Shape], at: datetime) -> list[int]:
    """New groups like theirs, in the same order; their ids."""
    columns = ("name", "order", "source", "created_at")
    rows = [(_kept(shape.name), shape.order, "platform", at) for shape in shapes]
    return await _made(TagGroup, columns, rows, ("name", "order"))


async def made_tags(shapes: Sequence[tuple[int, Shape]], at: datetime) -> list[int]:
    """New tags like theirs, each in a group of ours, in the same order; their ids."""
    columns = ("group_id", "name", "order", "source", "created_at")
    rows = [(group, _kept(shape.name), shape.order, "platform", at) for group, shape in shapes]
    return await _made(Tag, columns, rows, ("group_id", "name", "order"))


async def bound(account: str, level: Level, places: Sequence[Place], at: datetime) -> None:
    """Both sides have these in common from now on."""
    columns = ("account", "level", f"{level}_id", "remote_id", "agreed", "touched_at")
    rows = [(account, level, place.subject, place.remote.id, asdict(place.remote.shape), at) for place in places]
    await insert_many(Binding, columns, rows, conflict=("account", "remote_id"))


async def changed(rows: Collection[Model], *attributes: str) -> None:
    """Write these attributes of rows of one model."""
    if found := list(rows):
        await type(found[0]).bulk_update(found, fields=list(attributes), batch_size=200)


async def unmarked(bindings: Collection[int]) -> None:
    """Nobody has these there any more; who should will be told once they are there again."""
    await _each(UNMARK, bindings)
    await _each(FORGET, bindings)


async def bearers(bindings: Collection[int]) -> list[tuple[int, int]]:
    """(customer, tag) of all who have one of these there, as far as we know."""
    return [(row["customer_id"], row["tag_id"]) for row in await _each(BEARERS, bindings)]


async def namesakes(names: Collection[str]) -> set[str]:
    """What people call those of these tags that share it with another one."""
    tags = [tag.path for tag in await Tag.filter(gone_at=None, name__in=list(names)).select_related("group")]
    return {path for path in tags if tags.count(path) > 1}


async def unbound(bindings: Collection[int]) -> None:
    """There is nothing of these there any more, nor anything to be told."""
    await _each(UNBIND, bindings)


def _kept(name: str) -> str:
    """What the column keeps of it."""
    return str(TagGroup._meta.fields_map["name"].to_db_value(name, TagGroup))  # noqa: SLF001 - the way to a column


async def _made(
    model: type[Model], columns: Sequence[str], rows: Sequence[tuple[object, ...]], known_by: Sequence[str]
) -> list[int]:
    """PostgreSQL returns new rows in no order: each is found again by what it was made of."""
    found: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row_id, *values in await insert_many(model, columns, rows, returning=("id", *known_by)):
        found[tuple(values)].append(row_id)
    places = [columns.index(name) for name in known_by]
    return [found[tuple(row[place] for place in places)].pop() for row in rows]


async def _each(sql: str, ids: Iterable[int]) -> list[dict[str, Any]]:
    """The rows of a statement for many ids, so many at a time."""
    chosen, found = sorted(set(ids)), []
    for start in range(0, len(chosen), MOST):
        part = chosen[start : start + MOST]
        marks = ", ".join(f"${n}" for n in range(1, len(part) + 1))
        found.append(await select(sql.format(marks=marks), *part))
    return list(chain.from_iterable(found))
