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
# An index counts all of them; who is not to be counted, or counts for another tag, is few.
CARRIERS = """SELECT tag_id, SUM(n) AS n FROM (
    SELECT tag_id, COUNT(*) AS n FROM tagging GROUP BY tag_id
    UNION ALL SELECT t.tag_id, -COUNT(*) FROM customer AS c JOIN tagging AS t ON t.customer_id = c.id
        WHERE c.merged_into_id IS NOT NULL GROUP BY t.tag_id
    UNION ALL SELECT g.merged_into_id, COUNT(DISTINCT t.customer_id) FROM tag AS g
        JOIN tagging AS t ON t.tag_id = g.id JOIN customer AS c ON c.id = t.customer_id
        WHERE g.gone_at IS NOT NULL AND g.merged_into_id IS NOT NULL AND c.merged_into_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM tagging AS o WHERE o.customer_id = t.customer_id AND o.tag_id = g.merged_into_id)
        GROUP BY g.merged_into_id) AS counted GROUP BY tag_id"""


async def carriers() -> dict[int, int]:
    """How many customers carry each tag."""
    return {int(row["tag_id"]): int(row["n"]) for row in await select(CARRIERS)}


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
    if dialect() == "postgres":
        return SAME.format(chosen=f"id = ANY(${first}::bigint[])"), [sorted(ids)]
    marks = ", ".join(f"${n}" for n in range(first, first + len(ids)))
    return SAME.format(chosen=f"id IN ({marks})"), [*sorted(ids)]
