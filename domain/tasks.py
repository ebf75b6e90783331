"""Here lives what a to-do is made of as it is typed: what is to be done, when, and for which customer."""

import re
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from domain.commands import Target
from domain.lines import plainly
from domain.moments import Found, leading, moment_in

LATE = timedelta(minutes=5)  # a reminder that comes later says what time it was meant for
HEIGHT = 3  # lines of a text, of the eight that a phone shows
LENGTH, WHOLE = 80, 500  # characters: beside buttons, and where the to-do itself is shown
ADD = re.compile(r"(?:添加|新增|新建|加|add|new)(?P<gap>[\s:：,，]+|$)?", re.IGNORECASE)
CUSTOMER = re.compile(r"(?<![\w.-])([CL])([0-9]{1,18})(?![\w.-])", re.IGNORECASE | re.ASCII)
MARKS = " \t\n\u3000,.;:，。；：、"
# A word that belongs to the time: without the time its sentence would be a torso, so both stay where they are.
BEFORE = re.compile(r"(?:^|\s)(?:to|from|for|since|of|and|or|until|till)\s*$", re.IGNORECASE)
AFTER = re.compile(r"(?:[前后内的之以到至和或起左]|\s*[-~—]|\s+(?:to|until|till|and|or|through)\s)", re.IGNORECASE)
PREPOSITION = re.compile(r"(?:^|\s)(?:by|on|at|before)\s*$", re.IGNORECASE)


class Wish(NamedTuple):
    """`customer` is C… or L…; `text` may be empty, then it is still to be said what is to be done."""

    text: str
    at: datetime | None
    customer: Target | None


def wish(typed: str, now: datetime, zone: tzinfo) -> Wish:
    """Take apart `周五10点 报价 C1024`, in any order; raises Refusal where the time is none."""
    customer, rest = _customer(typed)
    found = leading(rest, now, zone) or moment_in(rest, now, zone)
    return Wish(_without(rest, found) if found else rest.strip(), found.at if found else None, customer)


def addition(typed: str, now: datetime, zone: tzinfo) -> str | None:
    """What follows `加`, which needs no blank before a time (加周五10点, but 加班 is no addition); None for no `加`."""
    found = ADD.match(typed)
    if found is None:
        return None
    rest = typed[found.end() :]
    return rest if found["gap"] is not None or leading(rest, now, zone) else None


def outline(text: str, length: int = LENGTH) -> str:
    """The beginning of a text, as much as there is room for."""
    lines = [line.rstrip() for line in text.strip().splitlines() if line.strip()]
    short = "\n".join(lines[:HEIGHT])[:length]
    return short if short == "\n".join(lines) else f"{short.rstrip()}…"


def _customer(typed: str) -> tuple[Target | None, str]:
    """The first id, and the text without it where it stands for itself."""
    line = plainly(typed)
    found = CUSTOMER.search(line.plain)
    if found is None:
        return None, typed
    start, before, after = found.start(), line.plain[: found.start()], line.plain[found.end() :]
    alone = (not before or before[-1] in MARKS) and (not after or after[0] in MARKS)
    end = line.origins[found.end()] if after else len(typed)
    rest = f"{typed[: line.origins[start]]}{typed[end:].lstrip(' ')}" if alone else typed
    return Target(found[1].upper(), int(found[2])), rest


def _without(text: str, found: Found) -> str:
    """The text without its time, unless that would tear it apart."""
    before, after = text[: found.start], text[found.end :]
    beside = not before or before[-1] in MARKS
    if BEFORE.search(before) or AFTER.match(after) or not beside:
        return text.strip()
    before = PREPOSITION.sub("", before).rstrip(MARKS)
    return f"{before} {after.lstrip(MARKS)}".strip()
