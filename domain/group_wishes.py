"""Here lives how people speak of group chats: `群`, `群 #区域A`, `群 Q7`, `群 经销商 标签 +区域A -区域B`, `群 加 …`."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from domain.arguments import arguments
from domain.commands import Target, target_in
from domain.lines import plainly
from domain.naming import folded

LONGEST_LABEL, LONGEST_KEY = 32, 64
MOST_LABELS = 20  # of one command
LIST = ("列表", "全部", "所有", "list", "all")
SHOW = ("看", "查看", "show")
ADD = ("加", "添加", "登记", "add")
LABELS = ("标签", "打标", "label", "labels", "tag", "tags")
CHANNEL = ("渠道", "via", "channel")
EVERY = frozenset({"全部", "所有", "all", "*"})  # in place of a label: every group chat
PAGE = re.compile(r"(?:^|\s)page=([0-9]{1,4})$")
SIGNED = re.compile(r"(?:^|\s)[+-]\S")
WORD = re.compile(rf"(?:^|\s)(?:{'|'.join(LABELS)})(?=$|\s+[+-]\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: `act` is one of list, show, label, add; `target` is a Q7, `name` what the group is called.

    `labels` narrow a list; `added` and `dropped` change those of one group. `chat` is the platform's id of an app's
    own group chat, on the channel `via`.
    """

    act: str
    target: Target | None = None
    name: str = ""
    labels: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    chat: str = ""
    via: str = ""
    page: int = 1


def wish(text: str) -> Wish:
    """Read what follows the verb; what is nothing else is the name of a group."""
    plain = plainly(text).plain.strip()
    later = PAGE.search(plain)
    page, plain = (max(1, int(later[1])), plain[: later.start()].strip()) if later else (1, plain)
    first, _, rest = plain.partition(" ")
    if not plain or plain.lower() in LIST:
        return Wish("list", page=page)
    if plain.startswith("#"):
        return Wish("list", labels=labels_in(plain), page=page)
    if first.lower() in ADD and rest.strip():
        return _adding(rest)
    return _one(rest.strip() if first.lower() in SHOW and rest.strip() else plain)


def labels_in(plain: str) -> tuple[str, ...]:
    """The labels of `#区域A #区域B` or `#区域A,#区域B`, each once; the sign may be left out."""
    parts = (part.lstrip("#").strip('"') for part in re.split(r"[\s,;、|]+", plainly(plain).plain))
    return tuple(dict.fromkeys(part for part in parts if part))


def is_every(labels: Collection[str]) -> bool:
    """Whether they stand for all group chats."""
    return any(folded(label) in EVERY for label in labels)


def is_label(label: str) -> bool:
    """Whether a group may be labelled so, and be found by it; folded, some characters become many."""
    plain = 0 < len(label) <= LONGEST_LABEL and not set("#\0") & set(label)
    return plain and len(folded(label)) <= LONGEST_KEY and folded(label) not in EVERY


def keys(labels: Iterable[str]) -> list[str]:
    """What these labels are found by; what can be none is left out."""
    return sorted({folded(label) for label in labels if is_label(label)})


def _adding(rest: str) -> Wish:
    args = arguments(rest, "groups")
    via = next((value for key, value in args.pairs.items() if key in CHANNEL), "")
    chat, *name = args.words or ("",)
    return Wish("add", chat=chat, name=" ".join(name), via=via)


def _one(plain: str) -> Wish:
    """A name ends where a word for labels and a sign follow it, or a sign alone."""
    signed, word = SIGNED.search(plain), WORD.search(plain)
    end = min((found.start() for found in (signed, word) if found), default=len(plain))
    args = arguments(plain[end:], "groups")
    name = plain[:end].strip().strip('"').strip()
    target = target_in(name)
    which = target if target and target.kind == "Q" else None
    act = "label" if signed or word else "show"
    return Wish(act, which, name, added=args.added, dropped=args.dropped)
