"""Here lives how far the rules have come in the log of who changed, and which of its lines they have yet to see.

A place in the log is a number on SQLite: up to that line. On PostgreSQL it is a snapshot: it tells exactly which
transactions had been committed, so that a line is seen once, however late it comes.
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.autotags import RuleCursor
from models.sql import dialect, select

RULES = "rules"
SEQUENCE = "COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'touched'), 0)"  # also of lines that were pruned
HERE = {
    "sqlite": f"SELECT {SEQUENCE} AS position, '' AS snapshot",
    "postgres": """SELECT pg_snapshot_xmin(s)::text::bigint AS position, s::text AS snapshot
        FROM pg_current_snapshot() AS s""",
}
BEGIN = """INSERT INTO rule_cursor (id, position, snapshot) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO NOTHING RETURNING id"""
MOVE = """UPDATE rule_cursor SET position = $2, snapshot = $3 WHERE id = $1
    AND (position = $4 AND snapshot = $5 OR $4 < 0) RETURNING id"""
UNSEEN = "t.xid >= {position} AND NOT pg_visible_in_snapshot(t.xid::text::xid8, {snapshot}::text::pg_snapshot)"
SEEN = "pg_visible_in_snapshot(t.xid::text::xid8, {snapshot}::text::pg_snapshot)"
# Whether there is news since the cursor, and whether its place is of another life of this database; or it is missing,
# because a log stays behind when a database is moved.
MISSING = """UNION ALL SELECT -1, '', TRUE, TRUE WHERE NOT EXISTS (SELECT 1 FROM rule_cursor WHERE id = $1)
    AND EXISTS (SELECT 1 FROM auto_tag WHERE state = 'active')"""
NEWS = {
    "sqlite": f"""SELECT c.position, c.snapshot, c.position < {SEQUENCE} AS news, c.position > {SEQUENCE} AS lost
        FROM rule_cursor AS c WHERE c.id = $1 {MISSING}""",  # noqa: S608
    # In order, so that it is looked for from that place on, and not among all lines.
    "postgres": f"""SELECT c.position, c.snapshot, (SELECT t.xid FROM touched AS t
            WHERE {UNSEEN.format(position="c.position", snapshot="c.snapshot")}
            ORDER BY t.xid LIMIT 1) IS NOT NULL AS news,
        c.position > pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS lost
        FROM rule_cursor AS c WHERE c.id = $1 {MISSING}""",  # noqa: S608
}
# Added to zero, so that it is not looked for along the numbers, from the very first line on.
FIRST = f"""SELECT MIN(t.id + 0) - 1 AS before FROM touched AS t
    WHERE {UNSEEN.format(position="$1", snapshot="$2")}"""  # noqa: S608
LINES = {
    "sqlite": "SELECT t.id, t.customer_id FROM touched AS t WHERE t.id > $1 AND t.id <= $2 ORDER BY t.id LIMIT $3",
    "postgres": f"""SELECT t.id, t.customer_id FROM touched AS t WHERE t.id > $1 AND t.xid + 0 >= $4
        AND {SEEN.format(snapshot="$2")} AND NOT {SEEN.format(snapshot="$5")} ORDER BY t.id LIMIT $3""",  # noqa: S608
}


@dataclass(frozen=True, slots=True)
class Place:
    """Everything before it has been seen. `position` is the number, or below which transactions are all settled."""

    position: int
    snapshot: str = ""

    def __str__(self) -> str:
        return self.snapshot or str(self.position)


def place(text: str) -> Place:
    """The place that is written so."""
    position, *more = text.split(":")
    return Place(int(position), text if more else "")


async def here() -> Place:
    """Behind everything that is committed now."""
    return _place((await select(HERE[dialect()]))[0])


async def news(alias: str = "reader") -> Place | None:
    """Where the rules are, if there are lines that they have not seen, or if that place is in no log of ours."""
    found = await select(NEWS[dialect()], RULES, alias=alias)
    return _place(found[0]) if found and (found[0]["news"] or found[0]["lost"]) else None


async def is_lost() -> bool:
    """Whether nobody knows what the rules have seen: this database was restored since, or moved."""
    found = await select(NEWS[dialect()], RULES)
    return bool(found and found[0]["lost"])


async def begin() -> None:
    """The first rule is here: what happens from now on is to be seen."""
    now = await here()
    await select(BEGIN, RULES, now.position, now.snapshot)


async def end() -> None:
    """No rule is active any more: nothing waits to be seen."""
    await RuleCursor.filter(id=RULES).delete()


async def move(to: Place, since: Place | None = None) -> bool:
    """Everything before has been seen; False unless the rules were at `since`, if that is given."""
    known = (since.position, since.snapshot) if since else (-1, "")
    return bool(await select(MOVE, RULES, to.position, to.snapshot, *known))


async def first(since: Place) -> int:
    """The line before the first that was not seen there."""
    if dialect() == "sqlite":
        return since.position
    before = (await select(FIRST, since.position, since.snapshot))[0]["before"]
    return int(before or 0)


async def lines(since: Place, until: Place, after: int, limit: int) -> Sequence[tuple[int, int]]:
    """The next lines between the two places: their ids, and the customers who changed."""
    if dialect() == "sqlite":
        found = await select(LINES["sqlite"], after, until.position, limit)
    else:
        found = await select(LINES["postgres"], after, until.snapshot, limit, since.position, since.snapshot)
    return [(row["id"], row["customer_id"]) for row in found]


def _place(row: dict[str, object]) -> Place:
    return Place(int(str(row["position"])), str(row["snapshot"]))
