"""Here lives how people speak of audiences: what they ask of saved ones, how those are called, and `人群=… +VIP`."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from domain.commands import target_in
from domain.errors import Refusal
from domain.lines import plainly
from domain.naming import folded
from domain.rule_fields import BY_WORD
from domain.rule_text import parse
from domain.rules import And, Member, Not, Or, Rule

LONGEST_NAME = 32
SAVE, SHOW, DROP = (
    ("存", "保存", "存为", "save"),
    ("看", "查看", "show"),
    ("删", "删除", "del", "delete"),
)
WORDS = frozenset({*SAVE, *SHOW, *DROP, "and", "or", "not", "in", "is", "between", "且", "或", "非", "和", "并且"})
AUDIENCE = ("人群", "audience", "to")
WHERE = ("条件", "规则", "人群", "where", "rule", "audience")
NAME = re.compile(r"\w[\w.-]*")
LATER_PAGE = re.compile(r"page=([0-9]{1,4})")
FIRST = re.compile(r'\s*("[^"]*"|[^\s=:]*)\s*([=:]?)\s*')
SIGN = re.compile(r'"[^"]*"|(?:^|(?<=[\s,;、]))([+\u2212\u2013\u2014-])(?=\s*\S)')
NUMBER = re.compile(r"\s*[0-9]")
TRIED = 20  # minus signs of which each may be a number's


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: `act` is one of list, count, save, show, drop; `rule` as it was typed."""

    act: str
    name: str = ""
    rule: str = ""
    page: int = 1


def wish(text: str, body: str = "") -> Wish:
    """Read what follows the verb. `save = RULE` and the name in the next line is what a dialog completes."""
    plain = plainly(text).plain.strip()
    if not plain and not body.strip():
        return Wish("list")
    if page := LATER_PAGE.fullmatch(plain):
        return Wish("list", page=max(1, int(page[1])))
    first, rest = [*text.split(maxsplit=1), "", ""][:2]
    word = plainly(first).plain.lower()
    if word in SAVE:
        return _saving(rest, body)
    for act, words in (("show", SHOW), ("drop", DROP)):
        if word in words:
            return Wish(act, name_in(rest))
    return Wish("count", rule=unquoted("\n".join(filter(None, (text, body)))))


def _saving(text: str, body: str) -> Wish:
    line = plainly(text)
    found = FIRST.match(line.plain)
    name, end = (found[1], found.end()) if found else ("", 0)
    rule = line.typed_from(end)
    if not name and rule:
        return Wish("save", name_in(body), unquoted(rule))
    return Wish("save", name_in(name), unquoted("\n".join(filter(str.strip, (rule, body)))))


def name_in(typed: str) -> str:
    """A name as it is kept: in one line, plain, without the sign and the marks around it."""
    return " ".join(plainly(typed).plain.split()).strip('"').removeprefix("@").strip()


def is_name(name: str) -> bool:
    """Whether an audience may be called so, and be found by that in a rule."""
    taken = name.lower() in WORDS or folded(name) in map(folded, BY_WORD) or target_in(name) is not None
    return not taken and len(name) <= LONGEST_NAME and NAME.fullmatch(name) is not None


def check_name(name: str, taken: Collection[str] = ()) -> None:
    """Raise Refusal for a name that could not be called by; `taken` are those that mean something else."""
    if not is_name(name) or folded(name) in map(folded, taken):
        raise Refusal("refusals/audience_name", name=name[:LONGEST_NAME], most=LONGEST_NAME)


def keyed(text: str, keys: Collection[str]) -> str | None:
    """What follows `条件=`, by one of these keys; None where it begins otherwise."""
    line = plainly(text)
    found = re.match(rf"\s*(?:{'|'.join(keys)})\s*=\s*", line.plain, re.IGNORECASE)
    return unquoted(line.typed_from(found.end())) if found else None


def unquoted(rule: str) -> str:
    """Without the quotation marks around all of it: no rule begins with one."""
    typed = rule.strip()
    plain = plainly(typed).plain
    return typed[1:-1].strip() if len(typed) > 1 and plain[0] == plain[-1] == '"' else typed


def parted(typed: str) -> tuple[str, str]:
    """A rule, and the signed names of tags behind it; a minus and digits are a number where the rule needs one."""
    line = plainly(typed)
    signs = [found for found in SIGN.finditer(line.plain) if found[1]]
    for tried, sign in enumerate(signs):
        before = line.raw[: line.origins[sign.start()]]
        is_number = sign[1] != "+" and NUMBER.match(line.plain, sign.end())
        if not is_number or tried >= TRIED or _is_rule(before):
            return unquoted(before), line.typed_from(sign.start())
    return unquoted(typed), ""


def _is_rule(text: str) -> bool:
    try:
        parse(unquoted(text))
    except Refusal:
        return False
    return True


def mentioned(rule: Rule) -> Iterator[str]:
    """The names of the audiences that a rule speaks of."""
    match rule:
        case Member(name):
            yield name
        case Not(inner):
            yield from mentioned(inner)
        case And(rules) | Or(rules):
            for each in rules:
                yield from mentioned(each)
        case _:
            return
