"""Here lives how one typed line is made plain to match against, without losing what was typed."""

import re
import unicodedata
from dataclasses import dataclass

QUOTES = str.maketrans(dict.fromkeys("“”„「」『』", '"'))
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
MARK = "[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"  # what joins the character before it
CLUSTER = re.compile(f".{MARK}*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """`plain` is what is matched; the character `plain[i]` was typed at `raw[origins[i]]`."""

    raw: str
    plain: str
    origins: tuple[int, ...]

    def typed_from(self, index: int) -> str:
        """What was typed where `plain[index:]` begins, without blanks around it."""
        return self.raw[self.origins[index] :].strip() if index < len(self.plain) else ""


def plainly(raw: str) -> Line:
    """NFKC, wide blanks, invisible characters, quotes and dashes; letters keep their case. A plain line stays so."""
    pieces: list[str] = []
    origins: list[int] = []
    for cluster in CLUSTER.finditer(raw):
        piece = unicodedata.normalize("NFKC", INVISIBLE.sub("", cluster.group()))
        pieces.append(piece)
        origins.extend([cluster.start()] * len(piece))
    return Line(raw, "".join(pieces).translate(QUOTES).replace("——", "--"), tuple(origins))
