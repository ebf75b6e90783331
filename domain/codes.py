"""Here live the one-time codes by which a chat account is bound to a person: how they look and how they are kept."""

import hashlib
import re
import unicodedata
from datetime import timedelta
from random import Random

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"  # without I, L and O, which look like digits
DIGITS = "23456789"
LENGTH = 6
VALID = timedelta(minutes=10)
TRIES = 5
LOCKED = timedelta(minutes=15)
SHAPE = re.compile(rf"(?=[A-Z]*[0-9])[A-Z0-9]{{{LENGTH}}}")


def draw(random: Random) -> str:
    """A fresh code of letters and digits, with at least one digit."""
    code = [random.choice(LETTERS + DIGITS) for _ in range(LENGTH)]
    code[random.randrange(LENGTH)] = random.choice(DIGITS)
    return "".join(code)


def code_in(text: str) -> str | None:
    """The code that `text` is, whatever its case, or None when it is none."""
    typed = text.strip().upper()
    return typed if SHAPE.fullmatch(typed) else None


def ends_in_code(text: str) -> bool:
    """Whether it is worth reading `text` as a request to bind: nearly no customer's message is."""
    return code_in(unicodedata.normalize("NFKC", text).strip()[-LENGTH:]) is not None


def digest(code: str) -> str:
    """What is kept of a code: 64 hexadecimal digits."""
    return hashlib.sha256(code.encode()).hexdigest()
