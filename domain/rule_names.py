"""Here lives what the names in a rule stand for: tags, colleagues, channels, and other audiences.

`bound` is what is asked of customers, with ids instead of names. `kept` is what is stored: tags by their ids, so that
they may be called otherwise tomorrow. `named` is a kept rule as people know it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from domain.audiences import Preset, called, preset_named
from domain.errors import Refusal
from domain.money import minor
from domain.naming import folded, tags_named
from domain.nearest import nearest
from domain.people import meant
from domain.pool import accounts_named
from domain.rule_fields import BY_NAME
from domain.rule_grammar import JOINTS
from domain.rule_text import parse
from domain.rules import (
    DEEPEST,
    And,
    Between,
    Carries,
    Compared,
    Fact,
    Member,
    Not,
    OneOf,
    Or,
    Rule,
    Tagged,
    Value,
)
from domain.taggings import NUMBER, Known, alike

NEAR = 3
MOST = 500  # conditions of a rule with all that its audiences consist of
FEW = 5  # names that are told where several fit
TOLD = frozenset(f"refusals/rule_{why}" for why in ("circle", "deep", "large"))  # whoever's rule it is


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that has a name. `audiences` maps the name of each saved one to its rule as it is kept.

    `accounts` maps channels to their kinds; `heirs` the ids of tags that were merged into others to those.
    """

    tags: Sequence[Known]
    staff: Mapping[int, str]
    accounts: Mapping[str, str]
    audiences: Mapping[str, str]
    currency: str = "CNY"
    heirs: Mapping[int, int] = field(default_factory=dict)
    presets: Sequence[Preset] = ()


def bound(rule: Rule, names: Names) -> Rule:
    """The rule that can be asked of customers; raises Refusal for a name of nothing, and for circles of audiences."""
    return _Binder(names).bound(rule, 0, ())


def kept(rule: Rule, names: Names) -> Rule:
    """Tags by their ids, groups and everything else by name; raises Refusal for a tag that there is not."""
    library = Library(names)
    return mapped(rule, lambda each: library.by_ids(each) if isinstance(each, Tagged) and each.name else each)


def named(rule: Rule, names: Names) -> Rule:
    """Tags by what they are called; an id that is no tag's stays."""
    library = Library(names)
    return mapped(rule, lambda each: library.called(each) if isinstance(each, Tagged) else each)


def regrouped(rule: Rule, groups: Mapping[str, str]) -> Rule:
    """The same where groups are called otherwise; `groups` maps what they were called, folded, to what they are."""

    def changed(each: Rule) -> Rule:
        if isinstance(each, Tagged) and not each.name:
            return Tagged(groups.get(folded(each.group), each.group), "")
        return each

    return mapped(rule, changed)


def mapped(rule: Rule, change: Callable[[Rule], Rule]) -> Rule:
    """The same with each condition changed."""
    match rule:
        case Not(inner):
            return Not(mapped(inner, change))
        case And(rules):
            return And(tuple(mapped(each, change) for each in rules))
        case Or(rules):
            changed = (mapped(each, change) for each in rules)
            return Or(tuple(part for each in changed for part in (each.rules if isinstance(each, Or) else (each,))))
        case _:
            return change(rule)


class Library:
    """The tags, found by what is typed; built once for a rule."""

    def __init__(self, names: Names) -> None:
        self.tags, self.heirs = names.tags, names.heirs
        self.by_id = {tag.id: tag for tag in self.tags}
        self.by_key: dict[str, list[Known]] = {}
        self.groups: dict[str, list[Known]] = {}
        for tag in self.tags:
            self.groups.setdefault(folded(tag.group), []).append(tag)
            for key in {folded(tag.name), folded(tag.path)}:
                self.by_key.setdefault(key, []).append(tag)

    def meant(self, rule: Tagged) -> list[Known]:
        """The tags that a condition asks for: at least one."""
        if not rule.name:
            return self._of_group(rule.group)
        found = self._found(rule)
        if not found:
            typed = f"{rule.group}/{rule.name}" if rule.group else rule.name
            raise _no_tag(typed, alike(typed, self.tags))
        return found

    def by_ids(self, rule: Tagged) -> Rule:
        """The same condition with the ids of the tags that it asks for."""
        ids = tuple(Tagged("", f"G{tag.id}") for tag in self.meant(rule))
        return Or(ids) if len(ids) > 1 else ids[0]

    def called(self, rule: Tagged) -> Tagged:
        """A kept condition as people know it, or as it is where no tag has this id."""
        number = NUMBER.fullmatch(folded(rule.name))
        tag = self._heir(int(number[1])) if number and not rule.group else None
        if tag is None:
            return rule
        names = (Tagged("", tag.name), Tagged(tag.group, tag.name))
        return next((name for name in names if name.name and self._found(name) == [tag]), rule)

    def _found(self, rule: Tagged) -> list[Known]:
        if not rule.group and (number := NUMBER.fullmatch(folded(rule.name))):
            return [tag for tag in [self._heir(int(number[1]))] if tag]
        typed = f"{rule.group}/{rule.name}" if rule.group else rule.name
        return tags_named(typed, self.by_key.get(folded(typed), []))

    def _heir(self, tag_id: int) -> Known | None:
        seen = set()
        while tag_id in self.heirs and tag_id not in seen:
            seen.add(tag_id)
            tag_id = self.heirs[tag_id]
        return self.by_id.get(tag_id)

    def _of_group(self, group: str) -> list[Known]:
        found = self.groups.get(folded(group))
        if not found:
            titles = {tag.group for tag in self.tags}
            raise _no_tag(f"{group}/", [f"{title}/" for title in _near(group, titles)])
        return found


class _Binder:
    """Binds one rule, with all the audiences that it speaks of, and counts how much it becomes."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.library = Library(names)
        self.conditions = 0

    def bound(self, rule: Rule, depth: int, within: tuple[str, ...]) -> Rule:
        if depth > DEEPEST:
            raise Refusal("refusals/rule_deep", most=DEEPEST)
        match rule:
            case Not(inner):
                return Not(self.bound(inner, depth + 1 + isinstance(inner, And | Or), within))
            case And(rules):
                return And(tuple(self.bound(each, depth + isinstance(each, Or), within) for each in rules))
            case Or(rules):
                return Or(tuple(self.bound(each, depth, within) for each in rules))
            case Member():
                return self._member(rule, depth + 1, within)
            case _:
                return self._condition(rule)

    def _condition(self, rule: Rule) -> Rule:
        self.conditions += 1
        if self.conditions > MOST:
            raise Refusal("refusals/rule_large", most=MOST)
        match rule:
            case Tagged():
                return Carries(frozenset(tag.id for tag in self.library.meant(rule)))
            case Compared(fact, op, value):
                ids = self._values(fact, [value])
                if len(ids) == 1:
                    return Compared(fact, op, ids[0])
                return Not(OneOf(fact, ids)) if op == "!=" else OneOf(fact, ids)
            case OneOf(fact, values):
                return OneOf(fact, self._values(fact, values))
            case Between(fact, low, high):
                self._values(fact, [low, high])
        return rule

    def _values(self, fact: Fact, values: Iterable[Value]) -> tuple[Value, ...]:
        found = [meaning for value in values for meaning in self._meanings(fact, value)]
        return tuple(dict.fromkeys(found))

    def _meanings(self, fact: Fact, value: Value) -> Sequence[Value]:
        """What a value stands for: a channel's kind for all its accounts."""
        kind = BY_NAME[fact.name].kind if fact.name in BY_NAME else ""
        match kind, value:
            case "staff", str():
                return [self._person(value)]
            case "channel", str():
                return self._channels(value)
            case "money", int() | Decimal():
                minor(Decimal(value), self.names.currency)
        return [value]

    def _person(self, typed: str) -> int:
        everybody = {name: staff_id for staff_id, name in self.names.staff.items()}
        found = meant(typed, everybody)
        if not found:
            raise Refusal("refusals/rule_person", what=typed, near=_near(typed, everybody))
        if len(found) > 1:
            many = len(found) > FEW
            raise Refusal("refusals/several_people", typed=typed, names=found[:FEW], many=many)
        return everybody[found[0]]

    def _channels(self, word: str) -> list[str]:
        found = accounts_named(word, self.names.accounts)
        if not found:
            raise Refusal("refusals/no_such_channel", what=word, kinds=sorted(set(self.names.accounts.values())))
        return sorted(found)

    def _member(self, rule: Member, depth: int, within: tuple[str, ...]) -> Rule:
        name, text = self._audience(rule)
        if name in within:
            raise Refusal("refusals/rule_circle", name=name, names=[*within[within.index(name) :], name][:FEW])
        try:
            return self.bound(parse(text), depth, (*within, name))
        except Refusal as refusal:
            if within or refusal.key in TOLD or name not in self.names.audiences:
                raise
            raise Refusal("refusals/rule_audience_broken", name=name) from refusal

    def _audience(self, rule: Member) -> tuple[str, str]:
        """The name and the rule of a saved audience, or of a template with its blanks filled."""
        wanted = folded(rule.name)
        saved = {folded(name): name for name in self.names.audiences}
        if name := saved.get(wanted):
            if rule.arguments:
                raise Refusal("refusals/rule_argument", what=name, known=[], number=False, why="none")
            return name, self.names.audiences[name]
        if preset := preset_named(rule.name, self.names.presets):
            return rule.name, called(preset, rule.arguments)
        known = [*self.names.audiences, *(name for preset in self.names.presets for name in preset.names)]
        person = next(iter(meant(rule.name, self.names.staff.values())), "")
        raise Refusal("refusals/rule_audience", what=rule.name, near=_near(rule.name, known), person=person)


def _no_tag(typed: str, near: Iterable[str]) -> Refusal:
    joint = JOINTS.search(typed, 1)
    return Refusal("refusals/rule_tag", what=typed, near=list(near), joint=joint.group() if joint else "")


def _near(typed: str, names: Iterable[str]) -> list[str]:
    """The names that are most like what was typed, as they are written."""
    spelled = {folded(name): name for name in names}
    return [spelled[each] for each in nearest(folded(typed), spelled)][:NEAR]
