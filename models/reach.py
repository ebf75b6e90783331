"""Here lives where each customer of an audience is to be reached, and why not: asked of SQL, for all at once.

A preview, the ledger and the last look before something is sent ask with the same clauses, models/reach_clauses.py.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from domain.rules import Moment, Rule
from models.fields import milliseconds
from models.index import look
from models.pushes import Push
from models.reach_clauses import Reach, Road, asked, still, told
from models.rule_sql import Clause
from models.sql import select

__all__ = ["Counted", "Reach", "Road", "Sample", "counted", "excluded", "fill"]

MANY = 5_000  # customers, some 15 µs each
COUNT = """SELECT account, way, member, reason, COUNT(*) AS n, MIN(customer_id) AS first, MAX(customer_id) AS last
    FROM told GROUP BY account, way, member, reason ORDER BY account, way, member, reason"""
INSERT = """INSERT INTO recipient (push_id, customer_id, identity_id, account, address, way, member, state, reason,
    platform_id, told, ended_at) """
WRITTEN = """SELECT {own}, customer_id, identity_id, account, address, way, member,
    CASE WHEN reason = '' THEN 'waiting' ELSE 'skipped' END, reason, '', FALSE,
    CASE WHEN reason = '' THEN NULL ELSE {now} END
    FROM told WHERE TRUE ORDER BY customer_id ON CONFLICT DO NOTHING"""
EXCLUDED = "SELECT row_id, reason FROM told WHERE reason <> ''"


@dataclass(frozen=True, slots=True)
class Sample:
    """One of those who are to get it, and where."""

    customer_id: int
    account: str
    way: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Of `total` customers: how many by which account and way, and how many are left out for which reason.

    `members` is how many each member of ours has to confirm, by account and member.
    """

    total: int
    roads: Mapping[tuple[str, str], int]
    skipped: Mapping[str, int]
    members: Mapping[tuple[str, str], int] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()


async def is_long(rule: Rule, moment: Moment) -> bool:
    """Whether they are so many that counting them takes longer than a transaction may last."""
    async with look(moment) as view:
        return len(await view.ids(rule, limit=MANY + 1)) > MANY


async def counted(rule: Rule, moment: Moment, reach: Reach) -> Counted:
    """What would come of it now; `rule` is bound and within what the requester sees.

    Asked outside the transaction of whoever asks: of what is committed, and nobody waits for it.
    """
    async with look(moment) as view:
        ids = await view.ids(rule)
    clause = asked(reach)
    sql = told(_these(ids, clause), reach, clause, "0", earlier=False) + COUNT
    return _added(await select(sql, *clause.values, alias="reader") if len(ids) else [])


async def fill(push: Push, rule: Rule, moment: Moment, reach: Reach, after: int, most: int) -> int | None:
    """One INSERT … SELECT for at most so many customers behind `after`; the last of them, None at the end."""
    async with look(moment) as view:
        ids = await view.ids(rule, limit=most, after=after)
    if not len(ids):
        return None
    clause = asked(reach)
    own = clause.put(push.id, "bigint")
    sql = told(_these(ids, clause), reach, clause, own, earlier=after > 0)
    written = WRITTEN.format(own=own, now=clause.put(milliseconds(reach.now), "bigint"))
    await select(INSERT + sql + written, *clause.values)
    return int(ids[-1]) if len(ids) == most else None


async def excluded(recipient_ids: Collection[int], reach: Reach) -> dict[int, str]:
    """Of these rows of the ledger those that must not be sent any more, each with the reason.

    The road of each is the one that was chosen: `reach` has to have it.
    """
    if not recipient_ids:
        return {}
    clause = asked(reach)
    those = clause.one_of("a.id", sorted(recipient_ids), "bigint")
    found = await select(still(those, reach, clause) + EXCLUDED, *clause.values)
    return {int(row["row_id"]): str(row["reason"]) for row in found}


def _these(ids: Sequence[int], clause: Clause) -> str:
    return clause.one_of("c.id", list(map(int, ids)), "bigint")


def _added(rows: list[dict[str, object]]) -> Counted:
    roads: Counter[tuple[str, str]] = Counter()
    members: Counter[tuple[str, str]] = Counter()
    skipped: Counter[str] = Counter()
    samples: dict[int, Sample] = {}
    for row in rows:
        account, way, member, reason, number = (row[name] for name in ("account", "way", "member", "reason", "n"))
        if reason:
            skipped[str(reason)] += int(str(number))
            continue
        roads[str(account), str(way)] += int(str(number))
        if member:
            members[str(account), str(member)] += int(str(number))
        for each in ("first", "last"):
            samples[int(str(row[each]))] = Sample(int(str(row[each])), str(account), str(way))
    total = sum(roads.values()) + sum(skipped.values())
    some = tuple(samples[number] for number in sorted(samples))
    return Counted(total, dict(roads), dict(skipped), dict(members), some)
