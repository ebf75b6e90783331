"""Here lives what can be told of many customers at once: how many they are, where they are, and what they are like.

Numbers, and who carries which tag, are exact. What needs a look at each customer is told of `MOST` of them, spread
evenly over all, where they are more.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.rules import Moment, Rule
from models.index import look
from models.sql import dialect, select

if TYPE_CHECKING:
    from pyroaring import BitMap

MOST = 20_000
AT_ONCE = 5_000  # customers in one statement
CHOSEN = {"sqlite": "IN (SELECT value FROM json_each($1))", "postgres": "= ANY($1::bigint[])"}
HERE = {"sqlite": "IN (SELECT value FROM json_each($2))", "postgres": "= ANY($2::text[])"}
REACHED = """SELECT state, COUNT(*) AS n FROM (SELECT CASE WHEN
    MAX(CASE WHEN state = 'reachable' THEN 1 ELSE 0 END) = 1 THEN 'reachable' ELSE MIN(state) END AS state
    FROM identity WHERE customer_id {chosen} AND account {here} GROUP BY customer_id) AS best GROUP BY state"""
STAGES = "SELECT stage, COUNT(*) AS n FROM lead WHERE customer_id {chosen} GROUP BY stage"
BORN = """SELECT SUBSTR(birthday, 1, 10) AS day, COUNT(*) AS n FROM customer
    WHERE id {chosen} AND birthday LIKE '____-__-__' GROUP BY SUBSTR(birthday, 1, 10)"""
SPENT = """SELECT COUNT(*) AS n, COALESCE(SUM(orders), 0) AS orders, COALESCE(SUM(amount), 0) AS amount
    FROM customer WHERE id {chosen} AND orders > 0"""


@dataclass(frozen=True, slots=True)
class Survey:
    """`total` fulfil a rule, `parts` of them each of some more; `some` of their ids, ascending, all where they fit."""

    total: int
    parts: tuple[int, ...]
    some: list[int]

    @property
    def is_whole(self) -> bool:
        return len(self.some) == self.total


@dataclass(frozen=True, slots=True)
class Carried:
    """How many of `total` customers carry each tag."""

    total: int
    tags: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Portrait:
    """How many of some customers are in each state, at each stage, and born on each day.

    The state is the best of their accounts, "" without any. `orders` were paid by `buyers` of them, for `amount`.
    """

    states: Mapping[str, int]
    stages: Mapping[str, int]
    born: Mapping[str, int]
    buyers: int
    orders: int
    amount: int


async def survey(rule: Rule, moment: Moment, parts: Sequence[Rule] = (), most: int = MOST) -> Survey:
    """Of the customers for whom this bound rule holds."""
    async with look(moment) as view:
        found = await view.matching(rule)
        counts = [await view.count(part, found) for part in parts]
        return Survey(len(found), tuple(counts), spread(found, most))


async def members(rule: Rule, moment: Moment) -> Sequence[int]:
    """All of them, ascending."""
    async with look(moment) as view:
        return await view.ids(rule)


async def latest(rule: Rule, moment: Moment, skip: int, most: int) -> tuple[int, list[int]]:
    """How many they are, and some of them, those first who came last."""
    async with look(moment) as view:
        found = await view.matching(rule)
        end = max(0, len(found) - skip)
        return len(found), list(found[max(0, end - most) : end])[::-1]


async def carried(rules: Sequence[Rule], moment: Moment) -> list[Carried]:
    """Of the customers for whom each of these holds."""
    async with look(moment) as view:
        found = [await view.matching(rule) for rule in rules]
        return [Carried(len(each), await view.carrying(each)) for each in found]


def spread(ids: "Sequence[int] | BitMap", most: int) -> list[int]:
    """So many of them at most, evenly from the first to the last."""
    number = len(ids)
    return list(ids) if number <= most else [ids[place * number // most] for place in range(most)]


async def states(ids: Sequence[int], accounts: Collection[str]) -> dict[str, int]:
    """How many can be reached on one of these accounts, and how many are in which state where they cannot."""
    found = await _added(REACHED, "state", ids, accounts)
    if nowhere := len(ids) - sum(found.values()):
        found[""] = nowhere
    return found


async def portrait(ids: Sequence[int], accounts: Collection[str]) -> Portrait:
    spent = [row for part in _parts(ids) for row in await _ask(SPENT, part)]
    return Portrait(
        states=await states(ids, accounts),
        stages=await _added(STAGES, "stage", ids),
        born=await _added(BORN, "day", ids),
        buyers=sum(int(row["n"]) for row in spent),
        orders=sum(int(row["orders"]) for row in spent),
        amount=sum(int(row["amount"]) for row in spent),
    )


async def _added(sql: str, key: str, ids: Sequence[int], accounts: Collection[str] | None = None) -> dict[Any, int]:
    """Sums of `n` by `key` over all ids, a part of them at a time."""
    found: Counter[Any] = Counter()
    for part in _parts(ids):
        for row in await _ask(sql, part, accounts):
            found[row[key]] += int(row["n"])
    return dict(found)


async def _ask(sql: str, ids: Sequence[int], accounts: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Outside the transaction of whoever asks: what is committed, and nobody waits for it."""
    shared = dialect() == "postgres"
    lists = [list(ids)] if accounts is None else [list(ids), list(accounts)]
    values = lists if shared else [json.dumps(each) for each in lists]
    return await select(sql.format(chosen=CHOSEN[dialect()], here=HERE[dialect()]), *values, alias="reader")


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
