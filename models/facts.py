"""Here lives what orders and behaviour have in common: whose they are, and what a customer's own row says of them.

Whoever writes them down holds those customers, so that nobody joins or separates them meanwhile, and brings their rows
up to date in the same transaction. A fact stays with whom it was told of (`origin_id`) through all joinings: when one
is undone, it goes back.
"""

# ruff: noqa: S608 - words of ours and names of our tables, every value is a parameter

from collections.abc import Collection

from models.marks import among, hold
from models.sql import select

TABLES = ("purchase", "behaviour")
AT_ONCE = 1_000  # customers in one statement
ROOTS = """WITH RECURSIVE up (asked, id, into_id) AS (
        SELECT c.id, c.id, c.merged_into_id FROM customer AS c WHERE {chosen}
        UNION SELECT up.asked, c.id, c.merged_into_id FROM up JOIN customer AS c ON c.id = up.into_id)
    SELECT asked, id FROM up WHERE into_id IS NULL"""
CARRIED = "UPDATE {table} SET customer_id = $2 WHERE customer_id = $1 RETURNING id"
DOWN = """WITH RECURSIVE down (id) AS (SELECT c.id FROM customer AS c WHERE c.id = $2
        UNION SELECT c.id FROM customer AS c JOIN down ON c.merged_into_id = down.id)"""
RETURNED = f"""{DOWN} UPDATE {{table}} SET customer_id = $2
    WHERE customer_id = $1 AND origin_id IN (SELECT id FROM down) RETURNING id"""
BOUGHT = "SELECT COUNT(*) AS n FROM purchase WHERE customer_id = $1"
BOUGHT_BEFORE = f"""{DOWN} SELECT COUNT(*) AS n FROM purchase
    WHERE customer_id = $1 AND origin_id IN (SELECT id FROM down)"""
LONG_AGO = -(2**62)
ORDERED = f"""UPDATE customer SET orders = s.orders, amount = s.amount, last_order_at = s.at FROM (
        SELECT c.id, COUNT(x.id) AS orders, MAX(x.at) AS at,
            COALESCE(SUM(CASE WHEN x.currency = COALESCE((SELECT currency FROM counted), 'CNY') THEN x.amount END), 0)
                AS amount
        FROM customer AS c LEFT JOIN purchase AS x ON x.customer_id = c.id AND x.state = 'paid'
        WHERE {{chosen}} GROUP BY c.id) AS s
    WHERE customer.id = s.id AND (customer.orders <> s.orders OR customer.amount <> s.amount
        OR COALESCE(customer.last_order_at, {LONG_AGO}) <> COALESCE(s.at, {LONG_AGO})) RETURNING customer.id"""
REACHED = f"""UPDATE customer SET pushed_at = s.pushed_at, clicked_at = s.clicked_at FROM (
        SELECT c.id, MAX(CASE WHEN x.name = 'pushed' THEN x.at END) AS pushed_at,
            MAX(CASE WHEN x.name = 'clicked' THEN x.at END) AS clicked_at
        FROM customer AS c LEFT JOIN behaviour AS x ON x.customer_id = c.id AND x.name IN ('pushed', 'clicked')
        WHERE {{chosen}} GROUP BY c.id) AS s
    WHERE customer.id = s.id AND (COALESCE(customer.pushed_at, {LONG_AGO}) <> COALESCE(s.pushed_at, {LONG_AGO})
        OR COALESCE(customer.clicked_at, {LONG_AGO}) <> COALESCE(s.clicked_at, {LONG_AGO})) RETURNING customer.id"""


async def held(customer_ids: Collection[int]) -> dict[int, int]:
    """Who each of these customers is, themselves or who took them in, until the end of this transaction.

    Those whom there is not are left out.
    """
    known = await _roots(customer_ids)
    holding = {*known, *known.values()}
    await hold(holding)
    now = await _roots(customer_ids)
    return now if holding >= {*now.values()} else await held(customer_ids)


async def count_orders(customer_ids: Collection[int]) -> None:
    """Bring what their rows say of orders up to date."""
    await _count(ORDERED, customer_ids)


async def count_behaviours(customer_ids: Collection[int]) -> None:
    """The same of pushes that reached them, and of clicks."""
    await _count(REACHED, customer_ids)


async def brought(absorbed: int, kept: int) -> None:
    """Everything of a customer becomes the other's, of whom nobody else writes anything meanwhile."""
    await _move(CARRIED, absorbed, kept)


async def returned(kept: int, absorbed: int) -> None:
    """What was told of a customer who was joined, and of whom they had taken in before, is theirs again."""
    await _move(RETURNED, kept, absorbed)


async def how_many_orders(customer_id: int, origin_id: int | None = None) -> int:
    """Of a customer; with `origin_id` those that were told of this one, and of whom they had taken in."""
    if origin_id is None:
        return int((await select(BOUGHT, customer_id))[0]["n"])
    return int((await select(BOUGHT_BEFORE, customer_id, origin_id))[0]["n"])


async def _move(sql: str, source: int, target: int) -> None:
    moved = [await select(sql.format(table=table), source, target) for table in TABLES]
    for found, count in zip(moved, (count_orders, count_behaviours), strict=True):
        if found:
            await count({source, target})


async def _roots(ids: Collection[int]) -> dict[int, int]:
    if not ids:
        return {}
    chosen, values = among("c.id", ids)
    return {row["asked"]: row["id"] for row in await select(ROOTS.format(chosen=chosen), *values)}


async def _count(sql: str, ids: Collection[int]) -> None:
    listed = sorted(ids)
    for start in range(0, len(listed), AT_ONCE):
        chosen, values = among("c.id", listed[start : start + AT_ONCE])
        await select(sql.format(chosen=chosen), *values)
