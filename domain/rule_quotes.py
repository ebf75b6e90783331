"""Here lives how words stand in quotation marks in a rule, and how they are read as they were typed.

Inside the marks a mark is written twice: "the ""best"" one". Whatever is made a mark when a line is made plain
(domain/lines.py) counts as one.
"""

import re
from collections.abc import Iterator

from domain.lines import CLUSTER, INVISIBLE, MARK, Line, plainly

LEADING = re.compile(rf"\A(?:{MARK}|\s)+")
BARE = re.compile(r"[^\s()\",、;&|<>=]+")
TWICE = '""'


def tidy(text: str) -> str:
    """In one line, of characters that can be seen: as such things are stored."""
    seen = (each if each.isprintable() else " " * each.isspace() for each in INVISIBLE.sub("", text))
    return LEADING.sub("", " ".join("".join(seen).split()))


def unmarked(plain: str) -> str:
    """What stands in the marks, in its plain form; anything else as it is."""
    if len(plain) > 1 and plain[0] == plain[-1] == '"':
        return plain[1:-1].replace(TWICE, '"')
    return plain


def typed(line: Line, start: int, end: int) -> str:
    """What was typed at `plain[start:end]`, without the marks around it."""
    quoted = line.plain[start : start + 1] == '"'
    clusters = _clusters(line, start + quoted, end - quoted)
    if not quoted:
        return tidy("".join(raw for _, raw in clusters))
    said, held = "", False
    for is_mark, raw in clusters:
        held = is_mark and not held
        said += "" if held else raw  # of two marks the second counts
    return tidy(said)


def marked(text: str) -> str:
    """In marks, so that it is read as it is."""
    clusters = (found.group() for found in CLUSTER.finditer(text))
    return '"' + "".join(f'"{each}' if '"' in plainly(each).plain else each for each in clusters) + '"'


def bare_or_marked(text: str, sign: str = "") -> str:
    """A name behind its sign, in marks only where it needs them."""
    plain = BARE.fullmatch(text) and plainly(f"{sign}{text}").plain == f"{sign}{text}"
    return f"{sign}{text}" if plain else f"{sign}{marked(text)}"


def _clusters(line: Line, start: int, end: int) -> Iterator[tuple[bool, str]]:
    """Each character with what joins it, as typed, and whether it is a mark; one that began before is left out."""
    origins = (*line.origins, len(line.raw))
    at = start
    while at < end:
        begins, is_mark = origins[at], line.plain[at] == '"'
        joined = at > 0 and origins[at - 1] == begins
        while at < len(line.plain) and origins[at] == begins:
            at += 1
        if not joined or start == 0:
            yield is_mark, line.raw[begins : origins[at]]
