"""Here live the rules of dangerous commands: the code that confirms a plan, and how far a plan has come."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from random import Random
from typing import Any

from domain.codes import DIGITS, LETTERS, digest

LENGTH = 4
VALID = timedelta(minutes=10)
TRIES = 5
SHAPE = re.compile(rf"(?=.*[A-Z])[0-9][A-Z0-9]{{{LENGTH - 1}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Draft:
    """What will be done: `kind` is the command that asked for it, `subject` the short id it is called by (M3, P31).

    `payload` is what the effect needs to know, as JSON keeps it.
    """

    kind: str
    subject: str
    payload: Mapping[str, Any]
    needs_approval: bool


class Stage(StrEnum):
    """What has come of a plan; the last four are its end."""

    PREVIEWED = "previewed"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    CONFIRMED = "confirmed"
    DONE = "done"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"


ENDS = {"done": Stage.DONE, "cancelled": Stage.CANCELLED, "rejected": Stage.REJECTED}


def stage(state: str, *, confirmed: bool, needs_approval: bool, approved: bool, expired: bool) -> Stage:
    """How far a plan of this state has come; `expired` counts only while nothing else has ended it."""
    if state in ENDS:
        return ENDS[state]
    if expired:
        return Stage.EXPIRED
    if confirmed:
        return Stage.AWAITING_APPROVAL if needs_approval and not approved else Stage.CONFIRMED
    return Stage.APPROVED if approved else Stage.PREVIEWED


def draw(random: Random) -> str:
    """A fresh code: a digit first and a letter somewhere, so that it is neither a word, a number nor a short id."""
    code = [random.choice(DIGITS), *(random.choice(LETTERS + DIGITS) for _ in range(LENGTH - 1))]
    if not any(sign in LETTERS for sign in code):
        code[random.randrange(1, LENGTH)] = random.choice(LETTERS)
    return "".join(code)


def code_in(text: str) -> str | None:
    """The code that `text` is, whatever its case or width, or None when it is none."""
    typed = unicodedata.normalize("NFKC", text).strip().upper()
    return typed if SHAPE.fullmatch(typed) else None


def sealed(subject: str, code: str) -> str:
    """What is kept of a plan's code: worth nothing for any other plan."""
    return digest(f"{subject} {code}")


def without_code(preview: str, code: str) -> str:
    """What an approver reads of a preview: not the lines that say how to confirm it."""
    return "\n".join(line for line in preview.splitlines() if code not in line)
