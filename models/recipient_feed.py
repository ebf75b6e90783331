"""Here lives which recipients of a push are promised their message next, and who of those reached is told of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.media import Way
from models.fields import instant, milliseconds
from models.marks import among
from models.recipient_outcomes import given
from models.sql import dialect, select

ACCOUNTS = """WITH RECURSIVE a (account) AS (
        SELECT MIN(account) FROM recipient WHERE push_id = $1 AND state = 'waiting'
        UNION ALL SELECT (SELECT MIN(r.account) FROM recipient AS r
            WHERE r.push_id = $1 AND r.state = 'waiting' AND r.account > a.account) FROM a WHERE a.account IS NOT NULL)
    SELECT account FROM a WHERE account IS NOT NULL"""
IN_FLIGHT = """SELECT account, COUNT(*) AS n FROM recipient
    WHERE push_id = $1 AND state = 'sending' AND batch_id IS NULL GROUP BY account"""
# A person is whoever the account belongs to by now: customers are joined, and taken apart.
WAITING = """SELECT r.id, r.account, r.address, r.way, r.group_id, r.customer_id, i.customer_id AS now_id,
    COALESCE(NULLIF(c.name, ''), i.name, '') AS name, COALESCE(c.company, '') AS company, COALESCE(c.city, '') AS city,
    COALESCE(s.name, '') AS owner,
    EXISTS (SELECT 1 FROM customer AS m WHERE m.merged_into_id = i.customer_id) AS is_joined
    FROM recipient AS r LEFT JOIN identity AS i ON i.id = r.identity_id LEFT JOIN customer AS c ON c.id = i.customer_id
    LEFT JOIN staff AS s ON s.id = c.owner_id
    WHERE r.push_id = $1 AND r.state = 'waiting' AND r.account = $2 AND r.way IN ('message', 'notice')
    ORDER BY r.id LIMIT $3"""
HOLD = {"sqlite": "", "postgres": " FOR UPDATE OF r SKIP LOCKED"}
# Rows of the same push for whoever is the same person by now: those who were joined keep the row that they had.
JOINED = """WITH RECURSIVE family (id) AS (SELECT CAST($2 AS BIGINT)
        UNION SELECT c.id FROM customer AS c JOIN family ON c.merged_into_id = family.id)
    SELECT MAX(CASE WHEN r.state IN ('sending', 'sent', 'delivered', 'read', 'awaiting', 'unsure')
            OR r.customer_id = $2 AND r.state <> 'skipped' THEN 1 ELSE 0 END) AS reached,
        MAX(CASE WHEN r.customer_id = $2 THEN 1 ELSE 0 END) AS own
    FROM recipient AS r WHERE r.push_id = $1 AND r.customer_id IN (SELECT id FROM family) AND r.id <> $3"""
FOLLOW = "UPDATE recipient SET customer_id = $2 WHERE id = $1 RETURNING id"
END = """UPDATE recipient SET state = v.state, reason = v.reason, ended_at = v.at FROM v WHERE recipient.id = v.id
    AND recipient.state = 'waiting' RETURNING recipient.id"""
PROMISE = """UPDATE recipient SET state = 'sending', outbox_id = v.outbox_id, reason = '' FROM v
    WHERE recipient.id = v.id AND recipient.state = 'waiting' RETURNING recipient.id"""
NEXT_DUE = """SELECT MIN(due) AS due FROM (
    SELECT MIN(o.due_at) AS due FROM recipient AS r JOIN outbox_item AS o ON o.id = r.outbox_id
        WHERE r.push_id = $1 AND r.state = 'sending'
    UNION ALL SELECT MIN(o.due_at) FROM push_batch AS b
        JOIN outbox_item AS o ON o.lane = b.account || ':push:' || b.push_id || ':' || b.id AND o.state = 'waiting'
        WHERE b.push_id = $1 AND b.state = 'sending') AS each_due"""
UNTOLD = """SELECT r.id, r.sent_at, r.identity_id, COALESCE(i.customer_id, r.customer_id) AS now_id, o.payload
    FROM recipient AS r LEFT JOIN identity AS i ON i.id = r.identity_id LEFT JOIN outbox_item AS o ON o.id = r.outbox_id
    WHERE r.push_id = $1 AND r.state = 'sent' AND r.told = false ORDER BY r.id LIMIT $2"""
TELL = "UPDATE recipient SET told = true WHERE {chosen} RETURNING id"


# In one transaction. On SQLite whatever is being sent waits for its end; on PostgreSQL rounds follow less quickly.
AT_ONCE = {"sqlite": 100, "postgres": 500}


def at_once() -> int:
    """How many recipients one round looks at."""
    return AT_ONCE[dialect()]


class Waiting(NamedTuple):
    """One who waits, and what blanks can say of them; `now_id` is the customer whose account it is by now.

    `is_joined`: others were joined with that customer.
    """

    id: int
    account: str
    address: str
    way: Way
    group_id: int | None
    customer_id: int | None
    now_id: int | None
    name: str
    company: str
    city: str
    owner: str
    is_joined: bool


class Reached(NamedTuple):
    """One who got it; `payload` is what was in the outbox for them, None where they were in a batch."""

    id: int
    at: datetime
    identity_id: int | None
    customer_id: int | None
    payload: str | None


async def accounts(push_id: int) -> list[str]:
    """On which somebody waits, each found by one look into the index."""
    return [row["account"] for row in await select(ACCOUNTS, push_id)]


async def in_flight(push_id: int) -> dict[str, int]:
    """By account how many are in the outbox."""
    return {row["account"]: int(row["n"]) for row in await select(IN_FLIGHT, push_id)}


async def waiting(push_id: int, account: str, most: int) -> list[Waiting]:
    """The next ones; until the end of this transaction they are nobody else's."""
    found = await select(WAITING + HOLD[dialect()], push_id, account, most)
    return [Waiting(**row) for row in found]


async def is_double(push_id: int, row: Waiting) -> bool:
    """Whether who they are by now gets the push anyway, or has got it; else they are that customer from now on."""
    if row.now_id is None or (row.now_id == row.customer_id and not row.is_joined):
        return False
    (found,) = await select(JOINED, push_id, row.now_id, row.id)
    if not found["reached"] and not found["own"] and row.now_id != row.customer_id:
        await select(FOLLOW, row.id, row.now_id)
    return bool(found["reached"])


async def doubles(push_id: int, rows: Sequence[Waiting]) -> set[int]:
    """Which of these are the same person as one that has got it, or as one before them."""
    persons: set[int] = set()
    found: set[int] = set()
    for row in rows:
        if row.now_id in persons or await is_double(push_id, row):
            found.add(row.id)
        elif row.now_id is not None:
            persons.add(row.now_id)
    return found


async def end(ended: Mapping[int, tuple[str, str]], now: datetime) -> None:
    """These are not sent: by their ids the state (skipped, failed) and why."""
    rows = [(recipient, *how, milliseconds(now)) for recipient, how in ended.items()]
    if rows:
        head, values = given(("BIGINT", "TEXT", "TEXT", "BIGINT"), rows)
        await select(f"WITH v (id, state, reason, at) AS ({head}) {END}", *values)


async def promised(outbox_ids: Mapping[int, int]) -> None:
    """They are in the outbox from now on, in these rows."""
    if outbox_ids:
        head, values = given(("BIGINT", "BIGINT"), list(outbox_ids.items()))
        await select(f"WITH v (id, outbox_id) AS ({head}) {PROMISE}", *values)


async def next_due(push_id: int) -> datetime | None:
    """When the first of those in the outbox is due, and may be sent."""
    due = (await select(NEXT_DUE, push_id))[0]["due"]
    return None if due is None else instant(due)


async def untold(push_id: int, most: int) -> list[Reached]:
    """Whom rules and conversations do not know of yet."""
    found = await select(UNTOLD, push_id, most)
    return [
        Reached(row["id"], instant(row["sent_at"] or 0), row["identity_id"], row["now_id"], row["payload"])
        for row in found
    ]


async def tell(ids: Sequence[int]) -> None:
    if ids:
        chosen, values = among("id", ids)
        await select(TELL.format(chosen=chosen), *values)
