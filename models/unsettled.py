"""Here lives what was sent to a platform long ago, and of which nobody will tell any more what became of it.

The event that settles it was buried, or whoever should have told could not read the row. It is free to be sent once
more, which harms nobody: every change of tags is the same done twice as done once.
"""

from datetime import datetime

from models.fields import milliseconds
from models.sql import dialect, select

MOST = 5_000  # in one transaction
SENT = """NOT EXISTS (SELECT 1 FROM outbox_item AS o WHERE o.state = 'waiting' AND {lanes})
    AND NOT EXISTS (SELECT 1 FROM outbox_item AS o WHERE o.state = 'sending' AND {lanes})"""
BINDINGS = f"""UPDATE tag_binding SET sent = NULL, touched_at = $3 WHERE account = $1 AND sent IS NOT NULL
    AND touched_at < $4 AND {SENT.format(lanes="o.lane = $2")} RETURNING id"""  # noqa: S608 - constants of ours
LANES = "o.lane IN (CAST($2 AS TEXT), CAST($2 AS TEXT) || ':' || i.external_id)"
# Whatever the platform has of it, it is told what is wanted.
MARKS = f"""UPDATE tag_mark SET sending = NULL, agreed = NOT wanted, state = 'pending', touched_at = $3 WHERE id IN (
    SELECT m.id FROM tag_mark AS m JOIN tag_binding AS b ON b.id = m.binding_id
    JOIN identity AS i ON i.id = m.identity_id WHERE b.account = $1 AND m.state = 'sending' AND m.touched_at < $4
    AND {SENT.format(lanes=LANES)} ORDER BY m.id LIMIT {MOST}{{wait}})
    RETURNING id"""  # noqa: S608 - the same


async def free_bindings(account: str, before: datetime, now: datetime) -> int:
    """Changes of the library that were begun before then; how many. Whoever asks holds the library."""
    return len(await select(BINDINGS, *_values(account, before, now)))


async def free_marks(account: str, before: datetime, now: datetime) -> int:
    """The same of who carries what; who is at one of them just now is left alone."""
    wait = " FOR UPDATE OF m SKIP LOCKED" if dialect() == "postgres" else ""
    return len(await select(MARKS.format(wait=wait), *_values(account, before, now)))


def _values(account: str, before: datetime, now: datetime) -> tuple[object, ...]:
    return account, f"{account}:tags", milliseconds(now), milliseconds(before)
