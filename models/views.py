"""Here lives the answering of rules out of the index, by sets; what it does not have, SQL answers in the same state.

A rule is asked within a set: a part of an "and" that is dear is asked only of those who are left over from the rest.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

from pyroaring import BitMap

from domain.rules import And, Carries, Compared, Condition, Moment, Not, Or, Rule
from models import rules
from models.aside import Overlong, Reading
from models.bitmaps import of_ids
from models.mirror import Mirror
from models.roads import Accounts, Column, Road, road

CHEAP, DEAR = 0, 2  # a set that is there; a look at every value is 1, SQL is 2
FEW = 10  # so many times fewer customers than there are: SQL is asked of theirs alone
MANY = 3_000_000  # a look at the values of so many keeps others waiting for more than a moment
GONE = "SELECT id, COALESCE(merged_into_id, 0) FROM tag WHERE gone_at IS NOT NULL"
FOUND = "SELECT c.id FROM customer AS c WHERE c.merged_into_id IS NULL AND {}"


class View:
    """The customers as they are in one state of the database. What it returns is not to be changed."""

    def __init__(self, mirror: Mirror, reading: Reading, moment: Moment) -> None:
        self._mirror = mirror
        self._reading = reading
        self._moment = moment
        self._found: dict[Rule, BitMap] = {}
        self._heirs: dict[int, int] | None = None

    @property
    def everybody(self) -> BitMap:
        return self._mirror.columns.alive

    @property
    def octets(self) -> int:
        """How much memory the index takes, as far as it is here."""
        return self._mirror.octets

    async def matching(self, rule: Rule, within: BitMap | None = None) -> BitMap:
        """The ids of those for whom a bound rule is true, of all or of some."""
        if within is not None:
            return await self._within(rule, within & self.everybody)
        if rule not in self._found:
            self._found[rule] = await self._within(rule, self.everybody)
        return self._found[rule]

    async def count(self, rule: Rule, within: BitMap | None = None) -> int:
        return len(await self.matching(rule, within))

    async def ids(self, rule: Rule, limit: int | None = None, after: int = 0) -> Sequence[int]:
        """Ascending, the first `limit` of those `after` one; an array: a list would take longer than finding them."""
        found = await self.matching(rule, self.everybody - BitMap(range(after + 1)) if after else None)
        return (found if limit is None else found[:limit]).to_array()

    async def carrying(self, among: BitMap) -> dict[int, int]:
        """How many of these carry each tag that one of them has."""
        living = {row[0] for row in await self._reading.rows("SELECT id FROM tag WHERE gone_at IS NULL")}
        counts = {tag_id: (await self._carriers([tag_id])).intersection_cardinality(among) for tag_id in sorted(living)}
        return {tag_id: count for tag_id, count in counts.items() if count}

    def on(self, among: BitMap) -> dict[str, int]:
        """How many of these are on each account."""
        return {account: among.intersection_cardinality(there) for account, there in self._mirror.channels.items()}

    async def _within(self, rule: Rule, within: BitMap) -> BitMap:
        match rule:
            case _ if not within:
                return within
            case And(rules):
                return await self._all(rules, within)
            case Or(rules):
                return await self._any(rules, within)
            case Not(inner):
                return within - await self._within(inner, within)
            case _:
                return await self._answered(rule, within)

    async def _all(self, parts: tuple[Rule, ...], within: BitMap) -> BitMap:
        """What is cheap first, and last, in one question, what only SQL knows."""
        rest, alone = self._apart(parts)
        for each in sorted(rest, key=self._price):
            within = await self._within(each, within)
        if not alone or not within:
            return within
        return await self._asked(And(tuple(alone)) if len(alone) > 1 else alone[0], within)

    async def _any(self, parts: tuple[Rule, ...], within: BitMap) -> BitMap:
        """What only SQL knows last, in one question about who is left."""
        rest, alone = self._apart(parts)
        found = reduce(or_, [await self._within(each, within) for each in rest], BitMap())
        left = within - found
        if not alone or not left:
            return found
        return found | await self._asked(Or(tuple(alone)) if len(alone) > 1 else alone[0], left)

    def _apart(self, parts: tuple[Rule, ...]) -> tuple[list[Rule], list[Rule]]:
        """What is answered here, if only in part, and single conditions that only SQL knows."""
        rest: list[Rule] = []
        alone: list[Rule] = []
        for each in parts:
            is_alone = not isinstance(each, And | Or | Not) and self._price(each) == DEAR
            (alone if is_alone else rest).append(each)
        return rest, alone

    def _price(self, rule: Rule) -> int:
        match rule:
            case And(rules) | Or(rules):
                return max(self._price(each) for each in rules)
            case Not(inner):
                return self._price(inner)
            case Carries():
                return CHEAP
            case _:
                return {Accounts: CHEAP, Column: 1}.get(type(self._road(rule)), DEAR)

    async def _answered(self, rule: Condition, within: BitMap) -> BitMap:
        match rule:
            case Carries(tag_ids):
                return await self._carriers(tag_ids) & within
            case Compared(fact, "!=", value):
                return within - await self._taken(Compared(fact, "=", value), within)
            case _:
                return await self._taken(rule, within)

    async def _taken(self, rule: Condition, within: BitMap) -> BitMap:
        match self._road(rule):
            case Accounts(names):
                return reduce(or_, [self._mirror.channels.get(name, BitMap()) for name in names]) & within
            case Column(name, test) if len(self.everybody) < MANY:
                return self._mirror.columns.where(name, test, within)
            case Column(name, test):
                return await self._reading.aside(lambda: self._mirror.columns.where(name, test, within))
            case _:
                return await self._asked(rule, within)

    def _road(self, rule: Condition) -> Road:
        return road(rule, self._mirror.columns, self._moment)

    async def _asked(self, rule: Rule, within: BitMap) -> BitMap:
        few = len(within) * FEW <= len(self.everybody)
        condition, values = rules.condition(rule, self._moment, few=few)
        sql = FOUND.format(f"({condition})")
        if few:
            sql += f" AND {self._reading.one_of('c.id', len(values) + 1)}"
            values = [*values, self._reading.listed(within)]
        try:
            found = await self._reading.numbers(sql, "id", *values)
        except TimeoutError as error:
            raise Overlong from error
        return of_ids(found[:, 0]) & within

    async def _carriers(self, tag_ids: Iterable[int]) -> BitMap:
        """Also of tags that are gone, for the ones into which these were merged; a tag that is gone has nobody."""
        if self._heirs is None:
            self._heirs = dict(map(tuple, await self._reading.glance(GONE)))
        heirs = self._heirs
        asked = {tag_id for tag_id in tag_ids if tag_id not in heirs}
        asked.update([gone for gone, heir in heirs.items() if heir in asked])
        return reduce(or_, [await self._mirror.tag(self._reading, tag_id) for tag_id in sorted(asked)], BitMap())
