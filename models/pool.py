"""Here lives the list of leads: those of some stages and some owners, the newest first, a page at a time.

Each stage and owner is one short walk through an index, in order, so a million leads answer as fast as a hundred.
The owner, who is the same all along, leads the order because PostgreSQL does not see that of NULLs by itself.
"""

# ruff: noqa: S608 - the words of these statements are our own, every value is a parameter

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.pool import NOBODY, Choice
from models.fields import milliseconds
from models.leads import Lead
from models.sql import select

FEW = 5_000  # customers of a channel that are looked through one by one, in place of all leads
LEADS = "lead AS l CROSS JOIN customer AS c WHERE c.id = l.customer_id AND c.merged_into_id IS NULL"  # in this order


async def listed(choice: Choice, owners: Sequence[int] | None, limit: int, few: int = FEW) -> list[Lead]:
    """Leads with their owner, and their customer with its identities; of customers merged into others none."""
    rows = await _Statement(choice, rare=await _is_rare(choice, few)).rows(owners, limit)
    leads = Lead.filter(id__in=rows).select_related("customer", "owner").prefetch_related("customer__identities")
    return sorted(await leads, key=lambda lead: rows.index(lead.id))


async def _is_rare(choice: Choice, few: int) -> bool:
    """Whether so few customers are on the channels asked for that a walk in order would meet mostly others."""
    if not choice.accounts:
        return False
    marks = ", ".join(f"${place}" for place in range(1, len(choice.accounts) + 1))
    some = f"SELECT 1 FROM identity WHERE account IN ({marks}) LIMIT {few}"
    counted = await select(f"SELECT COUNT(*) AS n FROM ({some}) AS found", *sorted(choice.accounts))
    return int(counted[0]["n"]) < few


@dataclass(slots=True)
class _Statement:
    """The walks of one list, and their values as they are mentioned."""

    choice: Choice
    rare: bool
    values: list[object] = field(default_factory=list)

    async def rows(self, owners: Sequence[int] | None, limit: int) -> list[int]:
        """The ids, in order."""
        source, most = self._source(), self._value(limit)
        walks = [
            f"SELECT l.id, l.created_at FROM {source} AND l.stage = {self._value(stage.value)}{whose}"
            f" ORDER BY {'' if owners is None else 'l.owner_id DESC, '}l.created_at DESC, l.id DESC LIMIT {most}"
            for stage in self.choice.stages
            for whose in self._owners(owners)
        ]
        found = " UNION ALL ".join(f"SELECT * FROM ({walk}) AS w{place}" for place, walk in enumerate(walks))
        rows = await select(
            f"SELECT id FROM ({found}) AS found ORDER BY created_at DESC, id DESC LIMIT {most}", *self.values
        )
        return [row["id"] for row in rows]

    def _value(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def _owners(self, owners: Sequence[int] | None) -> list[str]:
        """One condition for each walk."""
        if owners is None:
            return [""]
        return [
            " AND l.owner_id IS NULL" if owner == NOBODY else f" AND l.owner_id = {self._value(owner)}"
            for owner in owners
        ]

    def _source(self) -> str:
        """The tables, and what all walks have in common; of a rare channel its customers come first."""
        choice, found = self.choice, [LEADS]
        if choice.created:
            first, last = (self._value(milliseconds(at)) for at in choice.created)
            found.append(f"l.created_at >= {first} AND l.created_at < {last}")
        if choice.before:
            at, number = self._value(choice.before.created_at), self._value(choice.before.lead_id)
            found.append(f"l.created_at <= {at} AND (l.created_at < {at} OR l.id < {number})")
        if not choice.accounts:
            return " AND ".join(found)
        on = f"i.account IN ({', '.join(self._value(account) for account in sorted(choice.accounts))})"
        if self.rare:
            few = f"(SELECT DISTINCT i.customer_id FROM identity AS i WHERE {on}) AS few"
            return f"{few} CROSS JOIN {' AND '.join(found)} AND l.customer_id = few.customer_id"
        known = f"SELECT 1 FROM identity AS i WHERE i.customer_id = l.customer_id AND {on} LIMIT 1"
        return f"{' AND '.join(found)} AND ({known}) = 1"  # an EXISTS would be planned as a join
