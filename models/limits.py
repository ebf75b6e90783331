"""Here lives what all processes have taken of the platforms' limits, by the database's clock; PostgreSQL only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tortoise import fields
from tortoise.models import Model

from domain.channel import Rate
from models.sql import select

NOW: Final = "extract(epoch FROM clock_timestamp())::float8"
FORGOTTEN: Final = 10_000  # rows in one statement

# Of the slots at every `pace` seconds, those from `start` on: as many as are wanted and begin within `near`, and of the
# urgent ones as many as begin within `far`, by every rate of the key. One idle for long has `slack` of them behind it.
# A database whose clock was set back finds moments far ahead, which nobody can have taken: they do not count.
SLOTS: Final = """
SELECT array_agg(start + count * pace ORDER BY place) AS free_at, min(count) AS taken,
       max(start + count * pace + slack) AS full_at
FROM (
    SELECT *, least({wanted}, greatest(0, min(greatest(
        floor((now + near - start) / pace + 1.001), least($3, floor((now + far - start) / pace + 1.001))
    )) OVER ()))::int AS count
    FROM (
        SELECT place, pace, slack, now, $4::float8 AS near, $5::float8 AS far, greatest(
            {paused_until}, now - slack, least(coalesce(free, 0), now + greatest($4, $5) + pace)
        ) AS start
        FROM (SELECT {now} AS now OFFSET 0) AS clock,
             unnest({free_at}, $6::float8[], $7::float8[]) WITH ORDINALITY AS rate (free, pace, slack, place)
        WHERE pace IS NOT NULL
    ) AS beginning
) AS slots
"""
# A commit that is lost with the server takes half a second of slots along: not worth a wait for the disk each time.
TAKE: Final = f"""
INSERT INTO rate_limit AS held (key, free_at, taken, full_at, paused_until)
SELECT request.key, first.free_at, first.taken, first.full_at, 0
FROM set_config('synchronous_commit', 'off', true), unnest($1::text[], $2::int[]) AS request (key, wanted),
     LATERAL ({SLOTS.format(wanted="request.wanted", paused_until="0", free_at="NULL::float8[]", now=NOW)}) AS first
ORDER BY request.key
ON CONFLICT (key) DO UPDATE SET (free_at, taken, full_at) = (
    {SLOTS.format(wanted="EXCLUDED.taken", paused_until="held.paused_until", free_at="held.free_at", now=NOW)}
)
RETURNING key, free_at, taken, paused_until, {NOW} AS now
"""  # noqa: S608 - our own words only
LOOK: Final = f"""
SELECT key, paused_until - now AS paused, (SELECT max(free) FROM unnest(free_at) AS free) - now AS taken
FROM rate_limit, (SELECT {NOW} AS now) AS clock WHERE key = ANY($1::text[])
"""  # noqa: S608 - our own words only
PAUSE: Final = f"""
INSERT INTO rate_limit AS held (key, free_at, taken, full_at, paused_until)
SELECT $1::text, '{{}}', 0, until, until FROM (SELECT {NOW} + $2::float8 AS until) AS pause
ON CONFLICT (key) DO UPDATE SET paused_until = greatest(held.paused_until, EXCLUDED.paused_until),
    full_at = greatest(held.full_at, EXCLUDED.full_at)
"""  # noqa: S608 - our own words only
# Whoever takes a row meanwhile keeps it, and is not waited for: so this and the taking never wait for each other.
FORGET: Final = f"""
WITH old AS (
    SELECT key FROM rate_limit WHERE full_at < {NOW} LIMIT {FORGOTTEN} FOR UPDATE SKIP LOCKED
)
DELETE FROM rate_limit USING old WHERE rate_limit.key = old.key
"""  # noqa: S608 - our own words only


@dataclass(frozen=True, slots=True)
class Window:
    """When one slot may be used: from `opens` on, and only before `closes`."""

    opens: float
    closes: float


@dataclass(frozen=True, slots=True)
class Grant:
    """The slots that were given, and the `next` that was not; in seconds of the database's clock, which read `now`."""

    now: float
    windows: tuple[Window, ...]
    next: float
    paused_until: float


@dataclass(frozen=True, slots=True)
class Reach:
    """How many seconds ahead slots are given, and how many to the `urgent` ones among those wanted."""

    near: float
    far: float = 0.0
    urgent: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """Seconds until a key's next slot, and until the end of its pause."""

    taken: float = 0.0
    paused: float = 0.0


class Moments(fields.Field[list[float]], list[float]):  # type: ignore[misc]
    """Epoch seconds, one for each rate; read and written by our own statements only."""

    SQL_TYPE = "TEXT"

    class _db_postgres:  # noqa: N801 - Tortoise's name for it
        SQL_TYPE = "DOUBLE PRECISION[]"


class RateLimit(Model):
    """What has been taken of the limits of one account or chat: for each of its rates the first moment still free.

    A row that says no more than none would (`full_at` is past) may go at any time.
    """

    key = fields.CharField(255, primary_key=True)
    free_at = Moments()
    taken = fields.IntField()
    full_at = fields.FloatField()
    paused_until = fields.FloatField()

    class Meta:
        table = "rate_limit"

    @classmethod
    async def take(cls, rates: Sequence[Rate], wanted: Mapping[str, int], reach: Reach) -> dict[str, Grant]:
        """Take up to so many slots for each key, all of the same rates, in one statement of its own."""
        paces = [rate.seconds / rate.count for rate in rates]
        slacks = [(max(1, rate.burst) - 1) * pace for rate, pace in zip(rates, paces, strict=True)]
        keys = (list(wanted), list(wanted.values()))
        rows = await select(TAKE, *keys, reach.urgent, reach.near, reach.far, paces, slacks)
        return {row["key"]: _grant(row, paces, slacks) for row in rows}

    @classmethod
    async def look(cls, keys: Iterable[str]) -> dict[str, Held]:
        """What is known of these keys; those of which nothing is known are free."""
        rows = await select(LOOK, list(keys))
        return {row["key"]: Held(max(row["taken"] or 0.0, 0.0), max(row["paused"], 0.0)) for row in rows}

    @classmethod
    async def pause(cls, key: str, seconds: float) -> None:
        """Nothing more is given for so long; the longest pause counts."""
        await select(PAUSE, key, seconds)

    @classmethod
    async def forget(cls) -> None:
        """Take away rows that say nothing any more."""
        await select(FORGET)


def _grant(row: dict[str, Any], paces: list[float], slacks: list[float]) -> Grant:
    """Slots from the state after them; a slot may be used a burst late, and no window of time holds too many."""
    rates = list(zip(row["free_at"], paces, slacks, strict=True))
    slots = [
        [(free - (row["taken"] - number) * pace, pace + slack) for free, pace, slack in rates]
        for number in range(row["taken"] + 1)
    ]
    windows = [Window(max(at for at, _ in slot), min(at + late for at, late in slot)) for slot in slots]
    return Grant(row["now"], tuple(windows[:-1]), windows[-1].opens, row["paused_until"])
