"""Here lives how people ask for a push: `人群=#老客 且 城市=上海 渠道=企微 时间=明天10点 限速=20/分 模板=双十一`.

A value goes on until the next key. In a rule, what stands behind `且` or an open bracket is the rule's, whatever it
looks like. Keys that are not the command's own are about the content (domain/push_contents.py), or fill its blanks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.errors import Refusal
from domain.lines import Line, plainly
from domain.media import WAYS, Way

COMMAND = "push"
KEYS: Mapping[str, tuple[str, ...]] = {
    "audience": ("人群", "audience", "to"),
    "groups": ("到群", "groups"),
    "via": ("渠道", "via", "channel"),
    "way": ("方式", "by"),
    "template": ("模板", "tpl", "template"),
    "at": ("时间", "at"),
    "rate": ("限速", "rate"),
    "again": ("重复", "again"),
}
NAMED = {word: key for key, words in KEYS.items() for word in words}
YES = ("是", "yes", "y", "1")
NOW = ("", "现在", "马上", "立即", "now")
BELOW = "?"  # in place of an audience: the last line below is it, which a dialog has asked for
TOKEN = re.compile(r'(?:"[^"]*"?|[^\s"])+')
KEY = re.compile(r"([\w.]+)\s*=(?!=)")
JOINT = re.compile(r"(?:[且和或非不没是有&|!(,、;=<>~]|(?<![a-z0-9_])(?:and|or|not))$", re.IGNORECASE)
UNIT = "秒|分钟?|小?时|s|sec|second|m|min|minute|h|hour"
RATE = re.compile(rf"([0-9]{{1,6}}(?:\.[0-9]{{1,3}})?)\s*[条个]?\s*/\s*({UNIT})", re.IGNORECASE)
SECONDS = {"秒": 1, "s": 1, "分": 60, "m": 60, "时": 3600, "小": 3600, "h": 3600}
SEPARATORS = re.compile(r"[,，、;；|]")


@dataclass(frozen=True, slots=True)
class PushWish:
    """The values of the command's own keys as they were typed, and `pairs` of all others; `body` is what stands below.

    `audience` and `groups` are None where they are not spoken of.
    """

    audience: str | None = None
    groups: str | None = None
    via: tuple[str, ...] = ()
    way: Way | str = ""
    template: str = ""
    at: str = ""
    rate: str = ""
    again: bool = False
    pairs: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


def wish(words: str, body: str = "") -> PushWish:
    """Read what follows the verb; raises Refusal for what is given twice."""
    line = plainly(words)
    own: dict[str, str] = {}
    pairs: dict[str, str] = {}
    for word, value in _pairs(line):
        key = NAMED.get(word, "")
        kept, name = (own, key) if key else (pairs, word)
        if kept.get(name):
            raise Refusal("refusals/given_twice", command=COMMAND, what=word)
        kept[name] = value
    if own.get("audience") == BELOW:
        body, _, own["audience"] = body.rpartition("\n")
    return PushWish(
        audience=own.get("audience"),
        groups=own.get("groups"),
        via=tuple(filter(None, map(str.strip, SEPARATORS.split(own.get("via", ""))))),
        way=own.get("way", "").strip(),
        template=own.get("template", "").strip(),
        at="" if own.get("at", "").strip().lower() in NOW else own["at"].strip(),
        rate=own.get("rate", "").strip(),
        again=own.get("again", "").strip().lower() in YES,
        pairs=pairs,
        body=body,
    )


def way_named(word: str) -> Way | None:
    """The medium that is called so."""
    return WAYS.get(word.lower())


def rate_in(text: str) -> tuple[float, float] | None:
    """So many in so many seconds; None for what is no rate."""
    found = RATE.fullmatch(plainly(text).plain.strip())
    if found is None or float(found[1]) <= 0:
        return None
    return float(found[1]), SECONDS[found[2][0].lower()]


def _pairs(line: Line) -> list[tuple[str, str]]:
    """Each key in small letters and its value as typed; what stands in front of every key is an audience."""
    spans: list[tuple[str, int, int]] = []
    for token in TOKEN.finditer(line.plain):
        start, end = token.span()
        found = KEY.match(line.plain, start)
        if found and _begins(line.plain, spans, start):
            spans.append((found[1].lower(), found.end(), max(found.end(), end)))
        elif spans:
            word, first, _ = spans[-1]
            spans[-1] = (word, first, max(end, first))
        else:
            spans.append((KEYS["audience"][0], start, end))
    return [(word, _typed(line, start, end)) for word, start, end in spans]


def _begins(plain: str, spans: list[tuple[str, int, int]], at: int) -> bool:
    """Whether a new key begins here, and not a condition of the rule before it."""
    if not spans or NAMED.get(spans[-1][0]) != "audience":
        return True
    said = plain[spans[-1][1] : at].rstrip()
    unclosed = said.count("(") > said.count(")")
    return not (said == "" or unclosed or JOINT.search(said))


def _typed(line: Line, start: int, end: int) -> str:
    """As typed, without the quotation marks around all of it."""
    origins = (*line.origins, len(line.raw))
    typed = line.raw[origins[start] : origins[end]].strip() if start < len(line.plain) else ""
    plain = plainly(typed).plain
    whole = len(typed) > 1 and len(plain) == len(typed) and plain[0] == plain[-1] == '"'
    return typed[1:-1] if whole else typed
