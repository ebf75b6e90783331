"""Here lives what SQLite and PostgreSQL say differently where a rule is asked."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from models.sql import dialect

Type = Literal["text", "bigint", "real"]

NOBODY, EVERYBODY = "1 = 0", "1 = 1"
TOGETHER = 100  # SQLite takes 1,000 conditions within each other, and that is how it reads a long row of them


@dataclass(frozen=True, slots=True)
class Words:
    """Patterns: of a value's place by its type, of conditions, and of what is asked of one key of `custom`.

    Small letters are those of A–Z only, on both. `among` is whom a query of its own finds. With `sets` that is also
    how rows of other tables are best looked for, else planners do it themselves when they are asked by EXISTS.
    """

    sets: bool
    places: Mapping[Type, str]
    lists: Mapping[Type, str]
    listed: Callable[[Sequence[object]], object]
    folded: str
    ordered: str
    holds: str
    ends: str
    among: str
    text: str
    number: str
    known_text: str
    known_number: str
    nothing: str


ANY_OF = "{} IN (SELECT value FROM json_each({}))"
SQLITE = Words(
    sets=True,
    places={"text": "{}", "bigint": "{}", "real": "CAST({} AS REAL)"},
    lists={"text": ANY_OF, "bigint": ANY_OF},
    listed=lambda values: json.dumps(list(values)),
    folded="lower({})",
    ordered="{}",
    holds="instr({}, {}) > 0",
    ends="substr({}, -5)",
    among="c.id IN ({})",
    text="EXISTS (SELECT 1 FROM json_each(c.custom) AS j WHERE j.key = {key} AND j.type = 'text' AND {asked})",
    number="EXISTS (SELECT 1 FROM json_each(c.custom) AS j WHERE j.key = {key}"
    " AND j.type IN ('integer', 'real') AND {asked})",
    known_text="j.atom",
    known_number="CAST(j.atom AS REAL)",
    nothing="NOT EXISTS (SELECT 1 FROM json_each(c.custom) AS j WHERE j.key = {key}"
    " AND j.atom IS NOT NULL AND j.atom <> '')",
)
POSTGRES = Words(
    sets=False,
    places={"text": "{}::text", "bigint": "{}::bigint", "real": "CAST({}::text AS double precision)"},
    lists={"text": "{} = ANY({}::text[])", "bigint": "{} = ANY({}::bigint[])"},
    listed=list,
    folded='lower({} COLLATE "C")',
    ordered='({} COLLATE "C")',
    holds="strpos({}, {}) > 0",
    ends="right({}, 5)",
    among="EXISTS (SELECT 1 FROM ({}) AS g WHERE g.id = c.id)",
    text="CASE WHEN jsonb_typeof(c.custom -> {key}) = 'string' THEN {asked} ELSE FALSE END",
    number="CASE WHEN jsonb_typeof(c.custom -> {key}) = 'number' THEN {asked} ELSE FALSE END",
    known_text="(c.custom ->> {key})",
    known_number="(c.custom -> {key})::double precision",
    nothing="COALESCE(c.custom ->> {key}, '') = ''",
)


def words() -> Words:
    """Of the database that is open."""
    return POSTGRES if dialect() == "postgres" else SQLITE


def sense(yes: bool, said: str) -> str:  # noqa: FBT001 - the sense of what is said
    """A condition, or its contrary."""
    return said if yes else f"NOT ({said})"


def row(word: str, parts: Sequence[str]) -> str:
    """Conditions joined by AND or OR; very many of them in groups."""
    if len(parts) > TOGETHER:
        starts = range(0, len(parts), TOGETHER)
        return row(word, [row(word, parts[start : start + TOGETHER]) for start in starts])
    return parts[0] if len(parts) == 1 else f"({f' {word} '.join(parts)})"


def when_known(column: str, *parts: str) -> str:
    """Conditions about a column that may say nothing: then they are false."""
    return f"({' AND '.join((f'{column} IS NOT NULL', *parts))})"
