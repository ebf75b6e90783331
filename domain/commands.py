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
TARGET = re.compile(r"([CLPTSRMGQ])([0-9]{1,18})(?![\w.-])(\s*[:,。]?\s*)", re.IGNORECASE | re.ASCII)
KEYWORD = re.compile(r'("[^"]*"|\S+)\s*')
BOT = re.compile(r"(?<=.)@\w+$", re.ASCII)
SIGN = re.compile(r"\s*[/!]")
STOPS = (":", ",", "。")  # what may stand behind an id, so that nobody needs to take care
SUGGESTIONS = 3
ECHO = 24  # characters of what was not understood, told again
SECRETS = frozenset({"bind", "confirm"})  # what follows these is a code
CODE = re.compile(r"(?=[a-z]*[0-9])[0-9a-z]{4,6}", re.IGNORECASE)
VEIL = "******"
WORDY = 3  # letters of a Latin verb that is recognised at the beginning of a longer word

Tier = Literal["read", "write", "danger"]
Takes = Literal["nothing", "arguments", "text"]


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table of commands.

    `topic` is where help lists it; `role` the least one that may, None for anybody; `targets` the letters of the
    ids that it works on (a keyword may stand for any of them); `takes` what follows the target; `yields` where
    what it asks for is never a command: who types one instead of an answer has it carried out.
    """

    name: str
    topic: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    role: Role | None = Role.VIEWER
    tier: Tier = "read"
    targets: str = ""
    takes: Takes = "nothing"
    yields: bool = False

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
    """C1024 customer, L88 lead, P31 push, T12 to-do, S4 schedule, R7 rule, M3 merge, G5 tag, Q7 group chat."""

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

    @property
    def line(self) -> str:
        """The command in its canonical words: read again, it is the same command."""
        verb = self.command.en[0] if self.command.en else self.verb
        match self.target:
            case Keyword(text):
                target = _quoted(text, self.command.takes)
            case target_or_none:
                target = str(target_or_none or "")
        return self._typed_out(verb, target)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The short ids that it names."""
        return (str(self.target),) if isinstance(self.target, Target) else ()

    def aimed_at(self, target: str) -> str:
        """The same command, typed out, at another target, which is a short id."""
        return self._typed_out(self.verb, target)

    def _typed_out(self, verb: str, target: str) -> str:
        """With a colon where what follows begins with what may stand behind a verb or an id."""
        stop = ":" if target_in(target) and plainly(self.text).plain[:1] in STOPS else ""
        rest = f"{stop} ".join(filter(None, (target, self.text)))
        sign = ":" if plainly(rest).plain[:1] == ":" else ""
        head = f"{verb}{sign} {rest}" if rest else verb
        return f"{head}\n{self.body}" if self.body else head


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

    def called(self, message: str) -> Command | None:
        """The command with whose verb, and a boundary behind it, a message begins; `note = x` is a value for a key."""
        plain = plainly(message.lstrip().partition("\n")[0]).plain
        found = VERB.match(plain, _prefix_end(plain))
        is_key = found is not None and plain[found.end() :].lstrip()[:1] == "="
        return self.by_alias.get(found.group().lower()) if found and not is_key else None

    def veiled(self, message: str) -> str:
        """The same without the code that follows a verb of SECRETS, glued to it or not."""
        plain = plainly(message.lstrip()).plain
        found = VERB.match(plain, _prefix_end(plain))
        word = found.group().lower() if found else ""
        secret = (verb for verb, row in self.by_alias.items() if row.name in SECRETS and _begins(word, verb))
        return next((f"{verb} {VEIL}" for verb in secret), message)

    def glued(self, word: str, *, alone: bool = True) -> str | None:
        """The longest alias at the start of a word that should have been two; `alone` where nothing follows the word.

        Latin ones end where Chinese, an id or a code begins; a verb with one more Chinese character, and a blank
        behind that, is another word: 放弃 L1 has nothing to do with 放.
        """
        fits = (
            alias
            for alias, row in self.by_alias.items()
            if row.takes_more and word.startswith(alias) and _ends(alias, word[len(alias) :], row)
        )
        verb = max(fits, key=len, default=None)
        rest = word.removeprefix(verb or "")
        return verb if alone or len(rest) > 1 or rest.isascii() else None


def parse(message: str, table: Table, *, prefix_required: bool = False, role: Role = Role.ADMIN) -> Invocation:
    """What was asked for; `role` narrows what is suggested, not what is allowed. Raises only Refusal."""
    first, _, body = message.lstrip().partition("\n")
    line = plainly(first)
    start = _prefix_end(line.plain)
    prefixed = bool(line.plain[:start].strip())
    if prefix_required and not prefixed:
        raise Refusal("refusals/prefix_needed")
    verb, command, end = _verb(line, start, table, role, prefixed=prefixed)
    gap = GAP.match(line.plain, end)
    target, rest = _target(command, line, gap.end() if gap else end)
    text = line.typed_from(rest)
    if text and command.takes == "nothing":
        raise Refusal("refusals/too_much", command=command.name, what=text)
    args = arguments(plainly(text).plain, command.name) if command.takes == "arguments" else Arguments()
    return Invocation(command, verb, target, args, text, body, prefixed)


def is_prefixed(message: str) -> bool:
    """Whether a sign says that it is a command; a name in front may be a colleague's, asked for or spoken to."""
    return SIGN.match(plainly(message.lstrip().partition("\n")[0]).plain) is not None


def target_in(text: str) -> Target | None:
    """The id that `text` is, if it is nothing but one."""
    found = TARGET.fullmatch(plainly(text).plain.strip())
    return Target(found[1].upper(), int(found[2])) if found else None


def _prefix_end(plain: str) -> int:
    prefix = PREFIX.match(plain)
    return prefix.end() if prefix else 0


def _begins(word: str, verb: str) -> bool:
    return word == verb or (word.startswith(verb) and (len(verb) >= WORDY or not verb.isascii()))


def _ends(alias: str, rest: str, row: Command) -> bool:
    """Whether the alias may end here, although no blank follows."""
    if not (alias[-1] + rest[:1]).isascii():
        return True
    if row.name in SECRETS:
        return CODE.fullmatch(rest) is not None
    found = TARGET.match(rest)
    return found is not None and (not row.targets or found[1].upper() in row.targets)


def _quoted(keyword: str, takes: Takes) -> str:
    """As it can be typed, so that it is this keyword and nothing else."""
    if takes != "nothing" and '"' in keyword:
        return keyword  # one bare word, as nothing else has a quotation mark inside
    bare = not re.search(r'\s|^[":]', keyword) and not TARGET.match(keyword)
    return keyword if bare else f'"{keyword}"'


def _verb(line: Line, start: int, table: Table, role: Role, *, prefixed: bool) -> tuple[str, Command, int]:
    found = VERB.match(line.plain, start)
    if found is None:
        raise Refusal("refusals/nothing_typed")
    word = BOT.sub("", found.group().lower()) if prefixed else found.group().lower()
    if command := table.by_alias.get(word):
        return word, command, found.end()
    if verb := table.glued(word, alone=not line.plain[found.end() :].strip()):
        command = table.by_alias[verb]
        if prefixed and command.tier == "read":
            return verb, command, start + len(verb)
        raise Refusal("refusals/glued", verb=verb, rest=line.typed_from(start + len(verb)))
    shown = found.group() if len(found.group()) <= ECHO else f"{found.group()[: ECHO - 1]}…"
    raise Refusal("refusals/unknown_command", typed=shown, near=table.suggestions(word, role))


def _target(command: Command, line: Line, at: int) -> tuple[Target | Keyword | None, int]:
    if not command.targets:
        return None, at
    if found := TARGET.match(line.plain, at):
        target = Target(found[1].upper(), int(found[2]))
        if target.kind in command.targets:
            return target, found.end()
        if found[3] or found.end() == len(line.plain):
            raise Refusal("refusals/wrong_target", command=command.name, kinds=command.targets, what=str(target))
    if command.takes == "nothing" and (whole := unquoted(line.plain[at:].strip())).strip():
        return Keyword(whole), len(line.plain)
    if (found := KEYWORD.match(line.plain, at)) and (keyword := unquoted(found[1])).strip():
        return Keyword(keyword), found.end()
    raise Refusal("refusals/target_needed", command=command.name, kinds=command.targets)
