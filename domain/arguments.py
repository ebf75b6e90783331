"""Here lives what may follow a verb: key=value, #tag, +tag, -tag, @person, --flag, "quoted" and bare words."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache

from lark import Lark, Token

from domain.errors import Refusal


@dataclass(frozen=True, slots=True)
class Arguments:
    """In the order typed; keys and flags in lower case, values as typed, quotes and marks taken off."""

    words: tuple[str, ...] = ()
    pairs: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()


def arguments(plain: str, command: str) -> Arguments:
    """Take a plain line apart; raises Refusal where a key of this command is given twice."""
    found: dict[str, list[str]] = defaultdict(list)
    for token in _grammar().parse(plain).children:
        if isinstance(token, Token):
            found["WORD" if token.type == "QUOTED" else token.type].append(str(token))
    return Arguments(
        words=tuple(unquoted(word) for word in found["WORD"]),
        pairs=_pairs(found["PAIR"], command),
        tags=_unmarked(found["TAG"]),
        added=_unmarked(found["ADDED"]),
        dropped=_unmarked(found["DROPPED"]),
        people=_unmarked(found["PERSON"]),
        flags=frozenset(flag[2:].lower() for flag in found["FLAG"]),
    )


def unquoted(word: str) -> str:
    """`word` without the quotation marks that enclose it."""
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    return Lark.open("commands.lark", rel_to=__file__, parser="lalr", lexer="basic")


def _unmarked(tokens: list[str]) -> tuple[str, ...]:
    return tuple(token[1:] for token in tokens)


def _pairs(tokens: list[str], command: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for token in tokens:
        key, _, value = token.partition("=")
        if key.lower() in pairs:
            raise Refusal("refusals/given_twice", command=command, what=key)
        pairs[key.lower()] = unquoted(value)
    return pairs
