"""Here lives who fulfils a rule, asked in SQL: one statement on either database, every value a parameter.

domain/rule_facts.py is the same in plain words, and tests prove that both agree.
"""

from collections.abc import Collection, Mapping

from domain.rule_names import Names
from domain.rules import Moment, Rule
from domain.taggings import Known
from models.audiences import Audience
from models.rule_sql import Clause
from models.sql import select
from models.staff import Staff
from models.tags import Tag

HEIRS = "SELECT id, merged_into_id FROM tag WHERE gone_at IS NOT NULL AND merged_into_id IS NOT NULL"
WHOLE = "FROM customer AS c WHERE c.merged_into_id IS NULL AND {rule}"


def condition(rule: Rule, moment: Moment, first: int = 1, *, few: bool = False) -> tuple[str, list[object]]:
    """Whether a bound rule is true of the row `c` of customer, never NULL, and the values of $`first` and so on.

    It says nothing of `c` being merged into another one, whom no rule counts. With `few` it is for a handful of rows:
    each costs little, however many customers there are; without it, it is for all of them.
    """
    clause = Clause(moment, first, few)
    said = clause.of(rule)
    return f"({said})", clause.values


async def customers(
    rule: Rule,
    moment: Moment,
    *,
    among: Collection[int] | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[int]:
    """The ids, ascending, of those who fulfil a bound rule; `among` these, and those `after` one, `limit` at most."""
    if among is not None and not among:
        return []
    said, values = condition(rule, moment, few=among is not None)
    clause = Clause(moment, len(values) + 1)
    chosen = [] if among is None else [clause.one_of("c.id", sorted(among), "bigint")]
    chosen += [f"c.id > {clause.put(after, 'bigint')}"] if after else []
    many = f" LIMIT {clause.put(limit, 'bigint')}" if limit is not None else ""
    sql = f"SELECT c.id {WHOLE.format(rule=' AND '.join((*chosen, said)))} ORDER BY c.id{many}"
    return [int(row["id"]) for row in await select(sql, *values, *clause.values)]


async def how_many(rule: Rule, moment: Moment) -> int:
    """How many fulfil a bound rule."""
    said, values = condition(rule, moment)
    return int((await select(f"SELECT COUNT(*) AS n {WHOLE.format(rule=said)}", *values))[0]["n"])


async def names(accounts: Mapping[str, str], currency: str) -> Names:
    """What names in rules can stand for; `accounts` are kinds of channels by their names."""
    return Names(
        tags=[Known(*tag) for tag in await Tag.names()],
        staff=dict(await Staff.all().order_by("id").values_list("id", "name")),
        accounts=accounts,
        audiences=dict(await Audience.all().order_by("id").values_list("name", "rule")),
        currency=currency,
        heirs={row["id"]: row["merged_into_id"] for row in await select(HEIRS)},
    )
