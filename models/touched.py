"""Here lives the log of who changed: a line for each customer of whom something that rules ask about is not as before.

Triggers write it, so it is in the very transaction of the change, whatever statement makes that, and is rolled back
with it. A line says only whom to look at again: (customer, 0), or (customer, tag) for a tag that came or went.

On SQLite lines are committed in the order of their ids. On PostgreSQL they are not: a line with a lower number may
appear later. There a place in the log is a transaction id below which everything is settled
(`pg_snapshot_xmin`), and lines from there on are read again and again until that place moves on.
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
"""

from collections.abc import Iterable, Iterator

from models.sql import dialect, select

SQLITE_TABLE = """CREATE TABLE touched (id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL, tag_id INTEGER NOT NULL)"""
POSTGRES_TABLE = """CREATE TABLE touched (id BIGSERIAL PRIMARY KEY,
    xid BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    customer_id BIGINT NOT NULL, tag_id BIGINT NOT NULL)"""
POSTGRES_INDEX = "CREATE INDEX touched_xid ON touched (xid)"
# Each table, the column that says whose the row is, the one of the tag (or none), and the columns that rules ask of.
WATCHED = (
    ("customer", "id", "0", ()),  # every column
    ("lead", "customer_id", "0", ("customer_id", "stage")),
    ("identity", "customer_id", "0", ("customer_id", "account", "state")),
    ("message", "customer_id", "0", ("customer_id",)),
    ("tagging", "customer_id", "tag_id", ("customer_id", "tag_id")),
    ("purchase", "customer_id", "0", ("customer_id", "state", "amount", "currency", "at")),
    ("behaviour", "customer_id", "0", ("customer_id",)),
)
FROM_ROWS = "SELECT {}, {} FROM rows"
MANY = frozenset({"tagging", "purchase", "behaviour"})  # of which one statement writes many: noted by one statement

NEWEST = {
    "sqlite": "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'touched'), 0) AS place",
    "postgres": "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS place",
}
PLACES = "SELECT id, position FROM rule_cursor WHERE id IN ('night', 'before', 'rules')"
PUT = """INSERT INTO rule_cursor (id, position, snapshot) VALUES ($1, $2, '')
    ON CONFLICT (id) DO UPDATE SET position = excluded.position RETURNING id"""
FORGET = """DELETE FROM touched WHERE id IN (SELECT id FROM touched WHERE {behind} ORDER BY {order} LIMIT $2)
    RETURNING id"""
BEHIND = {"sqlite": ("id <= $1", "id"), "postgres": ("xid < $1", "xid")}


async def newest() -> int:
    """Everything up to this place is settled, and in the log as whoever asks now sees it."""
    return int((await select(NEWEST[dialect()]))[0]["place"])


async def night() -> None:
    """From now on what had been logged by the night before this one may be forgotten."""
    places, now = await _places(), await newest()
    await select(PUT, "before", min(places.get("night", 0), now))  # a restored database may count from anew
    await select(PUT, "night", now)


async def forget(most: int) -> int:
    """Lines that are a day old, and that the rules have seen, go; how many these were, `most` at once."""
    places = await _places()
    until = min(places.get("before", 0), places.get("rules", places.get("before", 0)))
    behind, order = BEHIND[dialect()]
    return len(await select(FORGET.format(behind=behind, order=order), until, most))


async def _places() -> dict[str, int]:
    return {row["id"]: row["position"] for row in await select(PLACES)}


def sqlite() -> list[str]:
    """The statements that make the log and its triggers."""
    return [SQLITE_TABLE, *_sqlite_triggers()]


def postgres() -> list[str]:
    return [POSTGRES_TABLE, POSTGRES_INDEX, *_postgres_triggers()]


def _sqlite_triggers() -> Iterator[str]:
    for table, whose, tag, columns in WATCHED:
        yield _sqlite_trigger(table, "insert", ("NEW",), whose, tag)
        yield _sqlite_trigger(table, "delete", ("OLD",), whose, tag)
        differs = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in columns)
        yield _sqlite_trigger(table, "update", ("OLD", "NEW"), whose, tag, differs)


def _sqlite_trigger(table: str, what: str, rows: Iterable[str], whose: str, tag: str, differs: str = "") -> str:
    when = f" WHEN {differs}" if differs else ""
    lines = " UNION ".join(f"SELECT {row}.{whose}, {_of(row, tag)}" for row in rows)
    return (
        f"CREATE TRIGGER touched_{table}_{what} AFTER {what.upper()} ON {table}{when}"
        f" BEGIN INSERT INTO touched (customer_id, tag_id) {lines}; END"
    )


def _postgres_triggers() -> Iterator[str]:
    for table, whose, tag, columns in WATCHED:
        for what, rows in (("insert", ("NEW",)), ("delete", ("OLD",)), ("update", ("OLD", "NEW"))):
            many = table in MANY and what != "update"
            name = f"touched_{table}_{what}"
            lines = " UNION ".join(
                FROM_ROWS.format(whose, tag) if many else f"SELECT {row}.{whose}, {_of(row, tag)}" for row in rows
            )
            yield (
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" INSERT INTO touched (customer_id, tag_id) {lines}; RETURN NULL; END $$"
            )
            yield _postgres_trigger(table, what, name, columns, many=many)


def _postgres_trigger(table: str, what: str, name: str, columns: Iterable[str], *, many: bool) -> str:
    if many:
        rows = "NEW TABLE AS rows" if what == "insert" else "OLD TABLE AS rows"
        how = f"REFERENCING {rows} FOR EACH STATEMENT"
    elif what == "update":
        listed = ", ".join(columns)
        of = f"({', '.join(f'OLD.{n}' for n in columns)}) IS DISTINCT FROM ({', '.join(f'NEW.{n}' for n in columns)})"
        how = f"FOR EACH ROW WHEN ({of if listed else 'OLD.* IS DISTINCT FROM NEW.*'})"
    else:
        how = "FOR EACH ROW"
    return f"CREATE TRIGGER {name} AFTER {what.upper()} ON {table} {how} EXECUTE FUNCTION {name}()"


def _of(row: str, tag: str) -> str:
    return tag if tag == "0" else f"{row}.{tag}"
