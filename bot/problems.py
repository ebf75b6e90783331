"""Here lives how faults in config.yaml are told: file, line, key and what was expected; never a value."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

Key = tuple[str | int, ...]
SHOULD: Final = re.compile(
    r"^(?:Input|String|Value|List|Tuple|Dictionary|Mapping|Data) should (?:be |have )?(?:a valid )?"
)
EXPECTED: Final = {
    "missing": "expected a value, this key is missing",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "string_type": "expected text (in quotes if it looks like a number)",
    "tuple_type": "expected a list",
    "model_type": "expected keys and values",
    "dict_type": "expected keys and values",
    "mapping_type": "expected keys and values",
}


class Problem(NamedTuple):
    """One fault; `expected` is a sentence without any value of the file."""

    key: Key
    expected: str


class BadSettings(Exception):  # noqa: N818 - named for what happened
    """config.yaml cannot be used; each line names file, line, key and what was expected."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


def dotted(key: Key) -> str:
    """How a key is written for people: `channels[0].aes_key`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return "".join(parts).removeprefix(".")


def bad_settings(file: str, lines: Mapping[Key, int], problems: Iterable[Problem]) -> BadSettings:
    """All faults of one file, from top to bottom; of a key with several the first one is told."""
    first: dict[Key, str] = {}
    for problem in problems:
        first.setdefault(problem.key, problem.expected)
    placed = sorted((_line(lines, key), dotted(key), expected) for key, expected in first.items())
    return BadSettings(f"{file}:{line}: {key + ': ' if key else ''}{expected}" for line, key, expected in placed)


def told(error: ValidationError, model: type[BaseModel], under: Key = ()) -> list[Problem]:
    """What pydantic found in an instance of `model` that stands at `under`."""
    return [
        Problem((*under, *fault["loc"]), _expected(fault["type"], fault["msg"], model, fault["loc"]))
        for fault in error.errors(include_url=False, include_input=False)
    ]


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that says what was probably meant, or what there is."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"expected one of {', '.join(names)}"


def _line(lines: Mapping[Key, int], key: Key) -> int:
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key, 1)


def _expected(kind: str, words: str, model: type[BaseModel], key: Key) -> str:
    if kind == "extra_forbidden":
        return f"unknown key, {nearest(str(key[-1]), _fields(model, key))}"
    if kind == "value_error":
        return words.removeprefix("Value error, ")
    return EXPECTED.get(kind) or SHOULD.sub("expected ", words)


def _fields(model: type[BaseModel], key: Key) -> list[str]:
    """The names that are allowed beside the last part of `key`."""
    for part in key[:-1]:
        if isinstance(part, str):
            model = _model_in(model.model_fields[part].annotation) or model
    return [name for name, field in model.model_fields.items() if not field.exclude]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
