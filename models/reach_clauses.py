"""Here lives how SQL chooses the road to each person, or says why there is none; one set of clauses for every question.

A person with each of their accounts, and with each road there, makes a pair. Of a person's pairs the best is taken: an
open one, then the one where they were last heard, then in the order of the roads.
"""

# ruff: noqa: S608 - only words of ours and the names of our tables are put together

from dataclasses import dataclass
from datetime import UTC, datetime

from domain.media import Medium
from domain.rules import Moment
from models.fields import milliseconds
from models.rule_sql import Clause
from models.rule_words import NOBODY

REACHED = "('sent', 'delivered', 'read', 'awaiting', 'unsure', 'sending')"
# Somebody else of the same number or WeChat stands for a person, but for who cannot be reached.
STANDING = "('', 'no_consent', 'opted_out', 'capped', 'duplicate')"
MOST_ROADS = 64
LASTING = "FROM relation AS r{owned} WHERE r.identity_id = i.id AND r.ended_at IS NULL"
OWNED = """ LEFT JOIN staff_account AS o
        ON o.account = i.account AND o.external_id = r.userid AND o.staff_id = c.owner_id"""
MEMBER = f"""(SELECT r.userid {LASTING.format(owned=OWNED)}
        ORDER BY CASE WHEN o.id IS NULL THEN 1 ELSE 0 END, COALESCE(r.added_at, 0) DESC, r.id DESC LIMIT 1)"""
# What waits for a member, or is on its way, has no moment of its own yet.
SENT = """(SELECT COUNT(*) FROM recipient AS q CROSS JOIN push AS p
        WHERE p.id = q.push_id AND q.customer_id = {customer} AND q.push_id <> {own} AND q.state IN {reached}
        AND COALESCE(q.sent_at, p.started_at, p.confirmed_at, 0) >= {since}{more})"""
SAME_ROAD = " AND q.identity_id = i.id AND q.way = road.way"
REASON = """CASE
        WHEN i.state <> 'reachable' THEN i.state
        WHEN i.opted_out_at IS NOT NULL THEN 'opted_out'
        WHEN road.way = 'task' AND NOT {related} THEN 'no_member'
        WHEN road.app = 1 AND {related} THEN 'unreachable'
        WHEN road.app = 1 AND i.heard_at IS NULL THEN 'no_member'
        WHEN road.cutoff > 0 AND COALESCE(i.heard_at, 0) <= road.cutoff THEN 'window_closed'
        WHEN road.most >= 0 AND {this_month} >= road.most THEN 'month_quota'
        ELSE '' END"""
NO_COLLEAGUE = """NOT EXISTS (SELECT 1 FROM staff_account AS s
        WHERE s.account = i.account AND s.external_id = i.external_id)"""
# One number for the best pair of an account and a road: a subquery tells no more than one.
PICK = f"""(SELECT i.id * {MOST_ROADS} + road.place FROM identity AS i JOIN road ON road.account = i.account
        WHERE i.customer_id = c.id AND {NO_COLLEAGUE}
        ORDER BY CASE WHEN {{reason}} = '' THEN 0 ELSE 1 END, COALESCE(i.heard_at, 0) DESC, road.place, i.id LIMIT 1)"""
CHOSEN = f"""SELECT c.id AS row_id, {{own}} AS push_id, c.id AS customer_id, c.phone, c.consent, c.owner_id,
        '' AS member, {PICK} AS pick FROM customer AS c WHERE c.merged_into_id IS NULL AND {{those}}"""
CHOSEN_BEFORE = f"""SELECT a.id AS row_id, a.push_id, c.id AS customer_id, c.phone, c.consent, c.owner_id, a.member,
        (SELECT i.id * {MOST_ROADS} + road.place FROM road
            WHERE road.account = i.account AND road.way = a.way AND {NO_COLLEAGUE}) AS pick
        FROM recipient AS a LEFT JOIN identity AS i ON i.id = a.identity_id
        LEFT JOIN customer AS c ON c.id = i.customer_id WHERE a.customer_id IS NOT NULL AND {{those}}"""
TOLD = f"""WITH road (account, way, place, app, cutoff, most) AS (VALUES {{roads}}),
chosen AS MATERIALIZED ({{chosen}}),
pair AS (SELECT c.row_id, c.push_id, c.customer_id, c.phone, c.consent, i.id AS identity_id,
        COALESCE(i.account, '') AS account, COALESCE(i.external_id, '') AS address, COALESCE(road.way, '') AS way,
        CASE WHEN road.way = 'task' THEN COALESCE({MEMBER}, '') ELSE '' END AS member,
        (SELECT MAX(u.unionid) FROM identity AS u WHERE u.customer_id = c.customer_id) AS person,
        CASE WHEN c.pick IS NULL THEN 'unreachable' ELSE {{reason}} END AS reason
    FROM chosen AS c LEFT JOIN identity AS i ON i.id = c.pick / {MOST_ROADS}
    LEFT JOIN road ON road.place = c.pick % {MOST_ROADS}),
one AS MATERIALIZED (SELECT row_id, push_id, customer_id, phone, person, identity_id, account, address, way, member,
        CASE WHEN consent = 'withdrawn' THEN 'no_consent' WHEN reason <> '' THEN reason
            WHEN {{capped}} THEN 'capped' ELSE '' END AS reason FROM pair),
told AS (SELECT one.row_id, one.customer_id, one.identity_id, one.account, one.address, one.way, one.member,
        CASE WHEN one.reason = '' AND ({{same}}) THEN 'duplicate' ELSE one.reason END AS reason FROM one{{with_others}})
"""
# Those who share a number or a WeChat; who cannot be reached stands for nobody else.
WITH_OTHERS = "".join(
    f"""
    LEFT JOIN (SELECT {of}, MIN(customer_id) AS id FROM one WHERE {of} <> '' AND reason IN {STANDING}
        GROUP BY {of} HAVING COUNT(*) > 1) AS same_{of} ON same_{of}.{of} = one.{of}"""
    for of in ("phone", "person")
)
FIRST = "same_phone.id < one.customer_id OR same_person.id < one.customer_id"
# Written so that planners look each one up by number and by id, also where they do not know yet how large a ledger is.
STANDS = f"""(SELECT COUNT(*) FROM recipient AS e WHERE e.push_id = one.push_id AND e.customer_id = {{who}}
        AND (e.state <> 'skipped' OR e.reason IN {STANDING})) > 0"""
BEFORE = f"""EXISTS (SELECT 1 FROM customer AS d
        WHERE one.phone <> '' AND d.phone = one.phone AND d.id + 0 < one.customer_id AND {STANDS.format(who="d.id")})
    OR EXISTS (SELECT 1 FROM identity AS u
        WHERE one.person <> '' AND u.unionid = one.person AND u.customer_id + 0 < one.customer_id
        AND {STANDS.format(who="u.customer_id")}
        AND one.person = (SELECT MAX(v.unionid) FROM identity AS v WHERE v.customer_id = u.customer_id))"""


@dataclass(frozen=True, slots=True)
class Road:
    """One medium of one account that a push may take; of several that are open the first is taken.

    `app`: it reaches only who writes to an app of ours, and nobody whom a member of ours has as a contact (WeCom).
    """

    account: str
    medium: Medium
    app: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """`cap_count` pushes at most since `cap_since`; `month` is when this month began, `days` how many it has."""

    roads: tuple[Road, ...]
    now: datetime
    month: datetime
    days: int
    cap_count: int = 0
    cap_since: datetime | None = None


def told(those: str, reach: Reach, clause: Clause, own: str, *, earlier: bool) -> str:
    """The common table `told`: a row for each of `those` customers (c); its `reason` is "" where nothing is against it.

    `earlier`: some of the push `own` are in the ledger already.
    """
    month = clause.put(milliseconds(reach.month), "bigint")
    reason = _reason(own, month, "")
    same = f"{FIRST} OR {BEFORE}" if earlier else FIRST
    chosen = CHOSEN.format(own=own, reason=reason, those=those)
    return _told(chosen, _reason("c.push_id", month, ""), same, WITH_OTHERS, reach, clause)


def still(those: str, reach: Reach, clause: Clause) -> str:
    """The same of `those` rows of the ledger (a): each by the road and the member that was chosen for it."""
    month = clause.put(milliseconds(reach.month), "bigint")
    reason = _reason("c.push_id", month, " AND (c.member = '' OR r.userid = c.member)")
    return _told(CHOSEN_BEFORE.format(those=those), reason, BEFORE, "", reach, clause)


def asked(reach: Reach) -> Clause:
    """Where the values of a statement are gathered."""
    return Clause(Moment(reach.now, UTC, ""))


def _told(chosen: str, reason: str, same: str, with_others: str, reach: Reach, clause: Clause) -> str:
    roads = ", ".join(_road(road, place, reach, clause) for place, road in enumerate(reach.roads[:MOST_ROADS]))
    values = {"chosen": chosen, "reason": reason, "same": same, "with_others": with_others}
    return TOLD.format(roads=roads, capped=_capped(reach, clause), **values)


def _reason(own: str, month: str, same_member: str) -> str:
    """Why a pair of an account i and a road is closed."""
    sent = SENT.format(customer="i.customer_id", own=own, reached=REACHED, since=month, more=SAME_ROAD)
    return REASON.format(related=f"EXISTS (SELECT 1 {LASTING.format(owned='')}{same_member})", this_month=sent)


def _road(road: Road, place: int, reach: Reach, clause: Clause) -> str:
    window, monthly = road.medium.window, road.medium.monthly
    cutoff = milliseconds(reach.now - window) if window is not None else 0
    most = -1 if monthly is None else monthly or reach.days
    numbers = (clause.put(number, "bigint") for number in (place, int(road.app), cutoff, most))
    return f"({clause.put(road.account)}, {clause.put(road.medium.way)}, {', '.join(numbers)})"


def _capped(reach: Reach, clause: Clause) -> str:
    if not reach.cap_count or reach.cap_since is None:
        return NOBODY
    since = clause.put(milliseconds(reach.cap_since), "bigint")
    sent = SENT.format(customer="pair.customer_id", own="pair.push_id", reached=REACHED, since=since, more="")
    return f"{sent} >= {clause.put(reach.cap_count, 'bigint')}"
