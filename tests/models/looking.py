"""Here lives the asking of the index in tests: what it says is compared with what SQL and the plain evaluator say."""

import asyncio
from datetime import timedelta

from domain.rule_facts import holds
from domain.rules import Carries, Rule
from models import index, rules
from models.index import Index
from models.views import View
from tests.models.rule_town import MOMENT, NOW, Town, people

VIP = Carries(frozenset({4}))
LATER = NOW + timedelta(hours=7)


async def asked(rule: Rule = VIP) -> list[int]:
    async with index.look(MOMENT) as view:
        return list(await view.ids(rule))


def stored() -> bool:
    """Whether it began with what was stored, or has written it."""
    mirror = here().mirror
    assert mirror
    return mirror.stored


def here() -> Index:
    """The index of this process."""
    return index._index()


async def kept() -> None:
    """Store it; on PostgreSQL once the transactions of everybody else, in whatever database, have ended."""
    written = await index.keep(NOW)
    while not (written or await index.keep(LATER)):
        await asyncio.sleep(0.01)


async def in_sql(view: View, rule: Rule) -> list[int]:
    condition, values = rules.condition(rule, MOMENT)
    sql = f"SELECT c.id FROM customer AS c WHERE c.merged_into_id IS NULL AND {condition} ORDER BY c.id"  # noqa: S608 - as it is
    return [row[0] for row in await view._reading.rows(sql, *values)]


async def agrees(view: View, town: Town, questions: int) -> None:
    """The index, SQL and the plain evaluator, in one state of the database."""
    persons = await people(view._reading.rows)
    for _ in range(questions):
        rule = town.rule()
        found = list(await view.ids(rule))
        assert found == await in_sql(view, rule), rule
        assert found == sorted(person.id for person in persons if holds(rule, person, MOMENT)), rule
