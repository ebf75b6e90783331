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

from domain.permissions import Scope
from domain.search import ID, Group, Probe, Why, keys_of, near, octets, question
from models.customers import Customer
from models.database import insert_many
from models.fields import Octets
from models.sql import dialect, select

MOST = 200  # matches of one kind that are put in order of last contact; who has more, narrows the query
WIDE = 2_000  # customers with the rarest piece that are looked at for the other pieces
ENOUGH = 4  # pieces that are compared; more tell nobody apart
ATTENDED = 1_000  # customers for whom one person stands in; of more, those seen last
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
        """The customer has a new owner, or none; in the transaction that says so, after the customer's row does."""
        rows = await cls.filter(customer_id=customer_id)
        for row in rows:
            row.owned_key = owned(owner_id, bytes(row.key))
        await cls.bulk_update(rows, ["owned_key"])


def owned(owner_id: int | None, key: bytes) -> bytes:
    """A key as sales ask for it, who see their own and nobody's customers."""
    return b"%d:%s" % (owner_id or NOBODY, key)


async def find(query: str, *, viewer: Scope, limit: int = 8) -> list[tuple[int, Why]]:
    """Ids of the customers that `query` means and the viewer may see, and by what each was found.

    Exact matches come first (of an id or a number, nothing else), then what begins or ends so, then what has
    it inside, then what sounds the same, then what is one letter off: these two only where there is nothing
    else, or nothing exact for a name in letters. Within each the one seen last comes first.
    """
    asked, sight = question(query), await Sight.of(viewer)
    found: dict[int, Why] = {}
    await _add(found, [asked.exact], sight, limit)
    if asked.numbered and not {"id", "phone"}.isdisjoint(found.values()):
        return list(found.items())[:limit]
    slipped = asked.spelled and not found
    await _add(found, [asked.beginning, asked.inside], sight, limit)
    for group in near(query):
        if not found or slipped:
            await _add(found, [group], sight, limit)
    return list(found.items())[:limit]


async def _add(found: dict[int, Why], groups: Sequence[Group], sight: "Sight", limit: int) -> None:
    if len(found) < limit:
        for customer_id, why in await _matching(groups, sight, limit + len(found)):
            found.setdefault(customer_id, why)


@dataclass(frozen=True, slots=True)
class Sight:
    """Whom one person may find: customers of `owners` and nobody's, and those `attended`; None is everybody's."""

    staff_id: int
    owners: frozenset[int] | None
    attended: tuple[int, ...] = ()

    @classmethod
    async def of(cls, viewer: Scope) -> "Sight":
        if viewer.owners is None:
            return cls(viewer.staff_id, None)
        theirs = "SELECT id FROM customer WHERE attendant_id = $1 ORDER BY seen_at DESC, id DESC LIMIT $2"
        rows = await select(theirs, viewer.staff_id, ATTENDED)
        return cls(viewer.staff_id, viewer.owners, tuple(row["id"] for row in rows))


@dataclass(slots=True)
class Statement:
    """The walks of some probes, and their values as they are mentioned."""

    sight: Sight
    values: list[object] = field(default_factory=list)

    def value(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def matches(self, probe: Probe, rank: int) -> str:
        """The newest customers of one probe; of each owner whose they may be and of nobody's, in index order."""
        whose = self.sight.owners
        owners = (None,) if whose is None else (*sorted(whose), NOBODY)
        walks = [walk for owner in owners for walk in self._walks(probe, owner)]
        if self.sight.attended:
            walks.append(self._attended(probe))
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

    def attended(self) -> str:
        """Every key of those who are attended, read once: they are few, and whoever owns them is somebody else."""
        if not self.sight.attended:
            return ""
        keys = f"SELECT customer_id, key FROM searchable WHERE customer_id IN ({self._listed(self.sight.attended)})"
        return f"WITH attended AS MATERIALIZED ({keys})"

    def _attended(self, probe: Probe) -> str:
        keys = probe.octets
        if probe.how == "prefix":
            found = f"key >= {self.value(keys[0])} AND key < {self.value(keys[0] + LAST)}"
        else:
            found = f"key IN ({self._listed(keys)})"
        pieces = len(set(keys)) if probe.how == "all" else 1
        return f"SELECT customer_id FROM attended WHERE {found} GROUP BY customer_id HAVING COUNT(*) >= {pieces}"

    def visible(self) -> str:
        """The keys may tell of an owner who is not the owner any more."""
        if self.sight.owners is None:
            return ""
        theirs = f"c.owner_id IN ({self._listed(sorted(self.sight.owners))})"
        return f"WHERE c.owner_id IS NULL OR {theirs} OR c.attendant_id = {self.value(self.sight.staff_id)}"

    def _listed(self, values: Iterable[object]) -> str:
        return ", ".join(self.value(value) for value in values)


async def _matching(groups: Sequence[Group], sight: Sight, limit: int) -> list[tuple[int, Why]]:
    """In order: the better group first, in it the one seen last. Found in two ways, the better one counts."""
    statement = Statement(sight)
    ranked = {
        group * A_GROUP + place: probe for group, probes in enumerate(groups) for place, probe in enumerate(probes)
    }
    prepared = {rank: await _prepared(probe) for rank, probe in ranked.items()}
    walks = [statement.matches(probe, rank) for rank, probe in prepared.items() if probe.keys]
    if not walks:
        return []
    matches = " UNION ALL ".join(walks)
    rows = await select(
        f"{statement.attended()} SELECT c.id, MIN(m.rank) AS rank"
        f" FROM ({matches}) AS m JOIN customer AS c ON c.id = m.customer_id"
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
