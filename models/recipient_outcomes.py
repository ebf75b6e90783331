"""Here lives what the ledger of pushes learns from the outbox, in the very transaction that settles a row of it."""

# ruff: noqa: S608 - words of ours, every value is a parameter

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from models.fields import milliseconds
from models.queue import State
from models.sql import dialect, select

EXPIRED = "expired"  # nothing was sent, and it was too late for it: the recipient waits again
COLUMNS = "id, outbox_id, state, reason, platform_id, at"
TYPES = ("BIGINT", "BIGINT", "TEXT", "TEXT", "TEXT", "BIGINT")
# What was taken for unsure may turn out to be sent. One that was promised anew meanwhile is another row's.
LEARN = """UPDATE recipient SET state = v.state, reason = v.reason, platform_id = v.platform_id,
    sent_at = CASE WHEN v.state IN ('sent', 'unsure') THEN COALESCE(recipient.sent_at, v.at) ELSE recipient.sent_at END,
    ended_at = CASE WHEN v.state = 'waiting' THEN NULL ELSE v.at END,
    outbox_id = CASE WHEN v.state = 'waiting' THEN NULL ELSE v.outbox_id END
    FROM v WHERE recipient.id = v.id AND recipient.outbox_id = v.outbox_id
    AND recipient.state IN ('sending', 'unsure') RETURNING recipient.id"""


class Outcome(NamedTuple):
    """What became of the row of the outbox that was for a recipient."""

    recipient_id: int
    outbox_id: int
    state: State
    error: str
    platform_id: str
    at: datetime

    @property
    def values(self) -> tuple[object, ...]:
        row = (self.recipient_id, self.outbox_id)
        at = milliseconds(self.at)
        match self.state:
            case "done":
                return (*row, "sent", "", self.platform_id[:128], at)
            case "dead" if self.error == EXPIRED:
                return (*row, "waiting", "", "", at)
            case "dead":
                return (*row, "failed", self.error[:64], "", at)
            case _:
                return (*row, "unsure", self.error[:64], "", at)


async def learn(outcomes: Sequence[Outcome]) -> None:
    """Write them down, all by one statement."""
    head, values = given(TYPES, [outcome.values for outcome in outcomes])
    await select(f"WITH v ({COLUMNS}) AS ({head}) {LEARN}", *values)


def given(types: Sequence[str], rows: Sequence[tuple[object, ...]]) -> tuple[str, list[object]]:
    """A table of values for a statement, and those."""
    if dialect() == "postgres":
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(types, 1))
        return f"SELECT * FROM unnest({arrays})", [list(each) for each in zip(*rows, strict=True)]
    marks = f"({', '.join('?' * len(types))})"
    return f"VALUES {', '.join([marks] * len(rows))}", list(chain.from_iterable(rows))
