"""Here live templates of audiences: a rule with blanks, `last_seen > {days}d`, called as `@沉默(days=30)`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.errors import Refusal
from domain.naming import folded

BLANK = re.compile(r"\{([a-z_]+)\}")
NUMBER = re.compile(r"[0-9]{1,9}")
WORD = re.compile(r"[^\W_][\w-]{0,63}")


@dataclass(frozen=True, slots=True)
class Preset:
    """`titles` and `help` by language; `help` has the same blanks as `rule`.

    `defaults` has a value for each of them, `words` maps whatever a parameter is called to its blank.
    """

    titles: Mapping[str, str]
    help: Mapping[str, str]
    rule: str
    defaults: Mapping[str, str]
    words: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.titles.values())

    def told(self, language: str) -> str:
        """Who it is when nothing else is said."""
        return expanded(self.help[language], self.defaults, {})


def expanded(text: str, defaults: Mapping[str, str], arguments: Mapping[str, str]) -> str:
    """The text with every blank filled, by a number where its default is one, else by one plain word.

    Raises Refusal for an argument that there is no blank for, and for one that could be more than a value.
    """
    for key, value in arguments.items():
        if key not in defaults:
            raise Refusal("refusals/rule_argument", what=key, known=list(defaults), number=False, why="unknown")
        number = NUMBER.fullmatch(defaults[key]) is not None
        if not (NUMBER if number else WORD).fullmatch(value):
            raise Refusal("refusals/rule_argument", what=value, known=[key], number=number, why="value")
    values = {**defaults, **arguments}
    return BLANK.sub(lambda blank: values[blank[1]], text)


def called(preset: Preset, arguments: Iterable[tuple[str, str]]) -> str:
    """The rule that a template is with these arguments; one without a name is for the next blank in order."""
    given: dict[str, str] = {}
    for key, value in arguments:
        free = (blank for blank in preset.defaults if blank not in given)
        blank = preset.words.get(key.lower(), key) if key else next(free, value)
        if blank in given:
            raise Refusal("refusals/rule_argument", what=key, known=list(preset.defaults), number=False, why="twice")
        given[blank] = value
    return expanded(preset.rule, preset.defaults, given)


def preset_named(name: str, presets: Iterable[Preset]) -> Preset | None:
    """The template of this name, in either language."""
    wanted = folded(name)
    return next((each for each in presets if wanted in map(folded, each.names)), None)
