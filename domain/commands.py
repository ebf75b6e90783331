"""Here lives the grammar of the staff's chat: `[prefix] verb [target] arg* [newline body]`.

Only the first line is made plain; the body is never touched. What cannot be understood is a Refusal
whose template says what was wrong, how the command is used, and gives one example.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from domain.arguments import Arguments, arguments, unquoted
from domain.errors import Refusal
from domain.lines import Line, plainly
from domain.nearest import nearest
from domain.permissions import Role, allows

PREFIX = re.compile(r"\s*(?:[/!]|@\S+(?:\s+|$))?\s*")
VERB = re.compile(r"[^\s:]+")
GAP = re.compile(r"\s*:?\s*")
TARGET = re.compile(r"([CLPTSR])([0-9]{1,18})(?![\w.-])([\s:,。]*)", re.IGNORECASE | re.ASCII)
KEYWORD = re.compile(r'("[^"]*"|\S+)\s*')
BOT = re.compile(r"(?<=.)@\w+$", re.ASCII)
SUGGESTIONS = 3

Tier = Literal["read", "write", "danger"]
Takes = Literal["nothing", "arguments", "text"]


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table of commands.

    `topic` is where help lists it; `role` the least one that may, None for anybody; `targets` the letters of the
    ids that it works on (a keyword may stand for any of them); `takes` what follows the target.
    """

    name: str
    topic: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    role: Role | None = Role.VIEWER
    tier: Tier = "read"
    targets: str = ""
    takes: Takes = "nothing"

    @property
    def aliases(self) -> tuple[str, ...]:
        return self.zh + self.en

    @property
    def takes_more(self) -> bool:
        """Whether anything can follow the verb."""
        return bool(self.targets) or self.takes != "nothing"

    def open_to(self, role: Role) -> bool:
        return self.role is None or allows(role, self.role)


@dataclass(frozen=True, slots=True)
class Target:
    """C1024 customer, L88 lead, P31 push, T12 to-do, S4 schedule, R7 rule."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind}{self.number}"


@dataclass(frozen=True, slots=True)
class Keyword:
    """A target by name, phone or whatever else finds it."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Invocation:
    """`verb` is the alias typed, `text` the rest of the first line as it was typed, `body` every byte after it."""

    command: Command
    verb: str
    target: Target | Keyword | None = None
    args: Arguments = field(default_factory=Arguments)
    text: str = ""
    body: str = ""
    prefixed: bool = False

    @property
    def words(self) -> str:
        """Everything after the target, as it was typed; a body alone is left byte for byte."""
        return "\n".join(filter(None, (self.text, self.body)))

    def aimed_at(self, target: str) -> str:
        """The same command, typed out, at another target."""
        line = " ".join(filter(None, (self.verb, target, self.text)))
        return f"{line}\n{self.body}" if self.body else line


class Table:
    """Every command there is; an alias belongs to one of them."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self.commands = tuple(commands)
        self.by_alias: Mapping[str, Command] = {alias: row for row in self.commands for alias in row.aliases}
        if len(self.by_alias) != sum(len(row.aliases) for row in self.commands):
            raise ValueError("an alias belongs to two commands")

    def suggestions(self, typed: str, role: Role) -> tuple[str, ...]:
        """The nearest aliases, one for each command that `role` may run."""
        best: dict[str, str] = {}
        for alias in nearest(typed, self.by_alias):
            row = self.by_alias[alias]
            if row.open_to(role):
                best.setdefault(row.name, alias)
        return tuple(best.values())[:SUGGESTIONS]

    def glued(self, word: str) -> str | None:
        """The longest alias at the start of a word that should have been two; Latin ones end where Chinese begins."""
        fits = (
            alias
            for alias, row in self.by_alias.items()
            if row.takes_more and word.startswith(alias) and not (alias[-1] + word[len(alias) :][:1]).isascii()
        )
        return max(fits, key=len, default=None)


def parse(message: str, table: Table, *, prefix_required: bool = False, role: Role = Role.ADMIN) -> Invocation:
    """What was asked for; `role` narrows what is suggested, not what is allowed. Raises only Refusal."""
    first, _, body = message.lstrip().partition("\n")
    line = plainly(first)
    prefix = PREFIX.match(line.plain)
    start = prefix.end() if prefix else 0
    prefixed = bool(line.plain[:start].strip())
    if prefix_required and not prefixed:
        raise Refusal("refusals/prefix_needed")
    verb, command, end = _verb(line, start, table, role, prefixed=prefixed)
    gap = GAP.match(line.plain, end)
    target, rest = _target(command, line, gap.end() if gap else end)
    text = line.typed_from(rest)
    if text and command.takes == "nothing":
        raise Refusal("refusals/too_much", command=command.name, what=text)
    args = arguments(line.plain[rest:], command.name) if command.takes == "arguments" else Arguments()
    return Invocation(command, verb, target, args, text, body, prefixed)


def target_in(text: str) -> Target | None:
    """The id that `text` is, if it is nothing but one."""
    found = TARGET.fullmatch(plainly(text).plain.strip())
    return Target(found[1].upper(), int(found[2])) if found else None


def _verb(line: Line, start: int, table: Table, role: Role, *, prefixed: bool) -> tuple[str, Command, int]:
    found = VERB.match(line.plain, start)
    if found is None:
        raise Refusal("refusals/nothing_typed")
    word = BOT.sub("", found.group().lower()) if prefixed else found.group().lower()
    if command := table.by_alias.get(word):
        return word, command, found.end()
    if verb := table.glued(word):
        command = table.by_alias[verb]
        if prefixed and command.tier == "read":
            return verb, command, start + len(verb)
        raise Refusal("refusals/glued", verb=verb, rest=line.typed_from(start + len(verb)))
    raise Refusal("refusals/unknown_command", typed=found.group(), near=table.suggestions(word, role))


def _target(command: Command, line: Line, at: int) -> tuple[Target | Keyword | None, int]:
    if not command.targets:
        return None, at
    if found := TARGET.match(line.plain, at):
        target = Target(found[1].upper(), int(found[2]))
        if target.kind in command.targets:
            return target, found.end()
        if found[3] or found.end() == len(line.plain):
            raise Refusal("refusals/wrong_target", command=command.name, kinds=command.targets, what=str(target))
    if command.takes == "nothing" and (whole := unquoted(line.plain[at:].strip())):
        return Keyword(whole), len(line.plain)
    if found := KEYWORD.match(line.plain, at):
        return Keyword(unquoted(found[1])), found.end()
    raise Refusal("refusals/target_needed", command=command.name, kinds=command.targets)
