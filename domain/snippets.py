"""Here live the rules of quick replies (话术): how they are called, and the blanks that are filled when one is sent."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from domain.commands import target_in
from domain.errors import Refusal
from domain.lines import plainly

LONGEST_NAME = 32
BLANKS: Mapping[str, str] = {
    "客户": "customer",
    "customer": "customer",
    "我": "me",
    "me": "me",
    "公司": "company",
    "company": "company",
}
ADD, SHOW, DROP = ("加", "添加", "存", "add", "save"), ("看", "show"), ("删", "删除", "del", "delete")
PAGE = "page="
LATER_PAGE = re.compile(r"page=([0-9]{1,3})")
# A phone's keyboard has wide braces in Chinese; a brace itself is written twice.
PIECE = re.compile(r"(?P<twice>([{}｛｝])\2)|[{｛][ \u3000]*(?P<blank>[^{}｛｝\n]*?)[ \u3000]*[}｝]|(?P<lone>[{}｛｝])")
JOINED_BEFORE, JOINED_BEHIND = "，,、 \u3000", "，,、：: \u3000"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: `act` is one of list, add, show, drop, send; `rest` what follows the name, as typed."""

    act: str
    name: str = ""
    rest: str = ""
    page: int = field(default=1)


def wish(text: str) -> Wish:
    """Read the first line after the verb; the customer may stand before the name or behind it."""
    first, rest = _word(text)
    if not first:
        return Wish("list")
    if page := LATER_PAGE.fullmatch(first):
        return Wish("list", page=max(1, int(page[1])))
    for act, words in (("add", ADD), ("show", SHOW), ("drop", DROP)):
        if first in words:
            name, after = _word(rest)
            return Wish(act, name, after)
    if (target := target_in(first)) and rest:
        return Wish("send", _word(rest)[0], str(target))
    return Wish("send", first, rest)


def is_name(name: str) -> bool:
    """Whether a quick reply may be called so."""
    taken = name in (*ADD, *SHOW, *DROP) or name.startswith(PAGE) or target_in(name) is not None
    return not taken and 0 < len(name) <= LONGEST_NAME


def check_name(name: str) -> None:
    """Raise Refusal for a name that could not be called by."""
    if not is_name(name):
        raise Refusal("refusals/snippet_name", name=name[:LONGEST_NAME], most=LONGEST_NAME)


def check_blanks(text: str) -> None:
    """Raise Refusal for a blank that nothing fills, and for a brace that is none."""
    for piece in PIECE.finditer(text):
        if piece["lone"]:
            raise Refusal("refusals/snippet_brace")
        if piece["blank"] is not None and piece["blank"].lower() not in BLANKS:
            raise Refusal("refusals/snippet_blank", what=piece["blank"])


def filled(text: str, values: Mapping[str, str]) -> str:
    """What is sent. A blank for which there is no value goes, together with the comma or space that led to it."""
    said, eat = "", False
    for literal, piece in _pieces(text):
        said += literal.lstrip(JOINED_BEHIND) if eat else literal
        eat = False
        if piece is None:
            break
        if piece["blank"] is None:
            said += piece.group()[0]
        elif value := values.get(BLANKS.get(piece["blank"].lower(), ""), ""):
            said += value
        else:
            said = said.rstrip(JOINED_BEFORE)
            eat = not said or said.endswith("\n")
    return said


def _pieces(text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """What stands before each blank or brace, and that; last what stands behind all of them."""
    at = 0
    for piece in PIECE.finditer(text):
        yield text[at : piece.start()], piece
        at = piece.end()
    yield text[at:], None


def _word(text: str) -> tuple[str, str]:
    """The first word in its one form (lower case, half width, without a colon behind it), and what follows as typed."""
    line = plainly(text)
    found = re.match(r"\s*([^\s]+)", line.plain)
    if not found:
        return "", ""
    word = found[1].strip('"').lower()
    return word.rstrip(":") or word, line.typed_from(found.end())
