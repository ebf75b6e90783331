"""Here lives how many customers carry which tags; whoever was merged into another is counted there.

Who carried a tag that was merged into another carries that one, even before it is written down
(handlers/partings.py).
"""

from collections.abc import Collection

from models.sql import dialect, select

SAME = "t.tag_id IN (SELECT id FROM tag WHERE {chosen} OR gone_at IS NOT NULL AND merged_into_{chosen})"
CARRYING = """SELECT COUNT(DISTINCT t.customer_id) AS n FROM tagging AS t JOIN customer AS c ON c.id = t.customer_id
    WHERE c.merged_into_id IS NULL AND {same}"""
BOTH = """SELECT COUNT(*) AS n FROM (SELECT t.customer_id AS id FROM tagging AS t WHERE {one}
    INTERSECT SELECT t.customer_id FROM tagging AS t WHERE {other}) AS both_of_them
    JOIN customer AS c ON c.id = both_of_them.id WHERE c.merged_into_id IS NULL"""
# Beyond MANY nobody is counted, as that would take as long as there are many.
SOME = """SELECT g.id AS tag_id, (SELECT COUNT(*) FROM (SELECT 1 FROM tagging AS t WHERE t.tag_id = g.id LIMIT {most})
    AS some_of_them) AS n FROM tag AS g WHERE {chosen}"""
# SQLite has no statistics: CROSS JOIN keeps it from walking through all customers.
FEW = """SELECT tag_id, SUM(n) AS n FROM (
    SELECT t.tag_id, COUNT(*) AS n FROM tagging AS t CROSS JOIN customer AS c
        WHERE c.id = t.customer_id AND c.merged_into_id IS NULL AND t.tag_{chosen} GROUP BY t.tag_id
    UNION ALL SELECT g.merged_into_id, COUNT(DISTINCT t.customer_id) FROM tag AS g
        CROSS JOIN tagging AS t CROSS JOIN customer AS c WHERE t.tag_id = g.id AND c.id = t.customer_id
        AND g.gone_at IS NOT NULL AND g.merged_into_{chosen} AND c.merged_into_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM tagging AS o WHERE o.customer_id = t.customer_id AND o.tag_id = g.merged_into_id)
        GROUP BY g.merged_into_id) AS counted GROUP BY tag_id"""
MANY = 1_000


async def carriers(tag_ids: Collection[int]) -> dict[int, int]:
    """How many customers carry each of these tags; MANY + 1 stands for whatever is more than MANY."""
    if not tag_ids:
        return {}
    chosen, values = _ids(tag_ids)
    some = await select(SOME.format(chosen=f"g.{chosen}", most=MANY + 1), *values)
    found = {int(row["tag_id"]): int(row["n"]) for row in some}
    if few := [tag_id for tag_id, n in found.items() if n <= MANY]:
        chosen, values = _ids(few)
        exact = {int(row["tag_id"]): int(row["n"]) for row in await select(FEW.format(chosen=chosen), *values)}
        found |= {tag_id: min(exact.get(tag_id, 0), MANY + 1) for tag_id in few}
    return found


async def carrying(*tag_ids: int) -> int:
    """How many customers carry one of these tags at least."""
    same, values = _same(tag_ids)
    return int((await select(CARRYING.format(same=same), *values))[0]["n"])


async def carrying_both(one: int, other: int) -> int:
    """How many customers carry both tags."""
    (first, values), (second, more) = _same([one]), _same([other], 2)
    return int((await select(BOTH.format(one=first, other=second), *values, *more))[0]["n"])


def _same(ids: Collection[int], first: int = 1) -> tuple[str, list[object]]:
    """A condition and its values, from $first on: a tagging that counts for one of these tags."""
    chosen, values = _ids(ids, first)
    return SAME.format(chosen=chosen), values


def _ids(ids: Collection[int], first: int = 1) -> tuple[str, list[object]]:
    """What follows the name of a table for its id to be one of these."""
    if dialect() == "postgres":
        return f"id = ANY(${first}::bigint[])", [sorted(ids)]
    return f"id IN ({', '.join(f'${n}' for n in range(first, first + len(ids)))})", [*sorted(ids)]
