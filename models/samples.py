"""Here lives the choice of a real customer by whom a colleague sees what a push would say."""

from models.cards import customers_of
from models.customers import Customer
from models.sql import select

# Of their own customers, else of those they see, one who was there lately and of whom most is known.
SAMPLE = """SELECT id FROM (SELECT id, name, company, city, owner_id, seen_at FROM customer
        WHERE merged_into_id IS NULL AND {seen} ORDER BY seen_at DESC LIMIT 200) AS lately
    ORDER BY CASE WHEN owner_id = $1 THEN 0 ELSE 1 END,
        CASE WHEN name = '' THEN 4 ELSE 0 END + CASE WHEN company = '' THEN 1 ELSE 0 END
            + CASE WHEN city = '' THEN 1 ELSE 0 END, seen_at DESC, id LIMIT 1"""
OWN = "owner_id = $1"


async def sample_for(staff_id: int, owners: frozenset[int] | None) -> Customer | None:
    """With their owner; None where they have none. `owners` are whose customers they see, None everybody's."""
    found = await select(SAMPLE.format(seen=OWN), staff_id)
    if not found:
        seen, values = _seen(owners)
        found = await select(SAMPLE.format(seen=seen), staff_id, *values)
    chosen = await customers_of([int(row["id"]) for row in found])
    return chosen[0] if chosen else None


def _seen(owners: frozenset[int] | None) -> tuple[str, list[int]]:
    if owners is None:
        return "1 = 1", []
    marks = ", ".join(f"${n}" for n in range(2, 2 + len(owners)))
    return (f"(owner_id IS NULL OR owner_id IN ({marks}))" if owners else "owner_id IS NULL"), sorted(owners)
