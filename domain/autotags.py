"""Here live the rules that tag by themselves: how they are typed, whose tag comes or goes, and what goes in circles."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.commands import Target, target_in
from domain.errors import Refusal
from domain.lines import Line, plainly
from domain.naming import unquoted
from domain.rules import And, Carries, Not, Or, Rule
from domain.tags import Source

Act = Literal["list", "add", "show", "edit", "pause", "resume", "end"]

ACTS: Mapping[Act, tuple[str, ...]] = {
    "add": ("加", "添加", "新建", "新增", "add", "new"),
    "show": ("看", "查", "show"),
    "edit": ("改", "修改", "edit", "change"),
    "pause": ("停", "停用", "暂停", "pause", "stop", "off"),
    "resume": ("开", "启用", "恢复", "继续", "resume", "start", "on"),
    "end": ("删", "删除", "del", "delete"),
}
BY_WORD: Mapping[str, Act] = {word: act for act, words in ACTS.items() for word in words}
GLUED = sorted((word for word in BY_WORD if not word.isascii()), key=len, reverse=True)
WORD = re.compile(r"\S+")
PAGE = re.compile(r"page=([0-9]{1,4})")
# The clearest first: a word of its own, then one that only begins like that; a tag may have the sign in its name.
WHEN = tuple(
    re.compile(rf'"[^"]*"|{shape}', re.IGNORECASE)
    for shape in (r"(?<!\S)(?P<when>当|如果|when|if)(?!\S)", r"(?<!\S)(?P<when>当|如果)", r"(?P<when>当)")
)
ELSE = re.compile(
    r"[\s,;、。]*(?<![A-Za-z])(?:否则|不然|otherwise|else)\s*"
    r"(?:(?P<takes>就?(?:去掉|移除|删除|删掉|摘掉|拿掉)|remove|drop)|(?P<keeps>就?(?:保留|留着|不动)|keep))[\s.。!]*$",
    re.IGNORECASE,
)
GIVER = re.compile(r"R([0-9]+)\.[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, as typed; `removes` is None where nothing is said of who no longer fulfils the rule."""

    act: Act
    id: int = 0
    tag: str = ""
    rule: str = ""
    removes: bool | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class TagRule:
    """A rule at work: `rule` is bound, and gives `tag`; `written_at` is since when it says so."""

    id: int
    version: int
    tag: int
    rule: Rule
    removes: bool
    written_at: datetime

    @property
    def cause(self) -> str:
        """What the trail tells of a tag that it gave or took."""
        return f"R{self.id}.{self.version}"


@dataclass(frozen=True, slots=True)
class Standing:
    """One customer and one tag: which rules hold, why it is carried (nothing: it is not), and how that came about.

    `cause` and `changed_at` tell of the last time that it came, or went where it is not carried.
    """

    holding: frozenset[int] = frozenset()
    sources: frozenset[Source] = frozenset()
    cause: str = ""
    changed_at: datetime | None = None


def wish(typed: str) -> Wish:
    """Read everything after the verb; raises Refusal where that cannot be meant."""
    line = plainly(typed)
    first = WORD.search(line.plain)
    if first is None:
        return Wish("list")
    if page := PAGE.fullmatch(first.group()):
        return Wish("list", page=max(1, int(page[1])))
    if target := target_in(first.group()):
        return _of_one(*_act(line, first.end(), "show"), line, target)
    act, start = _act(line, first.start())
    if act == "add":
        return _added(line, start)
    named = WORD.search(line.plain, start)
    if named is None:
        raise Refusal("refusals/argument_needed", command="rules")
    found = target_in(named.group().rstrip(",:;。"))
    if found is None:
        raise Refusal("refusals/wrong_target", command="rules", kinds="R", what=named.group())
    return _of_one(act, named.end(), line, found)


def giver(cause: str) -> int | None:
    """The rule because of which a tag came or went, if it was one."""
    found = GIVER.fullmatch(cause)
    return int(found[1]) if found else None


def tags_in(rule: Rule) -> frozenset[int]:
    """The tags that a bound rule asks of."""
    match rule:
        case Carries(tag_ids):
            return tag_ids
        case Not(inner):
            return tags_in(inner)
        case And(parts) | Or(parts):
            return frozenset[int]().union(*map(tags_in, parts))
        case _:
            return frozenset()


def any_of(rules: Sequence[TagRule]) -> Rule:
    """What whoever fulfils one of these fulfils."""
    return Or(tuple(each.rule for each in rules)) if rules[1:] else rules[0].rule


def verdict(rules: Sequence[TagRule], asleep: Collection[int], now: Standing) -> tuple[TagRule, bool] | None:
    """Whether the tag of these rules is to come (True) or to go, and because of which of them; None: it is as it is.

    A tag with another source than a rule is a person's. What a person took is not given again by a rule that was
    there then. What a rule gave that is `asleep` stays until it goes on; what came otherwise any of them may take.
    """
    true = [rule for rule in rules if rule.id in now.holding]
    by = giver(now.cause)
    if not now.sources:
        refused = now.changed_at if by is None else None
        free = [rule for rule in true if refused is None or rule.written_at > refused]
        return (free[0], True) if free else None
    if true or now.sources != {"rule"} or by in asleep:
        return None
    awake = {rule.id for rule in rules}
    takers = [rule for rule in rules if rule.removes and (rule.id == by or by not in awake)]
    return (takers[0], False) if takers else None


def circle(edges: Mapping[int, Collection[int]], start: int) -> list[int]:
    """The way from a tag back to itself, each depending on the next; empty where there is none.

    `edges` maps a tag to those that its rules ask of.
    """
    came: dict[int, int] = {}
    ahead = [start]
    while ahead:
        here = ahead.pop()
        for there in sorted(edges.get(here, ())):
            if there == start:
                return [start, *_back(came, start, here), start]
            if there not in came:
                came[there] = here
                ahead.append(there)
    return []


def _back(came: Mapping[int, int], start: int, here: int) -> list[int]:
    way: list[int] = []
    while here != start:
        way.append(here)
        here = came[here]
    return way[::-1]


def _act(line: Line, at: int, default: Act | None = None) -> tuple[Act, int]:
    """What is to be done, and where the rest begins; in Chinese nothing need stand between."""
    word = WORD.search(line.plain, at)
    if word is None and default:
        return default, len(line.plain)
    typed = word.group().lower() if word else ""
    known = typed if typed in BY_WORD else next((each for each in GLUED if typed.startswith(each)), "")
    if word is None or not known:
        raise Refusal("refusals/bad_argument", command="rules", what=line.typed_from(word.start() if word else at))
    return BY_WORD[known], word.start() + len(known)


def _of_one(act: Act, start: int, line: Line, target: Target) -> Wish:
    if target.kind != "R":
        raise Refusal("refusals/wrong_target", command="rules", kinds="R", what=str(target))
    rest = line.typed_from(start).strip(" ,:;、。，：；")
    if act == "edit":
        rule, removes = _said(line, start)
        if not rule and removes is None and rest:
            raise Refusal("refusals/bad_argument", command="rules", what=rest)
        return Wish(act, target.number, rule=rule, removes=removes)
    if act == "add" or rest:
        raise Refusal("refusals/too_much", command="rules", what=rest or line.typed_from(0))
    return Wish(act, target.number)


def _added(line: Line, start: int) -> Wish:
    when = _when(line, start)
    tag = _typed(line, start, when[0] if when else len(line.plain))
    rule, removes = _said(line, start)
    if not tag:
        raise Refusal("refusals/argument_needed", command="rules")
    return Wish("add", tag=unquoted(tag.lstrip("+#").strip()), rule=rule, removes=removes)


def _said(line: Line, start: int) -> tuple[str, bool | None]:
    """The rule behind its sign, and what becomes of the others."""
    found = ELSE.search(line.plain, start)
    when = _when(line, start)
    rule = _typed(line, when[1], found.start() if found else len(line.plain)) if when else ""
    return rule, bool(found["takes"]) if found else None


def _when(line: Line, start: int) -> tuple[int, int] | None:
    places: Iterator[tuple[int, int]] = (
        found.span("when") for shape in WHEN for found in shape.finditer(line.plain, start) if found["when"]
    )
    return next(places, None)


def _typed(line: Line, start: int, end: int) -> str:
    origins = (*line.origins, len(line.raw))
    return line.raw[origins[start] : origins[end]].strip()
