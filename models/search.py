"""Here lives the finding of customers: their keys, kept in the transaction that changes them, and the search.

Each kind of match is one short walk through an index, so a million customers answer as fast as a hundred.
"""

# ruff: noqa: S608 - the words of these statements are our own, every value is a parameter

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

from tortoise import fields
from tortoise.models import Model

from domain.permissions import Role
from domain.search import ID, Group, Probe, Why, keys_of, near, octets, question
from models.customers import Customer
from models.database import insert_many
from models.fields import Octets
from models.sql import dialect, select

MOST = 200  # matches of one kind that are put in order of last contact; who has more, narrows the query
WIDE = 2_000  # customers with the rarest piece that are looked at for the other pieces
ENOUGH = 4  # pieces that are compared; more tell nobody apart
FEW = 8  # at least so many of each spelling that a typo may stand for
A_GROUP = 100  # ranks of one group of probes
NOBODY = 0
LAST = b"\xff"  # after every continuation of a text in UTF-8


class Searchable(Model):
    """One key by which one customer is found: by everybody, and with the owner's number before it by sales.

    The second column and not the owner's number in an index: PostgreSQL cannot tell how many rows begin so,
    and would walk the index of all customers for the few of one person.
    """

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField("models.Customer", related_name="keys")
    key: bytes = Octets()
    owned_key: bytes = Octets()

    customer_id: int

    class Meta:
        table = "searchable"
        unique_together = (("key", "customer"),)
        indexes = (("owned_key", "customer_id"), ("customer_id",))

    @classmethod
    async def index(
        cls, customer_id: int, *, names: Iterable[str], phones: Iterable[str], ids: Iterable[str], company: str
    ) -> None:
        """Let the customer be found by exactly these from now on, and by their short id."""
        wanted = keys_of(names, phones, ids, company) | {octets(f"{ID}c{customer_id}")}
        kept = {bytes(row.key): row.id for row in await cls.filter(customer_id=customer_id).only("id", "key")}
        gone = [number for key, number in kept.items() if key not in wanted]
        if gone:
            await cls.filter(id__in=gone).delete()
        fresh = sorted(wanted - kept.keys())
        if fresh:
            customer = await Customer.get(id=customer_id).only("id", "owner_id")
            rows = [(customer_id, key, owned(customer.owner_id, key)) for key in fresh]
            await insert_many(cls, ("customer_id", "key", "owned_key"), rows, conflict=("key", "customer_id"))

    @classmethod
    async def owned(cls, customer_id: int, owner_id: int | None) -> None:
        """The customer has a new owner, or none; in the transaction that says so."""
        rows = await cls.filter(customer_id=customer_id)
        for row in rows:
            row.owned_key = owned(owner_id, bytes(row.key))
        await cls.bulk_update(rows, ["owned_key"])


def owned(owner_id: int | None, key: bytes) -> bytes:
    """A key as sales ask for it, who see their own and nobody's customers."""
    return b"%d:%s" % (owner_id or NOBODY, key)


async def find(query: str, *, viewer: tuple[Role, int], limit: int = 8) -> list[tuple[int, Why]]:
    """Ids of the customers that `query` means and the viewer may see, and by what each was found.

    Exact matches come first (of an id or a number, nothing else), then what begins or ends so, then what has
    it inside, then what sounds the same, then what is one letter off: these two only where there is nothing
    else, or nothing exact for a name in letters. Within each the one seen last comes first.
    """
    asked = question(query)
    found: dict[int, Why] = {}
    await _add(found, [asked.exact], viewer, limit)
    if asked.numbered and not {"id", "phone"}.isdisjoint(found.values()):
        return list(found.items())[:limit]
    slipped = asked.spelled and not found
    await _add(found, [asked.beginning, asked.inside], viewer, limit)
    for group in near(query):
        if not found or slipped:
            await _add(found, [group], viewer, limit)
    return list(found.items())[:limit]


async def _add(found: dict[int, Why], groups: Sequence[Group], viewer: tuple[Role, int], limit: int) -> None:
    if len(found) < limit:
        for customer_id, why in await _matching(groups, viewer, limit + len(found)):
            found.setdefault(customer_id, why)


@dataclass(slots=True)
class Statement:
    """The walks of some probes, and their values as they are mentioned."""

    viewer: tuple[Role, int]
    values: list[object] = field(default_factory=list)

    def value(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def matches(self, probe: Probe, rank: int) -> str:
        """The newest customers of one probe; for sales, of their own and of nobody's, each in index order."""
        role, staff_id = self.viewer
        owners = (staff_id, NOBODY) if role is Role.SALES else (None,)
        walks = [walk for owner in owners for walk in self._walks(probe, owner)]
        return " UNION ALL ".join(
            f"SELECT customer_id, {rank} AS rank FROM ({walk}) AS m{rank}_{place}" for place, walk in enumerate(walks)
        )

    def _walks(self, probe: Probe, owner: int | None) -> list[str]:
        keys = probe.octets
        match probe.how:
            case "prefix":
                return [self._walk(owner, keys[0], MOST, beyond=LAST)]
            case "any" | "each":
                share = max(FEW, MOST // len(keys))
                return [self._walk(owner, key, share) for key in keys]
            case "all":
                others = "".join(f" AND {self._has(key)}" for key in keys[1:])
                rarest = self._walk(owner, keys[0], WIDE)
                return [f"SELECT customer_id FROM ({rarest}) AS r WHERE 1 = 1{others} LIMIT {self.value(MOST)}"]

    def _walk(self, owner: int | None, key: bytes, most: int, beyond: bytes = b"") -> str:
        """Those with `key`, or with one from there up to `key` + `beyond`."""
        column, first = ("key", key) if owner is None else ("owned_key", owned(owner, key))
        if beyond:
            found = f"{column} >= {self.value(first)} AND {column} < {self.value(first + beyond)}"
        else:
            found = f"{column} = {self.value(first)}"
        order = f"ORDER BY {column} DESC, customer_id DESC LIMIT {self.value(most)}"
        return f"SELECT customer_id FROM searchable WHERE {found} {order}"

    def _has(self, key: bytes) -> str:
        """One look into the index for each customer; an EXISTS would be planned as a join."""
        inner = f"o.key = {self.value(key)} AND o.customer_id = r.customer_id"
        return f"(SELECT 1 FROM searchable AS o WHERE {inner}) = 1"

    def visible(self) -> str:
        role, staff_id = self.viewer
        return f"WHERE c.owner_id IS NULL OR c.owner_id = {self.value(staff_id)}" if role is Role.SALES else ""


async def _matching(groups: Sequence[Group], viewer: tuple[Role, int], limit: int) -> list[tuple[int, Why]]:
    """In order: the better group first, in it the one seen last. Found in two ways, the better one counts."""
    statement = Statement(viewer)
    ranked = {
        group * A_GROUP + place: probe for group, probes in enumerate(groups) for place, probe in enumerate(probes)
    }
    prepared = {rank: await _prepared(probe) for rank, probe in ranked.items()}
    walks = [statement.matches(probe, rank) for rank, probe in prepared.items() if probe.keys]
    if not walks:
        return []
    matches = " UNION ALL ".join(walks)
    rows = await select(
        f"SELECT c.id, MIN(m.rank) AS rank FROM ({matches}) AS m JOIN customer AS c ON c.id = m.customer_id"
        f" {statement.visible()} GROUP BY c.id, c.seen_at"
        f" ORDER BY MIN(m.rank) / {A_GROUP}, c.seen_at DESC, c.id DESC LIMIT {statement.value(limit)}",
        *statement.values,
    )
    return [(row["id"], ranked[row["rank"]].why) for row in rows]


async def _prepared(probe: Probe) -> Probe:
    match probe.how:
        case "all":
            return await _rarest_first(probe)
        case "each":
            return await _present(probe)
        case _:
            return probe


async def _present(probe: Probe) -> Probe:
    """With those keys only that anybody has."""
    has = "WHERE EXISTS (SELECT 1 FROM searchable AS s WHERE s.key = v.key) ORDER BY 1"
    if dialect() == "postgres":
        rows = await select(f"SELECT v.key FROM unnest($1::bytea[]) AS v (key) {has}", probe.octets)
    else:
        listed = "SELECT CAST(value AS BLOB) AS key FROM json_each($1)"
        rows = await select(f"SELECT v.key FROM ({listed}) AS v {has}", json.dumps(probe.keys))
    return replace(probe, keys=tuple(bytes(row["key"]).decode() for row in rows))


async def _rarest_first(probe: Probe) -> Probe:
    """The telling pieces, so that the walk starts with the one that fewest customers have."""
    if len(probe.keys) == 1:
        return probe
    counts = [
        f"SELECT {place - 1} AS place, COUNT(*) AS n FROM"
        f" (SELECT 1 AS one FROM searchable WHERE key = ${place} LIMIT {WIDE}) AS c{place}"
        for place in range(1, len(probe.keys) + 1)
    ]
    rows = await select(" UNION ALL ".join(counts), *probe.octets)
    by_count = sorted(rows, key=itemgetter("n", "place"))
    return replace(probe, keys=tuple(probe.keys[row["place"]] for row in by_count[:ENOUGH]))
