"""Here lives what rules that tag have to know of customers: what they carry and why, and how that came about."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from domain.rules import Moment, Rule
from domain.tags import Source
from models.changes import TAG
from models.fields import instant
from models.marks import among
from models.rules import condition
from models.sql import select

RULES, VALUES = 50, 10_000  # in one statement
WHOLE = "SELECT id FROM customer WHERE merged_into_id IS NULL AND {chosen}"
# A tag that is gone counts for its heir, also before that is written down.
CARRIED = """SELECT t.customer_id, g.id AS tag_id, t.source FROM tagging AS t JOIN tag AS o ON o.id = t.tag_id
    JOIN tag AS g ON g.id = CASE WHEN o.gone_at IS NULL THEN o.id ELSE o.merged_into_id END WHERE {chosen}"""
# Who was merged into one of them, and which tags were, by those: what a person said of them was said of these.
ABSORBED = """WITH RECURSIVE down (id, kept_id) AS (SELECT id, merged_into_id FROM customer WHERE {chosen}
    UNION SELECT c.id, down.kept_id FROM customer AS c JOIN down ON c.merged_into_id = down.id)
    SELECT id, kept_id AS heir FROM down"""
ELDERS = "SELECT id, merged_into_id AS heir FROM tag WHERE gone_at IS NOT NULL AND {chosen}"
LATEST = """SELECT id, customer_id, tag_id, new, cause, at FROM change WHERE id IN (SELECT MAX(id) FROM change
    WHERE {chosen} AND field = '{field}' GROUP BY customer_id, tag_id, CASE WHEN new <> '' THEN 1 ELSE 0 END)"""
OUTGROWN = """SELECT COUNT(*) AS n FROM tagging AS given JOIN customer AS c ON c.id = given.customer_id
    WHERE given.tag_id = $1 AND given.source = 'rule' AND c.merged_into_id IS NULL AND NOT ({rule})"""
GIVEN = "SELECT COUNT(*) AS n FROM tagging WHERE tag_id = $1 AND source = 'rule'"

Pair = tuple[int, int]  # ids of a customer and of a tag


class Last(NamedTuple):
    """How a customer's tag last came (`on`) or went, because of what."""

    on: bool
    cause: str
    at: datetime


async def whole(ids: Collection[int]) -> list[int]:
    """Of these the customers whom rules can ask of, ascending: not those who were merged into another."""
    chosen, values = among("id", ids)
    return sorted(int(row["id"]) for row in await select(WHOLE.format(chosen=chosen), *values)) if ids else []


async def holding(rules: Mapping[int, Rule], ids: Collection[int], moment: Moment) -> dict[int, set[int]]:
    """By rule who of these customers fulfils it; many rules are asked for in one statement."""
    found: dict[int, set[int]] = {number: set() for number in rules}
    left = sorted(rules) if ids else []
    while left:
        chosen, values = among("c.id", ids)
        columns: dict[int, str] = {}
        while left and len(columns) < RULES and len(values) < VALUES:
            number = left.pop()
            columns[number], more = condition(rules[number], moment, len(values) + 1, few=True)
            values += more
        asked = ", ".join(f"{said} AS r{number}" for number, said in columns.items())
        sql = f"SELECT c.id, {asked} FROM customer AS c WHERE c.merged_into_id IS NULL AND {chosen}"  # noqa: S608
        for row in await select(sql, *values):
            for number in columns:
                if row[f"r{number}"]:
                    found[number].add(row["id"])
    return found


async def carried(customers: Collection[int], tags: Collection[int]) -> dict[Pair, set[Source]]:
    """Which of these tags these customers carry, and why: for two reasons where one was merged into the other."""
    found: dict[Pair, set[Source]] = {}
    if customers and tags:
        chosen, values = among("t.customer_id", customers)
        also, more = among("g.id", tags, len(values) + 1)
        for row in await select(CARRIED.format(chosen=f"{chosen} AND {also}"), *values, *more):
            found.setdefault((row["customer_id"], row["tag_id"]), set()).add(row["source"])
    return found


async def latest(now: Mapping[Pair, bool]) -> dict[Pair, Last]:
    """What the trail tells of how it came about that these customers carry these tags (True) or do not.

    What was told of customers and tags that were merged into these counts, too.
    """
    if not now:
        return {}
    customers = await _with_elders(ABSORBED, {customer_id for customer_id, _ in now})
    tags = await _with_elders(ELDERS, {tag_id for _, tag_id in now})
    chosen, values = among("customer_id", customers)
    also, more = among("tag_id", tags, len(values) + 1)
    told = await select(LATEST.format(chosen=f"{chosen} AND {also}", field=TAG), *values, *more)
    found: dict[Pair, Last] = {}
    for row in sorted(told, key=lambda row: int(row["id"])):
        pair, on = (customers[row["customer_id"]], tags[row["tag_id"]]), bool(row["new"])
        if pair in now and (on or not now[pair]):
            found[pair] = Last(on, row["cause"], instant(row["at"]))
    return {pair: last for pair, last in found.items() if last.on is now[pair]}


async def _with_elders(sql: str, ids: Collection[int]) -> dict[int, int]:
    """Each of these, and whatever became one of them, by which one that is."""
    chosen, values = among("merged_into_id", ids)
    elders = await select(sql.format(chosen=chosen), *values)
    return {int(row["id"]): int(row["heir"]) for row in elders} | {each: each for each in ids}


async def how_many_outgrown(tag_id: int, rule: Rule, moment: Moment) -> int:
    """How many have this tag from a rule, and do not fulfil this one."""
    fulfilled, values = condition(rule, moment, first=2, few=True)
    return int((await select(OUTGROWN.format(rule=fulfilled), tag_id, *values))[0]["n"])


async def given(tag_id: int) -> int:
    """How many carry this tag because of a rule."""
    return int((await select(GIVEN, tag_id))[0]["n"])
