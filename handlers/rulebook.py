"""Here lives which of the rules that tag by themselves are obeyed at this moment, and why others are not."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from domain.autotags import TagRule, circle, tags_in
from domain.errors import Refusal
from domain.rule_names import Names, bound
from domain.rule_text import parse
from domain.rules import Rule
from handlers.context import Context
from handlers.rules import names
from models.autotags import AutoTag
from models.tags import Tag


@dataclass(frozen=True, slots=True)
class Rulebook:
    """`rows` are all that were not ended, `rules` those that are obeyed, `faults` why others are not, by id.

    `tags` are the tags of all of them by the rule's id: of one that was merged into another, that one. `bound` has
    those that can be read, also paused ones.
    """

    names: Names
    rows: Sequence[AutoTag]
    rules: Sequence[TagRule]
    faults: Mapping[int, Refusal]
    tags: Mapping[int, Tag]
    bound: Mapping[int, Rule]

    @property
    def asleep(self) -> frozenset[int]:
        """What these gave nobody takes: paused ones, and those that are out of order for now."""
        return frozenset(row.id for row in self.rows if row.state == "paused" or row.id in self.faults)

    def of(self, tag_id: int) -> list[TagRule]:
        """All that give this tag."""
        return [rule for rule in self.rules if rule.tag == tag_id]

    def called(self, number: int) -> TagRule | None:
        """One, if it is obeyed."""
        return next((rule for rule in self.rules if rule.id == number), None)

    async def check(self, number: int, tag: Tag, rule: Rule) -> None:
        """Raise Refusal where a rule, in the place of what it says now, would depend on its own tag."""
        edges = _edges({**self.bound, number: rule}, {**self.tags, number: tag})
        if way := circle(edges, tag.id):
            raise circular(way, await Tag.of(way))


async def opened(ctx: Context) -> Rulebook:
    """As they are in this transaction, bound to what the house has."""
    known, rows = await names(ctx), await AutoTag.living()
    tags = await _tags(rows)
    faults: dict[int, Refusal] = {}
    rules: dict[int, Rule] = {}
    meanings = _meanings(_print_of(known))
    for row in rows:
        try:
            rules[row.id] = _readable(row, tags[row.id], known, meanings)
        except Refusal as refusal:
            faults[row.id] = refusal
    edges = _edges(rules, tags)
    for row in rows:
        if row.id in rules and (way := circle(edges, tags[row.id].id)):
            faults[row.id] = circular(way, {tag.id: tag for tag in tags.values()})
    obeyed = [
        TagRule(row.id, row.version, tags[row.id].id, rules[row.id], row.removes, row.changed_at)
        for row in rows
        if row.state == "active" and row.id not in faults
    ]
    return Rulebook(known, rows, obeyed, faults, tags, rules)


def circular(way: Sequence[int], tags: Mapping[int, Tag]) -> Refusal:
    """Why rules that depend on each other's tags cannot be."""
    return Refusal("refusals/autotag_circle", way=[tags[tag_id].path for tag_id in way])


@lru_cache(maxsize=1_024)
def parsed(text: str) -> Rule:
    """A rule as it is stored, which is read again and again."""
    return parse(text)


def _readable(row: AutoTag, tag: Tag, known: Names, meanings: dict[str, Rule | Refusal]) -> Rule:
    if tag.gone_at:
        raise Refusal("refusals/tag_gone", id=f"G{tag.id}", path=tag.path, into="")
    if row.rule not in meanings:
        meanings[row.rule] = _meaning(row.rule, known)
    if isinstance(found := meanings[row.rule], Refusal):
        raise Refusal(found.key, **found.values)
    return found


def _meaning(text: str, known: Names) -> Rule | Refusal:
    try:
        return bound(parsed(text), known)
    except Refusal as refusal:
        return refusal


@lru_cache(maxsize=2)
def _meanings(_print_of: Hashable) -> dict[str, Rule | Refusal]:
    """What rules were found to mean while names stand for the same, which they do from one change to the next."""
    return {}


def _print_of(known: Names) -> Hashable:
    mappings: Sequence[Mapping[Any, Any]] = (known.staff, known.accounts, known.audiences, known.heirs)
    presets = [(each.rule, *each.defaults.items()) for each in known.presets]
    return (*known.tags, *presets, known.currency), tuple(tuple(each.items()) for each in mappings)


async def _tags(rows: Sequence[AutoTag]) -> dict[int, Tag]:
    heirs = {row.tag.merged_into_id for row in rows if row.tag.gone_at} - {None}
    living = await Tag.of([heir for heir in heirs if heir]) if heirs else {}
    return {row.id: living.get(row.tag.merged_into_id or 0, row.tag) if row.tag.gone_at else row.tag for row in rows}


def _edges(rules: Mapping[int, Rule], tags: Mapping[int, Tag]) -> dict[int, set[int]]:
    """By tag those that its rules ask of; also of paused ones, which may go on at any moment."""
    edges: dict[int, set[int]] = {}
    for number, rule in rules.items():
        edges.setdefault(tags[number].id, set()).update(tags_in(rule))
    return edges
