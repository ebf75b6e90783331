"""Here lives how people ask for templates of pushes (模板)."""

import re
from dataclasses import dataclass

from domain.arguments import arguments
from domain.commands import target_in
from domain.errors import Refusal
from domain.lines import plainly
from domain.naming import folded

LONGEST_NAME = 32
KEYS = ("模板", "tpl", "template")  # by which a push names one
ADD, SHOW = ("加", "添加", "存", "改", "add", "save", "edit"), ("看", "show")
DROP = ("删", "删除", "del", "delete")
PAGE = "page="
LATER_PAGE = re.compile(r"page=([0-9]{1,3})")
WORD = re.compile(r'\s*(?:"([^"]*)"|(\S+))')
NAME = re.compile(r'[^\s="]+')


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: `act` is one of list, add, show, drop; `rest` what follows the name, as typed."""

    act: str
    name: str = ""
    rest: str = ""
    page: int = 1


def wish(text: str) -> Wish:
    """Read the first line after the verb; a name alone is shown."""
    first, rest = _word(text)
    if not first:
        return Wish("list")
    if page := LATER_PAGE.fullmatch(first):
        return Wish("list", page=max(1, int(page[1])))
    for act, words in (("add", ADD), ("show", SHOW), ("drop", DROP)):
        if first.lower() in words:
            name, after = _word(rest)
            return Wish(act, name, after)
    return Wish("show", first, rest)


def check_name(name: str) -> None:
    """Raise Refusal for a name that could not be called by."""
    taken = name.lower() in (*ADD, *SHOW, *DROP) or target_in(name) is not None
    if taken or not NAME.fullmatch(name) or len(folded(name)) > LONGEST_NAME or len(name) > LONGEST_NAME:
        raise Refusal("refusals/template_name", name=name[:LONGEST_NAME], most=LONGEST_NAME)


def names_template(words: str, name: str) -> bool:
    """Whether the words of a push name this template."""
    try:
        pairs = arguments(plainly(words).plain, "").pairs
    except Refusal:  # words that nobody can read name none
        return False
    return any(folded(pairs[key]) == folded(name) for key in KEYS if key in pairs)


def _word(text: str) -> tuple[str, str]:
    """The first word without quotation marks and the colon behind it, and what follows as typed."""
    line = plainly(text)
    found = WORD.match(line.plain)
    if not found:
        return "", ""
    word = found[1] if found[1] is not None else found[2]
    return word.rstrip(":") or word, line.typed_from(found.end())
