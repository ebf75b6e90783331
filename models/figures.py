"""Here lives what is counted for a daily report: the numbers of one stretch of time, as far as somebody may see them.

The tables that every message goes to have no index by time: their ids grow with it, so that the first row of a day is
found by halving.
"""

from datetime import datetime, timedelta
from typing import Any

from domain.digests import Figures
from domain.leads import Stage
from domain.permissions import Scope
from models.behaviours import CLICKED
from models.fields import milliseconds
from models.sql import select

SLACK = timedelta(days=1)  # by which platforms' clocks, and what was told late, may differ from the order of the ids
STAGES = ", ".join(f"'{stage.value}'" for stage in Stage)
NEW = f"""SELECT i.account, COUNT(*) AS n FROM lead l JOIN customer c ON c.id = l.customer_id
    JOIN identity i ON i.id = (SELECT MIN(id) FROM identity WHERE customer_id = c.id)
    WHERE l.stage IN ({STAGES}) AND l.created_at >= $1 AND l.created_at < $2 AND c.merged_into_id IS NULL AND {{seen}}
    GROUP BY i.account ORDER BY n DESC, i.account"""  # noqa: S608 - constants of ours, as in all of these
HEARD = """SELECT COALESCE(SUM(came), 0) AS came, COUNT(*) AS people,
        COALESCE(SUM(CASE WHEN answered > 0 THEN 1 ELSE 0 END), 0) AS answered
    FROM (SELECT SUM(CASE WHEN m.direction = 'in' THEN 1 ELSE 0 END) AS came,
            SUM(CASE WHEN m.direction = 'out' AND m.staff_id IS NOT NULL THEN 1 ELSE 0 END) AS answered
        FROM message m WHERE m.id >= $3 AND m.at >= $1 AND m.at < $2 AND {theirs} GROUP BY m.customer_id) AS one
    WHERE came > 0"""
OPTED_OUT = """SELECT COUNT(DISTINCT i.id) AS n FROM message m JOIN identity i ON i.id = m.identity_id
    WHERE m.id >= $3 AND m.direction = 'in' AND i.opted_out_at >= $1 AND i.opted_out_at < $2 AND {theirs}"""
MOVED = """SELECT COUNT(DISTINCT CASE WHEN m.field = 'claimed_at' AND m.new <> '' THEN m.subject END) AS claimed,
        COUNT(DISTINCT CASE WHEN m.field = 'stage' AND m.new = 'won' THEN m.subject END) AS won
    FROM change m WHERE m.id >= $3 AND m.at >= $1 AND m.at < $2 AND m.field IN ('claimed_at', 'stage')
        AND m.subject LIKE 'L%' AND {theirs}"""
PUSHED = """SELECT COUNT(DISTINCT m.push_id) AS pushes,
        COALESCE(SUM(CASE WHEN m.state <> 'failed' THEN 1 ELSE 0 END), 0) AS sent,
        COALESCE(SUM(CASE WHEN m.state = 'failed' THEN 1 ELSE 0 END), 0) AS failed
    FROM push p JOIN recipient m ON m.push_id = p.id
    WHERE p.started_at < $2 AND (p.ended_at IS NULL OR p.ended_at >= $1) AND (
        (m.state IN ('sent', 'delivered', 'read') AND m.sent_at >= $1 AND m.sent_at < $2)
        OR (m.state = 'failed' AND m.ended_at >= $1 AND m.ended_at < $2)) AND {theirs}"""
OPENED = """SELECT COUNT(DISTINCT m.customer_id) AS n FROM behaviour m
    WHERE m.name = $3 AND m.at >= $1 AND m.at < $2 AND {theirs}"""
OVERDUE = "SELECT COUNT(*) AS n FROM task t WHERE t.state = 'open' AND t.due_at < $1 AND {whose}"
ENDS = "SELECT MIN(id) AS first, MAX(id) AS last FROM {table}"
BEHIND = "SELECT at FROM {table} WHERE id >= $1 ORDER BY id LIMIT 1"


async def figures(viewer: Scope, since: datetime, until: datetime, now: datetime) -> Figures:
    """From `since` until `until` (not included); what is overdue is so `now`."""
    between = milliseconds(since), milliseconds(until)
    message, change = [await _from("message", since - SLACK), await _from("change", since - SLACK)]
    new = await select(*_asked(NEW, viewer, *between))
    (heard,) = await select(*_asked(HEARD, viewer, *between, message))
    (moved,) = await select(*_asked(MOVED, viewer, *between, change))
    (pushed,) = await select(*_asked(PUSHED, viewer, *between))
    (opened,) = await select(*_asked(OPENED, viewer, *between, CLICKED))
    (left,) = await select(*_asked(OPTED_OUT, viewer, *between, message))
    (overdue,) = await select(*_asked(OVERDUE, viewer, milliseconds(now)))
    return Figures(
        new={row["account"]: row["n"] for row in new},
        **{name: int(number) for row in (heard, moved, pushed) for name, number in row.items()},
        clicked=opened["n"],
        opted_out=left["n"],
        overdue=overdue["n"],
    )


def _asked(sql: str, viewer: Scope, *values: object) -> tuple[Any, ...]:
    """A question about customers whom this person sees, about rows of theirs, or about tasks of colleagues."""
    if viewer.owners is None:
        return (sql.format(seen="1 = 1", theirs="1 = 1", whose="1 = 1"), *values)
    owners = sorted(viewer.owners)
    places = ", ".join(f"${len(values) + at}" for at in range(1, len(owners) + 1))
    whose = f"t.staff_id IN ({places})"
    mine = f"${len(values) + len(owners) + 1}" if "{whose}" not in sql else ""
    seen = f"(c.owner_id IS NULL OR c.owner_id IN ({places}) OR c.attendant_id = {mine})"
    theirs = f"EXISTS (SELECT 1 FROM customer c WHERE c.id = m.customer_id AND {seen})"  # noqa: S608 - places of values
    return (sql.format(seen=seen, theirs=theirs, whose=whose), *values, *owners, *((viewer.staff_id,) if mine else ()))


async def _from(table: str, since: datetime) -> int:
    """About the first id of this time; 0 where there is nothing."""
    (ends,) = await select(ENDS.format(table=table))
    low, high = ends["first"] or 0, ends["last"] or 0
    while low < high:
        middle = (low + high) // 2
        found = await select(BEHIND.format(table=table), middle)
        if found[0]["at"] < milliseconds(since):
            low = middle + 1
        else:
            high = middle
    return int(low)
