"""Here lives how the text of a rule becomes a tree of its words, and what is said where it does not."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken
from lark.lexer import PatternRE, TerminalDef

from domain.errors import Refusal
from domain.lines import INVISIBLE, Line
from domain.nearest import nearest, simplified
from domain.rule_fields import BY_WORD
from domain.rules import DEEPEST, LONGEST

Node = Tree[Token]

WIDEST, BEFORE = 38, 24  # columns of what is told again, and of it before the place that is meant
KEY = r'\s*[.。]\s*(?:[0-9]+\s*(?:天|日|days?|d)(?![a-z0-9_])|"(?:[^"]|"")*"|[^\s().。"!~,、;&|<>=]+)'
WORD = re.compile(r"[\w%+-]+(?:[.。][\w%+-]+)*")
HEAD = re.compile(r'[^\s.。"]+')
FOUND = re.compile(rf"{WORD.pattern}|\"[^\"]*\"?|[<>=!~≠≤≥]+|\S")
JOINTS = re.compile("并且|而且|同时|以及|或者|或是|且|或|不是|没有|非")
NEAR = 3
# What was expected is told by the first of these that would have been right.
PLACES = {
    "FIELD": "condition",
    "SIGN": "operator",
    "WORD": "value",
    "TO": "to",
    "ARGUMENT": "argument",
    "COMMA": "comma",
    "AND": "joint",
    "LPAR": "opening",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Where in a rule something is wrong: at the character `plain[index]` of its line."""

    line: Line
    index: int

    def refusal(self, key: str, **values: object) -> Refusal:
        """`at` counts characters as typed, from 1; `line` is what stands there, and below it a caret."""
        raw = self.line.raw
        at = self.line.origins[self.index] if self.index < len(self.line.plain) else len(raw.rstrip())
        return Refusal(f"refusals/rule_{key}", at=at + 1, line=pointed(raw, at), **values)


def tree(line: Line) -> Node:
    """The rule taken apart; raises Refusal where it is not one, or where it is too much."""
    if not line.plain.strip():
        raise Refusal("refusals/rule_empty")
    if len(line.raw) > LONGEST or len(line.plain) > 2 * LONGEST:
        raise Refusal("refusals/rule_long", most=LONGEST, length=len(line.raw))
    try:
        found = grammar().parse(line.plain)
    except UnexpectedInput as wrong:
        raise _misread(line, wrong) from None
    if _depth(found) > DEEPEST:
        raise Refusal("refusals/rule_deep", most=DEEPEST)
    return found


@lru_cache(maxsize=1)
def grammar() -> Lark:
    return Lark.open("rules.lark", rel_to=__file__, parser="lalr", lexer="contextual", edit_terminals=_with_fields)


def pointed(raw: str, at: int) -> str:
    """What stands around the character `raw[at]`, in one line, and a caret below it; Chinese takes two columns."""
    shown = [character if character.isprintable() else " " for character in raw]
    first = at - len(list(_within(reversed(shown[:at]), BEFORE)))
    before = "".join([*("…" if first else ""), *shown[first:at]])
    behind = "".join(_within(iter(shown[at:]), WIDEST - 1 - columns(before)))
    cut = "…" if at + len(behind) < len(raw.rstrip()) else ""
    caret = "".join("\u3000" if columns(character) > 1 else " " * columns(character) for character in before)
    return f"{before}{behind}{cut}".rstrip() + f"\n{caret}^"


def columns(text: str) -> int:
    """How wide it is where Chinese characters are twice as wide as Latin ones."""
    return sum(
        0 if unicodedata.combining(each) or INVISIBLE.match(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )


def fields_like(word: str) -> list[str]:
    """Words for fields that may have been meant, those of the same script first, one for each field."""
    plain = simplified(word.lower())
    inside = {each for each in BY_WORD if min(len(each), len(plain)) > 1 and (each in plain or plain in each)}
    best: dict[str, str] = {}
    for each in sorted(
        inside.union(nearest(plain, BY_WORD)),
        key=lambda each: (each.isascii() != plain.isascii(), each not in inside, -len(each), each),
    ):
        best.setdefault(BY_WORD[each].name, each)
    return list(best.values())[:NEAR]


def _within(characters: Iterator[str], most: int) -> Iterator[str]:
    width = 0
    for character in characters:
        width += columns(character)
        if width > most:
            return
        yield character


def _with_fields(terminal: TerminalDef) -> None:
    if terminal.name == "FIELD":
        words = sorted(BY_WORD, key=len, reverse=True)
        latin, chinese = (
            "|".join(re.escape(each) for each in words if each.isascii() is kind) for kind in (True, False)
        )
        terminal.pattern = PatternRE(f"(?:(?:{latin})(?![a-z0-9_])|{chinese})(?:{KEY})*", ("i",))


def _depth(root: Node) -> int:
    """How many brackets and nots stand within each other, counted without recursion."""
    deepest, left = 0, [(root, 0)]
    while left:
        node, above = left.pop()
        depth = above + (node.data in {"negated", "bracketed"})
        deepest = max(deepest, depth)
        left.extend((child, depth) for child in node.children if isinstance(child, Tree))
    return deepest


def _misread(line: Line, wrong: UnexpectedInput) -> Refusal:
    """The parser reads once more up to there, and is asked what would have been right."""
    at_end = isinstance(wrong, UnexpectedToken) and wrong.token.type == "$END"
    index = len(line.plain) if at_end else wrong.pos_in_stream or 0
    read = _read(line.plain, index)
    parser = grammar().parse_interactive("")
    for token in read:
        parser.feed_token(token)
    return _explained(Fault(line, index), read, parser.accepts())  # type: ignore[no-untyped-call]


def _read(plain: str, index: int) -> list[Token]:
    """The words before that place."""
    read: list[Token] = []
    with suppress(UnexpectedInput):
        read.extend(token for token in grammar().parse_interactive(plain).iter_parse() if ends(token) <= index)
    return read


def _explained(fault: Fault, read: list[Token], accepts: Collection[str]) -> Refusal:
    index, plain = fault.index, fault.line.plain
    found = FOUND.search(plain, index)
    what = found.group() if found and not plain[index : found.start()].strip() else ""
    last = read[-1] if read else None
    if last and last.type == "FIELD" and ends(last) == index and re.match(r"\w", what):
        index, what, accepts = last.start_pos or 0, f"{last}{what}", {"FIELD"}
    if "FIELD" in accepts and WORD.fullmatch(what):
        word = WORD.match(what.replace("。", "."))
        name = word.group().split(".")[0] if word else what
        return Fault(fault.line, index).refusal("field", what=name, near=fields_like(name))
    expected = next((place for terminal, place in PLACES.items() if terminal in accepts), "end")
    closing = "RPAR" in accepts and expected in ("joint", "comma")
    hint, before, about = _hint(what, read, expected)
    return fault.refusal(
        "syntax",
        what=what,
        expected=expected,
        closing=closing,
        field=_field(read) if expected in ("value", "operator", "to") else "",
        hint=hint,
        before=before,
        about=about,
    )


def _field(read: list[Token]) -> str:
    """The field that is being asked."""
    last = next((token for token in reversed(read) if token.type == "FIELD"), "")
    head = HEAD.match(last)
    return BY_WORD[head.group().lower()].name if head else ""


def _hint(what: str, read: list[Token], expected: str) -> tuple[str, str, str]:
    """What probably went wrong, the word before it, and the word that it is about."""
    last = str(read[-1]) if read and read[-1].type in ("WORD", "TAG", "NAME") else ""
    if what.startswith('"') and (len(what) == 1 or not what.endswith('"')):
        return "quote", last, what
    if expected == "joint" and (joint := JOINTS.search(last, 1)):
        return "border", last, joint.group()
    if expected == "joint" and last and re.match(r"[\w(]", what) and not _begins_condition(what):
        return "blank", last, what
    return "bracket" if what == ")" else "", last, what


def _begins_condition(word: str) -> bool:
    head = HEAD.match(word)
    return (
        word.lower() == "not" or bool(JOINTS.fullmatch(word)) or (head is not None and head.group().lower() in BY_WORD)
    )


def ends(token: Token) -> int:
    return (token.start_pos or 0) + len(token)
