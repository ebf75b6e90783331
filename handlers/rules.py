"""Here lives how a rule that a colleague typed is read: against what the house has, and as far as they may see."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.audiences import preset_named
from domain.errors import Refusal
from domain.lines import plainly
from domain.naming import folded
from domain.permissions import Scope
from domain.rule_names import Names, bound, kept
from domain.rule_text import parse
from domain.rule_words import said
from domain.rules import And, Compared, Empty, Fact, OneOf, Or, Rule
from handlers.cards import excerpt
from handlers.context import Context
from handlers.router import scope
from models import rules
from templates import LANGUAGES
from templates.presets import presets

OWNER, ATTENDANT = Fact("owner"), Fact("attendant")
NAME = re.compile(r"([^\s()@#=]+)\s*(?:\([^()]*\))?")
OLD = re.compile(r"\?[0-9a-f]{8}")  # what a button stands for, whose choice is over


@dataclass(frozen=True, slots=True)
class Read:
    """One rule in all its forms: as typed (`rule`), as it is stored (`kept`), as it is evaluated (`bound`).

    `seen` is `bound` among the customers whom who asks may see; `names` is what it was read against.
    """

    rule: Rule
    kept: Rule
    bound: Rule
    seen: Rule
    names: Names


async def names(ctx: Context) -> Names:
    """What the names in rules stand for, at this moment."""
    return replace(await rules.names(ctx.house.accounts, ctx.house.currency), presets=presets())


async def read(text: str, ctx: Context, known: Names | None = None) -> Read:
    """Raises Refusal for what cannot be understood, and where; an audience's name alone is a rule, too."""
    known = known or await names(ctx)
    check_fresh(text)
    rule = parse(f"@{text.strip()}" if is_name(text, known) else text)
    meant = bound(rule, known)
    return Read(rule, kept(rule, known), meant, within(meant, scope(ctx)), known)


def is_name(text: str, known: Names) -> bool:
    """Whether it is what an audience is called, or a template with its arguments."""
    found = NAME.fullmatch(plainly(text).plain.strip())
    return found is not None and (
        folded(found[1]) in map(folded, known.audiences) or preset_named(found[1], known.presets) is not None
    )


def check_fresh(text: str) -> None:
    """Raise Refusal for what only an old button stands for."""
    if OLD.fullmatch(text.strip()):
        raise Refusal("refusals/rule_over")


def within(rule: Rule, seen: Scope) -> Rule:
    """The same among nobody's customers, those of `seen.owners`, and those for whom this person stands in."""
    if seen.owners is None:
        return rule
    theirs = OneOf(OWNER, tuple(sorted(seen.owners)))
    return And((rule, Or((Empty(OWNER), theirs, Compared(ATTENDANT, "=", seen.staff_id)))))


def check_everybody(ctx: Context, audience: str = "", ids: Sequence[str] = ()) -> None:
    """Raise Refusal for who sees only some customers: rules that tag (`ids` by this audience) are about all of them."""
    if scope(ctx).owners is not None:
        raise Refusal("refusals/rules_of_all", audience=audience, ids=ids)


def explain(rule: Rule, known: Names, ctx: Context) -> str:
    """A rule in words, in the language of who asks."""
    return ctx.words("rules/explained", said=said(rule, known)).strip()


def in_words(rule: Rule, known: Names, ctx: Context, most: int) -> dict[str, str]:
    """The same in every language: whoever approves may read another than who asks."""
    return {each: excerpt(explain(rule, known, replace(ctx, language=each)), most) for each in LANGUAGES}
