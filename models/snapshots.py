"""Here lives what is kept of the index for the next start: pieces, and up to which line of the log they are true.

All pieces together with the lines of `touched` from that place on tell how things are; a piece may be newer, since
a line only says whom to look at again. One process writes at a time, each piece in a short transaction of its own, and
moves the mark when all are written. Where lines before that place are needed, but gone, the mark is worth nothing.
"""

# ruff: noqa: S608 - the words of these statements are our own, every value is a parameter

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from models.database import transaction
from models.fields import milliseconds
from models.sql import select

FORM = 1  # of the pieces: those of another one are not read
LEASE = timedelta(minutes=10)  # after which somebody else may write
AT_ONCE = 1_000_000  # octets in one transaction

MARKS = "CREATE TABLE index_mark (name VARCHAR(8) PRIMARY KEY, position BIGINT NOT NULL, told VARCHAR(64) NOT NULL)"
PIECES = "CREATE TABLE index_piece (name VARCHAR(128) PRIMARY KEY, value {} NOT NULL)"
SO_FAR = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"  # a restored log has numbers of another server, too
LATER = "ON CONFLICT (name) DO UPDATE SET position = excluded.position WHERE index_mark.position < excluded.position"
SQLITE_PRUNED = f"""CREATE TRIGGER touched_pruned AFTER DELETE ON touched BEGIN
    INSERT INTO index_mark (name, position, told) VALUES ('pruned', OLD.id, '') {LATER}; END"""
POSTGRES_PRUNED = (
    f"""CREATE FUNCTION touched_pruned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO index_mark (name, position, told)
        SELECT 'pruned', MAX(xid), '' FROM rows WHERE xid < {SO_FAR} HAVING COUNT(*) > 0
        {LATER} OR index_mark.position >= {SO_FAR};
    RETURN NULL; END $$""",
    """CREATE TRIGGER touched_pruned AFTER DELETE ON touched REFERENCING OLD TABLE AS rows
    FOR EACH STATEMENT EXECUTE FUNCTION touched_pruned()""",
    "ALTER TABLE index_piece ALTER COLUMN value SET STORAGE EXTERNAL",
)

CLAIM = """INSERT INTO index_mark (name, position, told) VALUES ('saver', $1, $2)
    ON CONFLICT (name) DO UPDATE SET position = excluded.position, told = excluded.told
    WHERE index_mark.position < $3 RETURNING name"""
STILL = "UPDATE index_mark SET told = $1 WHERE name = 'saver' AND told = $1 RETURNING name"
FREE = "UPDATE index_mark SET position = 0 WHERE name = 'saver' AND told = $1 RETURNING name"
MARK = "SELECT position, told FROM index_mark WHERE name = 'saved'"
MOVED = """INSERT INTO index_mark (name, position, told) VALUES ('saved', $1, $2)
    ON CONFLICT (name) DO UPDATE SET position = excluded.position, told = excluded.told RETURNING name"""
KEEP = """INSERT INTO index_piece (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING name"""
NAMES = "SELECT name FROM index_piece"
FORGET = "DELETE FROM index_piece WHERE name = $1 RETURNING name"
FORGET_ALL = ("DELETE FROM index_piece RETURNING name", "DELETE FROM index_mark WHERE name = 'saved' RETURNING name")


class Overtaken(Exception):  # noqa: N818 - named for what happened
    """Another process writes, or has written; or what is there is not what this is a change of."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is to be written: `origin` tells databases apart whose positions have nothing to do with each other.

    `anew`: not a change of what is stored. Pieces of columns that are not in `lasting` are there no more.
    """

    position: int
    origin: str
    pieces: Mapping[str, bytes]
    lasting: frozenset[str]
    anew: bool


def sqlite() -> list[str]:
    """The statements that make the tables."""
    return [MARKS, PIECES.format("BLOB"), SQLITE_PRUNED]


def postgres() -> list[str]:
    return [MARKS, PIECES.format("BYTEA"), *POSTGRES_PRUNED]


async def write(snapshot: Snapshot, at: datetime) -> None:
    """Let the next start begin here; raises Overtaken, and then what was stored is as good as before."""
    async with _alone(at) as token:
        await _begin(snapshot, token)
        for part in _parts(snapshot.pieces):
            async with transaction():
                await _still(token)
                for name in part:
                    await select(KEEP, name, snapshot.pieces[name])
        async with transaction():
            await _still(token)
            for row in await select(NAMES):
                if not row["name"].startswith(("tag/", "via/")) and row["name"] not in snapshot.lasting:
                    await select(FORGET, row["name"])
            await select(MOVED, snapshot.position, snapshot.origin)


@asynccontextmanager
async def _alone(at: datetime) -> AsyncIterator[str]:
    token = uuid4().hex
    async with transaction():
        if not await select(CLAIM, milliseconds(at), token, milliseconds(at - LEASE)):
            raise Overtaken
    try:
        yield token
    finally:
        async with transaction():
            await select(FREE, token)


async def _begin(snapshot: Snapshot, token: str) -> None:
    async with transaction():
        await _still(token)
        known = [row["position"] for row in await select(MARK) if row["told"] == snapshot.origin]
        if known[0] >= snapshot.position if known else not snapshot.anew:
            raise Overtaken
        if snapshot.anew:
            for sql in FORGET_ALL:
                await select(sql)


async def _still(token: str) -> None:
    if not await select(STILL, token):
        raise Overtaken


def _parts(pieces: Mapping[str, bytes]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for name in sorted(pieces):
        part.append(name)
        size += len(pieces[name])
        if size >= AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part
