"""Here lives what is counted of a push over several tables: its recipients, and what they did afterwards."""

# ruff: noqa: S608 - words of ours and names of our tables, every value is a parameter

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.push_reports import REASONED, Numbers, Reason
from models.fields import milliseconds
from models.sql import select

REACHED = "state IN ('sent', 'delivered', 'read')"
# The first is answered by an index alone; only who has a reason is looked at.
STATES = "SELECT state, COUNT(*) AS n FROM recipient WHERE push_id = $1 GROUP BY state"
REASONS = f"""SELECT state, reason, COUNT(*) AS n FROM recipient WHERE push_id = $1
    AND state IN ({", ".join(f"'{state}'" for state in REASONED)}) GROUP BY state, reason ORDER BY n DESC, reason"""
FAILURES = """SELECT customer_id, group_id, reason FROM recipient WHERE push_id = $1 AND state = 'failed'
    ORDER BY id LIMIT $2"""
MEMBERS = """SELECT DISTINCT b.account, b.member FROM push_batch AS b WHERE b.push_id = $1 AND b.state = 'open'
    AND b.way = 'task' AND EXISTS (SELECT 1 FROM recipient AS r WHERE r.batch_id = b.id AND r.state = 'awaiting')
    ORDER BY b.account, b.member"""
JOBS = "SELECT SUM(sent) AS sent, SUM(failed) AS failed FROM push_batch WHERE push_id = $1 AND way = 'mass'"
# Clicks of this push say so in their key; whoever did something else did it after they were reached.
CLICKED = """SELECT COUNT(DISTINCT customer_id) AS n FROM behaviour
    WHERE name = 'clicked' AND at >= $2 AND at < $3 AND source = 'push' AND key LIKE $1"""
AFTER = f"""EXISTS (SELECT 1 FROM recipient AS r WHERE r.push_id = $1 AND r.customer_id IN (x.customer_id, x.origin_id)
    AND r.{REACHED} AND x.at >= r.sent_at)"""
ORDERED = f"""SELECT COUNT(DISTINCT x.customer_id) AS buyers, COUNT(*) AS orders,
        COALESCE(SUM(CASE WHEN x.currency = $4 THEN x.amount ELSE 0 END), 0) AS amount
    FROM purchase AS x WHERE x.at >= $2 AND x.at < $3 AND x.state = 'paid' AND {AFTER}"""
# Whose last words were that they want no more has not replied.
ANSWERED = f"""SELECT COUNT(*) AS reached, SUM(CASE WHEN r.way IN ('message', 'notice') THEN 1 ELSE 0 END) AS tracked,
        SUM(CASE WHEN i.opted_out_at >= r.sent_at THEN 1 ELSE 0 END) AS opted_out,
        SUM(CASE WHEN i.heard_at >= r.sent_at AND COALESCE(i.opted_out_at, 0) < r.sent_at THEN 1 ELSE 0 END) AS replied
    FROM recipient AS r JOIN identity AS i ON i.id = r.identity_id WHERE r.push_id = $1 AND r.{REACHED}"""


class Failure(NamedTuple):
    """Somebody, or a group chat, whom it did not reach."""

    customer_id: int | None
    group_id: int | None
    reason: str

    @property
    def short_id(self) -> str:
        return f"C{self.customer_id}" if self.customer_id else f"Q{self.group_id}"


@dataclass(frozen=True, slots=True)
class Followed:
    """What those did whom a push reached: `tracked` of them could be told apart by what they clicked."""

    reached: int
    tracked: int
    clicked: int
    replied: int
    buyers: int
    orders: int
    amount: int
    opted_out: int


async def states(push_id: int) -> Numbers:
    """How far it is."""
    return Numbers({row["state"]: int(row["n"]) for row in await select(STATES, push_id)})


async def numbers(push_id: int) -> Numbers:
    """How far it is, and why not further."""
    reasons: dict[str, list[Reason]] = {}
    for row in await select(REASONS, push_id):
        reasons.setdefault(row["state"], []).append(Reason(row["reason"], int(row["n"])))
    return Numbers((await states(push_id)).states, reasons)


async def failures(push_id: int, most: int) -> list[Failure]:
    """The first whom it did not reach."""
    return [
        Failure(row["customer_id"], row["group_id"], row["reason"]) for row in await select(FAILURES, push_id, most)
    ]


async def members(push_id: int) -> list[tuple[str, str]]:
    """The members of ours who have yet to confirm their part, each with the account."""
    return [(row["account"], row["member"]) for row in await select(MEMBERS, push_id)]


async def jobs(push_id: int) -> tuple[int, int] | None:
    """How many have its mass messages and how many could not be given them, as the platform counts."""
    row = (await select(JOBS, push_id))[0]
    return None if row["sent"] is None else (int(row["sent"]), int(row["failed"] or 0))


async def followed(push_id: int, since: datetime, until: datetime, currency: str) -> Followed:
    """What came of it in this time; asked aside, because nobody writes to what is over."""
    span = milliseconds(since), milliseconds(until)
    answered = (await select(ANSWERED, push_id, alias="reader"))[0]
    clicked = (await select(CLICKED, f"{push_id}:%", *span, alias="reader"))[0]
    ordered = (await select(ORDERED, push_id, *span, currency, alias="reader"))[0]
    return Followed(
        clicked=int(clicked["n"]),
        **{name: int(ordered[name]) for name in ("buyers", "orders", "amount")},
        **{name: int(answered[name] or 0) for name in ("reached", "tracked", "replied", "opted_out")},
    )
