"""Here live the marks of many contacts at once: each question and each change is one statement, however many."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from domain.marks import ABSENT
from models.customers import Identity
from models.database import insert_many
from models.fields import instant, milliseconds
from models.sql import dialect, select
from models.sync import Mark

NEVER = instant(0)
MOST = 4_000  # rows in one statement: SQLite takes 32,766 values
COLUMNS = (
    "binding_id",
    "identity_id",
    "member",
    "wanted",
    "agreed",
    "sending",
    "state",
    "reason",
    "touched_at",
    "seen_at",
)
HOLD = "SELECT id FROM customer WHERE {chosen} ORDER BY id FOR NO KEY UPDATE"  # SQLite has one writer
CHANGE = """UPDATE tag_mark SET wanted = v.wanted, agreed = v.agreed, sending = v.sending, state = v.state,
    reason = v.reason, touched_at = v.touched_at, seen_at = v.seen_at FROM v WHERE tag_mark.id = v.id
    RETURNING tag_mark.id"""
VALUES = "id, wanted, agreed, sending, state, reason, touched_at, seen_at"
ROW = "(?, ?, ?, ?, ?, ?, ?, ?)"
TYPES = ("BIGINT", "BOOLEAN", "BOOLEAN", "BOOLEAN", "TEXT", "TEXT", "BIGINT", "BIGINT")
PENDING = """SELECT m.id, m.identity_id, m.member, m.wanted, b.remote_id, b.account, i.external_id, i.customer_id
    FROM tag_mark AS m JOIN tag_binding AS b ON b.id = m.binding_id JOIN identity AS i ON i.id = m.identity_id
    JOIN tag AS t ON t.id = b.tag_id WHERE m.state = 'pending' AND m.sending IS NULL AND m.wanted <> m.agreed
    AND b.remote_id IS NOT NULL AND NOT b.retired AND t.gone_at IS NULL AND {chosen}
    ORDER BY m.identity_id, m.member, m.id LIMIT {most}"""
BEGIN = """UPDATE tag_mark SET sending = wanted, state = 'sending', reason = '', touched_at = {now}
    WHERE state = 'pending' AND sending IS NULL AND wanted <> agreed AND {chosen} RETURNING id"""
WAITING = """SELECT DISTINCT m.binding_id FROM tag_mark AS m JOIN tag_binding AS b ON b.id = m.binding_id
    WHERE m.state = 'pending' AND b.account = $1"""
UNMARKED = """SELECT DISTINCT t.customer_id FROM tag_binding AS b JOIN tagging AS t ON t.tag_id = b.tag_id
    JOIN identity AS i ON i.customer_id = t.customer_id AND i.account = b.account
    WHERE b.account = $1 AND NOT b.retired AND b.tag_id = $2
    AND NOT EXISTS (SELECT 1 FROM tag_mark AS m WHERE m.binding_id = b.id AND m.identity_id = i.id AND m.wanted)
    ORDER BY t.customer_id LIMIT $3"""
OVERMARKED = """SELECT DISTINCT i.customer_id FROM tag_binding AS b JOIN tag_mark AS m ON m.binding_id = b.id
    JOIN identity AS i ON i.id = m.identity_id WHERE b.account = $1 AND NOT b.retired AND b.tag_id = $2 AND m.wanted
    AND NOT EXISTS (SELECT 1 FROM tagging AS t JOIN tag AS g ON g.id = t.tag_id WHERE t.customer_id = i.customer_id
        AND (g.id = b.tag_id OR g.gone_at IS NOT NULL AND g.merged_into_id = b.tag_id))
    ORDER BY i.customer_id LIMIT $3"""
REVIVE = """UPDATE tag_mark SET wanted = TRUE, state = 'synced', reason = ''
    WHERE binding_id = $1 AND agreed AND sending IS NULL AND NOT wanted RETURNING id"""
ABSENCES = ", ".join(f"'{reason}'" for reason in sorted(ABSENT))
# Whoever carries the heir is told of it there, and so is who carries the elder yet: they get the heir next.
# Whoever has too many tags for the heir gets room for it only when the elder goes.
OPEN = f"""SELECT 1 FROM tag_mark AS m WHERE m.binding_id = h.id AND m.state = 'pending'
    UNION ALL SELECT 1 FROM tag_mark AS m WHERE m.binding_id = h.id AND m.state = 'sending'
    UNION ALL SELECT 1 FROM tag_mark AS m WHERE m.binding_id = h.id AND m.state = 'failed'
        AND m.reason NOT IN ({ABSENCES}, 'per_contact', 'contact_full')
    UNION ALL SELECT 1 FROM tagging AS t JOIN tag AS g ON g.id = t.tag_id
        WHERE t.tag_id = b.tag_id AND g.gone_at IS NOT NULL"""  # noqa: S608 - words of ours only
LEFT = """SELECT 1 FROM tag_mark AS o JOIN identity AS i ON i.id = o.identity_id
    JOIN tagging AS t ON t.customer_id = i.customer_id AND t.tag_id = h.tag_id
    WHERE o.binding_id = b.id AND o.agreed
    AND NOT EXISTS (SELECT 1 FROM tag_mark AS n WHERE n.identity_id = o.identity_id AND n.binding_id = h.id)"""
FREE = f"""SELECT b.id FROM tag_binding AS b
    LEFT JOIN tag_binding AS h ON h.account = b.account AND h.tag_id = b.heir_id AND NOT h.retired
    LEFT JOIN tag AS heir ON heir.id = b.heir_id
    WHERE {{chosen}} AND (h.id IS NULL OR heir.gone_at IS NOT NULL
        OR h.remote_id IS NOT NULL AND NOT EXISTS ({OPEN}) AND NOT EXISTS ({LEFT}))"""  # noqa: S608 - the same
CARRIED_THERE = """SELECT b.account, COUNT(DISTINCT i.customer_id) AS n FROM tag_mark AS m
    JOIN tag_binding AS b ON b.id = m.binding_id JOIN identity AS i ON i.id = m.identity_id
    WHERE b.tag_id = $1 AND m.agreed AND NOT b.retired GROUP BY b.account"""


class Pending(NamedTuple):
    """One tag that is to come to one contact, or to go."""

    id: int
    identity_id: int
    member: str
    wanted: bool
    remote_id: str
    account: str
    external_id: str
    customer_id: int


def among(column: str, ids: Collection[Any], first: int = 1) -> tuple[str, list[Any]]:
    """A condition and its values, from $first on: one of these."""
    if dialect() == "postgres":
        return f"{column} = ANY(${first})", [sorted(ids)]
    return f"{column} IN ({', '.join(f'${n}' for n in range(first, first + len(ids)))})", sorted(ids)


async def hold(customers: Collection[int]) -> None:
    """Nobody else changes who carries what of these until this transaction ends."""
    if customers and dialect() == "postgres":
        chosen, values = among("id", customers)
        await select(HOLD.format(chosen=chosen), *values)


async def hold_behind(identities: Collection[int]) -> dict[int, int]:
    """Hold the customers of these accounts, also if one is made another's while we wait; who they are, by account."""
    found = await _behind(identities)
    while True:
        await hold(set(found.values()))
        now = await _behind(identities)
        if set(now.values()) <= set(found.values()):
            return now
        found = now


async def _behind(identities: Collection[int]) -> dict[int, int]:
    return dict(await Identity.filter(id__in=list(identities)).values_list("id", "customer_id"))


def made(binding_id: int, identity_id: int, member: str) -> Mark:
    """One that was never told of."""
    return Mark(binding_id=binding_id, identity_id=identity_id, member=member, touched_at=NEVER, seen_at=NEVER)


async def keep(marks: Iterable[Mark]) -> None:
    """Write them; new ones get no id here. Their customers are held."""
    chosen = list(marks)
    new = [tuple(getattr(mark, name) for name in COLUMNS) for mark in chosen if mark.id is None]
    await insert_many(Mark, COLUMNS, new, conflict=COLUMNS[:3])
    for part in _parts([mark for mark in chosen if mark.id is not None], MOST):
        await _change(part)


async def _change(marks: Sequence[Mark]) -> None:
    values: list[Any]
    rows = [
        (m.id, m.wanted, m.agreed, m.sending, m.state, m.reason, milliseconds(m.touched_at), milliseconds(m.seen_at))
        for m in marks
    ]
    if dialect() == "postgres":
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(TYPES, 1))
        head, values = f"SELECT * FROM unnest({arrays})", [list(each) for each in zip(*rows, strict=True)]  # noqa: S608
    else:
        head, values = f"VALUES {', '.join([ROW] * len(rows))}", list(chain.from_iterable(rows))
    await select(f"WITH v ({VALUES}) AS ({head}) {CHANGE}", *values)


async def forget(marks: Collection[int]) -> None:
    for part in _parts(sorted(marks), MOST):
        await Mark.filter(id__in=part).delete()


async def pending(which: str, ids: Collection[int], most: int) -> list[Pending]:
    """What can be sent now, by contact: of these `identities`, or of these `bindings`."""
    if not ids:
        return []
    chosen, values = among({"identities": "m.identity_id", "bindings": "m.binding_id"}[which], ids)
    rows = await select(PENDING.format(chosen=chosen, most=int(most)), *values)
    return [Pending(**row | {"wanted": bool(row["wanted"])}) for row in rows]


async def waiting(account: str) -> list[int]:
    """The bindings of an account whose customers it has yet to be told of."""
    return [int(row["binding_id"]) for row in await select(WAITING, account)]


async def begin(marks: Collection[int], now: datetime) -> set[int]:
    """They are on their way from now on; those that were not already."""
    chosen, values = among("id", marks)
    rows = await select(BEGIN.format(chosen=chosen, now=milliseconds(now)), *values)
    return {int(row["id"]) for row in rows}


async def unmarked(account: str, tag: int, most: int) -> list[int]:
    """Customers on the account who carry the tag and are not to have it there yet, or the other way round."""
    found = await select(UNMARKED, account, tag, most)
    found += await select(OVERMARKED, account, tag, most - len(found)) if len(found) < most else []
    return [int(row["customer_id"]) for row in found]


async def revive(binding: int) -> None:
    """Whoever has it there is to have it, until somebody looks who of them carries the tag."""
    await select(REVIVE, binding)


async def free(bindings: Collection[int]) -> set[int]:
    """Of these retired ones those that nobody needs any more: whoever carries the heir has that one there."""
    if not bindings:
        return set()
    chosen, values = among("b.id", bindings)
    return {int(row["id"]) for row in await select(FREE.format(chosen=chosen), *values)}


async def seen(binding: int, identities: Collection[int], at: datetime) -> None:
    """These were told of in a reading that began then."""
    for part in _parts(sorted(identities), MOST):
        await Mark.filter(binding_id=binding, identity_id__in=part, seen_at__lt=at).update(seen_at=at)


def _parts(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


async def carried_there(tag_id: int) -> dict[str, int]:
    """How many customers carry a tag on each account, as far as we know."""
    return {row["account"]: int(row["n"]) for row in await select(CARRIED_THERE, tag_id)}
