"""Here lives what platforms told of batches of pushes, and what it makes of the rows of the ledger.

Each change names the states from which it leads: what is told late, or twice, changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from domain.media import Way
from domain.push_events import PushResult
from models.batches import Batch, BatchState, given
from models.fields import milliseconds
from models.recipients import RecipientState
from models.sql import select

# What a recipient is once the platform has taken the call.
TAKEN: Mapping[Way, Literal["sent", "awaiting"]] = {"task": "awaiting", "mass": "sent"}
TURN = """UPDATE push_batch SET state = $2, task = CASE WHEN $3 = '' THEN task ELSE $3 END, reason = $4
    WHERE id = $1 AND state IN ({states}) RETURNING id"""
ALL = (
    """UPDATE recipient SET state = $2, reason = $3, ended_at = $4{more} WHERE batch_id = $1 AND state IN ({states})"""
)
EACH = """UPDATE recipient SET state = v.state, reason = v.reason, ended_at = v.at,
        sent_at = CASE WHEN v.state = 'sent' THEN v.at ELSE recipient.sent_at END FROM {given}
    WHERE batch_id = $1 AND address = v.contact
        AND (v.state = 'sent' AND recipient.state NOT IN ('sent', 'delivered', 'read')
        OR v.state = 'failed' AND recipient.state IN ('sending', 'awaiting', 'unsure'))"""
AWAITED = "SELECT 1 AS one FROM recipient WHERE batch_id = $1 AND state = 'awaiting' LIMIT 1"
OPEN = "SELECT 1 AS one FROM push_batch WHERE push_id = $1 AND state IN ('sending', 'open') LIMIT 1"
ASKED = """UPDATE push_batch SET asked_at = $2 WHERE push_id = $1 AND state = 'open' AND way = 'task'
    AND COALESCE(asked_at, 0) <= $3 RETURNING id, account, task, member"""
ENDED = """UPDATE recipient SET state = $3, reason = $4, ended_at = $5
    WHERE account = $1 AND platform_id = $2 AND state = 'sent' RETURNING id"""
FOUND = "SELECT push_id, told FROM recipient WHERE account = $1 AND platform_id = $2 AND state = 'sent' LIMIT 1"
IN_FLIGHT = """SELECT 1 AS one FROM push_batch WHERE account = $1 AND state = 'sending' AND way = 'mass'
    UNION ALL SELECT 1 AS one FROM push AS p JOIN recipient AS r
        ON r.push_id = p.id AND r.state = 'sending' AND r.account = $1 AND r.way = 'notice'
    WHERE p.state IN ('running', 'paused') LIMIT 1"""


class Reported(NamedTuple):
    """The row of a push's ledger that a platform tells of."""

    push_id: int
    told: bool


async def turn(batch: Batch, to: BatchState, *, of: tuple[BatchState, ...], task: str = "", reason: str = "") -> bool:
    """Be `to` if it is one of `of` now."""
    found = await select(TURN.format(states=_listed(of)), batch.id, to, task, reason)
    if found:
        batch.state, batch.reason = to, reason
        batch.task = task or batch.task
    return bool(found)


async def become(
    batch: Batch, to: RecipientState, at: datetime, *, of: tuple[RecipientState, ...], reason: str = ""
) -> None:
    """Everybody in it who is one of `of` now; who is sent, or perhaps, is so since `at`."""
    more = ", sent_at = $4" if to in {"sent", "unsure"} else ""
    ended = None if to == "awaiting" else milliseconds(at)
    await select(ALL.format(states=_listed(of), more=more), batch.id, to, reason, ended)


async def take_over(batch: Batch, results: Sequence[PushResult], now: datetime) -> None:
    """What became of some of them; who waits for the member goes on waiting."""
    rows = [
        (result.contact, result.state, result.reason, milliseconds(result.at or now))
        for result in results
        if result.contact and result.state != "waiting"
    ]
    if rows:
        source, values = given(("contact", "state", "reason"), ("at",), rows, 2)
        await select(EACH.format(given=source), batch.id, *values)


async def is_awaited(batch: Batch) -> bool:
    """Whether somebody in it waits for the member."""
    return bool(await select(AWAITED, batch.id))


async def is_any_open(push_id: int) -> bool:
    """Whether a batch of the push is still without its results."""
    return bool(await select(OPEN, push_id))


async def to_ask(push_id: int, now: datetime, asked_before: datetime) -> list[Batch]:
    """The tasks whose results were last asked for before then; they are asked for now."""
    rows = await select(ASKED, push_id, milliseconds(now), milliseconds(asked_before))
    return [Batch(push_id=push_id, way="task", state="open", **row) for row in rows]


async def reported(account: str, platform_id: str) -> Reported | None:
    """Whose message this was that a platform tells of, if nothing was told of it before."""
    found = await select(FOUND, account, platform_id)
    return Reported(int(found[0]["push_id"]), bool(found[0]["told"])) if found else None


async def end(account: str, platform_id: str, state: RecipientState, reason: str, at: datetime) -> None:
    await select(ENDED, account, platform_id, state, reason, milliseconds(at))


async def is_in_flight(account: str) -> bool:
    """Whether something is being sent there of which a platform may tell before we know what it calls it."""
    return bool(await select(IN_FLIGHT, account))


def _listed(states: Sequence[str]) -> str:
    return ", ".join(f"'{state}'" for state in states)
