"""Here lives the index itself: who carries which tag, who is where, and the columns, as of one place in the log.

It is caught up inside the transaction that asks, so what it says is what the tables say there. Tags are fetched when
somebody asks for them; of those that are stored, what has changed since is remembered until then.
"""

# ruff: noqa: S608 - the words of these statements are our own, every value is a parameter

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
from pyroaring import BitMap

from models.aside import Reading, Row
from models.bitmaps import Ids, of_ids
from models.columns import ROW, Columns
from models.snapshots import FORM, NAMES, SO_FAR, Snapshot

PART = 5_000  # customers in one statement
MOST = 300_000  # lines of the log: with more, everything is read anew

PRUNED = "COALESCE((SELECT position FROM index_mark WHERE name = 'pruned'{}), 0)"
NOW = {
    "sqlite": f"""SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'touched'), 0),
        {PRUNED.format("")}, '{FORM} sqlite'""",
    "postgres": f"""SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
        {PRUNED.format(f" AND position < {SO_FAR}")} + 1,
        concat_ws(' ', {FORM}, (SELECT system_identifier FROM pg_control_system()),
            (SELECT timeline_id FROM pg_control_checkpoint()),
            (SELECT oid FROM pg_database WHERE datname = current_database()))""",
}
CARRIED = "(SELECT 1 FROM tagging AS t WHERE t.customer_id = l.customer_id AND t.tag_id = l.tag_id LIMIT 1)"
LINES = {
    "sqlite": f"""SELECT l.customer_id, l.tag_id, COALESCE({CARRIED}, 0) AS carried, 0 AS id, 0 AS xid
        FROM touched AS l WHERE l.id > $1 LIMIT {MOST + 1}""",
    "postgres": f"""SELECT l.customer_id, l.tag_id, COALESCE({CARRIED}, 0) AS carried, l.id, l.xid
        FROM touched AS l WHERE l.xid >= $1 AND l.xid < {SO_FAR} AND l.id <> ALL($2::bigint[]) LIMIT {MOST + 1}""",
}
LINE = "customer_id, tag_id, carried, id, xid"
LAST = "SELECT COALESCE(MAX(id), 0) FROM customer"
BETWEEN = "BETWEEN $1 AND $2"
VIA = "SELECT i.customer_id, i.account FROM identity AS i WHERE"
CARRIERS = "SELECT customer_id FROM tagging WHERE tag_id = $1"
PIECE = "SELECT value FROM index_piece WHERE name = $1"


class Mirror:
    """`position` is the place in the log up to which everything here is true.

    `ahead` are lines behind that which are heeded already, with their transactions.
    """

    def __init__(self, dialect: str, position: int, origin: str) -> None:
        self.dialect = dialect
        self.position = position
        self.origin = origin
        self.ahead: dict[int, int] = {}
        self.columns = Columns()
        self.channels: dict[str, BitMap] = {}
        self.tags: dict[int, BitMap] = {}
        self.stored = False  # whether tags that are not here may be read from their stored pieces
        self.noting = False  # whether changes of such tags are noted: who has come to carry them, who no more
        self.changes: dict[int, tuple[BitMap, BitMap]] = {}
        self.dirty: set[str] = set()

    @property
    def octets(self) -> int:
        """What columns and bitmaps take in memory; a bitmap about as much as when it is stored."""
        sets = (self.columns.alive, *self.channels.values(), *self.tags.values())
        return self.columns.octets + sum(len(each.serialize()) for each in sets)

    async def tag(self, reading: Reading, tag_id: int) -> BitMap:
        """Who carries it, as the table has it: whoever was merged included."""
        if tag_id not in self.tags:
            self.tags[tag_id] = await self._stored(reading, tag_id) or await self._fetched(reading, tag_id)
            self.changes.pop(tag_id, None)
        return self.tags[tag_id]

    async def catch_up(self, reading: Reading, position: int) -> bool:
        """Heed what the log says up to `position`; False if that is too much of it."""
        heeded = [reading.listed(self.ahead)] if self.dialect == "postgres" else []
        if not heeded and position == self.position:
            return True
        lines = await reading.numbers(LINES[self.dialect], LINE, self.position, *heeded)
        if len(lines) > MOST:
            return False
        if len(lines):
            await self._heed(reading, lines)
        self.ahead |= dict(lines[:, 3:].tolist()) if heeded else {}
        self.ahead = {line: xid for line, xid in self.ahead.items() if xid >= position}
        self.position = position
        return True

    async def fill(self, reading: Reading) -> None:
        """Read every customer."""
        last = (await reading.rows(LAST))[0][0]
        for first in range(0, last + 1, PART):
            await self._read(reading, BETWEEN, first, first + PART - 1)

    async def load(self, reading: Reading) -> None:
        """Take over what is stored, but for the tags; raises LookupError where a piece of it is not there."""
        names = {row[0] for row in await reading.rows(NAMES)}
        for name in sorted(names):
            if name.startswith("tag/"):
                continue
            stored = bytes((await reading.rows(PIECE, name))[0][0])
            if name.startswith("via/"):
                self.channels[name.removeprefix("via/")] = BitMap.deserialize(stored)
            else:
                await reading.aside(partial(self.columns.unpack, name, stored))
        self.columns.lack(names)
        self.columns.dirty.clear()
        self.stored = self.noting = True

    async def snapshot(self, reading: Reading) -> Snapshot:
        """What has to be written for the next start; it counts as written until `unwritten` is said."""
        for tag_id in sorted(self.changes):
            await self.tag(reading, tag_id)
        lasting = frozenset(self.columns.pieces())
        names = self.dirty | self.columns.dirty & lasting if self.stored else self._names() | lasting
        pieces = await reading.aside(lambda: {name: self._packed(name) for name in sorted(names)})
        self.dirty, self.columns.dirty = set(), set()
        if not self.noting:
            self.noting, self.ahead = True, {}  # what was heeded already is noted, too
        return Snapshot(self.position, self.origin, pieces, lasting, anew=not self.stored)

    def unwritten(self, snapshot: Snapshot) -> None:
        """It was not written after all."""
        self.dirty.update(name for name in snapshot.pieces if name.startswith(("tag/", "via/")))
        self.columns.dirty.update(snapshot.lasting & snapshot.pieces.keys())

    def unstored(self) -> None:
        """What was stored is there no more."""
        self.stored = self.noting = False
        self.changes.clear()

    async def _stored(self, reading: Reading, tag_id: int) -> BitMap | None:
        found = await reading.rows(PIECE, f"tag/{tag_id}") if self.stored else []
        if not found:
            return None
        came, left = self.changes.get(tag_id, (BitMap(), BitMap()))
        if came or left:
            self.dirty.add(f"tag/{tag_id}")
        return (BitMap.deserialize(bytes(found[0][0])) | came) - left

    async def _fetched(self, reading: Reading, tag_id: int) -> BitMap:
        self.dirty.add(f"tag/{tag_id}")
        ids = await reading.numbers(CARRIERS, "customer_id", tag_id)
        return of_ids(ids[:, 0])

    async def _heed(self, reading: Reading, lines: Ids) -> None:
        touched = np.unique(lines[lines[:, 1] == 0, 0])
        for first in range(0, len(touched), PART):
            part = touched[first : first + PART].tolist()
            await self._read(reading, "", reading.listed(part), asked=BitMap(part))
        tagged = lines[lines[:, 1] != 0]
        for tag_id in np.unique(tagged[:, 1]).tolist():
            rows = tagged[tagged[:, 1] == tag_id]
            self._tag(tag_id, of_ids(rows[rows[:, 2] == 1, 0]), of_ids(rows[rows[:, 2] == 0, 0]))

    def _tag(self, tag_id: int, came: BitMap, left: BitMap) -> None:
        if tag_id in self.tags:
            self.tags[tag_id] = (self.tags[tag_id] | came) - left
            self.dirty.add(f"tag/{tag_id}")
        elif self.noting:
            before, after = self.changes.get(tag_id, (BitMap(), BitMap()))
            self.changes[tag_id] = ((before | came) - left, (after | left) - came)

    async def _read(self, reading: Reading, which: str, *values: object, asked: BitMap | None = None) -> None:
        """Take over some customers; without `asked`, those with the ids from one to another."""
        chosen = "{} " + which if which else reading.one_of("{}", 1)
        rows = await reading.rows(f"{ROW} WHERE {chosen.format('c.id')}", *values)
        via = await reading.rows(f"{VIA} {chosen.format('i.customer_id')}", *values)
        whose = asked if asked is not None else BitMap(row[0] for row in rows)
        await reading.aside(partial(self._take, whose, rows, via))

    def _take(self, asked: BitMap, rows: Sequence[Row], via: Iterable[Row]) -> None:
        self.columns.take(asked, rows)
        self._reach(asked, via)

    def _reach(self, asked: BitMap, via: Iterable[Row]) -> None:
        there: dict[str, list[int]] = {account: [] for account in self.channels}
        for customer_id, account in via:
            there.setdefault(account, []).append(customer_id)
        for account, ids in there.items():
            before, now = self.channels.get(account, BitMap()), BitMap(ids)
            if before & asked != now:
                self.channels[account] = before - asked | now
                self.dirty.add(f"via/{account}")

    def _names(self) -> set[str]:
        return {f"tag/{tag_id}" for tag_id in self.tags} | {f"via/{account}" for account in self.channels}

    def _packed(self, name: str) -> bytes:
        if name.startswith("via/"):
            return self.channels[name.removeprefix("via/")].serialize()
        if name.startswith("tag/"):
            return self.tags[int(name.removeprefix("tag/"))].serialize()
        return self.columns.packed(name)
