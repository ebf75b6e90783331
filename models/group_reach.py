"""Here lives which group chats a push goes to, and why not to others: asked of SQL, for all at once."""

# ruff: noqa: S608 - only words of ours and the names of our tables are put together

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.group_wishes import is_every, keys
from domain.rules import Moment
from models.fields import milliseconds
from models.pushes import Push
from models.reach_clauses import REACHED, Reach
from models.rule_sql import Clause
from models.sql import select

EXAMPLES = 3
CONFIRMED = timedelta(days=7)  # after the end of a push members have confirmed their tasks, or never will
EVER = datetime(1970, 1, 1, tzinfo=UTC)
WAY = """CASE WHEN g."group" = 'customer' THEN 'task' ELSE 'message' END"""
MEMBER = """CASE WHEN g."group" = 'customer' THEN g.owner ELSE '' END"""
REASON = """CASE WHEN g.id IS NULL OR g.gone_at IS NOT NULL THEN 'gone' {unreachable}
    WHEN NOT g.writable THEN 'not_writable' WHEN g."group" = 'customer' AND g.owner = '' THEN 'no_owner'
    {quota} ELSE '' END"""
# A customer group takes as many tasks in a month as the month has days. What waits for a member has no moment yet.
# A ledger is found by its push: of those to group chats (rule = ''), but for those that were long over.
QUOTA = f"""WHEN g."group" = 'customer' AND (SELECT COUNT(*) FROM push AS p JOIN recipient AS q ON q.push_id = p.id
    AND q.group_id = g.id WHERE p.rule = '' AND (p.ended_at IS NULL OR p.ended_at >= {{lately}}) AND p.id <> {{own}}
    AND q.way = 'task' AND q.state IN {REACHED}
    AND COALESCE(q.sent_at, p.started_at, p.confirmed_at, 0) >= {{month}}) >= {{days}} THEN 'month_quota'"""
LABELLED = "EXISTS (SELECT 1 FROM group_label AS l WHERE l.group_id = g.id AND {those})"
COUNT = f"""SELECT account, way, member, reason, COUNT(*) AS n FROM (SELECT g.account, {WAY} AS way, {MEMBER} AS member,
    {{reason}} AS reason FROM group_chat AS g WHERE {{chosen}}) AS told
    GROUP BY account, way, member, reason ORDER BY account, way, member, reason"""
FILL = f"""INSERT INTO recipient (push_id, group_id, account, address, way, member, state, reason, platform_id, told,
    ended_at) SELECT {{own}}, id, account, address, way, member,
    CASE WHEN reason = '' THEN 'waiting' ELSE 'skipped' END, reason, '', FALSE,
    CASE WHEN reason = '' THEN NULL ELSE {{now}} END
    FROM (SELECT g.id, g.account, g.external_id AS address, {WAY} AS way, {MEMBER} AS member, {{reason}} AS reason
        FROM group_chat AS g WHERE {{chosen}}) AS told WHERE TRUE ORDER BY id ON CONFLICT DO NOTHING"""
EXCLUDED = """SELECT id, reason FROM (SELECT a.id, {reason} AS reason FROM recipient AS a
    LEFT JOIN group_chat AS g ON g.id = a.group_id WHERE a.group_id IS NOT NULL AND {those}) AS told
    WHERE reason <> ''"""
SOME = """SELECT g.id, g.title FROM group_chat AS g WHERE {chosen} AND {reason} = '' ORDER BY g.id LIMIT {most}"""


@dataclass(frozen=True, slots=True)
class GroupsCounted:
    """Of `total` group chats: how many by which account and way, and how many are left out for which reason.

    `members` is how many each member of ours has to confirm, by account and member.
    """

    total: int
    roads: Mapping[tuple[str, str], int]
    skipped: Mapping[str, int]
    members: Mapping[tuple[str, str], int]


async def counted(labels: Sequence[str], accounts: Mapping[str, str], reach: Reach | None = None) -> GroupsCounted:
    """Of those that carry one of these labels, on these accounts (kind by name).

    Only a `reach` tells what month it is: without one nothing is said of the month's quota.
    """
    clause = _asked(reach)
    sql = COUNT.format(chosen=_chosen(labels, clause), reason=_reason(accounts, reach, clause))
    roads: Counter[tuple[str, str]] = Counter()
    members: Counter[tuple[str, str]] = Counter()
    skipped: Counter[str] = Counter()
    for row in await select(sql, *clause.values):
        account, member, number = row["account"], row["member"], int(row["n"])
        if row["reason"]:
            skipped[row["reason"]] += number
            continue
        roads[account, row["way"]] += number
        if member:
            members[account, member] += number
    return GroupsCounted(sum(roads.values()) + sum(skipped.values()), dict(roads), dict(skipped), dict(members))


async def fill(push: Push, accounts: Mapping[str, str], reach: Reach | None = None) -> None:
    """A row of the ledger for each."""
    clause = _asked(reach)
    own = clause.put(push.id, "bigint")
    now = clause.put(milliseconds(reach.now), "bigint") if reach else "CAST(NULL AS BIGINT)"
    reason, chosen = _reason(accounts, reach, clause, own), _chosen(push.labels, clause)
    await select(FILL.format(own=own, now=now, reason=reason, chosen=chosen), *clause.values)


async def excluded(recipient_ids: Collection[int], reach: Reach | None = None) -> dict[int, str]:
    """Of these rows of the ledger those of group chats that must not be sent any more, each with the reason."""
    if not recipient_ids:
        return {}
    clause = _asked(reach)
    those = clause.one_of("a.id", sorted(recipient_ids), "bigint")
    sql = EXCLUDED.format(reason=_reason(None, reach, clause, "a.push_id"), those=those)
    return {int(row["id"]): str(row["reason"]) for row in await select(sql, *clause.values)}


async def examples(labels: Sequence[str], accounts: Mapping[str, str], most: int = EXAMPLES) -> list[str]:
    """The first of those that a push reaches, as people know them: `Q7 经销商`."""
    clause = _asked(None)
    chosen, reason = _chosen(labels, clause), _reason(accounts, None, clause)
    sql = SOME.format(chosen=chosen, reason=reason, most=clause.put(most, "bigint"))
    return [f"Q{row['id']} {row['title']}".rstrip() for row in await select(sql, *clause.values)]


def _asked(reach: Reach | None) -> Clause:
    return Clause(Moment(reach.now if reach else EVER, UTC, ""))


def _chosen(labels: Collection[str], clause: Clause) -> str:
    """Which group chats; who asks for all of them does not mean those that are over."""
    if is_every(labels):
        return "g.gone_at IS NULL"
    return LABELLED.format(those=clause.one_of("l.folded", keys(labels), "text"))


def _reason(accounts: Collection[str] | None, reach: Reach | None, clause: Clause, own: str = "0") -> str:
    """Why not; of rows in the ledger their account was asked about before."""
    quota = unreachable = ""
    if reach:
        moments = (milliseconds(reach.month), milliseconds(reach.month - CONFIRMED), reach.days)
        month, lately, days = (clause.put(each, "bigint") for each in moments)
        quota = QUOTA.format(own=own, month=month, lately=lately, days=days)
    if accounts is not None:
        there = clause.one_of("g.account", sorted(accounts) or [""], "text")
        unreachable = f"WHEN NOT {there} THEN 'unreachable'"
    return REASON.format(unreachable=unreachable, quota=quota)
