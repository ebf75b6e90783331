"""Here lives the proof that the audit trail is whole: each entry as it was written, none missing, none too many."""

from collections.abc import AsyncIterator
from typing import Any, Literal, NamedTuple

from models.audit import COLUMNS, USED, anew, marked, sealed
from models.sql import select

Fault = Literal["changed", "missing", "added", "end", "emptied", "anew", "subjects", "noted", "key"]

AT_ONCE = 500  # entries in memory
# One statement, one moment: whoever adds to the chain moves its end in the same commit.
END = f"""SELECT COALESCE((SELECT MAX(number) FROM audit_entry), 0) AS last,
    COALESCE((SELECT MAX(number) FROM audit_head WHERE id = 1), 0) AS number,
    COALESCE((SELECT MAX(seal) FROM audit_head WHERE id = 1), '') AS seal,
    COALESCE((SELECT MAX(mark) FROM audit_head WHERE id = 1), '') AS mark,
    NOT {USED} AND NOT EXISTS (SELECT 1 FROM audit_head WHERE id = 1) AS untouched"""  # noqa: S608 - constants of ours
NEXT = f"""SELECT {", ".join(COLUMNS)}, seal FROM audit_entry
    WHERE number > $1 AND number <= $2 ORDER BY number LIMIT {AT_ONCE}"""  # noqa: S608 - constants of ours
LEAST = -(2**63)
# Of the entries up to $1 the first whose subjects are not those by which it is found.
MISLAID = """SELECT MIN(number) AS number FROM (
    SELECT e.number FROM audit_entry e LEFT JOIN audit_subject s ON s.number = e.number WHERE e.number <= $1
    GROUP BY e.number, e.subjects
    HAVING COUNT(s.id) <> CASE WHEN e.subjects = '' THEN 0
        ELSE LENGTH(e.subjects) - LENGTH(REPLACE(e.subjects, ' ', '')) + 1 END
    OR SUM(CASE WHEN REPLACE(' ' || e.subjects || ' ', ' ' || s.subject || ' ', '') = ' ' || e.subjects || ' '
        THEN 1 ELSE 0 END) > 0
    UNION ALL
    SELECT s.number FROM audit_subject s LEFT JOIN audit_entry e ON e.number = s.number
    WHERE s.number <= $1 AND e.number IS NULL) AS wrong"""


class Noted(NamedTuple):
    """The end of the chain as somebody once wrote it down, elsewhere."""

    number: int
    seal: str


class Verdict(NamedTuple):
    """`entries` were looked at, and `seal` is the last one's; what is wrong first, and at which number."""

    entries: int
    seal: str
    fault: Fault | None = None
    number: int = 0


async def verify(key: bytes, noted: Noted | None = None) -> Verdict:
    """Walk the chain up to where it ended when this began; commands may be given meanwhile."""
    end = (await select(END))[0]
    walk = Walk(key, noted)
    async for row in _entries(end["number"]):
        walk.step(row)
    if walk.fault is None and walk.at < end["number"]:
        walk.note("missing", walk.at + 1)
    if walk.fault and not walk.right and end["mark"] != marked(key, end["number"], end["seal"]):
        return Verdict(walk.entries, walk.seal, "key")
    if walk.fault is None:
        await _around(walk, end, key)
    return Verdict(walk.entries, walk.seal, walk.fault, walk.number)


class Walk:
    """Along the entries, one after the other: where it is, what was right, what was the first fault."""

    def __init__(self, key: bytes, noted: Noted | None) -> None:
        self._key = key
        self.noted = noted
        self.entries = self.right = self.at = self.number = 0
        self.seal = ""
        self.fault: Fault | None = None

    def step(self, row: dict[str, Any]) -> None:
        *values, seal = row.values()
        number = row["number"]
        if number != self.at + 1:
            self.note("missing" if number > self.at else "added", min(number, self.at + 1))
        if sealed(self._key, self.seal, values) == seal:
            self.right += 1
        elif sealed(self._key, anew(self._key, number - 1), values) == seal:
            self.right += 1
            self.note("anew", number)
        else:
            self.note("changed", number)
        if self.noted and number == self.noted.number and seal != self.noted.seal:
            self.note("noted", number)
        self.entries, self.at, self.seal = self.entries + 1, number, seal

    def note(self, fault: Fault, number: int) -> None:
        """The first one counts."""
        if self.fault is None:
            self.fault, self.number = fault, number


async def _around(walk: Walk, end: dict[str, Any], key: bytes) -> None:
    """Behind the entries, their end and the way in which they are found."""
    if end["last"] > end["number"]:
        walk.note("added", end["number"] + 1)
    elif not end["untouched"] and (end["seal"], end["mark"]) != (walk.seal, marked(key, walk.at, walk.seal)):
        walk.note("end" if walk.at else "emptied", walk.at)
    elif (mislaid := (await select(MISLAID, walk.at))[0]["number"]) is not None:
        walk.note("subjects", mislaid)
    elif walk.noted and walk.noted.number > walk.at:
        walk.note("missing", walk.at + 1)


async def _entries(last: int) -> AsyncIterator[dict[str, Any]]:
    at = LEAST
    while rows := await select(NEXT, at, last):
        for row in rows:
            yield row
        at = rows[-1]["number"]
