"""Here lives what becomes of the rules that are kept when groups of tags are called otherwise: they mean the same."""

from collections.abc import Mapping

from domain.naming import folded
from domain.rule_names import regrouped
from domain.rule_text import parse, written
from models.audiences import Audience
from models.autotags import AutoTag


async def regroup(renamed: Mapping[str, str]) -> None:
    """`renamed` maps the old names of groups to the new ones, all at once."""
    names = {folded(old): new for old, new in renamed.items() if old != new}
    kinds: tuple[type[Audience | AutoTag], ...] = (Audience, AutoTag)
    for kind in kinds if names else ():
        for row in await kind.filter(rule__contains="/").order_by("id"):
            rule = written(regrouped(parse(row.rule), names))
            if rule != row.rule:  # and nobody has said something else meanwhile
                await kind.filter(id=row.id, rule=row.rule).update(rule=rule)
